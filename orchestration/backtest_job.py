"""The job `backtest`: a backtest as a run, its figures kept as the run's metadata."""

from datetime import date
from typing import Any

import dagster as dg
from pydantic import Field

from analysis.backtest.report import BacktestReport, Side
from core.errors import Terminal
from core.installation import Installation
from orchestration.backtest import backtest as replay

_MOST_CHANGES = 200
"""So many changed cards are kept with a run; `churnboard backtest --json` has all of them."""


class BacktestConfig(dg.Config):
    """Whose days, and what is tried."""

    tenant: str = Field(description="Tenant slug.")
    first: str = Field(alias="from", description="First day whose cards count, as 2026-03-01.")
    last: str = Field(default="", alias="to", description="Last one; empty: today.")
    wanted: list[str] = Field(
        default=[], alias="set", description="Parameters of the candidate, as significant_support.z_min=2.0."
    )
    preset: str = Field(default="", description="A preset the candidate starts from, as quiet; empty: none.")


class NotADay(Terminal):
    """A day in the run configuration that is none."""


@dg.op(description="Replay one tenant's past days under other trigger settings, beside those of now. Nothing changes.")
def replay_days(context: dg.OpExecutionContext, place: dg.ResourceParam[Installation], config: BacktestConfig) -> None:
    """See the module."""
    seen: set[str] = set()

    def told(what: str, _: int, total: int) -> None:
        name = what.split(":", maxsplit=1)[0]
        if name not in seen:
            seen.add(name)
            context.log.info(f"{name}: {total:,} models" if total else name)

    report = replay(
        place,
        place.directory.tenant(config.tenant),
        _day(config.first),
        _day(config.last) if config.last else None,
        wanted=config.wanted,
        preset=config.preset,
        on_step=told,
    )
    for remark in report.remarks:
        context.log.info(remark)
    context.add_output_metadata(_metadata(report))


@dg.job(
    executor_def=dg.in_process_executor,
    description="Replay one tenant's past days under other trigger settings, and say what would have been otherwise. "
    "Nothing is written but the run's metadata.",
)
def backtest() -> None:
    """One run of `replay_days`."""
    replay_days()


def _metadata(report: BacktestReport) -> dict[str, Any]:
    told = report.as_json()
    told["changes"] = told["changes"][:_MOST_CHANGES]
    sides = {"current": report.current, "candidate": report.candidate}
    return {
        "settings": ", ".join(str(one) for one in report.settings),
        **{f"{name}_{side}": value for side, held in sides.items() for name, value in _figures(held).items()},
        "departures": report.departure_count,
        "changed_cards": len(report.changes),
        "report": dg.MetadataValue.json(told),
    }


def _figures(side: Side) -> dict[str, float | int | None]:
    return {
        "cards": side.load.opened,
        "interruptions": side.load.interruptions,
        "known_outcomes": side.precision.count,
        "precision": side.precision.value if side.precision.count else None,
        "recall": side.recall.logos.value if side.recall.logos.count else None,
        "recall_mrr": side.recall.mrr.value if side.recall.mrr.total else None,
        "lead_days": side.recall.lead_days,
    }


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise NotADay(f"{said!r} is no day: write it as 2026-03-01.") from error
