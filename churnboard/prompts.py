"""Which prompts there are, which of them each tenant is read with, and what another one would change."""

import getpass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from churnboard.shared import app, configure_logging, console, installation, settings
from core.months import first_after, parse_month
from core.vocabulary import AnalysisTask

if TYPE_CHECKING:
    from analysis.shadow.estimate import Estimate
    from core.appdb.directory import Tenant
    from core.installation import Installation

prompts_app = typer.Typer(no_args_is_help=True, help="What models are asked: prompt versions, pins, shadows.")
app.add_typer(prompts_app, name="prompts")

TenantArgument = Annotated[str, typer.Argument(help="Tenant slug.")]
TaskArgument = Annotated[AnalysisTask, typer.Argument(help="What is asked.")]
VersionArgument = Annotated[str, typer.Argument(help="Version of its prompt.")]
FromOption = Annotated[str, typer.Option("--from", help="First month, as 2026-09; the first one unless given.")]
ToOption = Annotated[str, typer.Option("--to", help="Last month; the present one unless given.")]
_ONCE_AND_FOR_ALL = "2015-01"


@prompts_app.command("list")
def list_prompts(
    task: Annotated[AnalysisTask | None, typer.Argument(help="What is asked; all if not given.")] = None,
) -> None:
    """Every prompt version, oldest first, with what changed in it and how many tenants are read with it."""
    from analysis.make import prompt_library

    place = installation(settings())
    library = prompt_library(place.settings.analysis)
    pinned = [place.prompt_pins.current(tenant.tenant_id) for tenant in place.directory.tenants()]
    table = Table("task", "version", "from", "pinned by", "what changed, or why it cannot be used")
    for entry in [entry for one in AnalysisTask if task in {None, one} for entry in library.entries(one)]:
        by = sum(pins.get(entry.task) == entry.version for pins in pinned)
        said = " ".join(entry.prompt.notes.split()) if entry.prompt else f"[red]{entry.problem}[/red]"
        table.add_row(entry.task, entry.version, "churnboard" if entry.is_shipped else "PROMPTS_DIR", str(by), said)
    console.print(table)


@prompts_app.command("show")
def show_prompt(task: TaskArgument, version: VersionArgument) -> None:
    """The text of one version, as it is sent."""
    from analysis.make import prompt_library

    prompt = prompt_library(settings().analysis).load(task, version)
    typer.echo(f"{task}/{prompt.version}, for answers in schema {prompt.schema_hash}\n{prompt.notes.strip()}")
    for name in ("system", "user", "again"):
        typer.echo(f"\n--- {name}\n{getattr(prompt, name).strip()}")


@prompts_app.command("pins")
def list_pins(
    tenant: Annotated[str | None, typer.Argument(help="Tenant slug; all if not given.")] = None,
    history: Annotated[bool, typer.Option("--history", help="Earlier pins too.")] = False,
) -> None:
    """What each tenant is read with, since when, and who said so."""
    place = installation(settings())
    tenants = [place.directory.tenant(tenant)] if tenant else place.directory.tenants()
    table = Table("tenant", "task", "version", "since", "by")
    for one in tenants:
        pins = place.prompt_pins.history(one.tenant_id)
        newest = {pin.task: pin for pin in pins}
        for pin in pins if history else newest.values():
            is_past = newest[pin.task] is not pin
            version = f"[dim]{pin.prompt_version}[/dim]" if is_past else pin.prompt_version
            table.add_row(one.tenant_id, pin.task, version, f"{pin.pinned_at:%Y-%m-%d %H:%M} UTC", pin.author)
        if not pins:
            table.add_row(one.tenant_id, "", "[dim]pinned when it is first read[/dim]", "", "")
    console.print(table)
    if place.settings.analysis.use_embedded:
        console.print("The embedded analyzer reads now, and asks nobody: pins hold once a model reads (LLM_API_KEY).")


@prompts_app.command("pin")
def pin_prompt(tenant: TenantArgument, task: TaskArgument, version: VersionArgument) -> None:
    """Read a tenant with this version from now on, an older one included; `promote` also says what that will cost."""
    place = installation(settings())
    pinned(place, place.directory.tenant(tenant).tenant_id, task, version)


