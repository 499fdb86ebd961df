"""Who may read the published builds from outside: roles of BI programs on Postgres."""

import os
from typing import Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings

bi_app = typer.Typer(no_args_is_help=True, help="Roles that BI programs read published builds with, on Postgres.")
app.add_typer(bi_app, name="bi")

PASSWORD_VARIABLE = "BI_ROLE_PASSWORD"  # noqa: S105 - a name, not a password

_Role = Annotated[str, typer.Option("--role", help="Lower-case letters, digits and underscores.")]


@bi_app.command("grant")
def grant(
    role: _Role,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's rows; otherwise every tenant's.")] = None,
    is_asking: Annotated[
        bool, typer.Option("--password", help=f"Ask for a password; {PASSWORD_VARIABLE} sets one without asking.")
    ] = False,
) -> None:
    """Let a role read the published builds and nothing else; makes it, or changes what it may read."""
    from pydantic import SecretStr

    from core.appdb import bi

    place = installation(settings())
    given = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if is_asking else ""
    password = given or os.environ.get(PASSWORD_VARIABLE, "")
    reader = bi.grant(
        place.app_database,
        role,
        tenant_id=place.directory.tenant(tenant).tenant_id if tenant else None,
        password=SecretStr(password) if password else None,
    )
    signing_in = "signs in with that password" if password else "has the password it had, or none"
    console.print(f"{role} reads schema {reader.schema}, {_whose(reader.tenant_id)}, and {signing_in}.")


@bi_app.command("readers")
def readers() -> None:
    """The roles that may read published builds."""
    from core.appdb import bi

    table = Table("role", "schema", "reads")
    for reader in bi.readers(installation(settings()).app_database):
        table.add_row(reader.role, reader.schema, _whose(reader.tenant_id))
    console.print(table)


@bi_app.command("revoke")
def revoke(role: _Role) -> None:
    """Take from a role what `grant` gave it."""
    from core.appdb import bi

    bi.revoke(installation(settings()).app_database, role)
    console.print(f"{role} reads nothing any more. The role itself stays: `drop role {role}` removes it.")


def _whose(tenant_id: str | None) -> str:
    return f"the rows of tenant {tenant_id}" if tenant_id else "every tenant's rows"
