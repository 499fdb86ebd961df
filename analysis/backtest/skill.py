"""How good a set of cards was: what it warned of in time, what it cried wolf about, what chance alone would have found. Pure."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

from analysis.backtest.cards import NOT_REAL, REAL, Departure, KnownCard, ReplayedCard, outcomes_of
from analysis.measures import Share, wilson

NOTICE_DAYS: Final = 14
"""A warning counts if it came so many days before the company left, or earlier: what comes later saves nobody."""

FORGOTTEN_DAYS: Final = 90
"""A card whose signal has been off for longer than this when its company leaves was about something else."""

FEW: Final = 20
"""From fewer outcomes no precision is told."""

_DRAWS: Final = 1000


@dataclass(frozen=True, slots=True)
class MoneyShare:
    """A share of money: `hits` of `total` a month, with the range the true share lies in."""

    hits: float
    total: float
    effective_count: float
    """So many equal amounts would be as telling as these (Kish, 1965): the square of their sum over the sum of their squares."""

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of Wilson over the effective count; of nothing (0, 1)."""
        return wilson(self.value, self.effective_count)


@dataclass(frozen=True, slots=True)
class Chance:
    """What cards of the same number would have found in companies drawn by lot: the middle 95 % of a thousand draws."""

    logos: tuple[float, float]
    mrr: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Recall:
    """Who of those that left had been warned of in time, by the rules of the mart `churn_recall`."""

    logos: Share
    mrr: MoneyShare
    """Of the departures whose revenue is known."""
    lead_days: float | None
    """Median of the days between the warning and the departure, in time or not; None where nobody was warned of."""
    chance: Chance

    @property
    def is_skill(self) -> bool:
        """Whether more of the companies that left were found than chance finds."""
        return self.logos.value > self.chance.logos[1]


def precision(cards: Iterable[ReplayedCard], known: Iterable[KnownCard]) -> Share:
    """Of the cards whose outcome is known, those that there was something to; a card may have been left open, and has none."""
    outcomes = list(outcomes_of(cards, known).values())
    return Share(sum(one in REAL for one in outcomes), sum(one in REAL | NOT_REAL for one in outcomes))


def recall(
    cards: Iterable[ReplayedCard], departures: Iterable[Departure], companies: Iterable[str], *, seed: int = 0
) -> Recall:
    """What cards warned of.

    Chance keeps the cards as they are, days and all, and gives each company's to another one drawn by lot (a permutation test): the
    same load, without knowing anybody.

    Args:
        cards: Of one replay.
        departures: Who left in the days that were replayed.
        companies: Everybody whom a card could have been about.
        seed: Of the draws; the same one gives the same report.
    """
    gone = sorted(departures, key=lambda one: (one.churned_on, one.company_id))
    stories: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for card in cards:
        stories[card.company_id].append((card.opened_on, card.last_signal_on))
    for held in stories.values():
        held.sort()
    everybody = sorted({*companies, *stories, *(one.company_id for one in gone)})
    leads = [_lead_days(stories.get(one.company_id, ()), one.churned_on) for one in gone]
    warned = [one for one in leads if one is not None]
    return Recall(
        logos=Share(sum(_is_in_time(one) for one in leads), len(gone)),
        mrr=_money(gone, leads),
        lead_days=float(median(warned)) if warned else None,
        chance=_chance(stories, gone, everybody, seed),
    )


def _lead_days(story: Sequence[tuple[date, date]], churned_on: date) -> int | None:
    """Days between the first card that counts as a warning and the departure; None without one."""
    remembered = churned_on - timedelta(days=FORGOTTEN_DAYS)
    for opened_on, last_signal_on in story:
        if opened_on > churned_on:
            break
        if last_signal_on >= remembered:
            return (churned_on - opened_on).days
    return None


def _is_in_time(lead_days: int | None) -> bool:
    return lead_days is not None and lead_days >= NOTICE_DAYS


def _money(gone: Sequence[Departure], leads: Sequence[int | None]) -> MoneyShare:
    amounts = [(one.mrr, _is_in_time(lead)) for one, lead in zip(gone, leads, strict=True) if one.mrr]
    total = sum(mrr for mrr, _ in amounts)
    squares = sum(mrr * mrr for mrr, _ in amounts)
    return MoneyShare(
        hits=sum(mrr for mrr, is_warned in amounts if is_warned),
        total=total,
        effective_count=total * total / squares if squares else 0.0,
    )


def _chance(
    stories: Mapping[str, Sequence[tuple[date, date]]], gone: Sequence[Departure], everybody: Sequence[str], seed: int
) -> Chance:
    if not gone:
        return Chance((0.0, 0.0), (0.0, 0.0))
    drawn = random.Random(seed)  # noqa: S311 - a lot, not a secret
    logos, money = [], []
    for _ in range(_DRAWS):
        others = drawn.sample(everybody, len(gone))
        leads = [_lead_days(stories.get(other, ()), one.churned_on) for one, other in zip(gone, others, strict=True)]
        logos.append(sum(map(_is_in_time, leads)) / len(gone))
        money.append(_money(gone, leads).value)
    return Chance(_middle(logos), _middle(money))


def _middle(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    cut = round(0.025 * len(ordered))
    return ordered[cut], ordered[-1 - cut]
