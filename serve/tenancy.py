"""The one place where a request gets its tenant.

A `TenantSession` is a read transaction opened for a verified user, and the only way from a request to rows. Repositories ask it
about *sources*: subqueries that hold one tenant's rows only, and of published marts only those of one build. Which tenant and
which build is left open in a source, and filled in by the session alone: with its user's tenant, and with the build the pointer
named when the transaction began. Repositories never see a table, an engine or a connection (a test reads their syntax trees), so
there is no `where tenant_id` to forget. On Postgres the database checks the same again: the transaction is read-only, runs as a
role that owns nothing, and row-level security knows the tenant.

Sources are made when a module is imported, since putting a statement together takes longer than running it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Integer,
    Select,
    String,
    Subquery,
    Table,
    bindparam,
    func,
    or_,
    select,
    text,
)

from core.appdb.deletions import Deletion, Deletions
from core.appdb.tables import (
    PUBLISHED,
    api_key,
    audit,
    audit_ticket,
    build,
    card_alias,
    card_event,
    card_state,
    correction,
    field_candidate,
    field_mapping,
    import_stream,
    invitation,
    live_event,
    live_position,
    llm_budget,
    llm_standing,
    notification,
    notification_channel,
    notification_delivery,
    notification_preference,
    onboarding_confirmation,
    prompt_wording,
    published_build,
    saved_view,
    task,
    tenant,
    topic_draft,
    topic_edit,
    topic_proposal,
    topic_proposal_quote,
    topic_version,
    trigger_param,
    trigger_preset,
    trigger_rule,
)
from core.appdb.tables import connection as connection_table
from core.appdb.tables import user as user_table
from core.tenants import TenantId
from serve.auth.users import User
from serve.errors import Conflict, Forbidden
from serve.version import version_of

_STATEMENT_TIMEOUT_MS = 10_000

_TENANT = bindparam("session_tenant_id", type_=String)
_BUILD = bindparam("session_build_id", type_=String)

# One round trip; all three hold for this transaction only, so a pooled connection carries nothing over to the next request.
_ENTER_TENANT = text(
    "select set_config('role', 'churnboard_api', true), set_config('app.tenant', :tenant_id, true), "
    "set_config('statement_timeout', :timeout, true)"
)


_POINTER = (
    select(published_build.c.build_id, published_build.c.published_at, build.c.as_of_at, live_position.c.position)
    .join(
        build,
        (build.c.tenant_id == published_build.c.tenant_id) & (build.c.build_id == published_build.c.build_id),
    )
    .outerjoin(live_position, live_position.c.tenant_id == published_build.c.tenant_id)
    .where(published_build.c.tenant_id == _TENANT)
)

_ME = select(tenant.c.tenant_id, tenant.c.name, tenant.c.plan_tier, tenant.c.currency).where(
    tenant.c.tenant_id == _TENANT
)

_SETTINGS = select(
    tenant.c.name,
    tenant.c.currency,
    tenant.c.plan_tier,
    tenant.c.is_masked,
    tenant.c.default_owner_id,
    tenant.c.expire_after_days,
    tenant.c.retention_days,
    tenant.c.version,
    tenant.c.created_at,
).where(tenant.c.tenant_id == _TENANT)

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

_VIEWS = (
    select(*(column for column in saved_view.c if column.name != "tenant_id"))
    .where(
        saved_view.c.tenant_id == _TENANT,
        or_(saved_view.c.is_shared, saved_view.c.owner == bindparam("subject", type_=String)),
    )
    .order_by(func.lower(saved_view.c.name), saved_view.c.view_id)
)

_AFTER = bindparam("after", type_=Integer)
_LIVE_POSITION = select(live_position.c.position).where(live_position.c.tenant_id == _TENANT)
_LIVE_EVENTS = (
    select(live_event.c.position, live_event.c.type, live_event.c.body)
    .where(live_event.c.tenant_id == _TENANT, live_event.c.position > _AFTER)
    .order_by(live_event.c.position)
)
# The one question about several tenants at once; the answer is numbers, and what they stand for is read in a session.
_LIVE_POSITIONS = select(live_position.c.tenant_id, live_position.c.position).where(
    live_position.c.tenant_id.in_(bindparam("tenant_ids", expanding=True))
)


def published(mart: str) -> Subquery:
    """A source: the tenant's rows of a mart in the published build. `tenant_id` and `build_id` are left out."""
    table = PUBLISHED[mart]
    columns = [column for column in table.c if column.name not in {"tenant_id", "build_id"}]
    return select(*columns).where(table.c.tenant_id == _TENANT, table.c.build_id == _BUILD).subquery()


