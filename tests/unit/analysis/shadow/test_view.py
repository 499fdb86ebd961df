"""A report in a terminal: nothing that matters is left out, nothing that cannot be read is shown."""

from collections.abc import Mapping, Sequence
from datetime import date
from io import StringIO
from typing import Any

from rich.console import Console

from analysis.measures import Share
from analysis.shadow.cards import Card, CardChanges
from analysis.shadow.compare import LabelMatrix
from analysis.shadow.report import ShadowReport, Side
from analysis.shadow.view import report_tables
from core.vocabulary import AnalysisTask

SIDE = Side("model 2026-11-a", 0, Share(9, 10), 0.4, 120, 1500)


def shown(
    matrices: Sequence[LabelMatrix] = (),
    flips: Mapping[str, Share] | None = None,
    cards: CardChanges | None = None,
    **more: Any,
) -> str:
    values = {"compared_count": 10, "not_comparable_count": 0} | more
    report = ShadowReport(
        "acme",
        "5adc0ffee000",
        AnalysisTask.TOPICS,
        SIDE,
        SIDE,
        matrices=matrices,
        flips=flips or {},
        cards=cards,
        **values,
    )
    console = Console(width=200, file=StringIO())
    for part in report_tables(report):
        console.print(part)
    assert isinstance(console.file, StringIO)
    return " ".join(console.file.getvalue().split())


def card(company: str, quote: str | None, severity: str = "high") -> Card:
    return Card(company, company, "frustrated", date(2026, 11, 5), severity, 3.0, True, "Many tickets.", quote, "7")


def test_a_square_nobody_could_read_becomes_a_list_of_the_most_frequent_changes() -> None:
    counts = {(f"Topic {number:02}", "Login"): 20 - number for number in range(18)} | {("Login", "Login"): 50}
    output = shown([LabelMatrix("topic", counts)])
    assert "Topic 00 │ Login │ 20" in output
    assert "Topic 14 │ Login │ 6" in output
    assert "Topic 15" not in output
    assert "and 3 rarer ones" in output


def test_what_is_the_same_needs_no_matrix_and_noise_is_called_noise() -> None:
    same = LabelMatrix("topic", {("Login", "Login"): 100, ("Exports", "Login"): 3})
    output = shown([same], {"topic": Share(5, 100)})
    assert "100 │ 3 (2.9%)" in output
    assert "5 of 100 (2.2% to 11.2%) │ noise" in output
    assert "pinned ↓" not in shown([LabelMatrix("topic", {("Login", "Login"): 10})])
    assert "1.5 s" in output


def test_cards_are_named_with_what_stands_behind_them() -> None:
    changes = CardChanges(
        (card("Calm", "we leave"),), (card("Angry", None),), ((card("Grim", "x", "low"), card("Grim", "x")),), 4
    )
    output = shown(cards=changes, corrections=(Share(1, 4), Share(3, 4)))
    assert "Cards: 1 would appear, 1 vanish, 4 stay, of these with another severity: Grim low → high." in output
    assert "Calm │ frustrated │ 2026-11-05 │ high │ “we leave” (ticket 7)" in output
    assert "Angry │ frustrated │ 2026-11-05 │ high │ Many tickets." in output
    assert "says what people corrected to │ 25.0% │ 75.0%" in output


def test_what_could_not_be_compared_is_said_with_what_to_do() -> None:
    output = shown(compared_count=0, not_comparable_count=12)
    assert "12 more were read by the candidate only" in output
    assert "churnboard read acme" in output
