"""Canaries as a person reads them in a terminal."""

from collections.abc import Sequence

from rich.table import Column, Table

from analysis.canaries.readings import CanaryReading


def canary_table(readings: Sequence[CanaryReading]) -> Table:
    """One row a canary: what was expected, what was read, and whether that is what it was before."""
    first = readings[0]
    cost = sum(one.cost_usd for one in readings)
    table = Table(
        Column("canary", no_wrap=True),
        "expected",
        "read",
        "",
        "before",
        title=f"Read on {first.read_on} by {first.model} with {first.prompt_version}",
        caption=f"{cost:.4f} USD; run {first.run_id}",
    )
    for one in readings:
        read = f"{one.sentiment}, {one.churn_intent}" if one.sentiment else f"[red]{one.reason}[/red]"
        right = "[green]right[/green]" if one.is_right else "[red]wrong[/red]"
        if one.is_known_weak:
            right = "right after all" if one.is_right else "[dim]wrong, known[/dim]"
        before = "" if one.is_flipped is None else ("[red]another[/red]" if one.is_flipped else "the same")
        expected = f"{one.expected_sentiment}; {one.expected_churn_intent}"
        table.add_row(one.canary, expected, read, right, before)
    return table