def _own(table: Table) -> Subquery:
    return select(*(one for one in table.c if one.name != "tenant_id")).where(table.c.tenant_id == _TENANT).subquery()


def card_events() -> Subquery:
    """A source: what people of the tenant did to cards."""
    return _own(card_event)


def card_states() -> Subquery:
    """A source: where the tenant's cards stand after what was done to them; a card nothing was done to has no row."""
    return _own(card_state)


def card_aliases() -> Subquery:
    """A source: ids that cards of the tenant were ever found under, and those they go by."""
    columns = (card_alias.c.alias_id, card_alias.c.card_id, card_alias.c.first_published_at)
    return select(*columns).where(card_alias.c.tenant_id == _TENANT).subquery()


def invitations() -> Subquery:
    """A source: invitations of the tenant that are neither accepted nor revoked, without their secrets."""
    hidden = {"tenant_id", "secret_hash", "accepted_at", "accepted_by", "revoked_at"}
    is_open = invitation.c.accepted_at.is_(None) & invitation.c.revoked_at.is_(None)
    return _named(invitation, hidden, invitation.c.invited_by, "invited_by_name").where(is_open).subquery()


def api_keys() -> Subquery:
    """A source: API keys of the tenant that were not revoked, without their secrets."""
    hidden = {"tenant_id", "secret_hash", "revoked_at"}
    named = _named(api_key, hidden, api_key.c.created_by, "created_by_name")
    return named.where(api_key.c.revoked_at.is_(None)).subquery()


def audit_entries() -> Subquery:
    """A source: what was done in the tenant."""
    return _own(audit)


def _named(table: Table, hidden: set[str], by: ColumnElement[str], label: str) -> Select[Any]:
    """The tenant's rows of a table, and beside them the name of the user that `by` says; an operator goes by that."""
    return (
        select(*(column for column in table.c if column.name not in hidden))
        .add_columns(func.coalesce(user_table.c.name, by).label(label))
        .outerjoin(user_table, (user_table.c.tenant_id == table.c.tenant_id) & (user_table.c.subject == by))
        .where(table.c.tenant_id == _TENANT)
    )


def trigger_params() -> Subquery:
    """A source: every value of a trigger's parameter that the tenant ever set; of no build."""
    return _own(trigger_param)


def trigger_presets() -> Subquery:
    """A source: every preset the tenant ever chose; of no build."""
    return _own(trigger_preset)


def trigger_rules() -> Subquery:
    """A source: every version of the tenant's own rules; of no build."""
    return _own(trigger_rule)


def llm_budgets() -> Subquery:
    """A source: every version of what the tenant's reading may cost; of no build."""
    return _own(llm_budget)


def llm_standings() -> Subquery:
    """A source: how the tenant's month stood when it was last looked at; of no build."""
    return _own(llm_standing)


WRITTEN: Mapping[str, Subquery] = {
    # SQLAlchemy's own string type for names is not one that orjson takes for a key.
    str(one.name): _own(one)
    for one in (
        trigger_param,
        trigger_preset,
        trigger_rule,
        llm_budget,
        topic_version,
        topic_edit,
        correction,
        audit_ticket,
        card_event,
    )
}
"""Sources by name: all that the tenant's people decided and wrote; of no build."""


def tasks() -> Subquery:
    """A source: what people of the tenant asked to be done in the background."""
    return _own(task)


