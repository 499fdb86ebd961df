"""A card as a replay opened it, and what people said became of such a card. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.vocabulary import CardOutcome, Severity

REAL: Final = frozenset(
    {CardOutcome.SAVED, CardOutcome.AT_RISK_UNRESOLVED, CardOutcome.CHURNED, CardOutcome.CONTRACTION}
)
"""Outcomes that say there was something to warn of."""

NOT_REAL: Final = frozenset({CardOutcome.FALSE_ALARM, CardOutcome.KNOWN_EXPECTED})
"""Outcomes that say there was not. The others (`duplicate`, `cannot_act`, `expired`) say nothing of the alarm."""


@dataclass(frozen=True, slots=True)
class ReplayedCard:
    """One card of a replay.

    Attributes:
        owner: Who looks after the company; None where nobody does.
        last_signal_on: The last day its signal was on; later than the day it opened, or the same.
        severity: That of its worst day.
        notified_on: The first day on which it would have interrupted somebody; None where it never would.
    """

    company_id: str
    trigger_type: str
    opened_on: date
    last_signal_on: date
    severity: Severity
    score: float
    why: str
    notified_on: date | None = None
    company_name: str | None = None
    owner: str | None = None

    @property
    def place(self) -> tuple[str, str, date]:
        """By what cards are listed: company, trigger, day."""
        return self.company_id, self.trigger_type, self.opened_on


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A card that stood on the board, and the outcome people gave it."""

    company_id: str
    trigger_type: str
    opened_on: date
    last_signal_on: date
    outcome: CardOutcome


@dataclass(frozen=True, slots=True)
class Departure:
    """A company that left, as its CRM says; what it paid a month, None where nobody knows."""

    company_id: str
    churned_on: date
    mrr: float | None = None


def overlap_days(one: "ReplayedCard | KnownCard", other: "ReplayedCard | KnownCard") -> int:
    """On how many days the signals of two cards of one company and trigger were both on; 0 for none."""
    first, last = max(one.opened_on, other.opened_on), min(one.last_signal_on, other.last_signal_on)
    return max(0, (last - first).days + 1)


def outcomes_of(cards: Iterable[ReplayedCard], known: Iterable[KnownCard]) -> dict[tuple[str, str, date], CardOutcome]:
    """The outcome of each card that has one, by its place.

    Outcomes belong to cards that stood on the board. A replayed card takes over that of the card of the same company and trigger
    whose days it shares most of (of equals, the first), since it would have been about the same thing. A card that nobody ever saw
    has none.
    """
    held: dict[tuple[str, str], list[KnownCard]] = defaultdict(list)
    for one in sorted(known, key=lambda one: one.opened_on):
        held[one.company_id, one.trigger_type].append(one)
    found = {}
    for card in cards:
        best = most_shared(card, held[card.company_id, card.trigger_type])
        if best is not None:
            found[card.place] = best.outcome
    return found


def most_shared(card: ReplayedCard, others: Sequence[KnownCard]) -> KnownCard | None:
    """Of cards of the same company and trigger, in order of opening, the one that shares most days; None where none shares any."""
    best = max(others, key=lambda other: overlap_days(card, other), default=None)
    return best if best is not None and overlap_days(card, best) else None
