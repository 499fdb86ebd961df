"""A backtest in one value: the settings as they are beside a candidate's, over the same days. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from analysis.backtest.cards import Departure, KnownCard, ReplayedCard
from analysis.backtest.changes import BestDay, CardChange, ChangeKind, compare
from analysis.backtest.load import Load, load_of
from analysis.backtest.settings import Setting
from analysis.backtest.skill import FEW, Recall, precision, recall
from analysis.measures import Share


@dataclass(frozen=True)
class Side:
    """What one set of settings would have come to."""

    load: Load
    precision: Share
    recall: Recall


@dataclass(frozen=True)
class BacktestReport:
    """A candidate beside the settings of now.

    Attributes:
        first_on: The first day whose cards count.
        last_on: The last one.
        changes: Cards that are not the same on both sides, by company, trigger and day.
        same_count: Cards that are.
        departure_count: Companies that are known to have left in these days.
        remarks: What the figures cannot know, each in a sentence.
    """

    tenant_id: str
    first_on: date
    last_on: date
    settings: tuple[Setting, ...]
    current: Side
    candidate: Side
    changes: tuple[CardChange, ...]
    same_count: int
    departure_count: int
    remarks: tuple[str, ...] = ()

    @property
    def change_counts(self) -> dict[ChangeKind, int]:
        """How many cards change in which way; one card may in several."""
        counts = Counter(kind for change in self.changes for kind in change.kinds)
        return {kind: counts[kind] for kind in ChangeKind if counts[kind]}

    def as_json(self) -> dict[str, Any]:
        """The same for machines: plain values, days as `2026-11-20`, shares with their interval."""
        return {
            "tenant_id": self.tenant_id,
            "from": str(self.first_on),
            "to": str(self.last_on),
            "settings": [
                {"trigger_type": one.trigger_type, "name": one.name, "current": one.current, "candidate": one.candidate}
                for one in self.settings
            ],
            "current": _side(self.current),
            "candidate": _side(self.candidate),
            "departures": self.departure_count,
            "unchanged_cards": self.same_count,
            "changes": [_change(one) for one in self.changes],
            "change_counts": {str(kind): count for kind, count in self.change_counts.items()},
            "remarks": list(self.remarks),
        }


def make_report(
    *,
    tenant_id: str,
    first_on: date,
    last_on: date,
    settings: Sequence[Setting],
    current: Iterable[ReplayedCard],
    candidate: Iterable[ReplayedCard],
    known: Iterable[KnownCard] = (),
    departures: Iterable[Departure] = (),
    companies: Collection[str] = (),
    best_days: Mapping[ReplayedCard, BestDay] | None = None,
    remarks: Sequence[str] = (),
) -> BacktestReport:
    """Put a report together.

    Cards whose signal was over before the span count for nothing but the recall of its first weeks.

    Args:
        tenant_id: Whose.
        first_on: First day of the span.
        last_on: Its last one.
        settings: What the candidate sets otherwise.
        current: Cards with the settings as they are.
        candidate: Cards with the candidate's.
        known: Cards that stood on the board, with their outcomes.
        departures: Companies that left, at any time.
        companies: Everybody whom a card could have been about.
        best_days: See `compare`.
        remarks: See `BacktestReport`.
    """
    sides = [list(current), list(candidate)]
    shown = [[card for card in cards if card.last_signal_on >= first_on] for cards in sides]
    outcomes = list(known)
    gone = [one for one in departures if first_on <= one.churned_on <= last_on]
    made = [
        Side(
            load=load_of(within, first_on, last_on),
            precision=precision(within, outcomes),
            recall=recall(cards, gone, companies),
        )
        for cards, within in zip(sides, shown, strict=True)
    ]
    changes = compare(shown[0], shown[1], best_days)
    touched = {change.current for change in changes if change.current is not None}
    return BacktestReport(
        tenant_id=tenant_id,
        first_on=first_on,
        last_on=last_on,
        settings=tuple(settings),
        current=made[0],
        candidate=made[1],
        changes=tuple(changes),
        same_count=sum(card not in touched for card in shown[0]),
        departure_count=len(gone),
        remarks=tuple(remarks),
    )


def _side(side: Side) -> dict[str, Any]:
    load, found = side.load, side.recall
    return {
        "opened": load.opened,
        "opened_by_week": {str(week): count for week, count in load.opened_by_week.items()},
        "interruptions": load.interruptions,
        "interrupted_by_week": {str(week): count for week, count in load.interrupted_by_week.items()},
        "interruptions_per_owner_week": load.per_owner_week,
        "owners": [
            {"owner": one.owner, "total": one.total, "busiest": one.busiest, "crowded_weeks": one.crowded_weeks}
            for one in load.owners
        ],
        "precision": _share(side.precision) | {"is_enough": side.precision.count >= FEW},
        "recall_logos": _share(found.logos) | {"chance": list(found.chance.logos)},
        "recall_mrr": {
            "hits": found.mrr.hits,
            "total": found.mrr.total,
            "value": found.mrr.value,
            "interval": list(found.mrr.interval),
            "chance": list(found.chance.mrr),
        },
        "lead_days": found.lead_days,
    }


def _share(share: Share) -> dict[str, Any]:
    return {"hits": share.hits, "count": share.count, "value": share.value, "interval": list(share.interval)}


def _change(change: CardChange) -> dict[str, Any]:
    return {
        "kinds": [str(kind) for kind in change.kinds],
        "company_id": change.card.company_id,
        "trigger_type": change.card.trigger_type,
        "current": _card(change.current),
        "candidate": _card(change.candidate),
        "why": change.why,
    }


def _card(card: ReplayedCard | None) -> dict[str, Any] | None:
    if card is None:
        return None
    return {
        "opened_on": str(card.opened_on),
        "last_signal_on": str(card.last_signal_on),
        "severity": str(card.severity),
        "score": card.score,
        "notified_on": None if card.notified_on is None else str(card.notified_on),
    }
