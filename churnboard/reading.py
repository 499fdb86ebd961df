"""How well tickets are read, and which could not be."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from churnboard.shared import app, configure_logging, console, installation, settings
from core.vocabulary import EvaluationSubject

dead_letters_app = typer.Typer(no_args_is_help=True, help="Messages that could not be read, and why.")
app.add_typer(dead_letters_app, name="dead-letters")


@app.command()
def evaluate(
    subject: Annotated[EvaluationSubject, typer.Argument(help="What is held against people's labels.")],
    data: Annotated[Path | None, typer.Option(envvar="CHURNBOARD_DATA_DIR", help="Folder of labelled texts.")] = None,
    labelled_set: Annotated[
        str, typer.Option("--set", help="Which of the subject's sets; its first if not given.")
    ] = "",
    most: Annotated[int | None, typer.Option(min=1, help="No more than so many texts, taken evenly.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Also the half that the embedded rules and weights were made with.")
    ] = False,
    examples: Annotated[
        list[int] | None,
        typer.Option(
            min=0, help="Of topics: teach so many examples of each before asking; repeat for a learning curve."
        ),
    ] = None,
    keep_as_shipped: Annotated[
        bool,
        typer.Option("--keep-as-shipped", help="Keep the precision of the embedded analyzer's answers in its package."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of masking: seed of the details that are planted.")] = 7,
) -> None:
    """How well the analyzer that is set reads labelled texts; an LLM is paid once a text, whatever the number of runs.

    Of masking: how much of what is planted in these texts is masked, whichever analyzer is set; nobody is asked or paid.
    """
    if data is None:
        raise typer.BadParameter("Give the folder of labelled texts as --data, or set CHURNBOARD_DATA_DIR.")
    if subject is EvaluationSubject.MASKING:
        _evaluate_masking(data, most=most, seed=seed)
        return
    from analysis import make_analyzer, open_journal
    from analysis.evals import Half, labelled_sets, load_labelled, run_evaluation, taught
    from analysis.evals.shipped import keep_as_shipped as keep
    from analysis.evals.table import confusion_table, evaluation_table, precision_table
    from analysis.watching import watched_reading

    sets = {one.name: one for one in labelled_sets(subject)}
    wanted = sets.get(labelled_set or next(iter(sets)))
    if wanted is None:
        raise typer.BadParameter(f"There is no set {labelled_set!r} for {subject}: known are {', '.join(sets)}.")
    if examples and (subject is not EvaluationSubject.TOPICS or whole):
        raise typer.BadParameter("--examples teaches topics, out of the half that --whole would count as well.")
    chosen = settings()
    configure_logging("WARNING")
    counts = sorted(set(examples or [0]))
    rows = load_labelled(wanted, data, half=Half.BOTH if whole else Half.UNSEEN, most=most)
    lessons = load_labelled(wanted, data, half=Half.SEEN) if any(counts) else []
    runs = []
    with watched_reading(console, "evaluating") as on_progress:
        for count in counts:
            run = run_evaluation(
                wanted,
                taught(rows, lessons, count) if count else rows,
                analyzer=make_analyzer(chosen.analysis),
                journal=open_journal(chosen.stores.journal),
                warehouse=installation(chosen).warehouse,
                settings=chosen.analysis,
                example_count=count,
                on_progress=on_progress,
            )
            runs.append(run)
    console.print(evaluation_table(wanted, runs))
    console.print(confusion_table(runs[-1].found[0][1]))
    if runs[-1].precision:
        console.print(precision_table(runs[-1]))
    if keep_as_shipped:
        console.print(f"Kept in {keep(runs[-1])}.")


def _evaluate_masking(data: Path, *, most: int | None, seed: int) -> None:
    from analysis.evals import load_texts
    from analysis.evals.masking import keep_masking, measure_masking
    from analysis.evals.table import masking_table, missed_table

    configure_logging("WARNING")
    run = measure_masking(load_texts(data, most=most), seed=seed)
    keep_masking(installation(settings()).warehouse, run)
    console.print(masking_table(run))
    if run.missed:
        console.print(missed_table(run))


@dead_letters_app.command("list")
def list_dead_letters(
    tenant: Annotated[str | None, typer.Argument(help="Tenant slug; all if not given.")] = None,
) -> None:
    """What could not be read, oldest first."""
    from analysis.dead_letters import dead_letters

    place = installation(settings())
    tenants = [place.directory.tenant(tenant)] if tenant else place.directory.tenants()
    letters = dead_letters(place.warehouse, [one.tenant_id for one in tenants])
    table = Table("tenant", "ticket", "message", "question", "asked", "since", "why not")
    for one in letters:
        since = f"{one.first_seen_at:%Y-%m-%d %H:%M} UTC"
        asked = f"{one.attempt_count} times"
        table.add_row(one.tenant_id, one.ticket_id, one.message_id, one.task, asked, since, one.reason or "erased")
    console.print(table if letters else "Every message that says something was read.")


@dead_letters_app.command("replay")
def replay_dead_letters(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    ticket: Annotated[
        list[str] | None, typer.Option(help="Just this ticket, with the messages on it, by its id; repeat for several.")
    ] = None,
) -> None:
    """Have a tenant's dead letters asked about once more, now; a model behind an API is paid for it."""
    from analysis import open_journal
    from analysis.dead_letters import dead_letters
    from analysis.watching import watched_reading
    from orchestration.build import build_definitions
    from orchestration.instance import open_instance
    from orchestration.refresh import read_again

    chosen = settings()
    configure_logging("WARNING")
    place = installation(chosen)
    of = place.directory.tenant(tenant)
    before = [one for one in dead_letters(place.warehouse, [of.tenant_id]) if not ticket or one.ticket_id in ticket]
    if unknown := set(ticket or ()) - {one.ticket_id for one in before}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: not among the dead letters of {tenant}.")
    if not before:
        console.print(f"{tenant} has no dead letters.")
        return
    open_journal(chosen.stores.journal).revive([one.call_key for one in before])
    created = [one.created_at.date() for one in before]
    with watched_reading(console) as on_reading:
        definitions = build_definitions(resources={"place": place, "on_reading": on_reading})
        read_again(definitions, open_instance(chosen.stores.data_dir), of.cell, min(created), max(created))
    asked = {one.place for one in before}
    left = [one for one in dead_letters(place.warehouse, [of.tenant_id]) if one.place in asked]
    console.print(f"{len(before)} asked again: {len(before) - len(left)} read, {len(left)} still without an answer.")
    console.print("The cards follow with the next transform: `churnboard refresh`, or the sensors where Dagster runs.")
