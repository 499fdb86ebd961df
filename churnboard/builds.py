"""What readers are served."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings

builds_app = typer.Typer(no_args_is_help=True, help="What readers are served: published builds.")
app.add_typer(builds_app, name="builds")


@builds_app.command("list")
def list_builds(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """The builds kept for a tenant, newest first."""
    place = installation(settings())
    table = Table("build", "as of", "built", "cards", "served")
    for build in place.builds.builds(place.directory.tenant(tenant).tenant_id):
        table.add_row(
            build.build_id,
            f"{build.as_of_at:%Y-%m-%d %H:%M}",
            f"{build.built_at:%Y-%m-%d %H:%M:%S}",
            str(build.row_counts.get("churn_risk_cards", 0)),
            "yes" if build.published_at else "",
        )
    console.print(table)


@builds_app.command("rollback")
def rollback(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Serve the build before the present one again."""
    place = installation(settings())
    build = place.builds.rollback(place.directory.tenant(tenant).tenant_id, published_at=datetime.now(UTC))
    console.print(f"{tenant} is served from build {build.build_id}, as of {build.as_of_at:%Y-%m-%d %H:%M}.")
