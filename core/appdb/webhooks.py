"""What HubSpot's webhooks announced: written down when it comes, taken when somebody has the time to look, forgotten later.

An event is kept as it came, but for the value of the property it is about: that may be a person's address or a ticket's words,
and nothing needs it, since what has changed is always read from HubSpot itself. So there is nothing of a person in here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.appdb.engine import writing
from core.appdb.tables import connection as connection_table
from core.appdb.tables import tenant as tenant_table
from core.appdb.tables import webhook_event as table
from core.chunks import chunks
from core.tenants import Cell, TenantId
from core.webhooks import VALUE, WebhookEvent

KEPT_FOR = timedelta(days=30)
"""How long an event is kept; whatever it announced, the sweeps of thirty days have seen it too."""

TAKEN_AT_ONCE = 10_000
"""Events one run looks at; the next one takes the rest."""

_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
_NAMES_AT_ONCE = 1_000


@dataclass(frozen=True, kw_only=True)
class TakenEvent:
    """An event that somebody is about to act on.

    Attributes:
        is_repeated: Whether somebody was before, and did not come to an end.
    """

    key: str
    tenant_id: TenantId
    raw: Mapping[str, Any]
    is_repeated: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of a delivery: events that were new, and portals among them that no tenant has connected."""

    new_count: int
    unknown_portals: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class PortalTraffic:
    """What came from one portal within `KEPT_FOR`.

    Attributes:
        tenant_id: None where no tenant had connected the portal when the events came.
        waiting_since: When the oldest unhandled event came.
        attempt_count: The most attempts any unhandled event has seen.
    """

    portal_id: str
    tenant_id: TenantId | None
    received_count: int
    last_received_at: datetime
    waiting_count: int
    waiting_since: datetime | None
    attempt_count: int


class WebhookInbox:
    """Keeps events and hands them out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, events: Sequence[WebhookEvent], *, received_at: datetime) -> Kept:
        """Write a delivery down, all of it or nothing; what is there already is left as it is."""
        # In the order of the key, since two transactions that wait for each other's rows in two orders end in a deadlock.
        keyed = {event.key: event for event in events}
        by_key = {key: keyed[key] for key in sorted(keyed)}
        if not by_key:
            return Kept(new_count=0, unknown_portals=())
        portals = {event.portal_id for event in events}
        with writing(self._engine) as connection:
            known = select(connection_table.c.hub_id, connection_table.c.tenant_id).where(
                connection_table.c.type == "hubspot", connection_table.c.hub_id.in_(sorted(portals))
            )
            owners: dict[str, str] = {row.hub_id: row.tenant_id for row in connection.execute(known)}
            rows = [_row(key, event, owners.get(event.portal_id), received_at) for key, event in by_key.items()]
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            # Rows as parameters become one statement too, and one that is put together once and not for each delivery.
            added = dialect.insert(table).on_conflict_do_nothing().returning(table.c.event_key)
            new_count = len(connection.execute(added, rows).all())
            return Kept(new_count=new_count, unknown_portals=sorted(portals - set(owners)))

    def due_cells(self, now: datetime) -> list[Cell]:
        """Cells with tenants of which something is worth an attempt now, in order."""
        query = (
            select(tenant_table.c.cell)
            .join(table, table.c.tenant_id == tenant_table.c.tenant_id)
            .where(table.c.handled_at.is_(None), table.c.due_at <= now)
            .distinct()
            .order_by(tenant_table.c.cell)
        )
        with self._engine.connect() as connection:
            return [Cell(name) for name in connection.scalars(query)]

    def take(self, tenants: Sequence[TenantId], *, now: datetime, limit: int = TAKEN_AT_ONCE) -> list[TakenEvent]:
        """Unhandled events of these tenants, oldest first, due or not.

        They are due again after a pause that doubles with every attempt, from a minute to an hour; so a run that is killed,
        or a tenant that cannot be reached, is tried again, and not all the time.
        """
        query = (
            select(table.c.event_key, table.c.tenant_id, table.c.raw, table.c.attempt_count)
            .where(table.c.tenant_id.in_(tenants), table.c.handled_at.is_(None))
            .order_by(table.c.received_at, table.c.event_key)
            .limit(limit)
        )
        with writing(self._engine) as connection:
            found = connection.execute(query).all()
            by_attempts: dict[int, list[str]] = defaultdict(list)
            for row in found:
                by_attempts[row.attempt_count].append(row.event_key)
            for attempts, keys in by_attempts.items():
                pause = min(_FIRST_PAUSE * 2 ** min(attempts, 10), _LONGEST_PAUSE)
                for some in chunks(keys, _NAMES_AT_ONCE):
                    claim = update(table).where(table.c.event_key.in_(some))
                    connection.execute(claim.values(attempt_count=attempts + 1, due_at=now + pause))
        return [
            TakenEvent(
                key=row.event_key,
                tenant_id=TenantId(row.tenant_id),
                raw=row.raw,
                is_repeated=row.attempt_count > 0,
            )
            for row in found
        ]

    def note_handled(self, keys: Sequence[str], *, handled_at: datetime) -> None:
        """What these events announced is in the warehouse."""
        with writing(self._engine) as connection:
            for some in chunks(keys, _NAMES_AT_ONCE):
                done = update(table).where(table.c.event_key.in_(some), table.c.handled_at.is_(None))
                connection.execute(done.values(handled_at=handled_at))

    def prune(self, *, now: datetime) -> int:
        """Forget events older than `KEPT_FOR`, handled or not; returns how many went."""
        with writing(self._engine) as connection:
            return connection.execute(delete(table).where(table.c.received_at < now - KEPT_FOR)).rowcount

    def portals(self) -> list[PortalTraffic]:
        """What came from where, portals that nobody has connected included."""
        is_waiting = table.c.handled_at.is_(None)
        query = (
            select(
                table.c.portal_id,
                table.c.tenant_id,
                func.count().label("received_count"),
                func.max(table.c.received_at).label("last_received_at"),
                func.count(case((is_waiting, 1))).label("waiting_count"),
                func.min(case((is_waiting, table.c.received_at))).label("waiting_since"),
                func.coalesce(func.max(case((is_waiting, table.c.attempt_count))), 0).label("attempt_count"),
            )
            .group_by(table.c.portal_id, table.c.tenant_id)
            .order_by(table.c.portal_id, table.c.tenant_id)
        )
        with self._engine.connect() as connection:
            return [PortalTraffic(**row) for row in connection.execute(query).mappings()]


def _row(key: str, event: WebhookEvent, owner: str | None, received_at: datetime) -> dict[str, Any]:
    return {
        "event_key": key,
        "tenant_id": owner,
        "portal_id": event.portal_id,
        "subscription_type": event.subscription_type,
        "subscription_id": event.subscription_id,
        "event_id": event.event_id,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "property_name": event.property_name,
        "raw": {name: value for name, value in event.raw.items() if name != VALUE},
        "occurred_at": event.occurred_at,
        "received_at": received_at,
        "due_at": received_at,
        "attempt_count": 0,
        "handled_at": None if event.is_acted_on else received_at,
    }
