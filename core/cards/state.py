"""The fold: from everything that happened to a card to where it stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from core.vocabulary import CardEventType, CardStatus

MACHINE = "churnboard"
"""The actor of what the pipeline does."""


@dataclass(frozen=True, kw_only=True)
class CardEvent:
    """One thing that happened to a card.

    Attributes:
        card_id: The card as it was called then.
        seq: Counts the events under that name, from 1 without gaps.
        actor: Subject of the user, or `MACHINE`.
        status: The card's status afterwards.
        payload: What was decided or said, by the kind of event (`core.cards.acts`).
    """

    card_id: str
    seq: int
    type: CardEventType
    actor: str
    status: CardStatus
    payload: Mapping[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class CardState:
    """Where a card stands; the columns of `card_state` and of `int_card_states`.

    Attributes:
        last_seq: Number of its last event; 0 before the first. Events it took over from another card are not counted.
        status_at: When it came to its status; None while nobody and nothing moved it.
        first_touched_at: When a person first did anything to it.
        last_touched_at: When a person last did.
        outcome: Of the completion that holds; None while it is not completed.
        outcome_mrr: What the company paid a month at that moment, in `outcome_mrr_source`'s sense; None where unknown.
        reopen_count: How often it came back after it was completed.
    """

    last_seq: int = 0
    status: CardStatus = CardStatus.NEW
    status_at: datetime | None = None
    assignee: str | None = None
    severity_override: str | None = None
    first_touched_at: datetime | None = None
    last_touched_at: datetime | None = None
    completed_at: datetime | None = None
    outcome: str | None = None
    outcome_mrr: float | None = None
    outcome_mrr_source: str | None = None
    reopen_count: int = 0
    waiting_until_on: date | None = None
    is_waiting_for_reply: bool = False
    last_event_at: datetime | None = None


_NOT_COMPLETED = {"completed_at": None, "outcome": None, "outcome_mrr": None, "outcome_mrr_source": None}
_NOT_WAITING = {"waiting_until_on": None, "is_waiting_for_reply": False}


def folded(card_id: str, events: Iterable[CardEvent]) -> CardState:
    """The state a card is in after these events, in whatever order they come.

    Args:
        card_id: The card.
        events: Its own, and those of cards that were found to be the same one.
    """
    state = CardState()
    for event in sorted(events, key=lambda one: (one.occurred_at, one.card_id, one.seq)):
        state = _after(state, event, is_own=event.card_id == card_id)
    return state


def _after(state: CardState, event: CardEvent, *, is_own: bool) -> CardState:
    changes: dict[str, Any] = {"last_event_at": event.occurred_at}
    if is_own:
        changes["last_seq"] = max(state.last_seq, event.seq)
    if event.actor != MACHINE:
        changes["first_touched_at"] = state.first_touched_at or event.occurred_at
        changes["last_touched_at"] = event.occurred_at
    match event.type:
        case CardEventType.ASSIGNED:
            changes["assignee"] = event.payload.get("assignee")
        case CardEventType.SEVERITY_OVERRIDDEN:
            changes["severity_override"] = event.payload.get("severity")
        case CardEventType.COMMENTED:
            pass
        case _:
            changes |= {"status": event.status, "status_at": event.occurred_at} | _NOT_COMPLETED | _NOT_WAITING
    if event.type is CardEventType.SNOOZED:
        until_on = event.payload.get("until_on")
        changes["waiting_until_on"] = date.fromisoformat(until_on) if until_on else None
        changes["is_waiting_for_reply"] = bool(event.payload.get("is_for_reply"))
    if event.type is CardEventType.COMPLETED:
        changes |= {
            "completed_at": event.occurred_at,
            "outcome": event.payload.get("outcome"),
            "outcome_mrr": event.payload.get("mrr"),
            "outcome_mrr_source": event.payload.get("mrr_source"),
        }
    if event.type is CardEventType.REOPENED:
        changes["reopen_count"] = state.reopen_count + 1
    return replace(state, **changes)
