"""Who is read."""

from typing import Annotated

import typer
from pydantic import SecretStr
from rich.table import Table

from churnboard.shared import app, console, installation, settings

tenants_app = typer.Typer(no_args_is_help=True, help="Who is read: tenants and their HubSpot connections.")
app.add_typer(tenants_app, name="tenants")


@tenants_app.command("list")
def list_tenants() -> None:
    """Every tenant, its cell and how its last sync ended."""
    place = installation(settings())
    table = Table("tenant", "name", "cell", "served build", "as of")
    for tenant in place.directory.tenants():
        build = place.builds.current(tenant.tenant_id)
        served = (build.build_id, f"{build.as_of_at:%Y-%m-%d %H:%M}") if build else ("nothing published yet", "")
        table.add_row(tenant.tenant_id, tenant.name, tenant.cell, *served)
    console.print(table)


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
    from core.appdb.directory import Tenant, Topic
    from core.connections import Credentials
    from core.tenants import cell, tenant_id

    place = installation(settings())
    new = Tenant(
        tenant_id=tenant_id(tenant),
        name=name or tenant,
        cell=cell(tenant),
        currency=currency,
    )
    place.directory.save(new)
    place.connection(new.tenant_id).keep(Credentials(access_token=SecretStr(hubspot_token)))
    topics = [Topic(name=topic.name, description=topic.description) for topic in default_topics()]
    place.directory.save_topics(new.tenant_id, topics)
    console.print(f"{tenant} is connected; `churnboard refresh` loads it now, the daily schedule every night.")
    console.print(f"`churnboard mapping suggest {tenant}` finds where its HubSpot keeps revenue, renewal and use.")