def topic_versions() -> Subquery:
    """A source: the tenant's taxonomy, version by version."""
    return _own(topic_version)


def topic_edits() -> Subquery:
    """A source: what people of the tenant did to the draft of the next version."""
    return _own(topic_edit)


def topic_drafts() -> Subquery:
    """A source: how often that draft was changed; no row before it was."""
    return select(topic_draft.c.seq).where(topic_draft.c.tenant_id == _TENANT).subquery()


def field_mappings() -> Subquery:
    """A source: every version of what the tenant's HubSpot properties and stages mean."""
    return _own(field_mapping)


def field_candidates() -> Subquery:
    """A source: what the tenant's fields could be mapped to."""
    return _own(field_candidate)


def import_streams() -> Subquery:
    """A source: how far the tenant's import is."""
    return _own(import_stream)


def topic_proposals() -> Subquery:
    """A source: topics that were found in the tenant's tickets."""
    return _own(topic_proposal)


def topic_proposal_quotes() -> Subquery:
    """A source: what those rest on."""
    return _own(topic_proposal_quote)


def corrections() -> Subquery:
    """A source: readings that people of the tenant corrected, whole rows: what stands is told from them where they are kept."""
    return select(*correction.c).where(correction.c.tenant_id == _TENANT).subquery()


def notifications() -> Subquery:
    """A source: what the tenant's people are told; each is told their own only, which the repository sees to."""
    return _own(notification)


def notification_deliveries() -> Subquery:
    """A source: what of it was sent away, and what became of that."""
    return _own(notification_delivery)


def notification_preferences() -> Subquery:
    """A source: what people of the tenant want to be told where."""
    return _own(notification_preference)


def notification_channels() -> Subquery:
    """A source: how the tenant is told things, never the address of its webhook."""
    columns = (one for one in notification_channel.c if one.name not in {"tenant_id", "slack_url"})
    return select(*columns).where(notification_channel.c.tenant_id == _TENANT).subquery()


def prompt_wordings() -> Subquery:
    """A source: what the prompts said that the tenant's tickets were read with; of no build."""
    return _own(prompt_wording)


def onboarding_confirmations() -> Subquery:
    """A source: steps of onboarding that people of the tenant called finished."""
    return _own(onboarding_confirmation)


