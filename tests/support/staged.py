"""The staged table that says what is still to be read, where nothing is staged by dbt."""

from core.warehouse import Column, ColumnType, TableSpec

STAGED_TICKETS = TableSpec(
    "staging",
    "stg_hubspot__tickets",
    (
        *(Column(name) for name in ("tenant_id", "ticket_id", "subject", "content")),
        Column("created_at", ColumnType.TIMESTAMP),
        Column("loaded_at", ColumnType.TIMESTAMP),
    ),
    ("tenant_id", "ticket_id"),
)
