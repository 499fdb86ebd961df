"""Whether the analyzer can still be believed: canaries, read anew every day."""

import typer

from churnboard.shared import app, configure_logging, console, installation, settings

canaries_app = typer.Typer(
    invoke_without_command=True, help="Tickets whose right reading is known: what the analyzer made of them last."
)
app.add_typer(canaries_app, name="canaries")


@canaries_app.callback()
def show_canaries(context: typer.Context) -> None:
    """Tickets whose right reading is known: what the analyzer made of them last."""
    if context.invoked_subcommand is None:
        from analysis.canaries import judge, latest
        from analysis.canaries.table import canary_table

        readings = latest(installation(settings()).warehouse)
        if readings:
            console.print(canary_table(readings))
        console.print(judge(readings).sentence)


@canaries_app.command("run")
def run_canaries() -> None:
    """Have the canaries read now; a model behind an API is paid once a day for it. Exit code 1 where they do not hold."""
    import uuid
    from datetime import UTC, datetime

    from analysis import make_analyzer, open_journal
    from analysis.canaries import judge, read_canaries
    from analysis.canaries.table import canary_table

    chosen = settings()
    configure_logging("WARNING")
    readings = read_canaries(
        warehouse=installation(chosen).warehouse,
        journal=open_journal(chosen.stores.journal),
        analyzer=make_analyzer(chosen.analysis),
        settings=chosen.analysis,
        run_id=str(uuid.uuid4()),
        read_on=datetime.now(UTC).date(),
    )
    verdict = judge(readings)
    console.print(canary_table(readings))
    console.print(verdict.sentence)
    if not verdict.is_trusted:
        raise typer.Exit(1)