class Prepared:
    """A query over sources that is asked again and again, put into the database's words once.

    Whose rows it asks for is open in it as in every query, so one serves all tenants.
    """

    def __init__(self, query: Select[Any]) -> None:
        self._query = query
        self._compiled: dict[str, Any] = {}

    def for_dialect(self, dialect: Dialect) -> Any:
        """The statement in the words of one kind of database."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._query.compile(dialect=dialect)
        return found


_POINTER_PREPARED = Prepared(_POINTER)

_prepared: OrderedDict[str, Prepared] = OrderedDict()
_is_preparing = threading.Lock()
_MOST_PREPARED = 500


def prepared(key: str, make: Callable[[], Select[Any]]) -> Prepared:
    """The query of that key; the least used are forgotten.

    Args:
        key: Says everything the query depends on, its values included.
        make: Puts it together, where it is not there yet.
    """
    with _is_preparing:
        found = _prepared.get(key)
        if found is not None:
            _prepared.move_to_end(key)
            return found
    made = Prepared(make())
    with _is_preparing:
        _prepared[key] = made
        if len(_prepared) > _MOST_PREPARED:
            _prepared.popitem(last=False)
    return made


class NothingPublished(Conflict):
    """The tenant has no published build yet: an empty board would look like health."""


class TenantGone(Forbidden):
    """The tenant of a known user is not there any more."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """The build the answer comes from, and how far announcements have come; None before the first."""

    build_id: str
    published_at: datetime
    as_of_at: datetime
    position: int | None


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
        for found in self._read(_POINTER_PREPARED):
            return Served(**found)
        raise NothingPublished(
            f"Nothing has been published for tenant {self.tenant_id} yet: run the pipeline once, then reload."
        )

    @property
    def stamp(self) -> dict[str, Any]:
        """The `build` object of an answer."""
        served = self.build
        return {"build_id": served.build_id, "published_at": served.published_at, "as_of_at": served.as_of_at}

    @property
    def version(self) -> tuple[str, ...]:
        """What an ETag must change with: program, tenant, build, and how much has been announced since.

        Raises:
            NothingPublished: There is no build yet.
        """
        served = self.build
        return version_of(self.tenant_id, served.build_id, served.published_at, served.position)

    def tenant(self) -> dict[str, Any]:
        """Who the tenant is: id, name, plan tier and currency.

        Raises:
            TenantGone: It was deleted a moment ago.
        """
        for found in self._read(_ME):
            return found
        raise TenantGone(f"Tenant {self.tenant_id} no longer exists: sign in again.")

    def settings(self) -> dict[str, Any]:
        """What the tenant's people may set of it.

        Raises:
            TenantGone: It was deleted a moment ago.
        """
        for found in self._read(_SETTINGS):
            return found
        raise TenantGone(f"Tenant {self.tenant_id} no longer exists: sign in again.")

    def users(self) -> list[dict[str, Any]]:
        """Who works here, in the order of their names."""
        return self._read(_USERS)

    def hubspot_connection(self) -> dict[str, Any] | None:
        """How the tenant's HubSpot is reached, without its credentials; None where it was never connected."""
        return next(iter(self._read(_HUBSPOT)), None)

    def saved_views(self, subject: str) -> list[dict[str, Any]]:
        """A user's own views of the board and the shared ones, by name."""
        return self._read(_VIEWS, subject=subject)

    def live_position(self) -> int:
        """Number of the tenant's newest announcement; 0 before the first."""
        return next((row["position"] for row in self._read(_LIVE_POSITION)), 0)

    def live_events(self, after: int, limit: int) -> list[dict[str, Any]]:
        """The first announcements after a position, `limit` at most."""
        return self._read(_LIVE_EVENTS.limit(limit), after=after)

    def rows(self, query: Select[Any] | Prepared) -> list[dict[str, Any]]:
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

    def standing(self, query: Select[Any] | Prepared) -> list[dict[str, Any]]:
        """Every row of a query over sources that belong to no build, and are there before the first one."""
        return self._read(query)

    def _read(self, query: Select[Any] | Prepared, **open_values: str | int) -> list[dict[str, Any]]:
        statement = query.for_dialect(self._connection.dialect) if isinstance(query, Prepared) else query
        result = self._connection.execute(statement, {"session_tenant_id": self.tenant_id} | open_values)
        # SQLAlchemy's own string type for names is not one that orjson takes for a key.
        names = [str(name) for name in tuple(result.keys())]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


class Tenancy:
    """Opens sessions."""

    def __init__(self, engine: Engine) -> None:
        self._is_postgres = engine.dialect.name == "postgresql"
        if self._is_postgres:
            # Pointer and rows must come from one snapshot: under READ COMMITTED each statement takes its own.
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._engine = engine

    def receipt(self, receipt_id: str) -> Deletion | None:
        """What became of a tenant's deletion. No tenant is left to read it as: who has the id, which nobody can guess, may."""
        return Deletions(self._engine).find(receipt_id)

    @contextmanager
    def session(self, user: User) -> Iterator[TenantSession]:
        """A read transaction that sees the rows of the user's tenant."""
        with self._engine.connect() as connection:
            enter_tenant(connection, user.tenant_id)
            if not self._is_postgres:
                _lower_all_letters(connection)
            yield TenantSession(connection, user.tenant_id)

    def live_positions(self, tenant_ids: Collection[TenantId]) -> dict[TenantId, int]:
        """Number of the newest announcement of each of these tenants that ever made one."""
        with self._engine.connect() as connection:
            rows = connection.execute(_LIVE_POSITIONS, {"tenant_ids": list(tenant_ids)})
            return {TenantId(row.tenant_id): row.position for row in rows}


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
