"""What a tenant's triggers are set to."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings
from core.vocabulary import ParamOrigin, TriggerPreset, TriggerType

if TYPE_CHECKING:
    from core.installation import Installation

triggers_app = typer.Typer(
    no_args_is_help=True, help="What a tenant's triggers are set to: when a card opens, and when it interrupts."
)
app.add_typer(triggers_app, name="triggers")

_Tenant = Annotated[str, typer.Option(help="Tenant slug.")]


@triggers_app.command("show")
def show_triggers(
    tenant: _Tenant,
    trigger: Annotated[TriggerType | None, typer.Option(help="One trigger only.")] = None,
) -> None:
    """What holds now, where it comes from, and what is allowed."""
    from core.params import in_force

    place, tenant_id = _found(tenant)
    preset = place.triggers.preset(tenant_id)
    table = Table("trigger", "parameter", "value", "from", "allowed", "unit", title=f"{tenant}, preset {preset}")
    for one in in_force(preset, place.triggers.own_values(tenant_id)):
        if trigger in {None, one.param.trigger_type}:
            shown = one.param.said(one.value)
            is_own = one.origin is ParamOrigin.OWN
            origin = (
                f"[bold]own[/bold] ({preset}: {one.param.said(one.param.values[preset])})"
                if is_own
                else str(one.origin)
            )
            table.add_row(one.param.trigger_type, one.param.name, shown, origin, one.param.range, one.param.unit)
    console.print(table)


@triggers_app.command("set", context_settings={"ignore_unknown_options": True})
def set_param(
    tenant: _Tenant,
    trigger: Annotated[TriggerType, typer.Argument(help="Which trigger.")],
    name: Annotated[str, typer.Argument(help="Which of its parameters; `show` lists them.")],
    value: Annotated[str, typer.Argument(help="The new value, or `default`: that of the preset again.")],
) -> None:
    """Set a value of the tenant's own. It holds for today and later; past days keep the values they were scored with."""
    from core.params import param

    chosen = param(trigger, name)
    number = None if value == "default" else chosen.parse(value)
    place, tenant_id = _found(tenant)
    new = place.triggers.set(tenant_id, trigger, name, number, author=getpass.getuser())
    held = chosen.values[place.triggers.preset(tenant_id)] if number is None else number
    when = "already; nothing was changed" if new is None else "from today on, with the next refresh"
    console.print(f"{trigger}.{name} of {tenant} is {chosen.said(held)} {when}.", highlight=False)


@triggers_app.command("preset")
def choose_preset(
    tenant: _Tenant,
    preset: Annotated[TriggerPreset, typer.Argument(help="Which set of values.")],
) -> None:
    """Choose a preset for all three triggers, from today on; the tenant's own values go on holding."""
    place, tenant_id = _found(tenant)
    new = place.triggers.choose(tenant_id, preset, author=getpass.getuser())
    own = len(place.triggers.own_values(tenant_id))
    when = "already; nothing was changed" if new is None else "from today on, with the next refresh"
    kept = f" {own} {'value' if own == 1 else 'values'} of its own go before it." if own else ""
    console.print(f"The triggers of {tenant} are {preset} {when}.{kept}", highlight=False)


@triggers_app.command("history")
def show_history(tenant: _Tenant) -> None:
    """Every change, oldest first, and who made it."""
    from core.params import params

    place, tenant_id = _found(tenant)
    changes = [
        (one.valid_from_at, "preset", "", str(one.version), str(one.preset), one.author)
        for one in place.triggers.presets_chosen(tenant_id)
    ]
    for one in place.triggers.values_set(tenant_id):
        known = params().get((one.trigger_type, one.name))
        said = "[dim]taken back[/dim]" if one.value is None else known.said(one.value) if known else f"{one.value:g}"
        changes.append((one.valid_from_at, one.trigger_type, one.name, str(one.version), said, one.author))
    table = Table("since", "trigger", "parameter", "version", "value", "by")
    for since, *cells in sorted(changes):
        table.add_row(f"{since:%Y-%m-%d %H:%M}", *cells)
    console.print(table)


def _found(tenant: str) -> "tuple[Installation, str]":
    place = installation(settings())
    return place, place.directory.tenant(tenant).tenant_id
