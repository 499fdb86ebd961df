"""What HubSpot told us."""

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings

webhooks_app = typer.Typer(no_args_is_help=True, help="What HubSpot told us, and whether it was read.")
app.add_typer(webhooks_app, name="webhooks")


@webhooks_app.command("list")
def list_webhooks() -> None:
    """What HubSpot told us in the last thirty days, portal by portal; portals that nobody has connected are listed too."""
    table = Table("portal", "tenant", "events", "last", "waiting", "since", "attempts")
    for one in installation(settings()).webhooks.portals():
        waiting = (
            f"{one.waiting_count:,}",
            f"{one.waiting_since:%Y-%m-%d %H:%M} UTC" if one.waiting_since else "",
            str(one.attempt_count) if one.waiting_count else "",
        )
        table.add_row(
            one.portal_id,
            one.tenant_id or "[red]connected by nobody[/red]",
            f"{one.received_count:,}",
            f"{one.last_received_at:%Y-%m-%d %H:%M} UTC",
            *(waiting if one.tenant_id else ("", "", "")),
        )
    console.print(table)
