"""`churnboard audit`: drawing a month, reading the next ticket without its label, and saying what it is."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import churnboard
from core.installation import Installation
from core.settings import Settings
from core.vocabulary import AuditStratum
from core.warehouse import Column, ColumnType, TableSpec

KEY = (Column("tenant_id"), Column("ticket_id"))
TICKETS = TableSpec(
    "intermediate",
    "int_tickets",
    (
        *KEY,
        Column("created_on", ColumnType.DATE),
        Column("sentiment"),
        Column("level", ColumnType.INTEGER),
        Column("is_negative", ColumnType.BOOLEAN),
        Column("is_erased", ColumnType.BOOLEAN),
    ),
    ("tenant_id", "ticket_id"),
)
LABELS = TableSpec(
    "intermediate",
    "int_ticket_topics",
    (*KEY, Column("topic"), Column("topic_rank", ColumnType.INTEGER), Column("corrected_by")),
    ("tenant_id", "ticket_id", "topic"),
)
TEXTS = TableSpec(
    "enrichment",
    "message_texts",
    (*KEY, Column("message_id"), Column("text"), Column("is_repeated", ColumnType.BOOLEAN)),
    ("tenant_id", "ticket_id", "message_id"),
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(churnboard.app, arguments)


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, f"{result.output}{result.exception}"
    return " ".join(result.output.split())


def failure(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code != 0
    return f"{result.output} {result.exception}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Tenant acme with 40 read tickets in October, a tenth of them unhappy, and some that must not be drawn."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WAREHOUSE_URL", f"duckdb:///{tmp_path / 'warehouse.duckdb'}")
    monkeypatch.setattr(churnboard.shared.console, "width", 400)
    said("tenants", "add", "acme", "--hubspot-token", "pat-1")
    place = Installation(Settings())
    base = {"tenant_id": "acme", "created_on": date(2026, 10, 31), "sentiment": "neutral", "level": 0}
    tickets = [base | {"ticket_id": str(n), "is_negative": n % 10 == 0, "is_erased": False} for n in range(100, 140)]
    tickets += [
        base | {"ticket_id": "later", "created_on": date(2026, 11, 1), "is_negative": False, "is_erased": False},
        base | {"ticket_id": "erased", "is_negative": False, "is_erased": True},
        base | {"ticket_id": "corrected", "is_negative": False, "is_erased": False},
        base | {"ticket_id": "unsorted", "is_negative": False, "is_erased": False},
        base | {"ticket_id": "toneless", "level": None, "is_negative": False, "is_erased": False},
    ]
    labels = [
        {"tenant_id": "acme", "ticket_id": row["ticket_id"], "topic": "Billing", "topic_rank": 1, "corrected_by": None}
        | ({"corrected_by": "ada"} if row["ticket_id"] == "corrected" else {})
        for row in tickets
        if row["ticket_id"] != "unsorted"
    ]
    texts = [
        {"tenant_id": "acme", "ticket_id": str(n), "message_id": message, "text": f"{words} {n}", "is_repeated": False}
        for n in range(100, 140)
        for message, words in (("emails/9", "And then"), ("opening", "[bold]First"), ("emails/10", "At last"))
    ]
    place.warehouse.merge([(TICKETS, tickets), (LABELS, labels), (TEXTS, texts)])
    return place


def test_a_month_is_drawn_and_judged_ticket_by_ticket(place: Installation) -> None:
    out = said("audit", "draw", "--tenant", "acme", "--month", "2026-10", "--size", "6")
    assert "4 of 4 tickets read as negative are drawn." in out
    assert "6 of 36 tickets read as not_negative are drawn." in out
    drawn = place.audits.of("acme")
    assert {one.ticket_id for one in drawn if one.stratum is AuditStratum.NEGATIVE} == {"100", "110", "120", "130"}
    assert {int(one.ticket_id) for one in drawn} <= set(range(100, 140))
    assert "AlreadyDrawn" in repr(run("audit", "draw", "--tenant", "acme", "--month", "2026-10").exception)

    shown = said("audit", "show", "--tenant", "acme")
    first = shown.partition("Ticket ")[2].split()[0]
    assert f"[bold]First {first} And then {first} At last {first}" in shown, "in turn, and as it was written"
    assert "Read as" not in shown, "who knows what was read tends to agree"
    assert "Read as neutral; about Billing." in said("audit", "show", "--tenant", "acme", "--reading")

    assert "9 left" in said("audit", "record", "--tenant", "acme", first, "--none", "--sentiment", "very_negative")
    second = said("audit", "show", "--tenant", "acme").partition("Ticket ")[2].split()[0]
    assert second != first
    assert "Billing; neutral. 8 left" in said("audit", "record", "--tenant", "acme", second, "--as-read")
    verdicts = {one.ticket_id: (one.topics, one.sentiment) for one in place.audits.of("acme") if one.is_judged}
    assert verdicts == {first: (("none",), "very_negative"), second: (("Billing",), "neutral")}
    for one in place.audits.of("acme"):
        said("audit", "record", "--tenant", "acme", one.ticket_id, "--topic", "Billing", "--sentiment", "neutral")
    assert "Nothing is left to be judged." in said("audit", "show", "--tenant", "acme")


def test_the_same_tickets_are_drawn_whenever_it_is_done(place: Installation) -> None:
    from analysis.auditing import draw

    few, more = (draw(place.warehouse, "acme", date(2026, 10, 1), size=size) for size in (5, 12))
    rest = AuditStratum.NOT_NEGATIVE
    assert more[rest].ticket_ids[:5] == few[rest].ticket_ids != sorted(few[rest].ticket_ids)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["draw", "--month", "October"], "is no month"),
        (["draw", "--month", "2026-09"], "was read for tone and topics"),
        (["record", "100"], "Say --topic or --none"),
        (["record", "100", "--topic", "Billing", "--none"], "leave out --topic"),
        (["record", "100", "--topic", "Telex", "--sentiment", "neutral"], "has no topic 'Telex'"),
        (["record", "100", "--sentiment", "neutral"], "was not drawn"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(place: Installation, arguments: list[str], why: str) -> None:
    assert why in failure("audit", arguments[0], "--tenant", "acme", *arguments[1:])
