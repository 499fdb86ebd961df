"""What people do about notifications, with failures told in the API's own words."""

from typing import Any

from fastapi import Request

from core import notifications as rules
from core.errors import ChangedMeanwhile
from core.notifications import Preference, checked_webhook
from core.vocabulary import AuditAction
from serve.auth.dependencies import Caller
from serve.auth.users import User
from serve.errors import Conflict, Unprocessable, retold
from serve.notifications import repository
from serve.notifications.schemas import NewChannels, NewSlack, Wishes
from serve.services import services_of
from serve.tenancy import TenantSession


class ChannelsChangedMeanwhile(Conflict):
    """Somebody else set it after you looked; nothing was done."""


class UnsafeWebhook(Unprocessable):
    """The webhook's address is none that messages may be sent to."""


class NoSuchChannel(Unprocessable):
    """The address is to be kept, and there is none."""


def prefer(caller: Caller, wishes: Wishes) -> None:
    """Keep what the caller wants to be told where."""
    kept = {one.kind: Preference(is_in_app=one.is_in_app, is_email=one.is_email) for one in wishes.items}
    caller.writer.notifications.prefer(caller.user.subject, kept)


def address_of(session: TenantSession, user: User) -> str | None:
    """Where mails to the caller go."""
    return next((one["email"] for one in session.users() if one["subject"] == user.subject), None)


def slack_name(session: TenantSession) -> str | None:
    """How the tenant's channel is called."""
    held = repository.channels(session)
    return held["slack_name"] if held else None


def channels(request: Request, caller: Caller) -> dict[str, Any]:
    """How the tenant is told things."""
    with caller.session() as session:
        held, failures = repository.channels(session), repository.failures(session)
    told = held or {"version": 0, "weekly_budget": rules.WEEKLY_BUDGET, "updated_by": None, "updated_at": None}
    has_slack = bool(held and held["slack_name"] is not None)
    return {
        **{name: told[name] for name in ("version", "weekly_budget", "updated_by", "updated_at")},
        "default_weekly_budget": rules.WEEKLY_BUDGET,
        "slack": {
            "name": told["slack_name"],
            "kinds": told["slack_kinds"],
            "error": told["slack_error"],
        }
        if has_slack
        else None,
        "is_mail_set": services_of(request).is_mail_set,
        "failures": failures,
    }


def set_channels(request: Request, caller: Caller, wanted: NewChannels) -> None:
    """Set how the tenant is told things, and write it into the trail.

    Raises:
        ChannelsChangedMeanwhile, UnsafeWebhook, NoSuchChannel: As they say; nothing was set.
    """
    is_local = services_of(request).is_local
    with retold(
        {
            ChangedMeanwhile: ChannelsChangedMeanwhile,
            rules.UnsafeWebhook: UnsafeWebhook,
            rules.NoSuchChannel: NoSuchChannel,
        }
    ):
        slack = _channel(wanted.slack, is_local=is_local) if wanted.slack else None
        writer = caller.writer
        with writer.together():
            writer.notification_channels.change(
                weekly_budget=wanted.weekly_budget,
                slack=slack,
                author=caller.user.subject,
                expected_version=wanted.version,
            )
            details = {
                "weekly_budget": wanted.weekly_budget,
                "slack": slack.name if slack else None,
                "is_new_address": bool(slack and slack.url is not None),
            }
            writer.audit(AuditAction.NOTIFICATIONS_CHANGED, "notification_channel", "tenant", details)


def _channel(wanted: NewSlack, *, is_local: bool) -> rules.SlackChannel:
    url = wanted.url
    if url is not None:
        url = type(url)(checked_webhook(url.get_secret_value(), is_local=is_local))
    return rules.SlackChannel(url=url, name=wanted.name, kinds=tuple(dict.fromkeys(wanted.kinds)))
