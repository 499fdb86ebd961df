"""Audit each tenant's marts and put those that pass in front of readers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine

from core.appdb.bi import copies
from core.appdb.builds import Build, BuildStore, Rows
from core.appdb.notifications import tell_of_build
from core.naming import BI_ONLY_MARTS, MARTS, PUBLISHED_MARTS
from core.publishing.audits import Audit, audit
from core.publishing.bi_file import write_bi_file
from core.publishing.cards import cards_are_known, read_card_changes, settle
from core.publishing.owners import read_owner_emails
from core.publishing.state import passed_state
from core.tenants import TenantId
from core.warehouse import Warehouse
from core.warehouse.duckdb import DuckDBWarehouse

_ROWS_AT_ONCE = 5_000

_IN_PIECES = ("card_messages", "tickets", "topic_tickets")
"""Marts that no audit looks at and that grow with the tickets: they are copied as they are read, never held whole."""


@dataclass(frozen=True)
class TenantOutcome:
    """What became of one tenant's build."""

    tenant_id: TenantId
    is_published: bool
    audits: Sequence[Audit]
    row_counts: Mapping[str, int]

    @property
    def failures(self) -> list[str]:
        """The audits that held it back, as sentences."""
        return [f"{verdict.name}: {verdict.detail}" for verdict in self.audits if not verdict.is_passed]


@dataclass(frozen=True)
class PublishReport:
    """What one publish did."""

    build_id: str
    as_of_at: datetime
    published_at: datetime
    outcomes: Sequence[TenantOutcome]
    bi_file: Path | None = field(default=None)

    @property
    def held_back(self) -> list[TenantOutcome]:
        """Tenants that stay on their old build."""
        return [outcome for outcome in self.outcomes if not outcome.is_published]


def publish(
    *,
    warehouse: Warehouse,
    engine: Engine,
    tenant_ids: Sequence[TenantId],
    data_dir: Path,
    max_drop_share: float,
    builds_kept: int,
    on_tenant: Callable[[TenantOutcome], None] | None = None,
) -> PublishReport:
    """Publish the marts of these tenants as one new build each, under one build id.

    No dbt build runs meanwhile: both hold the lock `transform`. A tenant whose audit fails keeps its old build and is reported.

    Raises:
        MartsNotReady: The marts are not the result of a dbt build that passed.
        WarehouseBusy: A dbt build held the lock for longer than the timeout.
    """
    with warehouse.named_lock("transform"):
        state = passed_state(warehouse)
        now = datetime.now(UTC)
        build_id = f"{now:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"
        store = BuildStore(engine)
        is_for_bi = engine.dialect.name == "postgresql"
        if is_for_bi:
            copies.make_room(engine, {mart: _columns_of(warehouse, mart) for mart in BI_ONLY_MARTS})
        outcomes = []
        for tenant_id in tenant_ids:
            new = Build(
                tenant_id=tenant_id, build_id=build_id, as_of_at=state.as_of_at, built_at=now, row_counts={}, audits=()
            )
            outcome = _publish_tenant(warehouse, engine, store, new, max_drop_share, builds_kept, is_for_bi=is_for_bi)
            outcomes.append(outcome)
            if on_tenant:
                on_tenant(outcome)
        bi_file = None
        passed = [outcome.tenant_id for outcome in outcomes if outcome.is_published]
        if isinstance(warehouse, DuckDBWarehouse):
            bi_file = write_bi_file(warehouse, data_dir / "published", build_id, passed=passed, kept=builds_kept)
        return PublishReport(build_id, state.as_of_at, now, outcomes, bi_file)


def _publish_tenant(
    warehouse: Warehouse,
    engine: Engine,
    store: BuildStore,
    new: Build,
    max_drop_share: float,
    builds_kept: int,
    *,
    is_for_bi: bool,
) -> TenantOutcome:
    with warehouse.snapshot() as snapshot:
        marts = {
            mart: snapshot.rows(_of_tenant(mart), tenant_id=new.tenant_id)
            for mart in PUBLISHED_MARTS
            if mart not in _IN_PIECES
        }
        changes = read_card_changes(snapshot, new.tenant_id, new.as_of_at)
        owner_emails = read_owner_emails(snapshot, new.tenant_id)
    served = store.current(new.tenant_id)
    audits = audit(marts, previous_counts=served.row_counts if served else None, max_drop_share=max_drop_share)
    with engine.connect() as connection:
        audits.append(cards_are_known(connection, new.tenant_id, changes))
    if not all(verdict.is_passed for verdict in audits):
        counts = {mart: len(rows) for mart, rows in marts.items()}
        return TenantOutcome(new.tenant_id, is_published=False, audits=audits, row_counts=counts)
    audited = Build(**{**vars(new), "audits": [asdict(verdict) for verdict in audits]})
    copied: dict[str, Rows] = {mart: [rows] if rows else [] for mart, rows in marts.items()}
    for mart in (*_IN_PIECES, *(BI_ONLY_MARTS if is_for_bi else ())):
        copied[mart] = warehouse.batches(_of_tenant(mart), _ROWS_AT_ONCE, tenant_id=new.tenant_id)

    def also(connection: Connection) -> None:
        settle(connection, new.tenant_id, changes, now=new.built_at)
        cards = marts["churn_risk_cards"]
        tell_of_build(connection, new.tenant_id, cards, owner_emails=owner_emails, now=new.built_at)

    counts = store.publish(audited, copied, published_at=new.built_at, also=also)
    store.collect(new.tenant_id, kept=builds_kept)
    return TenantOutcome(new.tenant_id, is_published=True, audits=audits, row_counts=counts)


def _of_tenant(mart: str) -> str:
    return f"select * from {MARTS}.{mart} where tenant_id = :tenant_id"


def _columns_of(warehouse: Warehouse, mart: str) -> dict[str, str]:
    sql = (
        "select column_name, data_type from information_schema.columns "
        "where table_schema = :schema and table_name = :mart order by ordinal_position"
    )
    return {row["column_name"]: row["data_type"] for row in warehouse.rows(sql, schema=MARTS, mart=mart)}
