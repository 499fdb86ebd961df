"""What people decided in the product, as one more source of the warehouse: settings, corrections, and what was done to cards.

The rows come from the application database. Settings are few, and replace what is held as a whole; a table that would not change is
not touched. Card events only ever grow, so of them just the new ones are asked for. Which rows these are is decided by whoever
reads that database.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from core.errors import Terminal
from core.naming import RAW_APP
from core.tenants import Cell
from core.warehouse import Column, ColumnType, TableSpec, Warehouse
from ingestion.loader import Chunk, Mark, RawTable, UnloadableRows, ensure_tables, load

Row = Mapping[str, object]

APP_CELL = Cell("app")
"""The whole application database is one cell of its own dataset."""

_EVERYBODY = "all tenants"


class UnknownAppTable(Terminal):
    """Rows for a table that `raw_app` does not have."""


def _table(name: str, key: tuple[str, ...], columns: Sequence[Column]) -> RawTable:
    every = (Column("tenant_id"), *columns, Column("loaded_at", ColumnType.TIMESTAMP))
    return RawTable(TableSpec(RAW_APP, name, every, ("tenant_id", *key)), is_replaced_whole=True)


TENANTS = _table(
    "tenants",
    (),
    [
        *(Column(name) for name in ("name", "plan_tier", "currency", "default_owner_id")),
        Column("expire_after_days", ColumnType.INTEGER),
    ],
)
FIELD_MAPPINGS = _table(
    "field_mappings",
    ("field", "version"),
    [
        Column("field"),
        Column("version", ColumnType.INTEGER),
        *(Column(name) for name in ("property_name", "stage_ids", "unit", "currency", "currency_property")),
        Column("valid_from_at", ColumnType.TIMESTAMP),
        Column("author"),
    ],
)
TOPICS = _table(
    "topics",
    ("name",),
    [
        Column("name"),
        Column("description"),
        Column("parent"),
        Column("is_active", ColumnType.BOOLEAN),
        Column("current_topic"),
        Column("version", ColumnType.INTEGER),
    ],
)
TOPIC_VERSIONS = _table(
    "topic_versions",
    ("version",),
    [
        Column("version", ColumnType.INTEGER),
        Column("content"),
        Column("author"),
        Column("note"),
        Column("shipped_at", ColumnType.TIMESTAMP),
    ],
)
CORRECTIONS = _table(
    "corrections",
    ("correction_id",),
    [
        Column("correction_id", ColumnType.INTEGER),
        *(Column(name) for name in ("ticket_id", "field", "before", "after", "text", "input_hash", "why", "author")),
        Column("created_at", ColumnType.TIMESTAMP),
        Column("is_standing", ColumnType.BOOLEAN),
    ],
)
TRIGGER_PARAMS = _table(
    "trigger_params",
    ("trigger_type", "name", "version"),
    [
        Column("trigger_type"),
        Column("name"),
        Column("value", ColumnType.FLOAT),
        Column("version", ColumnType.INTEGER),
        Column("valid_from_at", ColumnType.TIMESTAMP),
        Column("author"),
    ],
)
TRIGGER_PRESETS = _table(
    "trigger_presets",
    ("version",),
    [
        Column("version", ColumnType.INTEGER),
        Column("preset"),
        Column("valid_from_at", ColumnType.TIMESTAMP),
        Column("author"),
    ],
)
AUDIT_TICKETS = _table(
    "audit_tickets",
    ("ticket_id",),
    [
        Column("ticket_id"),
        Column("month_on", ColumnType.DATE),
        Column("stratum"),
        Column("stratum_ticket_count", ColumnType.INTEGER),
        Column("drawn_by"),
        Column("drawn_at", ColumnType.TIMESTAMP),
        *(Column(name) for name in ("topics", "sentiment", "judged_by")),
        Column("judged_at", ColumnType.TIMESTAMP),
    ],
)
TRIGGER_RULES = _table(
    "trigger_rules",
    ("rule_id", "version"),
    [
        Column("rule_id"),
        Column("version", ColumnType.INTEGER),
        *(Column(name) for name in ("name", "tree", "severity")),
        Column("is_notify", ColumnType.BOOLEAN),
        Column("is_active", ColumnType.BOOLEAN),
        Column("valid_from_at", ColumnType.TIMESTAMP),
        Column("author"),
    ],
)
TRIGGER_RULE_LITERALS = _table(
    "trigger_rule_literals",
    ("rule_id", "version", "clause_index", "literal_index"),
    [
        Column("rule_id"),
        Column("version", ColumnType.INTEGER),
        Column("clause_index", ColumnType.INTEGER),
        Column("literal_index", ColumnType.INTEGER),
        Column("measure"),
        Column("fact"),
        Column("within_days", ColumnType.INTEGER),
        Column("topic"),
        Column("op"),
        Column("value", ColumnType.FLOAT),
        Column("text_value"),
    ],
)
SETTINGS = (
    TENANTS,
    FIELD_MAPPINGS,
    TOPICS,
    TOPIC_VERSIONS,
    CORRECTIONS,
    AUDIT_TICKETS,
    TRIGGER_PARAMS,
    TRIGGER_PRESETS,
    TRIGGER_RULES,
    TRIGGER_RULE_LITERALS,
)
"""Tables that are replaced whole."""

CARD_EVENTS = RawTable(
    TableSpec(
        RAW_APP,
        "card_events",
        (
            Column("tenant_id"),
            Column("card_id"),
            Column("seq", ColumnType.INTEGER),
            *(Column(name) for name in ("type", "actor", "status", "payload")),
            Column("occurred_at", ColumnType.TIMESTAMP),
            Column("loaded_at", ColumnType.TIMESTAMP),
        ),
        ("tenant_id", "card_id", "seq"),
    )
)
CARD_ALIASES = RawTable(
    TableSpec(
        RAW_APP,
        "card_aliases",
        (
            *(Column(name) for name in ("tenant_id", "alias_id", "card_id", "company_id", "trigger_type")),
            Column("opened_on", ColumnType.DATE),
            Column("last_signal_on", ColumnType.DATE),
            Column("opened_mrr", ColumnType.FLOAT),
            Column("opened_mrr_source"),
            Column("first_published_at", ColumnType.TIMESTAMP),
            Column("loaded_at", ColumnType.TIMESTAMP),
        ),
        ("tenant_id", "alias_id"),
    )
)
APP_TABLES = (*SETTINGS, CARD_EVENTS, CARD_ALIASES)

HeldEvents = Mapping[tuple[str, str], int]
"""By tenant and card, how many events of it are held. They are numbered from 1 without gaps, so this says which ones."""

NewEvents = Callable[[HeldEvents], Iterable[tuple[str, Sequence[Row]]]]
"""What an application database has beyond those that are held: rows of `raw_app.card_events`, some of one tenant at a time."""


def load_app_state(
    rows: Mapping[str, Sequence[Row]], *, warehouse: Warehouse, work_dir: Path, now: datetime | None = None
) -> dict[str, int]:
    """Replace the settings of `raw_app` (docs/names.md) by `rows`; a table not named becomes empty, and exists all the same.

    Args:
        rows: Per table name its rows; a missing column is null, `loaded_at` is filled in here.
        warehouse: Where to.
        work_dir: Folder for dlt's files.
        now: Becomes `loaded_at`; the present unless given.

    Returns:
        Rows loaded per table: 0 where the table held exactly these rows already.

    Raises:
        UnknownAppTable: A table name that `raw_app` does not have.
        UnloadableRows: A column the table does not have, or a value of another type.
        WarehouseBusy: Another process is loading the same state.
    """
    unknown = sorted(set(rows) - {table.name for table in SETTINGS})
    if unknown:
        raise UnknownAppTable(f"raw_app has no settings {', '.join(unknown)}; see docs/names.md for those it has.")
    loaded_at = now or datetime.now(UTC)

    def items() -> Iterator[Chunk | Mark]:
        for table in SETTINGS:
            yield Chunk(table.name, _EVERYBODY, _arrow(table, rows.get(table.name, ()), loaded_at))

    with warehouse.named_lock(RAW_APP):
        totals = load(RAW_APP, APP_CELL, APP_TABLES, items(), warehouse=warehouse, work_dir=work_dir)
    return {table.name: totals[_EVERYBODY, table.name].loaded for table in SETTINGS}


def load_cards(
    new_events: NewEvents,
    aliases: Iterable[tuple[str, Sequence[Row]]],
    *,
    warehouse: Warehouse,
    work_dir: Path,
    now: datetime | None = None,
) -> dict[str, int]:
    """Add to `raw_app.card_events` what has happened to cards since the last load, and merge what they are known by.

    Args:
        new_events: Told what is held, says what is not. It may hand over events that are held; they are left out.
        aliases: Rows of `raw_app.card_aliases`, some of one tenant at a time; those that are held as they are, are left out.
        warehouse: Where to.
        work_dir: Folder for dlt's files.
        now: Becomes `loaded_at`; the present unless given.

    Returns:
        Rows loaded per table.

    Raises:
        UnloadableRows: A column the table does not have, or a value of another type.
        WarehouseBusy: Another process is loading the same state.
    """
    loaded_at = now or datetime.now(UTC)
    with warehouse.named_lock(RAW_APP):
        ensure_tables(warehouse, APP_TABLES)
        counted = warehouse.rows(
            f"select tenant_id, card_id, max(seq) as seq from {CARD_EVENTS.spec.qualified} group by tenant_id, card_id"  # noqa: S608 - names of ours
        )
        held = {(row["tenant_id"], row["card_id"]): int(row["seq"]) for row in counted}

        def items() -> Iterator[Chunk | Mark]:
            for tenant_id, rows in new_events(held):
                yield Chunk(CARD_EVENTS.name, tenant_id, _arrow(CARD_EVENTS, rows, loaded_at))
            for tenant_id, rows in aliases:
                yield Chunk(CARD_ALIASES.name, tenant_id, _arrow(CARD_ALIASES, rows, loaded_at))

        totals = load(RAW_APP, APP_CELL, APP_TABLES, items(), warehouse=warehouse, work_dir=work_dir)
    loaded = {CARD_EVENTS.name: 0, CARD_ALIASES.name: 0}
    for (_, table), counts in totals.items():
        loaded[table] += counts.loaded
    return loaded


def _arrow(table: RawTable, rows: Sequence[Row], loaded_at: datetime) -> pa.Table:
    names = set(table.spec.names)
    for row in rows:
        unknown = sorted(set(row) - names)
        if unknown:
            raise UnloadableRows(f"A row for {table.spec.qualified} has the unknown columns {', '.join(unknown)}.")
    try:
        return pa.Table.from_pylist([{**row, "loaded_at": loaded_at} for row in rows], schema=table.schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UnloadableRows(f"A row for {table.spec.qualified} has a value of another type: {error}.") from error
