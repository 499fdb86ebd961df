"""The board's addresses."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Member, Viewer
from serve.board.acts import CardAct, CardChangedBody, Done
from serve.board.repository import CardNotFound, CardRepository
from serve.board.schemas import CardDetail, CardPage, CardQuery
from serve.board.service import CardChangedMeanwhile, IllegalMove, UnknownColleague, do
from serve.errors import InvalidRequest, documented, error_body, status_of
from serve.paging import InvalidCursor, StaleCursor
from serve.responses import PRIVATE, conditional, json_response
from serve.schemas import Text
from serve.tenancy import NothingPublished

router = APIRouter(prefix="/cards", tags=["board"])


@router.get(
    "",
    operation_id="list_cards",
    summary="Cards, most urgent first",
    response_model=CardPage,
    responses=documented(*AUTH_ERRORS, InvalidCursor, StaleCursor, NothingPublished, InvalidRequest),
)
def list_cards(request: Request, caller: Viewer, wanted: Annotated[CardQuery, Query()]) -> Response:
    """Cards of the published build that match every given filter, one page at a time."""
    with caller.session() as session:

        def content() -> dict[str, object]:
            cards = CardRepository(session)
            page = cards.page(wanted)
            return {
                "items": page.items,
                "next_cursor": page.next_cursor,
                "total": cards.total(wanted),
                "build": session.stamp,
            }

        return conditional(request, session.version, content)


@router.get(
    "/{card_id}",
    operation_id="get_card",
    summary="A card and everything it rests on",
    response_model=CardDetail,
    responses=documented(*AUTH_ERRORS, CardNotFound, NothingPublished, InvalidRequest),
)
def get_card(request: Request, caller: Viewer, card_id: Annotated[Text, Path()]) -> Response:
    """The card, its score's components, and each quote with the ticket, prompt, model, cost and run behind it."""
    with caller.session() as session:
        return conditional(
            request, session.version, lambda: CardRepository(session).card(card_id) | {"build": session.stamp}
        )


_ACT_ERRORS = documented(
    *AUTH_ERRORS,
    CardNotFound,
    NothingPublished,
    CardChangedMeanwhile,
    IllegalMove,
    UnknownColleague,
    InvalidRequest,
)
_ACT_ERRORS[status_of(CardChangedMeanwhile)]["model"] = CardChangedBody


@router.post(
    "/{card_id}/events",
    operation_id="act_on_card",
    summary="Do something to a card",
    status_code=201,
    response_model=Done,
    responses=_ACT_ERRORS,
)
def act_on_card(caller: Member, card_id: Annotated[Text, Path()], wanted: Annotated[CardAct, Body()]) -> Response:
    """Assign, move, comment, snooze, complete, reopen, say how bad it is; needs the role member. Nothing done is ever undone."""
    try:
        return json_response(do(caller, card_id, wanted.act(), seq=wanted.seq), status=201, headers=PRIVATE)
    except CardChangedMeanwhile as changed:
        body = error_body(type(changed).__name__, str(changed)) | {"state": changed.state}
        return json_response(body, status=status_of(type(changed)), headers={"Cache-Control": "no-store"})
