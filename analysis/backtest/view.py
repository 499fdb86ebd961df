"""A backtest as a person reads it in a terminal."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from statistics import mean

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from analysis.backtest.load import MOST_A_WEEK, Load
from analysis.backtest.report import BacktestReport, Side
from analysis.backtest.skill import FEW, FORGOTTEN_DAYS, NOTICE_DAYS
from analysis.measures import Share

_BAR = 24
_MOST_WEEKS = 20


def report_tables(report: BacktestReport, *, most: int | None = 40) -> Iterator[RenderableType]:
    """What a backtest says, the short of it first.

    Args:
        report: The backtest.
        most: No more changed cards than so many; None: all.
    """
    yield f"{report.tenant_id}, {report.first_on} to {report.last_on}. The candidate sets:"
    yield "\n".join(f"  {one}" for one in report.settings)
    yield _figures(report)
    yield _weeks(report)
    if any(one.total for side in (report.current, report.candidate) for one in side.load.owners):
        yield _owners(report)
    yield _changes_in_short(report)
    if report.changes:
        yield _changes(report, most)
    for remark in report.remarks:
        yield f"[dim]{escape(remark)}[/dim]"


def _figures(report: BacktestReport) -> Table:
    table = Table("", "as it is", "candidate", min_width=60)
    sides = (report.current, report.candidate)

    def row(name: str, *values: str) -> None:
        table.add_row(name, *values)

    row("cards that opened", *(f"{side.load.opened:,}" for side in sides))
    row("a week", *(f"{_a_week(side.load):.1f}" for side in sides))
    row("interruptions", *(f"{side.load.interruptions:,}" for side in sides))
    row("per owner and week", *(f"{side.load.per_owner_week:.2f}" for side in sides))
    row("precision on known outcomes", *(_precision(side.precision) for side in sides))
    row(f"recall, companies ({report.departure_count} left)", *(_logos(side) for side in sides))
    row("  by chance alone", *(_range(*side.recall.chance.logos) if report.departure_count else "" for side in sides))
    row("recall, monthly revenue", *(_money(side) for side in sides))
    row("  by chance alone", *(_range(*side.recall.chance.mrr) if side.recall.mrr.total else "" for side in sides))
    row("median lead", *(_lead(side.recall.lead_days) for side in sides))
    table.caption = (
        f"Warned of in time: a card at least {NOTICE_DAYS} days before, its signal off for no more than {FORGOTTEN_DAYS}. "
        "Chance: the same cards, their companies drawn by lot. Ranges are 95 %."
    )
    return table


def _weeks(report: BacktestReport) -> Table:
    here, there = report.current.load, report.candidate.load
    is_long = len(here.opened_by_week) > _MOST_WEEKS
    series = [
        _by_month(counts) if is_long else {str(week): float(count) for week, count in counts.items()}
        for counts in (here.opened_by_week, there.opened_by_week, here.interrupted_by_week, there.interrupted_by_week)
    ]
    most = max([*series[0].values(), *series[1].values(), 1.0])
    table = Table("a week in" if is_long else "week of", "opened", "", "candidate", "interrupt", "candidate")
    for name, opened in series[0].items():
        other, told, also = (counts[name] for counts in series[1:])
        bar = "█" * round(_BAR * opened / most)
        longer = "░" * round(_BAR * max(0.0, other - opened) / most)
        table.add_row(name, f"{opened:.3g}", f"{bar}[dim]{longer}[/dim]", f"{other:.3g}", f"{told:.3g}", f"{also:.3g}")
    table.title = "cards by week"
    return table


def _by_month(counts: Mapping[date, int]) -> dict[str, float]:
    """The average week of each month, by the month its Monday falls in."""
    months: dict[str, list[int]] = defaultdict(list)
    for week, count in counts.items():
        months[f"{week:%Y-%m}"].append(count)
    return {month: mean(held) for month, held in months.items()}


def _owners(report: BacktestReport) -> Table:
    table = Table(
        "owner", "interrupted", "candidate", "busiest week", "candidate", f"weeks over {MOST_A_WEEK}", "candidate"
    )
    others = {one.owner: one for one in report.candidate.load.owners}
    mine = {one.owner: one for one in report.current.load.owners}
    for owner in sorted({*mine, *others}):
        pair = [sides.get(owner) for sides in (mine, others)]
        cells = [
            str(getattr(one, name) if one else 0) for name in ("total", "busiest", "crowded_weeks") for one in pair
        ]
        table.add_row(escape(owner), *cells)
    table.title = "who would have been interrupted"
    return table


def _changes_in_short(report: BacktestReport) -> str:
    counts = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in report.change_counts.items())
    return f"Of the cards: {counts or 'none changes'}; {report.same_count:,} stay as they are."


def _changes(report: BacktestReport, most: int | None) -> Table:
    table = Table("company", "trigger", "what", "why", title="card by card", show_lines=True)
    for change in report.changes[:most]:
        card = change.card
        kinds = ", ".join(kind.replace("_", " ") for kind in change.kinds)
        when = "" if change.current and change.candidate else f"\n{card.severity}, {card.opened_on}"
        table.add_row(
            escape(card.company_name or card.company_id), card.trigger_type, f"{kinds}{when}", escape(change.why)
        )
    if most is not None and len(report.changes) > most:
        table.caption = f"and {len(report.changes) - most:,} more: --all shows them, --json has them too"
    return table


def _a_week(load: Load) -> float:
    return load.opened / max(1, len(load.opened_by_week))


def _precision(share: Share) -> str:
    if share.count < FEW:
        return f"too few ({share.count} known, {FEW} needed)"
    return f"{share.value:.0%} ({_range(*share.interval)}, n {share.count:,})"


def _logos(side: Side) -> str:
    share = side.recall.logos
    return (
        f"{share.value:.0%} ({_range(*share.interval)}, {share.hits} of {share.count})"
        if share.count
        else "nobody left"
    )


def _money(side: Side) -> str:
    share = side.recall.mrr
    return (
        f"{share.value:.0%} ({_range(*share.interval)}, {share.hits:,.0f} of {share.total:,.0f})"
        if share.total
        else "unknown"
    )


def _lead(days: float | None) -> str:
    return "none" if days is None else f"{days:g} days"


def _range(low: float, high: float) -> str:
    return f"{low:.0%} to {high:.0%}"
