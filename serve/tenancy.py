"""The one place where a request gets its tenant.

A `TenantSession` is a read transaction opened for a verified user, and the only way from a request to rows. Repositories ask it
about *sources*: subqueries that hold one tenant's rows only, and of published marts only those of one build. Which tenant and
which build is left open in a source, and filled in by the session alone: with its user's tenant, and with the build the pointer
named when the transaction began. Repositories never see a table, an engine or a connection (a test reads their syntax trees), so
there is no `where tenant_id` to forget. On Postgres the database checks the same again: the transaction is read-only, runs as a
role that owns nothing, and row-level security knows the tenant.

Sources are made when a module is imported, since putting a statement together takes longer than running it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, Select, String, Subquery, bindparam, func, select, text

from core.appdb.tables import PUBLISHED, build, card_alias, card_event, card_state, published_build, tenant
from core.appdb.tables import connection as connection_table
from core.appdb.tables import user as user_table
from core.tenants import TenantId
from serve.auth.users import User
from serve.errors import Conflict, Forbidden
from serve.version import VERSION

_STATEMENT_TIMEOUT_MS = 10_000

_TENANT = bindparam("session_tenant_id", type_=String)
_BUILD = bindparam("session_build_id", type_=String)

# One round trip; all three hold for this transaction only, so a pooled connection carries nothing over to the next request.
_ENTER_TENANT = text(
    "select set_config('role', 'churnboard_api', true), set_config('app.tenant', :tenant_id, true), "
    "set_config('statement_timeout', :timeout, true)"
)


_POINTER = (
    select(published_build.c.build_id, published_build.c.published_at, build.c.as_of_at)
    .join(
        build,
        (build.c.tenant_id == published_build.c.tenant_id) & (build.c.build_id == published_build.c.build_id),
    )
    .where(published_build.c.tenant_id == _TENANT)
)

_ME = select(tenant.c.tenant_id, tenant.c.name, tenant.c.plan_tier, tenant.c.currency).where(
    tenant.c.tenant_id == _TENANT
)

_USERS = (
    select(user_table.c.subject, user_table.c.name, user_table.c.email, user_table.c.role)
    .where(user_table.c.tenant_id == _TENANT)
    .order_by(user_table.c.name, user_table.c.subject)
)

# Never the credentials: nothing that answers a read has a use for them.
_HUBSPOT = (
    select(
        connection_table.c.status,
        connection_table.c.error_message.label("message"),
        connection_table.c.hub_id,
        connection_table.c.scopes,
        connection_table.c.expires_at,
        user_table.c.name.label("connected_by"),
        connection_table.c.connected_at,
        connection_table.c.last_synced_at,
    )
    .outerjoin(
        user_table,
        (user_table.c.tenant_id == connection_table.c.tenant_id)
        & (user_table.c.subject == connection_table.c.connected_by),
    )
    .where(connection_table.c.tenant_id == _TENANT, connection_table.c.type == "hubspot")
)

_EVENT_COUNT = select(func.count().label("event_count")).where(card_event.c.tenant_id == _TENANT)


def published(mart: str) -> Subquery:
    """A source: the tenant's rows of a mart in the published build. `tenant_id` and `build_id` are left out."""
    table = PUBLISHED[mart]
    columns = [column for column in table.c if column.name not in {"tenant_id", "build_id"}]
    return select(*columns).where(table.c.tenant_id == _TENANT, table.c.build_id == _BUILD).subquery()


def card_events() -> Subquery:
    """A source: what people of the tenant did to cards."""
    return select(*card_event.c).where(card_event.c.tenant_id == _TENANT).subquery()


def card_states() -> Subquery:
    """A source: where the tenant's cards stand after what was done to them; a card nothing was done to has no row."""
    return select(*card_state.c).where(card_state.c.tenant_id == _TENANT).subquery()


def card_aliases() -> Subquery:
    """A source: ids that cards of the tenant were ever found under, and those they go by."""
    return select(card_alias.c.alias_id, card_alias.c.card_id).where(card_alias.c.tenant_id == _TENANT).subquery()


class NothingPublished(Conflict):
    """The tenant has no published build yet: an empty board would look like health."""


