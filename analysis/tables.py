"""The tables of the schema `enrichment`, as docs/names.md has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.canaries.readings import CANARY_READINGS
from analysis.evals.runs import EVALUATIONS
from analysis.evals.shipped import add_shipped_precision
from core.naming import ENRICHMENT
from core.warehouse import Column, ColumnType, TableSpec, Warehouse

_PROVENANCE = (
    Column("analyzer"),
    Column("model"),
    Column("prompt_version"),
    Column("schema_hash"),
    Column("input_hash"),
    Column("sent_hash"),
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
_MESSAGE = (*_TICKET, Column("message_id"))
_MESSAGE_KEY = (*_TICKET_KEY, "message_id")

MESSAGE_TEXTS = TableSpec(
    schema=ENRICHMENT,
    name="message_texts",
    columns=(
        *_MESSAGE,
        Column("text"),
        Column("input_hash"),
        Column("is_truncated", ColumnType.BOOLEAN),
        Column("is_repeated", ColumnType.BOOLEAN),
        Column("read_at", ColumnType.TIMESTAMP),
    ),
    key=_MESSAGE_KEY,
)
MESSAGE_SENTIMENT = TableSpec(
    schema=ENRICHMENT,
    name="message_sentiment",
    columns=(
        *_MESSAGE,
        Column("sentiment"),
        Column("level", ColumnType.INTEGER),
        Column("churn_intent"),
        Column("target"),
        Column("resolution"),
        Column("is_evidence_ok", ColumnType.BOOLEAN),
        *_PROVENANCE,
    ),
    key=_MESSAGE_KEY,
)
MESSAGE_EVIDENCE = TableSpec(
    schema=ENRICHMENT,
    name="message_evidence",
    columns=(
        *_MESSAGE,
        Column("evidence_index", ColumnType.INTEGER),
        Column("quote"),
        Column("quote_start", ColumnType.INTEGER),
        Column("quote_end", ColumnType.INTEGER),
        Column("call_key"),
    ),
    key=(*_MESSAGE_KEY, "evidence_index"),
    replace_by=_MESSAGE_KEY,
)
TICKET_TOPICS = TableSpec(
    schema=ENRICHMENT,
    name="ticket_topics",
    columns=(*_TICKET, Column("topic"), Column("topic_rank", ColumnType.INTEGER), *_PROVENANCE),
    key=(*_TICKET_KEY, "topic"),
    replace_by=_TICKET_KEY,
)
TICKET_TOPIC_HISTORY = TableSpec(
    schema=ENRICHMENT,
    name="ticket_topic_history",
    columns=(
        *_TICKET,
        Column("taxonomy_version", ColumnType.INTEGER),
        Column("topics"),
        Column("analyzed_at", ColumnType.TIMESTAMP),
    ),
    key=(*_TICKET_KEY, "taxonomy_version"),
)
DEAD_LETTERS = TableSpec(
    schema=ENRICHMENT,
    name="dead_letters",
    columns=(
        *_MESSAGE,
        Column("task"),
        Column("reason"),
        Column("raw"),
        Column("call_key"),
        Column("attempt_count", ColumnType.INTEGER),
        Column("first_seen_at", ColumnType.TIMESTAMP),
    ),
    key=(*_MESSAGE_KEY, "task"),
)

ENRICHMENT_TABLES = (
    MESSAGE_TEXTS,
    MESSAGE_SENTIMENT,
    MESSAGE_EVIDENCE,
    TICKET_TOPICS,
    TICKET_TOPIC_HISTORY,
    DEAD_LETTERS,
)
"""All that hold readings; `merge` takes them in this order, so evidence never stands without its text."""


DEFERRED_READINGS = TableSpec(
    schema=ENRICHMENT,
    name="deferred_readings",
    columns=(
        *_TICKET,
        Column("task"),
        Column("reason"),
        Column("estimated_usd", ColumnType.FLOAT),
        Column("deferred_at", ColumnType.TIMESTAMP),
    ),
    key=(*_TICKET_KEY, "task"),
)
"""What waits for room in a budget; apart from the others, since it says nothing about what was read."""


@dataclass(frozen=True)
class ReadingTables:
    """Where the parts of a reading go.

    Attributes:
        texts: What was read; None where that is kept elsewhere already.
        topic_history: Labels by version of the taxonomy; None where no history is kept.
        within: Column and value that every row carries, and that nothing outside is touched of; empty for whole tables.
    """

    texts: TableSpec | None
    sentiment: TableSpec
    evidence: TableSpec
    topics: TableSpec
    dead_letters: TableSpec
    topic_history: TableSpec | None = None
    within: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all(self) -> tuple[TableSpec, ...]:
        """Those there are, in the order they are merged in."""
        found = (self.texts, self.sentiment, self.evidence, self.topics, self.topic_history, self.dead_letters)
        return tuple(one for one in found if one is not None)

    @property
    def of_tickets(self) -> tuple[TableSpec, ...]:
        """Those that hold something of a ticket, and nothing of its messages."""
        return tuple(one for one in (self.topics, self.topic_history) if one is not None)


READ_TABLES = ReadingTables(
    MESSAGE_TEXTS, MESSAGE_SENTIMENT, MESSAGE_EVIDENCE, TICKET_TOPICS, DEAD_LETTERS, TICKET_TOPIC_HISTORY
)
"""What the marts are made of."""


def ensure_enrichment_tables(warehouse: Warehouse) -> None:
    """Create the tables where they are missing: what is built on them may be built before the first ticket is read.

    Beside them stands what was measured of analyzers, with the figures that ship.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As `Warehouse.merge`.
    """
    warehouse.merge([(table, []) for table in (*ENRICHMENT_TABLES, DEFERRED_READINGS, EVALUATIONS, CANARY_READINGS)])
    add_shipped_precision(warehouse)
