"""Postgres roles of BI programs: they may read the views of one BI schema, and nothing else.

What a role may do is what was granted last: every tenant's rows, or one tenant's. A role that can do more than read these views, by
rights given elsewhere, is refused: its owner would take it for something it is not. Passwords reach the server only as SCRAM
verifiers, so that none stands in its log.
"""

import re
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, text

from core.appdb.bi.views import (
    ALL_TENANTS,
    make_tenant_schema,
    put_in_place,
    quoted,
    readers_of,
    schemas,
    tenant_of,
)
from core.errors import Terminal
from core.tenants import TenantId

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

# The first thing a role can do that a reader of the views cannot; attributes and memberships first, then rights by name.
_TOO_MUCH = text(
    """
    select what from (
        select 1 as place, 'is a superuser' as what from pg_roles where rolname = :role and rolsuper
        union all
        select 2, 'bypasses row-level security' from pg_roles where rolname = :role and rolbypassrls
        union all
        select 3, 'may make roles or databases' from pg_roles where rolname = :role and (rolcreaterole or rolcreatedb)
        union all
        select 4, 'is a member of ' || pg_get_userbyid(held.roleid) from pg_auth_members as held
        where held.member = (select oid from pg_roles where rolname = :role)
        union all
        select 5, 'owns ' || class.oid::regclass from pg_class as class
        where class.relowner = (select oid from pg_roles where rolname = :role)
        union all
        select 6, 'may make things in schema ' || nspname from pg_namespace
        where nspname not like 'pg\\_%' and has_schema_privilege(:role, oid, 'create')
        union all
        select 7, 'may read or change ' || class.oid::regclass from pg_class as class
        join pg_namespace as space on space.oid = class.relnamespace
        where class.relkind in ('r', 'p', 'v', 'm', 'f')
            and space.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
            and not (class.relkind = 'v' and space.nspname = any(:schemas))
            and not exists (select from pg_depend as part where part.objid = class.oid and part.deptype = 'e')
            and (
                has_any_column_privilege(:role, class.oid, 'select, insert, update')
                or has_table_privilege(:role, class.oid, 'delete, truncate, trigger')
            )
    ) as found order by place, what limit 1
    """
)


class NoBiRoles(Terminal):
    """The application database is SQLite, which has no roles."""


class UnfitRole(Terminal):
    """A role name that cannot be used, or a role that can do more than read the views."""


@dataclass(frozen=True)
class BiReader:
    """A role and what it may read."""

    role: str
    schema: str
    """Where its views are."""

    tenant_id: TenantId | None
    """Whose rows they show; None: everybody's."""


def grant(
    engine: Engine, role: str, *, tenant_id: TenantId | None = None, password: SecretStr | None = None
) -> BiReader:
    """Let `role` read the published builds and nothing else; makes it where it is missing. A second time changes nothing.

    Args:
        engine: The application database, migrated.
        role: Lower-case letters, digits and underscores.
        tenant_id: Whose rows; None: every tenant's.
        password: What it signs in with from now on; None leaves that as it is.

    Raises:
        NoBiRoles: The application database is SQLite.
        UnfitRole: Another name is needed; nothing was changed.
    """
    _check(engine, role)
    with engine.begin() as connection:
        name = quoted(connection, role)
        if not connection.scalar(text("select 1 from pg_roles where rolname = :role"), {"role": role}):
            connection.execute(text(f"create role {name}"))
        _refuse_more_than_reading(connection, role)
        schema = make_tenant_schema(connection, tenant_id) if tenant_id else ALL_TENANTS
        _take_all(connection, role)
        connection.execute(text(f"grant usage on schema {schema} to {name}"))
        put_in_place(connection)
        connection.execute(text(f"alter role {name} login"))
        database = quoted(connection, str(engine.url.database))
        for setting in (f"search_path = {schema}", "default_transaction_read_only = on"):
            connection.execute(text(f"alter role {name} in database {database} set {setting}"))
        if password is not None:
            _set_password(connection, role, password)
    return BiReader(role, schema, tenant_id)


def revoke(engine: Engine, role: str) -> None:
    """Take from `role` what `grant` gave it; the role itself stays, with its password.

    Raises:
        NoBiRoles: The application database is SQLite.
        UnfitRole: It is no reader of the views.
    """
    _check(engine, role)
    with engine.begin() as connection:
        if role not in {reader.role for reader in _readers(connection)}:
            raise UnfitRole(f"Role {role} reads no published builds. `churnboard bi readers` lists those that do.")
        _take_all(connection, role)


def readers(engine: Engine) -> list[BiReader]:
    """Every role that may read published builds, by schema.

    Raises:
        NoBiRoles: The application database is SQLite.
    """
    _check(engine, "any")
    with engine.connect() as connection:
        return _readers(connection)


def _readers(connection: Connection) -> list[BiReader]:
    return [
        BiReader(role, schema, tenant_of(connection, schema))
        for schema in schemas(connection)
        for role in readers_of(connection, schema)
    ]


def _check(engine: Engine, role: str) -> None:
    if engine.dialect.name != "postgresql":
        raise NoBiRoles(
            "The application database is a SQLite file, which has no roles. BI reads the file that data/published/CURRENT "
            "names there; who may open it is up to the file's permissions."
        )
    if not _NAME.fullmatch(role) or role.startswith(("pg_", "churnboard_api")):
        raise UnfitRole(
            f"{role!r} is no name for a role of BI: use lower-case letters, digits and underscores, starting with a letter; "
            "pg_… and churnboard_api are taken."
        )


def _refuse_more_than_reading(connection: Connection, role: str) -> None:
    too_much = connection.scalar(_TOO_MUCH, {"role": role, "schemas": schemas(connection)})
    if too_much:
        raise UnfitRole(
            f"Role {role} {too_much}, so it would not be a role that only reads published builds. Nothing was changed: "
            "take that from it, or choose another name."
        )


def _take_all(connection: Connection, role: str) -> None:
    name = quoted(connection, role)
    for schema in schemas(connection):
        connection.execute(text(f"revoke all on all tables in schema {schema} from {name}"))
        connection.execute(text(f"revoke all on schema {schema} from {name}"))


def _set_password(connection: Connection, role: str, password: SecretStr) -> None:
    from psycopg2.extensions import encrypt_password

    raw = connection.connection.driver_connection
    verifier = encrypt_password(password.get_secret_value(), role, raw, "scram-sha-256")
    connection.execute(text(f"alter role {quoted(connection, role)} password :verifier"), {"verifier": verifier})
