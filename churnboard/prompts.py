"""Which prompts there are, which of them each tenant is read with, and what another one would change."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings
from core.vocabulary import AnalysisTask

if TYPE_CHECKING:
    from core.installation import Installation

prompts_app = typer.Typer(no_args_is_help=True, help="What models are asked: prompt versions, pins, shadows.")
app.add_typer(prompts_app, name="prompts")

TenantArgument = Annotated[str, typer.Argument(help="Tenant slug.")]
TaskArgument = Annotated[AnalysisTask, typer.Argument(help="What is asked.")]
VersionArgument = Annotated[str, typer.Argument(help="Version of its prompt.")]


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
