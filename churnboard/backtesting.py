"""What other trigger settings would have done."""

import json
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from churnboard.shared import app, configure_logging, console, installation, settings


@app.command()
def backtest(
    tenant: Annotated[str, typer.Option(help="Tenant slug.")],
    first: Annotated[str, typer.Option("--from", help="First day whose cards count, as 2026-03-01.")],
    last: Annotated[str, typer.Option("--to", help="Last one; today unless given.")] = "",
    wanted: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the candidate, as significant_support.z_min=2.0; repeat for more."),
    ] = None,
    preset: Annotated[str, typer.Option(help="A preset the candidate starts from, as quiet.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Every changed card, not the first forty.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Replay past days under other trigger settings, beside those of now: cards, interruptions, recall. Nothing changes."""
    from rich.console import Console
    from rich.progress import Progress

    from analysis.backtest.view import report_tables
    from orchestration.backtest import backtest as run

    place = installation(settings())
    configure_logging("WARNING")
    of = place.directory.tenant(tenant)
    first_on, last_on = _day(first), _day(last) if last else None
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("copying rows", total=None)
        report = run(
            place,
            of,
            first_on,
            last_on,
            wanted=wanted or (),
            preset=preset,
            on_step=lambda what, done, total: progress.update(
                bar, description=what, completed=done, total=total or None
            ),
        )
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
        return
    for part in report_tables(report, most=None if everything else 40):
        console.print(part)


def _day(said: str) -> date:
    try:
        return datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise typer.BadParameter(f"{said!r} is no day: write it as 2026-03-01.") from error
