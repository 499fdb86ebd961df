"""The load of cards, and a report put together, shown and told to machines."""

import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from rich.console import Console

from analysis.backtest.cards import Departure, KnownCard, ReplayedCard
from analysis.backtest.load import NOBODY, OwnerLoad, load_of
from analysis.backtest.report import BacktestReport, make_report
from analysis.backtest.settings import Setting
from analysis.backtest.view import report_tables
from core.vocabulary import CardOutcome, Severity, TriggerType

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
"""A Thursday and a Saturday: five weeks, the first from Monday, September 28."""


def card(company_id: str, opened: date, **values: Any) -> ReplayedCard:
    base: dict[str, Any] = {
        "company_id": company_id,
        "trigger_type": "frustrated",
        "opened_on": opened,
        "last_signal_on": opened + timedelta(days=5),
        "severity": Severity.MEDIUM,
        "score": 3.0,
        "why": "Because [of] that.",
        "owner": "Grace",
    }
    return ReplayedCard(**base | values)


def day(number: int) -> date:
    return date(2026, 10, number)


def test_load_counts_what_happens_in_the_span_by_week_and_owner() -> None:
    cards = [
        card("1", day(1), notified_on=day(2)),
        card("2", day(4), notified_on=day(5)),
        card("3", day(5)),
        card("4", day(30), owner=None, notified_on=day(31)),
        # Opened before, interrupts in it; opened in it, interrupts after.
        card("5", date(2026, 9, 20), notified_on=day(1)),
        card("6", day(31), notified_on=date(2026, 11, 2)),
    ]
    load = load_of(cards, FIRST, LAST)
    assert load.opened_by_week == {
        date(2026, 9, 28): 2,
        date(2026, 10, 5): 1,
        date(2026, 10, 12): 0,
        date(2026, 10, 19): 0,
        date(2026, 10, 26): 2,
    }
    assert list(load.interrupted_by_week.values()) == [2, 1, 0, 0, 1]
    assert load.owners == (OwnerLoad("Grace", 3, 2, 0), OwnerLoad(NOBODY, 1, 1, 0))
    assert (load.opened, load.interruptions, load.per_owner_week) == (5, 4, 0.4)


def test_a_crowded_week_has_more_than_ten() -> None:
    told = [card(str(number), day(12), notified_on=day(12)) for number in range(11)]
    assert load_of(told, FIRST, LAST).owners == (OwnerLoad("Grace", 11, 11, 1),)
    assert load_of(told[:10], FIRST, LAST).owners == (OwnerLoad("Grace", 10, 10, 0),)


def report(**values: Any) -> BacktestReport:
    kept, lost, new = card("1", day(2)), card("2", day(3)), card("3", day(4), company_name="Three", notified_on=day(4))
    base: dict[str, Any] = {
        "tenant_id": "acme",
        "first_on": FIRST,
        "last_on": LAST,
        "settings": [Setting(TriggerType.FRUSTRATED, "t_on", 0.5, 2.5)],
        "current": [kept, lost, card("9", date(2026, 9, 1))],
        "candidate": [kept, new],
        "known": [KnownCard("1", "frustrated", day(2), day(9), CardOutcome.SAVED)],
        "departures": [
            Departure("3", day(30), 250.0),
            Departure("2", date(2026, 11, 1), 90.0),
            Departure("8", date(2026, 9, 30), 90.0),
        ],
        "companies": [str(number) for number in range(30)],
        "remarks": ["Emails are held from [2026] on."],
    }
    return make_report(**base | values)


def test_a_report_counts_the_span_and_nothing_beside_it() -> None:
    made = report()
    assert (made.departure_count, made.same_count) == (1, 1)
    assert [(change.kinds, change.card.company_id) for change in made.changes] == [
        (("vanishes",), "2"),
        (("appears",), "3"),
    ]
    assert (made.current.recall.logos.hits, made.candidate.recall.logos.hits) == (0, 1)
    assert made.candidate.recall.lead_days == 26
    assert made.current.load.opened == 2, "what was over before the span is no load of it"


def test_machines_get_plain_values() -> None:
    told = json.loads(json.dumps(report().as_json()))
    assert told["settings"] == [{"trigger_type": "frustrated", "name": "t_on", "current": 0.5, "candidate": 2.5}]
    assert (told["from"], told["to"], told["departures"]) == ("2026-10-01", "2026-10-31", 1)
    assert told["change_counts"] == {"appears": 1, "vanishes": 1}
    assert told["changes"][0]["candidate"] is None
    assert told["changes"][1]["candidate"]["notified_on"] == "2026-10-04"
    assert told["current"]["precision"] == {
        "hits": 1,
        "count": 1,
        "value": 1.0,
        "interval": pytest.approx([0.2065, 1.0], abs=1e-3),
        "is_enough": False,
    }
    assert told["candidate"]["recall_mrr"]["hits"] == 250.0
    assert len(told["candidate"]["recall_logos"]["chance"]) == 2
    assert told["current"]["opened_by_week"]["2026-10-05"] == 0


def shown(made: BacktestReport, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=240)
    for part in report_tables(made, **options):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_people_get_tables() -> None:
    said = shown(report())
    assert "acme, 2026-10-01 to 2026-10-31. The candidate sets: frustrated.t_on 0.5 → 2.5" in said
    assert "precision on known outcomes │ too few (1 known, 20 needed) │ too few (1 known, 20 needed) │" in said
    assert "recall, companies (1 left) │ 0% (0% to 79%, 0 of 1) │ 100% (21% to 100%, 1 of 1) │" in said
    assert "recall, monthly revenue │ 0% (0% to 79%, 0 of 250) │ 100% (21% to 100%, 250 of 250) │" in said
    assert "median lead │ none │ 26 days │" in said
    assert "Of the cards: appears 1, vanishes 1; 1 stay as they are." in said
    assert "│ Three │ frustrated │ appears │ Because [of] that. │" in said
    assert "Emails are held from [2026] on." in said
    assert "and 1 more: --all shows them" in shown(report(), most=1)


def test_enough_outcomes_have_a_precision_with_its_range() -> None:
    cards = [card(str(number), day(2)) for number in range(20)]
    known = [
        KnownCard(
            str(number), "frustrated", day(2), day(3), CardOutcome.SAVED if number < 15 else CardOutcome.FALSE_ALARM
        )
        for number in range(20)
    ]
    said = shown(report(current=cards, candidate=cards[:19], known=known))
    assert "│ 75% (53% to 89%, n 20) │ too few (19 known, 20 needed) │" in said


def test_a_year_is_shown_by_month_and_nobody_leaving_is_said() -> None:
    said = shown(report(first_on=date(2025, 11, 1), departures=[]))
    assert "a week in" in said
    # Two cards in five weeks of September 28 to October 26, the first of them of September.
    assert "2026-10" in said
    assert "recall, companies (0 left) │ nobody left │ nobody left │" in said
