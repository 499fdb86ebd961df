"""How much work a set of cards would have been: how many opened a week, how often each owner would have been interrupted. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from analysis.backtest.cards import ReplayedCard

MOST_A_WEEK: Final = 10
"""Interruptions that one person can follow up in a week."""

NOBODY: Final = "unassigned"
"""Stands for the owner of a company that has none."""


@dataclass(frozen=True, slots=True)
class OwnerLoad:
    """What one owner would have been interrupted for, in weeks of the span."""

    owner: str
    total: int
    busiest: int
    """The most in one week."""
    crowded_weeks: int
    """Weeks with more than `MOST_A_WEEK`."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the cards of a span would have been to the people who work on them.

    Attributes:
        opened_by_week: Cards that opened, by the Monday of the week; every week of the span, those without cards too.
        interrupted_by_week: The same of interruptions. A card interrupts once, on the first day it is strong enough.
        owners: The busiest first.
    """

    opened_by_week: Mapping[date, int]
    interrupted_by_week: Mapping[date, int]
    owners: tuple[OwnerLoad, ...]

    @property
    def opened(self) -> int:
        """Cards that opened in the span."""
        return sum(self.opened_by_week.values())

    @property
    def interruptions(self) -> int:
        """How often anybody would have been interrupted."""
        return sum(self.interrupted_by_week.values())

    @property
    def per_owner_week(self) -> float:
        """Interruptions of an owner in a week, on average."""
        weeks = len(self.interrupted_by_week) * len(self.owners)
        return self.interruptions / weeks if weeks else 0.0


def load_of(cards: Iterable[ReplayedCard], first_on: date, last_on: date) -> Load:
    """The load between two days, both included; of cards that were open before it counts only what happened in it."""
    held = list(cards)
    opened = [card.opened_on for card in held if first_on <= card.opened_on <= last_on]
    told = [
        (card.owner or NOBODY, card.notified_on)
        for card in held
        if card.notified_on is not None and first_on <= card.notified_on <= last_on
    ]
    by_owner_week = Counter((owner, _monday(day)) for owner, day in told)
    owners = {card.owner or NOBODY for card in held}
    return Load(
        opened_by_week=_by_week(opened, first_on, last_on),
        interrupted_by_week=_by_week([day for _, day in told], first_on, last_on),
        owners=tuple(
            sorted(
                (
                    _owner(owner, [count for (who, _), count in by_owner_week.items() if who == owner])
                    for owner in owners
                ),
                key=lambda one: (-one.total, one.owner),
            )
        ),
    )


def _owner(owner: str, counts: list[int]) -> OwnerLoad:
    return OwnerLoad(owner, sum(counts), max(counts, default=0), sum(count > MOST_A_WEEK for count in counts))


def _by_week(days: Iterable[date], first_on: date, last_on: date) -> dict[date, int]:
    counts = Counter(_monday(day) for day in days)
    weeks = range((_monday(last_on) - _monday(first_on)).days // 7 + 1)
    return {monday: counts[monday] for monday in (_monday(first_on) + timedelta(weeks=one) for one in weeks)}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
