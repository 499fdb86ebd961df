"""Who is read."""

import getpass
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.table import Table

from churnboard.shared import app, console, installation, settings


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
        str, typer.Option(envvar="HUBSPOT_ACCESS_TOKEN", prompt=True, hide_input=True, help="HubSpot access token.")
    ] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of its revenue figures.")] = "USD",
) -> None:
    """Add a tenant and connect its HubSpot portal, or bring both up to date."""
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
    place.connection(new.tenant_id).keep(Credentials(access_token=SecretStr(hubspot_token)))
    place.topics.seed(new.tenant_id, [ContentTopic(topic.name, topic.description) for topic in default_topics()])
    place.prompt_pins.pin_unpinned(new.tenant_id, newest_prompts(place), author=getpass.getuser())
    console.print(f"{tenant} is connected; `churnboard refresh` loads it now, the daily schedule every night.")
    console.print(f"`churnboard mapping suggest {tenant}` finds where its HubSpot keeps revenue, renewal and use.")
    console.print(f"`churnboard topics discover {tenant}` proposes topics of its own once tickets are loaded.")
