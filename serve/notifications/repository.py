"""Notifications out of a tenant session: one person's own, and how the tenant is told things."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from core.notifications import DEFAULT, Preference
from core.vocabulary import DeliveryChannel, DeliveryStatus, NotificationKind
from serve.auth.users import User
from serve.notifications.schemas import NotificationQuery
from serve.paging import Order, Page, moment, read_page
from serve.tenancy import (
    TenantSession,
    card_events,
    notification_channels,
    notification_deliveries,
    notification_preferences,
    notifications,
)

_FIRST_WORDS = 280
_FAILURES = 20

_NOTIFICATIONS, _EVENTS = notifications(), card_events()
_N, _E, _D = _NOTIFICATIONS.c, _EVENTS.c, notification_deliveries().c
_P, _C = notification_preferences().c, notification_channels().c
_TOLD = (
    *(_N.notification_id, _N.kind, _N.actor, _N.card_id, _N.seq, _N.severity, _N.companies, _N.company_count),
    *(_N.made_at, _N.read_at),
)
_LATEST_FIRST = Order(_N.made_at, moment)
_NOT_OUT = (DeliveryStatus.QUEUED, DeliveryStatus.FAILED)


def page(session: TenantSession, user: User, wanted: NotificationQuery) -> Page:
    """One page of what a person is told, the latest first.

    Raises:
        InvalidCursor: The cursor belongs to another list.
    """
    query = (
        select(*_TOLD, _E.payload.label("payload"))
        .outerjoin(_EVENTS, and_(_E.card_id == _N.card_id, _E.seq == _N.seq))
        .where(_mine(user))
    )
    if wanted.is_unread:
        query = query.where(_N.read_at.is_(None))
    found = read_page(
        session,
        lambda: query,
        order=_LATEST_FIRST,
        identity=_N.notification_id,
        scope={"list": "notifications", "of": user.subject, "is_unread": wanted.is_unread},
        cursor=wanted.cursor,
        limit=wanted.limit,
        is_published=False,
    )
    return Page(items=[_with_words(row) for row in found.items], next_cursor=found.next_cursor)


def unread_count(session: TenantSession, user: User) -> int:
    """How much a person has not read."""
    counted = select(func.count(_N.notification_id).label("unread_count")).where(_mine(user), _N.read_at.is_(None))
    return int(session.standing(counted)[0]["unread_count"])


def preferences(session: TenantSession, user: User) -> list[dict[str, Any]]:
    """What a person wants to be told, every kind there is."""
    query = select(_P.kind, _P.is_in_app, _P.is_email).where(_P.subject == user.subject)
    held = {
        row["kind"]: Preference(is_in_app=row["is_in_app"], is_email=row["is_email"]) for row in session.standing(query)
    }
    return [{"kind": kind, **vars(held.get(kind, DEFAULT))} for kind in NotificationKind]


def mail_error(session: TenantSession, user: User) -> str | None:
    """Why the last mail to a person did not get out."""
    query = (
        select(_D.error_message)
        .join(_NOTIFICATIONS, _N.notification_id == _D.notification_id)
        .where(
            _N.recipient == user.subject,
            _D.channel == DeliveryChannel.EMAIL,
            _D.status.in_((DeliveryStatus.SENT, *_NOT_OUT)),
            _D.attempt_count > 0,
        )
        .order_by(_D.queued_at.desc())
        .limit(1)
    )
    return next((row["error_message"] for row in session.standing(query)), None)


def channels(session: TenantSession) -> dict[str, Any] | None:
    """How the tenant is told things; None where nobody ever set it."""
    query = select(
        *(_C.version, _C.weekly_budget, _C.slack_name, _C.slack_kinds, _C.slack_error, _C.updated_by, _C.updated_at),
    )
    return next(iter(session.standing(query)), None)


def failures(session: TenantSession) -> list[dict[str, Any]]:
    """What was not sent, or not yet, the latest first."""
    query = (
        select(
            _D.notification_id, _D.channel, _D.status, _D.error_message, _D.attempt_count, _D.queued_at, _N.recipient
        )
        .join(_NOTIFICATIONS, _N.notification_id == _D.notification_id)
        .where(_D.status.in_(_NOT_OUT), _D.error_message.is_not(None))
        .order_by(_D.queued_at.desc(), _D.notification_id)
        .limit(_FAILURES)
    )
    names = {one["subject"]: one["name"] for one in session.users()}
    return [
        {
            "notification_id": row["notification_id"],
            "channel": row["channel"],
            "recipient_name": names.get(row["recipient"]),
            "error_message": row["error_message"],
            "is_final": row["status"] == DeliveryStatus.FAILED,
            "attempt_count": row["attempt_count"],
            "queued_at": row["queued_at"],
        }
        for row in session.standing(query)
    ]


def _mine(user: User) -> ColumnElement[bool]:
    return and_(_N.recipient == user.subject, _N.is_in_app)


def _with_words(row: dict[str, Any]) -> dict[str, Any]:
    payload = row.pop("payload") or {}
    said = payload.get("text") if row["kind"] == NotificationKind.MENTION else None
    return row | {"comment": said[:_FIRST_WORDS] if said else None}
