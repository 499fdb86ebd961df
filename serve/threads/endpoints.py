"""The address of threads."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.board.repository import CardNotFound, CardRepository
from serve.errors import InvalidRequest, documented
from serve.paging import InvalidCursor, StaleCursor
from serve.responses import kept
from serve.schemas import Text
from serve.tenancy import NothingPublished
from serve.threads.repository import ThreadRepository, TicketNotFound
from serve.threads.schemas import Thread, ThreadQuery

router = APIRouter(prefix="/cards", tags=["board"])


@router.get(
    "/{card_id}/tickets/{ticket_id}/messages",
    operation_id="list_card_messages",
    summary="What was written on a ticket behind a card",
    response_model=Thread,
    responses=documented(
        *AUTH_ERRORS, CardNotFound, TicketNotFound, InvalidCursor, StaleCursor, NothingPublished, InvalidRequest
    ),
)
def list_card_messages(
    request: Request,
    caller: Viewer,
    card_id: Annotated[Text, Path()],
    ticket_id: Annotated[Text, Path()],
    wanted: Annotated[ThreadQuery, Query()],
) -> Response:
    """The ticket's messages in order, from both sides and between colleagues, one page at a time."""
    with caller.session() as session:

        def content() -> dict[str, object]:
            card = CardRepository(session).row(card_id)
            threads = ThreadRepository(session)
            page = threads.page(card["card_id"], ticket_id, wanted)
            return {
                "items": page.items,
                "next_cursor": page.next_cursor,
                "total": threads.total(ticket_id),
                "build": session.stamp,
            }

        return kept(request, caller.user, session.version, content)
