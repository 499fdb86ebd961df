"""Published builds: copies of the served marts, and one pointer per tenant that says which copy readers get.

A build and its pointer become visible in one transaction, so a reader, who reads pointer and rows in one transaction of its own,
sees the old build or the new one and nothing between.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from core import chaos
from core.appdb.bi import copies
from core.appdb.live import announce
from core.appdb.tables import PUBLISHED, build, published_build
from core.errors import Terminal
from core.tenants import TenantId
from core.vocabulary import LiveType

Rows = Iterable[Sequence[Mapping[str, Any]]]
"""Rows of one mart in batches, as the warehouse hands them out."""


class NoOlderBuild(Terminal):
    """There is nothing to roll back to."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build of one tenant, and when it was put in front of readers."""

    tenant_id: TenantId
    build_id: str
    as_of_at: datetime
    built_at: datetime
    row_counts: Mapping[str, int]
    audits: Sequence[Mapping[str, Any]]
    published_at: datetime | None = None


class BuildStore:
    """Writes builds and moves pointers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def publish(
        self,
        new: Build,
        marts: Mapping[str, Rows],
        *,
        published_at: datetime,
        also: Callable[[Connection], None] = lambda _: None,
    ) -> dict[str, int]:
        """Copy the marts and move the pointer in one transaction; returns rows copied per mart.

        Publishing the same `build_id` again replaces it.

        Args:
            new: The build.
            marts: Its rows.
            published_at: When readers get it.
            also: What else is written in the same transaction, before the pointer moves.
        """
        counts: dict[str, int] = {}
        with self._engine.connect().execution_options(is_writing=True) as connection, connection.begin():
            connection.execute(
                delete(published_build).where(
                    published_build.c.tenant_id == new.tenant_id, published_build.c.build_id == new.build_id
                )
            )
            _drop(connection, new.tenant_id, [new.build_id])
            connection.execute(insert(build).values(_build_row(new)))
            for mart, batches in marts.items():
                counts[mart] = _copy(connection, mart, new, batches)
            connection.execute(
                update(build)
                .where(build.c.tenant_id == new.tenant_id, build.c.build_id == new.build_id)
                .values(row_counts=counts)
            )
            also(connection)
            chaos.point("publish.after_stage")
            chaos.point("publish.before_pointer")
            _point(connection, new.tenant_id, new.build_id, published_at)
        chaos.point("publish.after_pointer")
        return counts

    def current(self, tenant_id: TenantId) -> Build | None:
        """The build readers are served from, or None before the first."""
        builds = [held for held in self.builds(tenant_id) if held.published_at]
        return builds[0] if builds else None

    def builds(self, tenant_id: TenantId) -> list[Build]:
        """Every build kept for the tenant, newest first; the served one has `published_at`."""
        query = (
            select(build, published_build.c.published_at)
            .outerjoin(
                published_build,
                (published_build.c.tenant_id == build.c.tenant_id) & (published_build.c.build_id == build.c.build_id),
            )
            .where(build.c.tenant_id == tenant_id)
            .order_by(build.c.built_at.desc(), build.c.build_id.desc())
        )
        with self._engine.connect() as connection:
            return [Build(**row) for row in connection.execute(query).mappings()]

    def rollback(self, tenant_id: TenantId, *, published_at: datetime) -> Build:
        """Point readers at the build before the served one.

        Raises:
            NoOlderBuild: None is kept.
        """
        builds = self.builds(tenant_id)
        served = next((position for position, held in enumerate(builds) if held.published_at), len(builds))
        if served + 1 >= len(builds):
            raise NoOlderBuild(f"Tenant {tenant_id} has no build older than the served one to go back to.")
        older = builds[served + 1]
        with self._engine.connect().execution_options(is_writing=True) as connection, connection.begin():
            _point(connection, tenant_id, older.build_id, published_at)
        return older

    def collect(self, tenant_id: TenantId, *, kept: int) -> int:
        """Drop all but the newest `kept` builds and the served one; returns how many went."""
        builds = self.builds(tenant_id)
        old = [held.build_id for held in builds[kept:] if not held.published_at]
        if old:
            with self._engine.connect().execution_options(is_writing=True) as connection, connection.begin():
                _drop(connection, tenant_id, old)
        chaos.point("publish.after_collect")
        return len(old)


def _build_row(new: Build) -> dict[str, Any]:
    return {
        "tenant_id": new.tenant_id,
        "build_id": new.build_id,
        "as_of_at": new.as_of_at,
        "built_at": new.built_at,
        "row_counts": {},
        "audits": list(new.audits),
    }


def _copy(connection: Connection, mart: str, new: Build, batches: Rows) -> int:
    table = PUBLISHED[mart] if mart in PUBLISHED else copies.table_of(connection, mart)
    names = [column.name for column in table.columns if column.name not in {"tenant_id", "build_id"}]
    count = 0
    for batch in batches:
        connection.execute(
            insert(table),
            [
                {"tenant_id": new.tenant_id, "build_id": new.build_id} | {name: row[name] for name in names}
                for row in batch
            ],
        )
        count += len(batch)
    return count


def _point(connection: Connection, tenant_id: TenantId, build_id: str, published_at: datetime) -> None:
    values = {"build_id": build_id, "published_at": published_at}
    moved = update(published_build).where(published_build.c.tenant_id == tenant_id).values(values)
    if not connection.execute(moved).rowcount:
        connection.execute(insert(published_build).values(tenant_id=tenant_id, **values))
    _announce(connection, tenant_id, build_id, published_at)


def announce_served(connection: Connection, tenant_id: TenantId) -> None:
    """Tell everybody that the published build is to be read anew: its rows are no longer what they were. The last thing to do."""
    served = select(published_build.c.build_id, published_build.c.published_at)
    for build_id, published_at in connection.execute(served.where(published_build.c.tenant_id == tenant_id)):
        _announce(connection, tenant_id, build_id, published_at)


def _announce(connection: Connection, tenant_id: TenantId, build_id: str, published_at: datetime) -> None:
    told = {"build_id": build_id, "published_at": published_at.isoformat()}
    announce(connection, tenant_id, LiveType.BUILD, told)


def _drop(connection: Connection, tenant_id: TenantId, build_ids: Sequence[str]) -> None:
    for table in [*PUBLISHED.values(), build]:
        connection.execute(delete(table).where(table.c.tenant_id == tenant_id, table.c.build_id.in_(build_ids)))
