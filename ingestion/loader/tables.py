"""Raw tables, described once and created here: the one place where their schema changes.

dlt could create and widen them itself, but does so on first data, without its own tables' help when two cells start at once
(`create schema` and `alter table` race on Postgres), and leaves a table without data uncreated. So the columns come from
`RawTable`, every table exists before the first row, and a column added to a `RawTable` is added to a table that is already there.
Columns are never dropped: an older release may still be running against the same warehouse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.warehouse import ColumnType, TableSpec, Warehouse
from ingestion.loader.errors import LoadFailed, UnloadableRows

LOADED_AT = "loaded_at"
"""When a row was fetched; says nothing about the row itself, so it never makes two rows different."""

LOAD_ID = "_dlt_load_id"
"""Which package brought a row; added by dlt."""

_ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.FLOAT: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    ColumnType.DATE: pa.date32(),
}


@dataclass(frozen=True)
class RawTable:
    """A table dlt loads.

    Attributes:
        spec: Where it is and what is in it. With `replace_by`, the rows that share those columns (a ticket's links) are one
            set and are replaced as a whole; the key is then only what makes a row of the set unique.
        modified: Column that says which of two versions of a row is the newer; None where the source has none.
        long_columns: Text columns compared by digest, so that looking up what is held does not carry ticket texts around.
        is_replaced_whole: The table always holds exactly what was loaded last.
    """

    spec: TableSpec
    modified: str | None = None
    long_columns: frozenset[str] = frozenset()
    is_replaced_whole: bool = False

    @property
    def name(self) -> str:
        """Table name without schema."""
        return self.spec.name

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema rows are loaded in."""
        return pa.schema([pa.field(column.name, _ARROW[column.type]) for column in self.spec.columns])

    @property
    def scope(self) -> tuple[str, ...]:
        """Columns, after `tenant_id`, that name what a load replaces; empty for a table replaced whole."""
        return () if self.is_replaced_whole else self.spec.scope[1:]

    @property
    def compared(self) -> tuple[str, ...]:
        """Columns in which two versions of a row can differ."""
        return tuple(name for name in self.spec.names if name != LOADED_AT)

    def empty(self) -> pa.Table:
        """No rows, all columns."""
        return self.schema.empty_table()

    def storable(self, rows: pa.Table) -> pa.Table:
        """`rows` in this table's schema, in a form both engines keep unchanged.

        Postgres text cannot hold NUL, and its CSV loader reads the empty string as null; so neither is loaded anywhere.

        Raises:
            UnloadableRows: A column is missing, unknown, or of another type.
        """
        schema = self.schema
        if set(rows.column_names) != set(schema.names):
            odd = sorted(set(rows.column_names) ^ set(schema.names))
            raise UnloadableRows(f"Rows for {self.spec.qualified} lack, or do not know, the columns {', '.join(odd)}.")
        try:
            rows = rows.select(schema.names).cast(schema)
        except pa.ArrowInvalid as error:
            raise UnloadableRows(f"Rows for {self.spec.qualified} do not have the table's types: {error}.") from error
        for index, field in enumerate(schema):
            if pa.types.is_string(field.type):
                rows = rows.set_column(index, field, _storable_text(rows.column(index)))
        return rows


def _storable_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pc.any(pc.match_substring(column, "\x00")).as_py():
        column = pc.replace_substring(column, "\x00", "\ufffd")
    blank = pc.equal(column, "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), column) if pc.any(blank).as_py() else column


def ensure_tables(warehouse: Warehouse, tables: Sequence[RawTable]) -> None:
    """Create the tables that are missing and add the columns that are missing; does nothing, and locks nothing, otherwise.

    Safe to call from several processes at once: the changing part runs under one named lock and looks again first.

    Raises:
        LoadFailed: The warehouse file has the name of one of the schemas.
        WarehouseBusy: Another process holds the lock for longer than the warehouse's timeout.
    """
    for schema in sorted({table.spec.schema for table in tables}):
        _check_file_name(warehouse, schema)
        ours = [table for table in tables if table.spec.schema == schema]
        if not _changes(warehouse, schema, ours):
            continue
        with warehouse.named_lock(f"ddl:{schema}"), warehouse.write_lock():
            if statements := _changes(warehouse, schema, ours):
                warehouse.execute("; ".join(statements))


def add_columns(warehouse: Warehouse, spec: TableSpec) -> None:
    """Add the columns that a table of ours, which dlt does not load, has come to have since it was made."""
    rows = warehouse.rows(
        "select column_name from information_schema.columns where table_schema = :schema and table_name = :name",
        schema=spec.schema,
        name=spec.name,
    )
    held = {row["column_name"] for row in rows}
    missing = [column for column in spec.columns if column.name not in held] if held else []
    if missing:
        with warehouse.named_lock(f"ddl:{spec.schema}"), warehouse.write_lock():
            added = (f"add column if not exists {column.name} {column.type}" for column in missing)
            warehouse.execute("; ".join(f"alter table {spec.qualified} {one}" for one in added))


def _check_file_name(warehouse: Warehouse, schema: str) -> None:
    if warehouse.dialect == "duckdb" and Path(warehouse.url).stem == schema:
        raise LoadFailed(
            f"The warehouse file {warehouse.url} has the name of a schema, {schema}, and DuckDB then cannot tell the two apart. "
            f"Rename the file and set WAREHOUSE_URL accordingly."
        )


def _changes(warehouse: Warehouse, schema: str, tables: Sequence[RawTable]) -> list[str]:
    held: dict[str, set[str]] = {}
    for row in warehouse.rows(
        "select table_name, column_name from information_schema.columns where table_schema = :schema", schema=schema
    ):
        held.setdefault(row["table_name"], set()).add(row["column_name"])
    keys = _held_keys(warehouse, schema)
    statements = [] if held else [f"create schema if not exists {schema}"]
    for table in tables:
        columns = held.get(table.name)
        if columns is None:
            statements += _creation(table, warehouse.dialect)
        else:
            statements += [
                f"alter table {table.spec.qualified} add column if not exists {name} {kind}"
                for name, kind in _columns(table)
                if name not in columns
            ]
            statements += _rekeyed(table, keys.get(table.name))
    return statements


def _held_keys(warehouse: Warehouse, schema: str) -> dict[str, tuple[str, set[str]]]:
    """Per table of Postgres the name and the columns of its primary key; DuckDB's have none (`_creation`)."""
    if warehouse.dialect != "postgres":
        return {}
    keys: dict[str, tuple[str, set[str]]] = {}
    for row in warehouse.rows(
        "select table_name, constraint_name, column_name from information_schema.key_column_usage where table_schema = :schema",
        schema=schema,
    ):
        keys.setdefault(row["table_name"], (row["constraint_name"], set()))[1].add(row["column_name"])
    return keys


def _rekeyed(table: RawTable, key: tuple[str, set[str]] | None) -> list[str]:
    """A table made by an older release may have a shorter key; more columns never make two rows the same."""
    if key is None or key[1] >= set(table.spec.key):
        return []
    return [
        f"alter table {table.spec.qualified} drop constraint {key[0]}, add primary key ({', '.join(table.spec.key)})"
    ]


def _columns(table: RawTable) -> list[tuple[str, str]]:
    return [*((column.name, str(column.type)) for column in table.spec.columns), (LOAD_ID, str(ColumnType.TEXT))]


def _creation(table: RawTable, dialect: str) -> list[str]:
    spec = table.spec
    columns = ", ".join(f"{name} {kind}" for name, kind in _columns(table))
    create = f"create table if not exists {spec.qualified}"
    # DuckDB checks a primary key against rows deleted in the same transaction, which is what a merge does; and it merges
    # by scanning columns, so an index would not help it either.
    if dialect != "postgres":
        return [f"{create} ({columns})"]
    if not spec.replace_by:
        return [f"{create} ({columns}, primary key ({', '.join(spec.key)}))"]
    return [
        f"{create} ({columns})",
        f"create index if not exists {spec.name}_scope on {spec.qualified} ({', '.join(spec.scope)})",
    ]
