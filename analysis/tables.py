"""The tables of the schema `enrichment`, as docs/names.md has them."""

from core.naming import ENRICHMENT
from core.warehouse import Column, ColumnType, TableSpec, Warehouse

_PROVENANCE = (
    Column("analyzer"),
    Column("model"),
    Column("prompt_version"),
    Column("schema_hash"),
    Column("input_hash"),
    Column("call_key"),
    Column("input_tokens", ColumnType.INTEGER),
    Column("output_tokens", ColumnType.INTEGER),
    Column("cost_usd", ColumnType.FLOAT),
    Column("latency_ms", ColumnType.INTEGER),
    Column("run_id"),
    Column("analyzed_at", ColumnType.TIMESTAMP),
)
_TICKET = (Column("tenant_id"), Column("ticket_id"))
_TICKET_KEY = ("tenant_id", "ticket_id")

TICKET_TEXTS = TableSpec(
    schema=ENRICHMENT,
    name="ticket_texts",
    columns=(
        *_TICKET,
        Column("text"),
        Column("input_hash"),
        Column("is_truncated", ColumnType.BOOLEAN),
        Column("read_at", ColumnType.TIMESTAMP),
    ),
    key=_TICKET_KEY,
)
TICKET_SENTIMENT = TableSpec(
    schema=ENRICHMENT,
    name="ticket_sentiment",
    columns=(
        *_TICKET,
        Column("sentiment"),
        Column("level", ColumnType.INTEGER),
        Column("churn_intent"),
        Column("target"),
        Column("resolution"),
        Column("is_evidence_ok", ColumnType.BOOLEAN),
        *_PROVENANCE,
    ),
    key=_TICKET_KEY,
)
TICKET_EVIDENCE = TableSpec(
    schema=ENRICHMENT,
    name="ticket_evidence",
    columns=(
        *_TICKET,
        Column("evidence_index", ColumnType.INTEGER),
        Column("quote"),
        Column("quote_start", ColumnType.INTEGER),
        Column("quote_end", ColumnType.INTEGER),
        Column("call_key"),
    ),
    key=(*_TICKET_KEY, "evidence_index"),
    replace_by=_TICKET_KEY,
)
TICKET_TOPICS = TableSpec(
    schema=ENRICHMENT,
    name="ticket_topics",
    columns=(*_TICKET, Column("topic"), Column("topic_rank", ColumnType.INTEGER), *_PROVENANCE),
    key=(*_TICKET_KEY, "topic"),
    replace_by=_TICKET_KEY,
)
DEAD_LETTERS = TableSpec(
    schema=ENRICHMENT,
    name="dead_letters",
    columns=(
        *_TICKET,
        Column("task"),
        Column("reason"),
        Column("raw"),
        Column("call_key"),
        Column("attempt_count", ColumnType.INTEGER),
        Column("first_seen_at", ColumnType.TIMESTAMP),
    ),
    key=(*_TICKET_KEY, "task"),
)

ENRICHMENT_TABLES = (TICKET_TEXTS, TICKET_SENTIMENT, TICKET_EVIDENCE, TICKET_TOPICS, DEAD_LETTERS)
"""All of them; `merge` takes them in this order, so evidence never stands without its text."""


def ensure_enrichment_tables(warehouse: Warehouse) -> None:
    """Create the tables where they are missing: what is built on them may be built before the first ticket is read.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As `Warehouse.merge`.
    """
    warehouse.merge([(table, []) for table in ENRICHMENT_TABLES])
