"""Card by card, what other settings would have done differently. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analysis.backtest.cards import ReplayedCard, overlap_days
from core.vocabulary import Severity


class ChangeKind(StrEnum):
    """What can become of a card under other settings; several may hold of one card."""

    APPEARS = "appears"
    VANISHES = "vanishes"
    JOINS = "joins"
    """Two cards become one, as the signal between them does not go out any more."""
    SPLITS = "splits"
    """One card becomes two."""
    OPENS_EARLIER = "opens_earlier"
    OPENS_LATER = "opens_later"
    SEVERITY_UP = "severity_up"
    SEVERITY_DOWN = "severity_down"
    INTERRUPTS_NOW = "interrupts_now"
    INTERRUPTS_NO_LONGER = "interrupts_no_longer"


@dataclass(frozen=True, slots=True)
class BestDay:
    """The highest score of a company and trigger on some days under one side's settings, and the score that opens a card there."""

    score: float
    needed: float


@dataclass(frozen=True, slots=True)
class CardChange:
    """One card that is not the same on both sides; `current` is None where it appears, `candidate` where it vanishes."""

    kinds: tuple[ChangeKind, ...]
    current: ReplayedCard | None
    candidate: ReplayedCard | None
    why: str

    @property
    def card(self) -> ReplayedCard:
        """The card as it would be; as it is, where it vanishes."""
        card = self.candidate or self.current
        assert card is not None, "a change is of a card"  # noqa: S101 - one of the two is always there
        return card


def compare(
    current: Iterable[ReplayedCard],
    candidate: Iterable[ReplayedCard],
    best_days: Mapping[ReplayedCard, BestDay] | None = None,
) -> list[CardChange]:
    """What changes, by company, trigger and day.

    Two cards are the same story where company and trigger are the same and their signals share a day. Each current card is held
    against the candidate's card that it shares most days with.

    Args:
        current: With the settings as they are.
        candidate: With others.
        best_days: Of cards that appear or vanish, how high the score came on their days on the other side.
    """
    here, there = _by_story(current), _by_story(candidate)
    changes: list[CardChange] = []
    for story in sorted(here.keys() | there.keys()):
        changes += _of_story(here.get(story, []), there.get(story, []), best_days or {})
    return sorted(changes, key=lambda change: change.card.place)


def unmatched(current: Iterable[ReplayedCard], candidate: Iterable[ReplayedCard]) -> list[ReplayedCard]:
    """Cards of the first that share no day with any of the second."""
    there = _by_story(candidate)
    return [
        card
        for card in current
        if not any(overlap_days(card, other) for other in there.get((card.company_id, card.trigger_type), []))
    ]


def _by_story(cards: Iterable[ReplayedCard]) -> dict[tuple[str, str], list[ReplayedCard]]:
    stories: dict[tuple[str, str], list[ReplayedCard]] = defaultdict(list)
    for card in sorted(cards, key=lambda card: card.place):
        stories[card.company_id, card.trigger_type].append(card)
    return stories


def _of_story(
    here: Sequence[ReplayedCard], there: Sequence[ReplayedCard], best_days: Mapping[ReplayedCard, BestDay]
) -> list[CardChange]:
    changes = []
    taken: set[ReplayedCard] = set()
    for card in here:
        sharing = [other for other in there if overlap_days(card, other)]
        if not sharing:
            changes.append(CardChange((ChangeKind.VANISHES,), card, None, _vanishing(card, best_days.get(card))))
            continue
        partner = max(sharing, key=lambda other: overlap_days(card, other))
        if partner in taken:
            why = (
                f"One card with the one of {partner.opened_on}: the signal does not go out between them. {partner.why}"
            )
            changes.append(CardChange((ChangeKind.JOINS,), card, partner, why))
            continue
        taken.add(partner)
        if kinds := _kinds(card, partner):
            changes.append(CardChange(kinds, card, partner, _otherwise(card, partner)))
    for other in there:
        if other in taken:
            continue
        if before := [card for card in here if overlap_days(card, other)]:
            why = f"The signal of the card of {before[0].opened_on} goes out in between, and comes back. {other.why}"
            changes.append(CardChange((ChangeKind.SPLITS,), before[0], other, why))
        else:
            changes.append(CardChange((ChangeKind.APPEARS,), None, other, _appearing(other, best_days.get(other))))
    return changes


def _kinds(current: ReplayedCard, candidate: ReplayedCard) -> tuple[ChangeKind, ...]:
    ranks = list(Severity)
    before, after = ranks.index(current.severity), ranks.index(candidate.severity)
    is_told, is_still_told = current.notified_on is not None, candidate.notified_on is not None
    held = {
        ChangeKind.OPENS_EARLIER: candidate.opened_on < current.opened_on,
        ChangeKind.OPENS_LATER: candidate.opened_on > current.opened_on,
        ChangeKind.SEVERITY_UP: after > before,
        ChangeKind.SEVERITY_DOWN: after < before,
        ChangeKind.INTERRUPTS_NOW: is_still_told and not is_told,
        ChangeKind.INTERRUPTS_NO_LONGER: is_told and not is_still_told,
    }
    return tuple(kind for kind, is_so in held.items() if is_so)


def _appearing(card: ReplayedCard, best: BestDay | None) -> str:
    return card.why + (
        f" As it is, the score comes to {best.score:g} and {best.needed:g} opens a card." if best else ""
    )


def _vanishing(card: ReplayedCard, best: BestDay | None) -> str:
    return card.why + (
        f" The score would come to {best.score:g}, and {best.needed:g} would open a card." if best else ""
    )


def _otherwise(current: ReplayedCard, candidate: ReplayedCard) -> str:
    said = []
    if candidate.opened_on != current.opened_on:
        said.append(f"opens on {candidate.opened_on} instead of {current.opened_on}")
    if candidate.severity != current.severity:
        said.append(f"{candidate.severity} instead of {current.severity}")
    if (candidate.notified_on is None) is not (current.notified_on is None):
        said.append(
            f"interrupts on {candidate.notified_on}"
            if candidate.notified_on
            else f"does not interrupt, as it does on {current.notified_on}"
        )
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}. {candidate.why}"
