"""Which cards would come and which would go: the cards of two builds, told apart by company, trigger and day of opening. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from core.vocabulary import Sentiment

_OF_THE_MART: Final = (
    "company_id",
    "company_name",
    "trigger_type",
    "opened_on",
    "severity",
    "score",
    "is_active",
    "why",
)


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a build, with the first quote behind it (None where none is needed, as for silence)."""

    company_id: str
    company_name: str | None
    trigger_type: str
    opened_on: date
    severity: str
    score: float
    is_active: bool
    why: str
    quote: str | None = None
    ticket_id: str | None = None

    @property
    def place(self) -> tuple[str, str, date]:
        """What makes it the same card in another build."""
        return self.company_id, self.trigger_type, self.opened_on


@dataclass(frozen=True, slots=True)
class CardChanges:
    """The cards of a build with the candidate's readings against one with the pinned version's."""

    appearing: tuple[Card, ...]
    vanishing: tuple[Card, ...]
    other_severity: tuple[tuple[Card, Card], ...]
    staying_count: int
    """In both, another severity included."""


def cards_from(cards: Iterable[Mapping[str, Any]], evidence: Iterable[Mapping[str, Any]]) -> list[Card]:
    """Cards from rows of the marts `churn_risk_cards` and `card_evidence`.

    The quote is of the ticket that the card stands on, of its angriest reading the one that comes first.
    """
    quotes: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in evidence:
        quotes[row["card_id"]].append(row)

    def strongest(card: Mapping[str, Any]) -> Mapping[str, Any]:
        def rank(row: Mapping[str, Any]) -> tuple[bool, int, str, int]:
            return (
                row["ticket_id"] != card["ticket_id"],
                Sentiment(row["sentiment"]).level,
                row["ticket_id"],
                row["quote_start"],
            )

        return min(quotes[card["card_id"]], key=rank, default={"quote": None, "ticket_id": card["ticket_id"]})

    return [
        Card(
            **{name: row[name] for name in _OF_THE_MART},
            quote=strongest(row)["quote"],
            ticket_id=strongest(row)["ticket_id"],
        )
        for row in cards
    ]


def compare_cards(pinned: Iterable[Card], candidate: Iterable[Card]) -> CardChanges:
    """What changes from one build to the other, each list by company, trigger and day."""
    before, after = ({card.place: card for card in cards} for cards in (pinned, candidate))
    staying = sorted(before.keys() & after.keys())
    return CardChanges(
        appearing=tuple(after[place] for place in sorted(after.keys() - before.keys())),
        vanishing=tuple(before[place] for place in sorted(before.keys() - after.keys())),
        other_severity=tuple(
            (before[place], after[place]) for place in staying if before[place].severity != after[place].severity
        ),
        staying_count=len(staying),
    )
