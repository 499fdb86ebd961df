"""The tables a shadow is written to: those of a reading, each row under the shadow it belongs to. Nothing is built on them."""

from dataclasses import replace

from analysis.tables import DEAD_LETTERS, MESSAGE_EVIDENCE, MESSAGE_SENTIMENT, TICKET_TOPICS
from core.naming import ENRICHMENT
from core.warehouse import Column, ColumnType, TableSpec, Warehouse

_SHADOW = (Column("shadow_id"), Column("repeat_index", ColumnType.INTEGER))
_SHADOW_KEY = ("shadow_id", "repeat_index")


def _shadow_of(spec: TableSpec, name: str, *more: Column) -> TableSpec:
    tenant, *columns = spec.columns
    return replace(
        spec,
        name=name,
        columns=(tenant, *_SHADOW, *columns, *more),
        key=("tenant_id", *_SHADOW_KEY, *spec.key[1:]),
        replace_by=("tenant_id", *_SHADOW_KEY, *spec.replace_by[1:]) if spec.replace_by else (),
    )


_PINNED = Column("pinned_call_key")

SHADOW_SENTIMENT = _shadow_of(MESSAGE_SENTIMENT, "shadow_sentiment", _PINNED)
SHADOW_EVIDENCE = _shadow_of(MESSAGE_EVIDENCE, "shadow_evidence")
SHADOW_TOPICS = _shadow_of(TICKET_TOPICS, "shadow_topics", _PINNED)
SHADOW_DEAD_LETTERS = _shadow_of(DEAD_LETTERS, "shadow_dead_letters", _PINNED)

SHADOWED = {
    MESSAGE_SENTIMENT.name: SHADOW_SENTIMENT,
    MESSAGE_EVIDENCE.name: SHADOW_EVIDENCE,
    TICKET_TOPICS.name: SHADOW_TOPICS,
    DEAD_LETTERS.name: SHADOW_DEAD_LETTERS,
}
"""By the name of the table whose rows it holds the like of. Texts have none: they are the same whoever reads them."""

SHADOWS = TableSpec(
    schema=ENRICHMENT,
    name="shadows",
    columns=(
        Column("tenant_id"),
        Column("shadow_id"),
        Column("task"),
        *(Column(f"{side}{name}") for side in ("", "pinned_") for name in ("analyzer", "model", "prompt_version")),
        Column("schema_hash"),
        Column("run_id"),
        Column("started_at", ColumnType.TIMESTAMP),
    ),
    key=("tenant_id", "shadow_id"),
)
"""One row a shadow, as its last run found the candidate and the pinned reading."""

SHADOW_TABLES = (SHADOWS, *SHADOWED.values())
"""All of them."""


def ensure_shadow_tables(warehouse: Warehouse) -> None:
    """Create the tables where they are missing.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As `Warehouse.merge`.
    """
    warehouse.merge([(table, []) for table in SHADOW_TABLES])


def drop(warehouse: Warehouse, tenant_id: str, shadow_id: str) -> None:
    """Remove a shadow of a tenant.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As every write.
    """
    with warehouse.write_lock():
        for table in reversed(SHADOW_TABLES):
            gone = f"delete from {table.qualified} where tenant_id = :tenant_id and shadow_id = :shadow_id"  # noqa: S608
            warehouse.execute(gone, tenant_id=tenant_id, shadow_id=shadow_id)
