"""Cards of two builds against each other."""

from datetime import date
from typing import Any

from analysis.shadow.cards import Card, cards_from, compare_cards


def row(company_id: str = "1", day: int = 5, **values: Any) -> dict[str, Any]:
    base = {
        "card_id": f"{company_id}-{day}",
        "company_id": company_id,
        "company_name": f"Company {company_id}",
        "trigger_type": "frustrated",
        "opened_on": date(2026, 11, day),
        "severity": "medium",
        "score": 2.0,
        "is_active": True,
        "why": "Because.",
        "ticket_id": "t1",
    }
    return base | values


def quote(card: dict[str, Any], words: str, **values: Any) -> dict[str, Any]:
    base = {
        "card_id": card["card_id"],
        "ticket_id": "t1",
        "sentiment": "negative",
        "quote": words,
        "quote_start": 10,
    }
    return base | values


def card(**values: Any) -> Card:
    [made] = cards_from([row(**values)], [])
    return made


def test_a_card_is_the_same_by_company_trigger_and_day() -> None:
    stays, moves, goes = card(company_id="1"), card(company_id="2", day=3), card(company_id="3")
    moved, comes = card(company_id="2", day=4), card(company_id="3", trigger_type="significant_support")
    graver = card(company_id="1", severity="high", score=5.0)
    changes = compare_cards([goes, moves, stays], [graver, comes, moved])
    assert changes.appearing == (moved, comes)
    assert changes.vanishing == (moves, goes)
    assert changes.other_severity == ((stays, graver),)
    assert changes.staying_count == 1
    nothing = compare_cards([stays, goes], [goes, stays])
    assert (nothing.appearing, nothing.vanishing, nothing.other_severity, nothing.staying_count) == ((), (), (), 2)


def test_a_card_shows_the_angriest_quote_of_the_ticket_it_stands_on() -> None:
    one = row()
    [made] = cards_from(
        [one],
        [
            quote(one, "elsewhere", ticket_id="t0", sentiment="very_negative", quote_start=0),
            quote(one, "later", quote_start=30),
            quote(one, "first", quote_start=20),
            quote(one, "mild", sentiment="neutral", quote_start=0),
        ],
    )
    assert (made.quote, made.ticket_id) == ("first", "t1")
    [silent] = cards_from([row(ticket_id=None)], [])
    assert (silent.quote, silent.ticket_id) == (None, None)