class TenantGone(Forbidden):
    """The tenant of a known user is not there any more."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """The build the answer comes from."""

    build_id: str
    published_at: datetime
    as_of_at: datetime


class TenantSession:
    """One tenant's rows as they were at one moment."""

    def __init__(self, connection: Connection, tenant_id: TenantId) -> None:
        self._connection = connection
        self.tenant_id = tenant_id

    @cached_property
    def build(self) -> Served:
        """The published build.

        Raises:
            NothingPublished: There is none yet.
        """
        for found in self._read(_POINTER):
            return Served(**found)
        raise NothingPublished(
            f"Nothing has been published for tenant {self.tenant_id} yet: run the pipeline once, then reload."
        )

    @property
    def stamp(self) -> dict[str, Any]:
        """The `build` object of an answer."""
        return asdict(self.build)

    @property
    def version(self) -> tuple[str, ...]:
        """What an ETag must change with: program, tenant, build, and how much people have done since.

        Card events are only ever added, so their number says whether any is new.

        Raises:
            NothingPublished: There is no build yet.
        """
        served = self.build
        count = self._read(_EVENT_COUNT)[0]["event_count"]
        return (VERSION, self.tenant_id, served.build_id, served.published_at.isoformat(), str(count))

    def tenant(self) -> dict[str, Any]:
        """Who the tenant is: id, name, plan tier and currency.

        Raises:
            TenantGone: It was deleted a moment ago.
        """
        for found in self._read(_ME):
            return found
        raise TenantGone(f"Tenant {self.tenant_id} no longer exists: sign in again.")

    def users(self) -> list[dict[str, Any]]:
        """Who works here, in the order of their names."""
        return self._read(_USERS)

    def hubspot_connection(self) -> dict[str, Any] | None:
        """How the tenant's HubSpot is reached, without its credentials; None where it was never connected."""
        return next(iter(self._read(_HUBSPOT)), None)

    def rows(self, query: Select[Any]) -> list[dict[str, Any]]:
        """Every row of a query over sources.

        Raises:
            NothingPublished: There is no build yet.
        """
        return self._read(query, session_build_id=self.build.build_id)

    def row(self, query: Select[Any]) -> dict[str, Any] | None:
        """The first row of a query over sources, if there is one.

        Raises:
            NothingPublished: There is no build yet.
        """
        return next(iter(self.rows(query.limit(1))), None)

    def _read(self, query: Select[Any], **open_values: str) -> list[dict[str, Any]]:
        result = self._connection.execute(query, {"session_tenant_id": self.tenant_id} | open_values)
        # SQLAlchemy's own string type for names is not one that orjson takes for a key.
        names = [str(name) for name in tuple(result.keys())]
        return [dict(zip(names, row, strict=True)) for row in result]


class Tenancy:
    """Opens sessions."""

    def __init__(self, engine: Engine) -> None:
        self._is_postgres = engine.dialect.name == "postgresql"
        if self._is_postgres:
            # Pointer and rows must come from one snapshot: under READ COMMITTED each statement takes its own.
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._engine = engine

    @contextmanager
    def session(self, user: User) -> Iterator[TenantSession]:
        """A read transaction that sees the rows of the user's tenant."""
        with self._engine.connect() as connection:
            enter_tenant(connection, user.tenant_id)
            if not self._is_postgres:
                _lower_all_letters(connection)
            yield TenantSession(connection, user.tenant_id)


def enter_tenant(connection: Connection, tenant_id: TenantId) -> None:
    """Until the transaction ends, be the role that owns nothing and sees this tenant's rows; SQLite has no roles to be."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ENTER_TENANT, {"tenant_id": tenant_id, "timeout": str(_STATEMENT_TIMEOUT_MS)})


def _lower_all_letters(connection: Connection) -> None:
    """Make SQLite's `lower` know more than ASCII, so that a search for `österreich` finds `Österreich`."""
    if not connection.info.get("lowers_all_letters"):
        raw: Any = connection.connection.driver_connection
        raw.create_function(
            "lower", 1, lambda value: value.lower() if isinstance(value, str) else value, deterministic=True
        )
        connection.info["lowers_all_letters"] = True
