"""A candidate beside what is pinned: run, listed, reported on, dropped."""

import uuid
from typing import Annotated

import typer
from rich.table import Table

from churnboard.prompts import FromOption, TenantArgument, ToOption, months_between, prompts_app
from churnboard.shared import configure_logging, console, installation, settings
from core.vocabulary import AnalysisTask


@prompts_app.command("shadow")
def run_shadow(
    tenant: TenantArgument,
    task: Annotated[AnalysisTask, typer.Option(help="What is asked.")] = AnalysisTask.SENTIMENT,
    version: Annotated[str, typer.Option(help="Version of the prompt; the pinned one unless given.")] = "",
    model: Annotated[
        str, typer.Option(help="Model as the model server spells it, or embedded; the one that is set unless given.")
    ] = "",
    first: FromOption = "",
    last: ToOption = "",
    most: Annotated[
        int | None, typer.Option(min=1, help="No more messages than so many, by chance, always the same.")
    ] = None,
    twice: Annotated[
        bool, typer.Option("--twice", help="Ask about some a second time: how much differs by chance alone?")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Pay without asking.")] = False,
) -> None:
    """Read months once more with another prompt or model, beside what is pinned. Cards and metrics do not change."""
    from rich.progress import Progress

    from orchestration.shadow import make_shadow

    place = installation(settings())
    configure_logging("WARNING")
    of = place.directory.tenant(tenant)
    shadow = make_shadow(place, of, task, version=version, model=model, months=months_between(first, last), most=most)
    parts = shadow.estimate(is_twice=twice)
    for name, part in zip(("once", "and some a second time"), parts, strict=False):
        console.print(f"{name}: {part}")
    if any(part.unpaid_count for part in parts) and not yes:
        typer.confirm("Read them?", abort=True)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("messages", total=None)
        run = shadow.run(
            place.settings.analysis,
            run_id=str(uuid.uuid4()),
            is_twice=twice,
            on_progress=lambda done: progress.update(
                bar, total=done.messages_total, completed=done.messages_done, description=f"{done.calls_paid:,} paid"
            ),
        )
    read, paid = sum(one.read for one in run.reports), sum(one.calls_paid for one in run.reports)
    cost = sum(one.cost_usd for one in run.reports)
    unread = sum(one.dead_letters + one.failed for one in run.reports)
    console.print(
        f"Shadow {run.shadow_id}: {read:,} read, {unread:,} without an answer; {paid:,} calls paid, {cost:.4f} USD."
    )
    console.print(f"`churnboard prompts report {tenant} --shadow {run.shadow_id}` says what would change.")


@prompts_app.command("shadows")
def list_shadows(tenant: TenantArgument) -> None:
    """The shadows there are of a tenant, the one that ran last first."""
    from orchestration.shadow import find_shadows

    place = installation(settings())
    table = Table("shadow", "task", "candidate", "pinned then", "last run")
    for one in find_shadows(place.warehouse, place.directory.tenant(tenant).tenant_id):
        who = [f"{one[f'{side}model']} {one[f'{side}prompt_version']}" for side in ("", "pinned_")]
        table.add_row(one["shadow_id"], one["task"], *who, f"{one['started_at']:%Y-%m-%d %H:%M} UTC")
    console.print(table)


@prompts_app.command("report")
def report(
    tenant: TenantArgument,
    shadow: Annotated[str, typer.Option(help="Which shadow; the one that ran last unless given.")] = "",
    cards: Annotated[bool, typer.Option(help="Build the cards both ways, to see which come and go.")] = True,
) -> None:
    """What a candidate says otherwise than the pinned reading, and which cards would appear or vanish."""
    from analysis.shadow.view import report_tables
    from orchestration.shadow import report_shadow

    place = installation(settings())
    configure_logging("WARNING")
    found = report_shadow(place, place.directory.tenant(tenant), shadow, has_cards=cards)
    for part in report_tables(found):
        console.print(part)


@prompts_app.command("drop")
def drop_shadow(
    tenant: TenantArgument, shadow: Annotated[str, typer.Argument(help="Id, as `shadows` lists it.")]
) -> None:
    """Remove what a shadow read. What was paid stays in the journal: running it again costs nothing."""
    from analysis.shadow.tables import drop
    from orchestration.shadow import find_shadow

    place = installation(settings())
    of = place.directory.tenant(tenant).tenant_id
    drop(place.warehouse, of, str(find_shadow(place.warehouse, of, shadow)["shadow_id"]))
    console.print(f"Shadow {shadow} of {tenant} is gone.")
