"""Addresses of notifications."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from core.vocabulary import TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Admin, Caller, Viewer
from serve.errors import InvalidRequest, documented
from serve.notifications import service
from serve.notifications.repository import mail_error, page, preferences, unread_count
from serve.notifications.schemas import (
    Channels,
    NewChannels,
    NotificationPage,
    NotificationQuery,
    Preferences,
    Reading,
    Trial,
    Unread,
    Wishes,
)
from serve.notifications.service import ChannelsChangedMeanwhile, NoSuchChannel, UnsafeWebhook
from serve.paging import InvalidCursor
from serve.responses import NO_STORE, PRIVATE, json_response
from serve.services import services_of
from serve.tasks.endpoints import asked
from serve.tasks.schemas import TaskView

router = APIRouter(prefix="/notifications", tags=["notifications"])


@router.get(
    "",
    operation_id="list_notifications",
    summary="What you are told",
    response_model=NotificationPage,
    responses=documented(*AUTH_ERRORS, InvalidCursor, InvalidRequest),
)
def list_notifications(caller: Viewer, wanted: Annotated[NotificationQuery, Query()]) -> Response:
    """Mentions, cards you were given, cards that need you, and digests, the latest first; nobody sees anybody else's."""
    with caller.session() as session:
        found = page(session, caller.user, wanted)
        count = unread_count(session, caller.user)
    body = {"items": found.items, "next_cursor": found.next_cursor, "unread_count": count}
    return json_response(body, headers=PRIVATE)


@router.post(
    "/read",
    operation_id="read_notifications",
    summary="Mark as read",
    response_model=Unread,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def read_notifications(caller: Viewer, reading: Annotated[Reading, Body()]) -> Response:
    """Some of yours, or all; what is not yours, or read already, is left alone."""
    caller.writer.notifications.mark_read(caller.user.subject, reading.notification_ids)
    with caller.session() as session:
        return json_response({"unread_count": unread_count(session, caller.user)}, headers=NO_STORE)


@router.get(
    "/preferences",
    operation_id="get_notification_preferences",
    summary="What you want to be told where",
    response_model=Preferences,
    responses=documented(*AUTH_ERRORS),
)
def get_notification_preferences(request: Request, caller: Viewer) -> Response:
    """Every kind of notification; until you say otherwise, all of them on the board and by mail."""
    return json_response(_preferences(request, caller), headers=PRIVATE)


@router.put(
    "/preferences",
    operation_id="set_notification_preferences",
    summary="Say what you want to be told where",
    response_model=Preferences,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def set_notification_preferences(request: Request, caller: Viewer, wishes: Annotated[Wishes, Body()]) -> Response:
    """Holds from the next notification on. Who wants cards neither way is told of them in the digest."""
    service.prefer(caller, wishes)
    return json_response(_preferences(request, caller), headers=NO_STORE)


@router.get(
    "/channels",
    operation_id="get_notification_channels",
    summary="How your company is told things",
    response_model=Channels,
    responses=documented(*AUTH_ERRORS),
)
def get_notification_channels(request: Request, caller: Admin) -> Response:
    """The weekly budget, the Slack channel without its address, and what could not be sent lately; needs the role admin."""
    return json_response(service.channels(request, caller), headers=PRIVATE)


@router.put(
    "/channels",
    operation_id="set_notification_channels",
    summary="Set how your company is told things",
    response_model=Channels,
    responses=documented(*AUTH_ERRORS, ChannelsChangedMeanwhile, UnsafeWebhook, NoSuchChannel, InvalidRequest),
)
def set_notification_channels(request: Request, caller: Admin, wanted: Annotated[NewChannels, Body()]) -> Response:
    """Sets all of it; needs the role admin. A webhook's address is kept encrypted and never told again."""
    service.set_channels(request, caller, wanted)
    return json_response(service.channels(request, caller), headers=NO_STORE)


@router.post(
    "/tests",
    operation_id="test_notifications",
    summary="Send a test message",
    status_code=202,
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def test_notifications(caller: Admin, wanted: Annotated[Trial, Body()]) -> Response:
    """To you by mail, or to the Slack channel; needs the role admin. The task says whether it got out, and if not, why."""
    return asked(caller, TaskKind.NOTIFICATION_TEST, {"channel": str(wanted.channel)})


def _preferences(request: Request, caller: Caller) -> dict[str, Any]:
    with caller.session() as session:
        return {
            "items": preferences(session, caller.user),
            "email": service.address_of(session, caller.user),
            "is_mail_set": services_of(request).is_mail_set,
            "email_error": mail_error(session, caller.user),
            "slack_name": service.slack_name(session),
        }
