"""Whose data had to go."""

from typing import Annotated

import typer
from rich.table import Table

from churnboard.shared import app, configure_logging, console, installation, settings

erasures_app = typer.Typer(no_args_is_help=True, help="Whose data had to go, and whether it is gone.")
app.add_typer(erasures_app, name="erasures")


@app.command()
def erase(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    contact: Annotated[str, typer.Option(help="HubSpot's id of the contact.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a contact, and the words of their tickets, from every store; then search for what is left."""
    from core.vocabulary import ErasureSource
    from orchestration.erasure import Eraser

    place = installation(settings())
    configure_logging("WARNING")
    tenant_id = place.directory.tenant(tenant).tenant_id
    if not yes:
        typer.confirm(
            f"Erase contact {contact} of {tenant}, and the words of all their tickets, for good? "
            f"HubSpot itself is not touched.",
            abort=True,
        )
    eraser = Eraser(place)
    eraser.request(tenant_id, {contact: []}, source=ErasureSource.PERSON)
    [done] = eraser.carry_out([tenant_id])
    table = Table("store", "cleared")
    for store, count in done.changed.items():
        table.add_row(store, f"{count:,}")
    console.print(table)
    for one in done.residue:
        console.print(f"[red]still found[/red] in {one.store}: {one.where}, {one.count:,} times", highlight=False)
    if done.residue:
        console.print("The request stays open: every load tries again. See docs/operations.md, Privacy deletion.")
        raise typer.Exit(1)
    tickets = len({ticket for request in done.requests for ticket in request.ticket_ids})
    console.print(f"Nothing remains of {tenant}'s contact {contact}. Tickets that lost their words: {tickets:,}.")


@erasures_app.command("list")
def list_erasures(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Every request of a tenant, and whether it is done."""
    place = installation(settings())
    table = Table("what", "tickets", "requested", "by", "done", "found afterwards")
    for one in place.erasures.of(place.directory.tenant(tenant).tenant_id):
        table.add_row(
            str(one),
            str(len(one.ticket_ids)),
            f"{one.requested_at:%Y-%m-%d %H:%M}",
            one.source,
            f"{one.done_at:%Y-%m-%d %H:%M}" if one.done_at else "not yet",
            "" if one.residue_count is None else str(one.residue_count),
        )
    console.print(table)
