"""How much of HubSpot's request budgets is used."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings

if TYPE_CHECKING:
    from core.settings import Settings
    from ingestion.hubspot.limits.shared import SharedLimits

limits_app = typer.Typer(no_args_is_help=True, help="How much of HubSpot's request budgets is used, portal by portal.")
app.add_typer(limits_app, name="limits")


@limits_app.command("list")
def list_limits() -> None:
    """Every portal's budgets as all its workers see them now, and until when its day is used up."""
    with _limits(settings()) as limits:
        standing = limits.standing()
    table = Table("tenant", "portal", "budget", "used", "in flight", "queue", "closed until")
    for portal in standing:
        for budget, one in portal.budgets.items():
            used = f"{one.used} of {one.limit or 'any'} in {one.window_seconds:g} s"
            closed = f"{one.closed_until:%H:%M:%S} UTC" if one.closed_until else ""
            counts = (str(one.in_flight), str(one.waiting))
            table.add_row(portal.key.tenant_id, portal.key.base_url, budget, used, *counts, closed)
    console.print(table)
    for portal in standing:
        if portal.stop:
            console.print(portal.stop.reason, highlight=False)


@limits_app.command("clear")
def clear_limits(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Let a tenant's workers ask HubSpot again, where a person knows that its day or pause is over."""
    with _limits(settings()) as limits:
        lifted = limits.clear(tenant)
    console.print(f"{tenant}: {lifted} lifted; its next sync asks HubSpot." if lifted else f"{tenant} was not stopped.")


def _limits(settings: "Settings") -> "SharedLimits":
    from ingestion.hubspot.limits.shared import open_limits

    return open_limits(installation(settings).warehouse, settings.stores.data_dir)
