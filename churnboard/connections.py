"""How tenants' HubSpot portals are reached, and what they told us."""

import getpass
from typing import Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings

connections_app = typer.Typer(no_args_is_help=True, help="How tenants' HubSpot portals are reached.")
app.add_typer(connections_app, name="connections")


@connections_app.command("list")
def list_connections() -> None:
    """Every tenant's HubSpot connection: how it stands, until when its token is good, what it may not read."""
    from core.connections.scopes import missing

    place = installation(settings())
    table = Table("tenant", "status", "portal", "token", "last synced", "scopes missing", "message")
    for tenant in place.directory.tenants():
        held = place.connection(tenant.tenant_id).connection()
        if held is None:
            table.add_row(tenant.tenant_id, "never connected")
            continue
        is_over = held.status == "disconnected"
        token = f"until {held.expires_at:%Y-%m-%d %H:%M} UTC" if held.expires_at else "does not expire"
        lacking = ", ".join(scope.name for scope in missing(held.scopes)) if held.scopes is not None else "not known"
        table.add_row(
            tenant.tenant_id,
            held.status,
            held.hub_id or "",
            "" if is_over else token,
            f"{held.last_synced_at:%Y-%m-%d %H:%M} UTC" if held.last_synced_at else "",
            "" if is_over else lacking,
            held.error_message or "",
        )
    console.print(table)


@connections_app.command("disconnect")
def disconnect_hubspot(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Uninstall the app in the tenant's portal and forget the credentials; also where HubSpot does not answer."""
    from core.appdb.engine import writing
    from core.connections.farewell import disconnect
    from core.people import AuditTrail
    from core.vocabulary import AuditAction

    place = installation(settings())
    of, operator = place.directory.tenant(tenant).tenant_id, getpass.getuser()
    told = disconnect(place.connection(of), place.oauth)
    AuditTrail(of, lambda: writing(place.app_database)).add(
        AuditAction.DISCONNECTED, "connection", "hubspot", {"message": told}, actor=operator, actor_name=operator
    )
    console.print(told)
