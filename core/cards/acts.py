"""What a person can do to a card, and from where: new → working ⇄ waiting → completed → reopened new; any → completed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.cards.state import CardEvent, CardState
from core.errors import Terminal, Transient
from core.vocabulary import CardEventType, CardOutcome, CardStatus, MrrSource, Severity


class IllegalAct(Terminal):
    """The card is not in a state in which that can be done to it."""


class CardChanged(Terminal):
    """Somebody was faster; `state` is what the card has come to meanwhile, `changes` what was done, oldest first."""

    def __init__(self, message: str, state: CardState, changes: Sequence[CardEvent] = ()) -> None:
        super().__init__(message)
        self.state = state
        self.changes = changes


class CardsMoved(Transient):
    """Somebody did something to one of several cards at the very moment they were to be changed together."""


class NoSuchColleague(Terminal):
    """A card is given to, or a comment names, somebody who is no user of the tenant."""


@dataclass(frozen=True)
class Act:
    """Something a person wants to do.

    Attributes:
        type: What.
        details: With it, by kind: `assignee` (None: nobody); `status`; `text`, `mentions`; `until_on`, `is_for_reply`;
            `outcome`, `note`; `severity` (None: as computed), `note`.
    """

    type: CardEventType
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Worth:
    """What a company pays a month, and where that figure came from; kept with a completion, so that it stays a fact."""

    mrr: float | None
    mrr_source: str = MrrSource.UNKNOWN


def decided(state: CardState, act: Act, *, worth: Worth, today: date) -> tuple[CardStatus, dict[str, Any]]:
    """The status after an act, and the payload of its event.

    Args:
        state: Where the card stands.
        act: What is to be done.
        worth: Of the company, now.
        today: In UTC.

    Raises:
        IllegalAct: That cannot be done to a card in this state, or not that way; the sentence says what can.
    """
    status, details = state.status, act.details
    payload: dict[str, Any] = {}
    match act.type:
        case CardEventType.ASSIGNED:
            payload = {"assignee": details.get("assignee")}
        case CardEventType.COMMENTED:
            payload = {"text": details["text"], "mentions": list(details.get("mentions", ()))}
        case CardEventType.SEVERITY_OVERRIDDEN:
            severity = details.get("severity")
            payload = {"severity": Severity(severity) if severity else None, **_note(details)}
        case CardEventType.STATUS_CHANGED:
            status = _moved(state, CardStatus(details["status"]))
        case CardEventType.SNOOZED:
            status, payload = _snoozed(state, details, today)
        case CardEventType.COMPLETED:
            status, payload = _completed(state, details, worth)
        case CardEventType.REOPENED:
            status, payload = _reopened(state), _note(details)
        case _:
            raise IllegalAct(f"{act.type} is not for people to do: the pipeline wakes cards by itself.")
    return status, payload


def _reopened(state: CardState) -> CardStatus:
    if state.status is not CardStatus.COMPLETED:
        raise IllegalAct(f"Only a completed card can be reopened, and this one is {state.status}.")
    return CardStatus.NEW


def _moved(state: CardState, to: CardStatus) -> CardStatus:
    if to is CardStatus.WORKING and state.status in {CardStatus.NEW, CardStatus.WAITING}:
        return to
    raise IllegalAct(
        {
            CardStatus.NEW: "A card becomes new again by being reopened, after it was completed: send `reopened`.",
            CardStatus.WAITING: "A card waits for a day or for the customer's reply: send `snoozed` with one of them.",
            CardStatus.COMPLETED: "A card is completed with what came of it: send `completed` with an outcome.",
            CardStatus.WORKING: f"The card is {state.status}: only a new or waiting one can be taken up; "
            "one that is completed has to be reopened first.",
        }[to]
    )


def _snoozed(state: CardState, details: Mapping[str, Any], today: date) -> tuple[CardStatus, dict[str, Any]]:
    until_on, is_for_reply = details.get("until_on"), bool(details.get("is_for_reply"))
    if state.status not in {CardStatus.WORKING, CardStatus.WAITING}:
        raise IllegalAct(f"Only a card somebody works on can wait, and this one is {state.status}: move it to working.")
    if until_on is None and not is_for_reply:
        raise IllegalAct("A card waits for something: name a day in `until_on`, or set `is_for_reply`.")
    if until_on is not None and until_on <= today:
        raise IllegalAct(f"The card cannot wait until {until_on}: that day has come. Name a later one.")
    return CardStatus.WAITING, {"until_on": until_on.isoformat() if until_on else None, "is_for_reply": is_for_reply}


def _completed(state: CardState, details: Mapping[str, Any], worth: Worth) -> tuple[CardStatus, dict[str, Any]]:
    if state.status is CardStatus.COMPLETED:
        raise IllegalAct("The card is completed already: reopen it to complete it with another outcome.")
    outcome = CardOutcome(details["outcome"])
    if outcome is CardOutcome.EXPIRED:
        raise IllegalAct("Cards expire by themselves when nobody looks at them; say what came of this one.")
    mrr = None if worth.mrr is None else round(worth.mrr, 2)
    payload = {"outcome": outcome, "mrr": mrr, "mrr_source": worth.mrr_source, **_note(details)}
    return CardStatus.COMPLETED, payload


def _note(details: Mapping[str, Any]) -> dict[str, Any]:
    return {"note": details["note"]} if details.get("note") else {}
