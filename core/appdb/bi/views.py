"""The views of BI programs over the published builds.

Schema `bi` shows every tenant's rows, `bi_<tenant>` one tenant's. A view reads with its owner's rights, not with those of who asks,
so that a role needs no right on any table to read it; which tenant it shows stands in the view and cannot be set from outside.

They are not left to single migrations: a view's columns are spelt out when it is made, and a view that is dropped takes
the rights on it along. `set_aside` runs before migrations and `put_in_place` after the last one, in their transaction.
"""

from sqlalchemy import Connection, text

from core.appdb.tables import PUBLISHED
from core.errors import Terminal
from core.naming import KEPT_FROM_BI
from core.tenants import TenantId

ALL_TENANTS = "bi"
"""The schema with the rows of every tenant."""

COPIES = "published_for_bi"
"""The schema of the tables behind the views of marts that only BI reads; nobody but the owner may look into it."""

_MARK = "churnboard: rows of tenant "

_SCHEMAS = text(
    "select nspname from pg_namespace where nspname = 'bi' "
    f"or nspname like 'bi\\_%' and obj_description(oid, 'pg_namespace') like '{_MARK}%' order by nspname"
)
_COLUMNS = text(
    "select column_name from information_schema.columns where table_schema = :schema and table_name = :view "
    "order by ordinal_position"
)
_COPIES = text(
    "select table_name, column_name, data_type from information_schema.columns where table_schema = :schema "
    "order by table_name, ordinal_position"
)
_VIEWS = text("select table_name from information_schema.views where table_schema = :schema")
_READERS = text(
    "select role.rolname from pg_namespace as held cross join aclexplode(held.nspacl) as given "
    "join pg_roles as role on role.oid = given.grantee "
    "where held.nspname = :schema and given.privilege_type = 'USAGE' and given.grantee <> held.nspowner order by 1"
)
_TENANT = text("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = :schema")


class ForeignSchema(Terminal):
    """A schema that has the name of one of ours."""


def schema_of(tenant_id: TenantId) -> str:
    """The schema with one tenant's rows; a slug has no underscore, so two tenants never share one."""
    return f"{ALL_TENANTS}_{tenant_id.replace('-', '_')}"


def schemas(connection: Connection) -> list[str]:
    """Every BI schema there is."""
    return list(connection.scalars(_SCHEMAS))


def readers_of(connection: Connection, schema: str) -> list[str]:
    """The roles that may look into a BI schema."""
    return list(connection.scalars(_READERS, {"schema": schema}))


def tenant_of(connection: Connection, schema: str) -> TenantId | None:
    """Whose rows a BI schema shows; None: everybody's."""
    said = connection.scalar(_TENANT, {"schema": schema}) or ""
    return TenantId(said.removeprefix(_MARK)) if said.startswith(_MARK) else None


def copies(connection: Connection) -> dict[str, dict[str, str]]:
    """The type of each column of the tables in `COPIES`, by mart and column."""
    found: dict[str, dict[str, str]] = {}
    for mart, column, kind in connection.execute(_COPIES, {"schema": COPIES}):
        found.setdefault(mart, {})[column] = kind
    return found


def make_tenant_schema(connection: Connection, tenant_id: TenantId) -> str:
    """The tenant's BI schema, made where it is missing, its views not yet in place; returns its name.

    Raises:
        ForeignSchema: Somebody else made a schema of that name.
    """
    schema = schema_of(tenant_id)
    if schema in schemas(connection):
        return schema
    if connection.scalar(text("select 1 from pg_namespace where nspname = :schema"), {"schema": schema}):
        raise ForeignSchema(
            f"Schema {schema}, where the views of tenant {tenant_id} belong, was made by somebody else. Nothing was changed: "
            "rename it, then grant again."
        )
    connection.execute(text(f"create schema {schema}"))
    connection.execute(text(f"comment on schema {schema} is '{_MARK}{tenant_id}'"))
    return schema


def set_aside(connection: Connection) -> None:
    """Drop the views of single tenants, which no migration knows of and which would keep it from changing a table."""
    for schema in schemas(connection):
        if schema != ALL_TENANTS:
            for view in connection.scalars(_VIEWS, {"schema": schema}).all():
                connection.execute(text(f"drop view {schema}.{view}"))


def put_in_place(connection: Connection) -> None:
    """Make every view show what is published now, and let the readers of each schema read all of it."""
    for schema in schemas(connection):
        _make_views(connection, schema)
        for role in readers_of(connection, schema):
            connection.execute(text(f"grant select on all tables in schema {schema} to {quoted(connection, role)}"))


def drop(connection: Connection, mart: str) -> None:
    """Drop the views over one mart, so that its table may change; `put_in_place` brings them back."""
    for schema in schemas(connection):
        connection.execute(text(f"drop view if exists {schema}.{mart}"))


def quoted(connection: Connection, name: str) -> str:
    """A name as it is written in SQL."""
    return connection.dialect.identifier_preparer.quote(name)


def _make_views(connection: Connection, schema: str) -> None:
    tenant_id = tenant_of(connection, schema)
    whose = f" where served.tenant_id = '{tenant_id}'" if tenant_id else ""
    for mart, (table, published) in _tables(connection).items():
        shown = list(connection.scalars(_COLUMNS, {"schema": schema, "view": mart}))
        if set(shown) - set(published):
            connection.execute(text(f"drop view {schema}.{mart}"))
            shown = []
        # Replaced and not made anew, so that what somebody built on a view stays; new columns may only stand at the end.
        columns = [*shown, *(name for name in published if name not in shown)]
        listed = ", ".join(f"served.{name}" for name in columns)
        connection.execute(
            text(
                f"create or replace view {schema}.{mart} with (security_barrier = true) as select {listed} "
                f"from {table} as served join published_build using (tenant_id, build_id){whose}"
            )
        )


def _tables(connection: Connection) -> dict[str, tuple[str, list[str]]]:
    """Table and columns behind each view, by mart."""
    tables = {mart: (f"{COPIES}.{mart}", list(columns)) for mart, columns in copies(connection).items()}
    # A mart that the API serves since this release has a copy until the next publish drops it.
    served = {
        mart: (table.name, [column.name for column in table.columns])
        for mart, table in PUBLISHED.items()
        if mart not in KEPT_FROM_BI
    }
    return tables | served
