"""Who is read."""

import getpass
from contextlib import nullcontext
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.table import Table

from churnboard.shared import app, console, installation, settings
from core.vocabulary import AuditAction, Role


class Switch(StrEnum):
    """A switch as it is typed."""

    ON = "on"
    OFF = "off"


tenants_app = typer.Typer(no_args_is_help=True, help="Who is read: tenants and their HubSpot connections.")
app.add_typer(tenants_app, name="tenants")


@tenants_app.command("list")
def list_tenants() -> None:
    """Every tenant, its cell, whether its texts are masked, and which build is served."""
    place = installation(settings())
    table = Table("tenant", "name", "cell", "masking", "served build", "as of")
    for tenant in place.directory.tenants():
        build = place.builds.current(tenant.tenant_id)
        served = (build.build_id, f"{build.as_of_at:%Y-%m-%d %H:%M}") if build else ("nothing published yet", "")
        masking = "on" if tenant.is_masked else "[red]off[/red]"
        table.add_row(tenant.tenant_id, tenant.name, tenant.cell, masking, *served)
    console.print(table)


@tenants_app.command("masking")
def switch_masking(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    to: Annotated[Switch, typer.Argument(help="on: personal details are masked; off: texts are sent as they are.")],
) -> None:
    """Have personal details masked before a tenant's texts are sent to a model behind an API, or not."""
    place = installation(settings())
    is_masked = to is Switch.ON
    changed = place.directory.tenant(tenant).is_masked is not is_masked
    place.directory.switch_masking(tenant, is_masked=is_masked)
    console.print(f"Masking is {to} for {tenant}.")
    if changed and not settings().analysis.use_embedded:
        console.print(
            "New texts are sent that way. Those read before are read, and paid for, once more where their months are read again."
        )


@tenants_app.command("cards")
def set_card_policy(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    default_owner: Annotated[
        str | None, typer.Option(help="HubSpot id of the owner of cards whose company has none; empty: nobody.")
    ] = None,
    expire_after_days: Annotated[
        int | None,
        typer.Option(min=0, help="Days after which low cards nobody owns or looked at are completed; 0: never."),
    ] = None,
) -> None:
    """Say who owns the cards of companies without an owner, and when low cards that nobody looks at expire."""
    place = installation(settings())
    held = place.directory.tenant(tenant)
    owner = held.default_owner_id if default_owner is None else default_owner or None
    days = held.expire_after_days if expire_after_days is None else expire_after_days or None
    place.directory.set_card_policy(tenant, default_owner_id=owner, expire_after_days=days)
    owned = f"are owned by {owner} where their company has no owner" if owner else "have the owner of their company"
    expire = f"expire after {days} days" if days else "never expire"
    console.print(
        f"Cards of {tenant} {owned}; low ones that nobody owns or looked at {expire}. It holds from the next build."
    )


@tenants_app.command("add")
def add_tenant(
    tenant: Annotated[str, typer.Argument(help="Slug: lower-case letters, digits, hyphens.")],
    name: Annotated[str, typer.Option(help="Name people read.")] = "",
    hubspot_token: Annotated[
        str, typer.Option(envvar="HUBSPOT_ACCESS_TOKEN", help="HubSpot access token; asked for where it is not given.")
    ] = "",
    by_consent: Annotated[
        bool, typer.Option("--by-consent", help="Connect nothing: an admin of the tenant does that on the board.")
    ] = False,
    currency: Annotated[str, typer.Option(help="ISO 4217 code of its revenue figures.")] = "USD",
) -> None:
    """Add a tenant and connect its HubSpot portal, or bring both up to date."""
    if not (by_consent or hubspot_token):
        hubspot_token = typer.prompt("Hubspot token", hide_input=True)
    from analysis.topics import default_topics
    from core.appdb.directory import Tenant
    from core.connections import Credentials
    from core.tenants import cell, tenant_id
    from core.topics import ContentTopic
    from orchestration.policies import newest_prompts

    place = installation(settings())
    new = Tenant(
        tenant_id=tenant_id(tenant),
        name=name or tenant,
        cell=cell(tenant),
        currency=currency,
    )
    place.directory.save(new)
    if not by_consent:
        place.connection(new.tenant_id).keep(Credentials(access_token=SecretStr(hubspot_token)))
    place.topics.seed(new.tenant_id, [ContentTopic(topic.name, topic.description) for topic in default_topics()])
    place.prompt_pins.pin_unpinned(new.tenant_id, newest_prompts(place), author=getpass.getuser())
    if by_consent:
        console.print(f"{tenant} is there. Its admin connects HubSpot on the board, and `churnboard work` imports it.")
        return
    console.print(f"{tenant} is connected; `churnboard refresh` loads it now, the daily schedule every night.")
    console.print(f"`churnboard mapping suggest {tenant}` finds where its HubSpot keeps revenue, renewal and use.")
    console.print(f"`churnboard topics discover {tenant}` proposes topics of its own once tickets are loaded.")


