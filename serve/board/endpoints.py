"""The board's addresses."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Caller, Member, Viewer
from serve.board.acts import CardAct, CardChangedBody, Done
from serve.board.repository import CardNotFound, CardRepository
from serve.board.schemas import CardCounts, CardDetail, CardFilter, CardPage, CardQuery
from serve.board.service import CardChangedMeanwhile, IllegalMove, UnknownColleague, do
from serve.board.worth import by_status
from serve.errors import InvalidRequest, documented, refusal, status_of
from serve.paging import InvalidCursor, StaleCursor
from serve.responses import PRIVATE, json_response, kept
from serve.schemas import Text
from serve.tenancy import NothingPublished

router = APIRouter(prefix="/cards", tags=["board"])

_ME = "me"

_Wanted = TypeVar("_Wanted", bound=CardFilter)


def _as_asked_by(caller: Caller, wanted: _Wanted) -> _Wanted:
    """A view that is shared shows everybody their own cards."""
    return wanted.model_copy(update={"assignee": caller.user.subject}) if wanted.assignee == _ME else wanted


def _own(wanted: CardFilter, asked: CardFilter) -> str:
    """Whose cards, where the question alone does not say."""
    return asked.assignee or "" if asked is not wanted else ""


@router.get(
    "",
    operation_id="list_cards",
    summary="Cards, most urgent first",
    response_model=CardPage,
    responses=documented(*AUTH_ERRORS, InvalidCursor, StaleCursor, NothingPublished, InvalidRequest),
)
def list_cards(request: Request, caller: Viewer, wanted: Annotated[CardQuery, Query()]) -> Response:
    """Cards of the published build that match every given filter, one page at a time."""
    asked = _as_asked_by(caller, wanted)
    with caller.session() as session:

        def content() -> dict[str, object]:
            cards = CardRepository(session)
            page = cards.page(asked)
            return {
                "items": page.items,
                "next_cursor": page.next_cursor,
                "total": cards.total(asked),
                "build": session.stamp,
            }

        return kept(request, caller.user, session.version, content, own=_own(wanted, asked))


@router.get(
    "/counts",
    operation_id="count_cards",
    summary="How many cards, and what they are worth",
    response_model=CardCounts,
    responses=documented(*AUTH_ERRORS, NothingPublished, InvalidRequest),
)
def count_cards(request: Request, caller: Viewer, wanted: Annotated[CardFilter, Query()]) -> Response:
    """All cards that match, by status and together: their number, their companies, and the revenue of these."""
    asked = _as_asked_by(caller, wanted)
    with caller.session() as session:

        def content() -> dict[str, object]:
            cards = CardRepository(session)
            return by_status(cards.accounts(asked)) | {
                "owners": cards.owners(),
                "topics": cards.topics(),
                "build": session.stamp,
            }

        return kept(request, caller.user, session.version, content, own=_own(wanted, asked))


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
        return kept(
            request,
            caller.user,
            session.version,
            lambda: CardRepository(session).card(card_id) | {"build": session.stamp},
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
        return refusal(changed, state=changed.state, changes=changed.changes)