def pinned(place: "Installation", tenant: str, task: AnalysisTask, version: str) -> bool:
    """Pin a version that can be used, and say what became of the pin; returns whether anything changed."""
    from analysis.make import prompt_library
    from orchestration.policies import newest_prompts

    prompt_library(place.settings.analysis).load(task, version)
    before = place.prompt_pins.pin_unpinned(tenant, newest_prompts(place), author=getpass.getuser())[task]
    new = place.prompt_pins.pin(tenant, task, version, author=getpass.getuser())
    if new is None:
        console.print(f"{tenant} is read with {task}/{version} already; nothing was changed.")
        return False
    console.print(f"{tenant} is read with {task}/{version} from now on, instead of {before}.")
    return True


@prompts_app.command("promote")
def promote_prompt(
    tenant: Annotated[str | None, typer.Argument(help="Tenant slug.")] = None,
    task: Annotated[AnalysisTask, typer.Option(help="What is asked.")] = AnalysisTask.SENTIMENT,
    version: Annotated[str, typer.Option(help="Version of its prompt.")] = "",
    everybody: Annotated[bool, typer.Option("--all", help="Every tenant.")] = False,
) -> None:
    """Pin a version, and say what will be read anew and what that costs; what a shadow has paid for is free."""
    if (tenant is None) is not everybody:
        raise typer.BadParameter("Name one tenant, or give --all.")
    if not version:
        raise typer.BadParameter(f"Give the --version to pin: `churnboard prompts list {task}` shows them.")
    place = installation(settings())
    configure_logging("WARNING")
    for one in place.directory.tenants() if tenant is None else [place.directory.tenant(tenant)]:
        if pinned(place, one.tenant_id, task, version):
            _what_follows(place, one, task, version)


def _what_follows(place: "Installation", tenant: "Tenant", task: AnalysisTask, version: str) -> None:
    from analysis import pending_months
    from analysis.tickets import NothingStaged
    from orchestration.shadow import after_promotion

    if place.settings.analysis.use_embedded:
        console.print("The embedded analyzer reads now, and asks nobody: nothing is read anew.")
        return
    try:
        found = after_promotion(place, tenant, task, version)
        pending = pending_months(place.warehouse, [tenant.tenant_id])
    except NothingStaged:
        console.print(f"Nothing of {tenant.tenant_id} was loaded yet.")
        return
    if not found:
        console.print("Everything is read with it already.")
        return
    table = Table("month", "read anew", "calls", "paid before", "to be paid", "about")
    for month, one in found:
        table.add_row(f"{month:%Y-%m}", *_figures(one))
    console.print(table)
    due = [month for month, _ in found if pending and pending[0].replace(day=1) <= month <= pending[1]]
    console.print(
        f"The next run reads {due[0]:%Y-%m} to {due[-1]:%Y-%m} anew, since tickets of these months came or changed; the others "
        "stay as they are until somebody asks."
        if due
        else "No month is pending, so nothing is read anew until a ticket comes or changes; then its month is."
    )
    first, last = found[0][0], found[-1][0]
    console.print(f"Everything at once: `churnboard read {tenant.tenant_id} --from {first:%Y-%m} --to {last:%Y-%m}`.")


def _figures(one: "Estimate") -> tuple[str, str, str, str, str]:
    paid = one.call_count - one.unpaid_count
    return f"{one.message_count:,}", f"{one.call_count:,}", f"{paid:,}", f"{one.unpaid_count:,}", one.cost


@app.command()
def read(tenant: TenantArgument, first: FromOption = "", last: ToOption = "") -> None:
    """Read months of a tenant (and of who shares its cell) now, with what is pinned; what was read that way costs nothing."""
    from orchestration.build import build_definitions
    from orchestration.instance import open_instance
    from orchestration.refresh import read_again

    place = installation(settings())
    configure_logging("WARNING")
    of = place.directory.tenant(tenant)
    start, end = months_between(first or _ONCE_AND_FOR_ALL, last) or (date.min, date.max)
    definitions = build_definitions(resources={"place": place})
    read_again(definitions, open_instance(place.settings.stores.data_dir), of.cell, start, end - timedelta(days=1))
    console.print("The cards follow with the next transform: `churnboard refresh`, or the sensors where Dagster runs.")


def months_between(first: str, last: str) -> "tuple[date, date] | None":
    """First day of the first month, first day after the last; None: all."""
    if not first and not last:
        return None
    start = _month(first or _ONCE_AND_FOR_ALL)
    end = _month(last) if last else datetime.now(UTC).date().replace(day=1)
    if end < start:
        raise typer.BadParameter(f"--to {last or f'{end:%Y-%m}'} is before --from {first}.")
    return start, first_after(end)


def _month(said: str) -> date:
    try:
        return parse_month(said)
    except ValueError as error:
        raise typer.BadParameter(f"{said!r} is no month: write it as 2026-09.") from error