@tenants_app.command("invite")
def invite(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    email: Annotated[str, typer.Argument(help="Address that whoever accepts must sign in with, verified.")],
    role: Annotated[
        Role, typer.Option(help="What they may do; an admin invites the others in the board.")
    ] = Role.ADMIN,
) -> None:
    """Invite somebody, the first admin above all: prints a link that is good for seven days, once, and for that address only."""
    from core.appdb.engine import writing
    from core.people import AuditTrail, InvitationBook

    place = installation(settings())
    of, operator = place.directory.tenant(tenant).tenant_id, getpass.getuser()
    with writing(place.app_database) as connection:
        invited = InvitationBook(of, lambda: nullcontext(connection)).invite(email, role, by=operator)
        row = invited.row
        AuditTrail(of, lambda: nullcontext(connection)).add(
            AuditAction.INVITED,
            "invitation",
            row["invitation_id"],
            {"email": row["email"], "role": role.value},
            actor=operator,
            actor_name=operator,
        )
    serve = settings().serve
    root = serve.api_public_url.rstrip("/") or f"http://{serve.api_host}:{serve.api_port}"
    console.print(f"{row['email']} can join {tenant} as {role} until {row['expires_at']:%Y-%m-%d %H:%M} UTC:")
    console.print(f"{root}/join#{invited.secret}", soft_wrap=True, highlight=False)


@tenants_app.command("keep")
def set_retention(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    days: Annotated[int, typer.Argument(help="Days the words of closed tickets are kept; 0: for good.", min=0)],
) -> None:
    """Say how long the words of closed tickets are kept; the job `housekeeping` erases older ones every night."""
    place = installation(settings())
    place.directory.set_retention(tenant, days or None)
    kept = f"{days:,} days after a ticket was closed and last written on" if days else "for good"
    console.print(f"Words of {tenant} are kept {kept}.")


@tenants_app.command("delete")
def delete_tenant(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete everything of a tenant from every store, then search for what is left. It cannot be taken back."""
    from core.appdb.deletions import DeletionBook
    from core.appdb.engine import writing
    from core.vocabulary import DeletionStatus
    from orchestration.deletion import delete_tenant as delete
    from orchestration.instance import open_instance

    place = installation(settings())
    begun = [one for one in place.deletions.open() if one.tenant_id == tenant]
    if not begun:
        name = place.directory.tenant(tenant).name
        if not yes and typer.prompt(f"Everything of {tenant} will be gone for good. Type its name, {name!r}") != name:
            console.print("That is not its name; nothing was deleted.")
            raise typer.Exit(1)
        receipt_id = DeletionBook(tenant, lambda: writing(place.app_database)).ask()
        begun = [one for one in place.deletions.open() if one.receipt_id == receipt_id]
    instance = open_instance(place.settings.stores.data_dir)
    with console.status("Deleting …") as status:
        for receipt in begun:
            done = delete(place, instance, receipt, lambda said: status.update(f"{said} …"))
    table = Table("store", "deleted")
    for store, count in done.cleared.items():
        table.add_row(store, f"{count:,}")
    console.print(table)
    for one in done.residue:
        console.print(
            f"[red]still found[/red] in {one['store']}: {one['where']}, {one['count']:,} times", highlight=False
        )
    if done.status is not DeletionStatus.DONE:
        console.print(done.error_message or "The deletion is not through: run this again.")
        raise typer.Exit(1)
    looked = ", ".join(f"{count:,} {what}" for what, count in done.searched.items())
    console.print(f"Nothing of {tenant} is left: looked at {looked}. Receipt {done.receipt_id}.", highlight=False)


@tenants_app.command("deleted")
def list_deletions() -> None:
    """Every tenant that was deleted, and whether anything was found afterwards."""
    table = Table("tenant", "asked for", "status", "through", "found afterwards", "receipt")
    for one in installation(settings()).deletions.all():
        through = f"{one.done_at:%Y-%m-%d %H:%M}" if one.done_at else "not yet"
        found = ", ".join(f"{left['store']} {left['where']}" for left in one.residue)
        table.add_row(one.tenant_id, f"{one.requested_at:%Y-%m-%d %H:%M}", one.status, through, found, one.receipt_id)
    console.print(table)
