"""What a person does to a card: the card looked up in the build, the event written, failures told in the API's own words."""

from typing import Any

from core.cards import Act, CardChanged, CardEvent, CardState, IllegalAct, NoSuchColleague, Worth
from core.notifications import About
from core.vocabulary import CardEventType
from serve.auth.dependencies import Caller
from serve.board.acts import State
from serve.board.repository import CardRepository
from serve.errors import Conflict, Unprocessable

_ABOUT = ("company_id", "company_name", "trigger_type", "severity", "priority")


class CardChangedMeanwhile(Conflict):
    """Somebody did something to the card since you saw it; `changes` is what, `state` where it stands now."""

    def __init__(self, message: str, state: dict[str, Any], changes: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.state = state
        self.changes = changes


class IllegalMove(Unprocessable):
    """The card is not in a state in which that can be done to it."""


class UnknownColleague(Unprocessable):
    """Somebody named is no user of your company."""


def do(caller: Caller, card_id: str, act: Act, *, seq: int) -> dict[str, Any]:
    """Do something to a card of the published build; returns what was written and where the card stands.

    Raises:
        CardNotFound: There is no such card in it.
        CardChangedMeanwhile, IllegalMove, UnknownColleague: As they say; nothing was written.
    """
    with caller.session() as session:
        cards = CardRepository(session)
        card = cards.row(card_id)
        newer = cards.successor(card) if act.type is CardEventType.REOPENED else None
    if newer is not None:
        raise IllegalMove(f"This company has a newer card of the same kind, {newer}: work on that one.")
    mine = card["card_id"]
    try:
        event, state = caller.writer.cards.act(
            mine,
            act,
            actor=caller.user.subject,
            expected_seq=seq,
            worth=Worth(card["mrr"], card["mrr_source"]),
            about=About(**{name: card[name] for name in _ABOUT}),
        )
    except CardChanged as changed:
        changes = [_entry(event) for event in changed.changes]
        raise CardChangedMeanwhile(str(changed), _state(mine, changed.state), changes) from changed
    except IllegalAct as illegal:
        raise IllegalMove(str(illegal)) from illegal
    except NoSuchColleague as unknown:
        raise UnknownColleague(str(unknown)) from unknown
    return {"event": _entry(event), "state": _state(mine, state)}


def _entry(event: CardEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "occurred_at": event.occurred_at,
        "seq": event.seq,
        "actor": event.actor,
        "status": event.status,
        "details": dict(event.payload),
    }


def _state(card_id: str, state: CardState) -> dict[str, Any]:
    told = {"card_id": card_id, "seq": state.last_seq}
    return told | {name: getattr(state, name) for name in State.model_fields if name not in told}
