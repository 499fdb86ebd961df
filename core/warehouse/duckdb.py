"""The default warehouse: one DuckDB file.

DuckDB lets one read-write process exclude everyone, and one process may not mix modes, so every phase here, reads included, is
short, opens read-write, and happens under the cross-process lock beside the file.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from filelock import FileLock, Timeout
from pydantic import SecretStr
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from core.warehouse.base import TABLE_EXISTS, Row, WarehouseBusy, WarehouseUnavailable, bind_style
from core.warehouse.tables import ColumnType, TableSpec

_ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.FLOAT: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    ColumnType.DATE: pa.date32(),
}

# When DuckDB writes its log into the file it merges the small row groups of all tables, a hundred merges at a time, and holds
# their rows until it is done: 4 GB and half a minute where a million tickets had come in sixty packages. So it merges only after
# loads that leave small row groups or gaps behind, once a table, and within a limit; dbt's profile says the same.
_NOTHING_COMPACTED = "set max_vacuum_tasks = 0"
_A_LITTLE_COMPACTED = "set max_vacuum_tasks = 1; set memory_limit = '512MB'"

# How long a stranger (a person's own DuckDB shell) may sit on the file before we give up: it takes no lock of ours.
_STRANGER_PATIENCE_SECONDS = 20


class DuckDBWarehouse:
    """See `core.warehouse.base.Warehouse`."""

    dialect = "duckdb"

    def __init__(self, path: Path, *, lock_timeout_seconds: float = 900) -> None:
        self.path = path
        self.url = f"duckdb:///{path}"
        self.secret_url = SecretStr(self.url)
        self._timeout = lock_timeout_seconds

    @contextmanager
    def snapshot(self) -> Iterator["_Snapshot"]:
        """See `Warehouse.snapshot`: the file is ours alone meanwhile."""
        with self.write_lock(), self._connection() as connection:
            yield _Snapshot(connection)

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """See `Warehouse.rows`."""
        with self.snapshot() as snapshot:
            return snapshot.rows(sql, **params)

    def batches(self, sql: str, size: int, **params: object) -> Iterator[list[dict[str, Any]]]:
        """See `Warehouse.batches`."""
        with self.write_lock(), self._connection() as connection:
            cursor = _execute(connection, sql, params)
            while batch := _dicts(cursor, size):
                yield batch

    def execute(self, sql: str, **params: object) -> int:
        """See `Warehouse.execute`."""
        with self._writing() as connection:
            result = _execute(connection, sql, params).fetchone()
            return int(result[0]) if result and isinstance(result[0], int) else -1

    def merge(self, changes: Sequence[tuple[TableSpec, Sequence[Row]]]) -> int:
        """See `Warehouse.merge`."""
        written = 0
        with self._writing() as connection:
            connection.begin()
            for spec, rows in changes:
                connection.execute(f"create schema if not exists {spec.schema}")
                connection.execute(spec.ddl())
                if not rows:
                    continue
                connection.register("incoming", _arrow(spec, rows))
                match = " and ".join(f"held.{name} = incoming.{name}" for name in spec.scope)
                names = ", ".join(spec.names)
                scope = ", ".join(spec.scope)
                same_key = " and ".join(f"kept.{name} = held.{name}" for name in spec.key)
                # DuckDB checks a primary key against rows deleted in the same transaction, hence the upsert below.
                connection.execute(
                    f"delete from {spec.qualified} as held using (select distinct {scope} from incoming) as incoming "
                    f"where {match} and not exists (select 1 from incoming as kept where {same_key})"
                )
                connection.execute(f"insert or replace into {spec.qualified} ({names}) select {names} from incoming")
                connection.unregister("incoming")
                written += len(rows)
            connection.commit()
        return written

    def append(self, spec: TableSpec, rows: Sequence[Row]) -> None:
        """Add rows to a table that has no key, made here where it is missing: for a file that is a copy of something."""
        with self._writing() as connection:
            connection.execute(f"create schema if not exists {spec.schema}")
            columns = ", ".join(f"{column.name} {column.type}" for column in spec.columns)
            connection.execute(f"create table if not exists {spec.qualified} ({columns})")
            if rows:
                connection.register("incoming", _arrow(spec, rows))
                names = ", ".join(spec.names)
                connection.execute(f"insert into {spec.qualified} ({names}) select {names} from incoming")
                connection.unregister("incoming")

    def export(
        self, file: Path, tables: Mapping[str, str], *, tenant_ids: Sequence[str], previous: Path | None
    ) -> None:
        """Write a new DuckDB file with one table per query in `tables`.

        Rows of `tenant_ids` come from the query, rows of all other tenants from the table of that name in the file `previous`.
        What `previous` does not have, because it is of an older release, is left empty. The file is complete, and its log folded
        in, when this returns.
        """
        with self.write_lock(), self._connection() as connection:
            connection.execute(f"attach '{_quoted(file)}' as written")
            if previous:
                connection.execute(f"attach '{_quoted(previous)}' as previous (read_only)")
            for name, query in tables.items():
                connection.execute(
                    f"create table written.{name} as select * from ({query}) where list_contains($tenants, tenant_id)",
                    {"tenants": list(tenant_ids)},
                )
                if shared := _shared_columns(connection, name):
                    connection.execute(
                        f"insert into written.{name} ({shared}) "
                        f"select {shared} from previous.{name} where not list_contains($tenants, tenant_id)",
                        {"tenants": list(tenant_ids)},
                    )
            connection.execute("checkpoint written")
            connection.execute("detach written")
            if previous:
                connection.execute("detach previous")

    def copy_tenant(self, file: Path, specs: Sequence[TableSpec], tenant_id: str) -> None:
        """Write one tenant's rows of these tables, which exist, into a new DuckDB file, under the same names and without keys."""
        with self.write_lock(), self._connection() as connection:
            connection.execute(f"attach '{_quoted(file)}' as written")
            for spec in specs:
                connection.execute(f"create schema if not exists written.{spec.schema}")
                connection.execute(
                    f"create table written.{spec.qualified} as select {', '.join(spec.names)} from {spec.qualified} "
                    "where tenant_id = $tenant_id",
                    {"tenant_id": tenant_id},
                )
            connection.execute("detach written")

    def copy_relations(self, file: Path, queries: Mapping[str, str]) -> None:
        """Write a new DuckDB file with one table per query, by `schema.table`. The file is complete when this returns."""
        with self.write_lock(), self._connection() as connection:
            connection.execute(f"attach '{_quoted(file)}' as written")
            for name, query in queries.items():
                connection.execute(f"create schema if not exists written.{name.partition('.')[0]}")
                connection.execute(f"create table written.{name} as {query}")
            connection.execute("checkpoint written")
            connection.execute("detach written")

    @contextmanager
    def rehearsal(self) -> Iterator["Rehearsal"]:
        """A transaction of which nothing is kept: for what is only tried out."""
        with self.write_lock(), self._connection() as connection:
            connection.begin()
            try:
                yield Rehearsal(connection)
            finally:
                connection.rollback()

    @staticmethod
    def rewrite(
        source: Path, target: Path, change: Callable[[str, set[str]], Iterable[tuple[str, dict[str, object]]]]
    ) -> None:
        """Write the DuckDB file `target`: the tables of `source`, changed.

        Args:
            source: An existing file; it is only read.
            target: A new file, complete when this returns.
            change: Given a table's name and columns, the statements (with parameters) that change it.
        """
        with closing(duckdb.connect()) as connection:
            connection.execute(f"attach '{_quoted(source)}' as source (read_only)")
            # Changed in memory and written once, so that the file never contains what is taken out of it.
            connection.execute("copy from database source to memory")
            names = connection.execute(
                "select table_name, list(column_name) from information_schema.columns where table_catalog = 'memory' "
                "group by table_name order by table_name desc"
            ).fetchall()
            for name, columns in names:
                for sql, params in change(name, set(columns)):
                    _execute(connection, sql, params)
            connection.execute(f"attach '{_quoted(target)}' as target")
            connection.execute("copy from database memory to target")
            connection.execute("checkpoint target")
            connection.execute("detach target")

    def forget_deleted(self, tables: Sequence[str]) -> None:  # noqa: ARG002 - all tables share the file
        """See `Warehouse.forget_deleted`: a copy takes the file's place, whole or not at all."""
        draft = self.path.with_name(self.path.name + ".draft")
        with self.write_lock():
            _remove(draft)
            with self._writing() as connection:
                connection.execute("checkpoint")
                connection.execute(f"attach '{_quoted(draft)}' as written")
                held = connection.execute("select current_database()").fetchone()
                connection.execute(f'copy from database "{held[0] if held else self.path.stem}" to written')
                connection.execute("checkpoint written")
                connection.execute("detach written")
            _synced(draft)
            draft.replace(self.path)
            _synced(self.path.parent)
            # What a killed query had spilled to disk.
            shutil.rmtree(self.path.with_name(self.path.name + ".tmp"), ignore_errors=True)

    def has_table(self, schema: str, name: str) -> bool:
        """See `Warehouse.has_table`."""
        with self.snapshot() as snapshot:
            return snapshot.has_table(schema, name)

    @contextmanager
    def loading(self, *, is_compacting: bool) -> Iterator[None]:
        """See `Warehouse.loading`."""
        with self._writing() as connection:
            if is_compacting:
                connection.execute(_A_LITTLE_COMPACTED)
            yield

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """See `Warehouse.write_lock`."""
        with self._locked(self.path.with_name(self.path.name + ".lock"), self._timeout, "the warehouse"):
            yield

    @contextmanager
    def named_lock(self, name: str, *, is_waiting: bool = True) -> Iterator["_KernelLock"]:
        """See `Warehouse.named_lock`."""
        folder = self.path.parent / "locks"
        with self._locked(
            folder / f"{name.replace(':', '--')}.lock", self._timeout if is_waiting else 0, f"lock {name}"
        ):
            yield _KernelLock()

    @contextmanager
    def _locked(self, file: Path, timeout: float, what: str) -> Iterator[None]:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file, is_singleton=True)
        try:
            lock.acquire(timeout=timeout)
        except Timeout as error:
            raise WarehouseBusy(
                f"Another process has held {what} ({file}) for more than {timeout:.0f} s. "
                f"Wait for its run to end or stop it, then run this step again."
            ) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.write_lock(), self._connection() as connection:
            # Holds for all connections of this process until the last one is closed, which is when the log is written.
            connection.execute(_NOTHING_COMPACTED)
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = self._open()
        except duckdb.IOException as error:
            raise WarehouseUnavailable(
                f"The warehouse file {self.path} cannot be opened: {error}. "
                f"Close whatever program has it open (its process id is in the message), then run this step again."
            ) from error
        try:
            connection.execute("set timezone = 'UTC'")
            yield connection
        finally:
            connection.close()

    @retry(
        retry=retry_if_exception_type(duckdb.IOException),
        stop=stop_after_delay(_STRANGER_PATIENCE_SECONDS),
        wait=wait_fixed(0.25),
        reraise=True,
    )
    def _open(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.path))


class _KernelLock:
    """A lock the kernel keeps for as long as its holder lives, also while that is stopped."""

    def check(self) -> None:
        """Nobody can have taken it."""


class _Snapshot:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        return _dicts(_execute(self._connection, sql, params), None)

    def has_table(self, schema: str, name: str) -> bool:
        return bool(self.rows(TABLE_EXISTS, schema=schema, name=name))


class Rehearsal:
    """What may be done in a transaction of which nothing is kept."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, sql: str, **params: object) -> None:
        """Run one statement."""
        _execute(self._connection, sql, params)

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """All rows of one query."""
        return _dicts(_execute(self._connection, sql, params), None)

    def insert(self, spec: TableSpec, rows: Sequence[Row]) -> None:
        """Add rows to a table."""
        self._connection.register("incoming", _arrow(spec, rows))
        names = ", ".join(spec.names)
        self._connection.execute(f"insert into {spec.qualified} ({names}) select {names} from incoming")
        self._connection.unregister("incoming")


def _execute(connection: duckdb.DuckDBPyConnection, sql: str, params: dict[str, object]) -> duckdb.DuckDBPyConnection:
    return connection.execute(bind_style(sql, lambda name: f"${name}"), params or None)


def _shared_columns(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The columns that a table has in both attached files, as a list for SQL; '' where one of them has no such table."""
    found = connection.execute(
        "select column_name from information_schema.columns where table_name = $table "
        "and table_catalog in ('written', 'previous') group by 1 having count(*) = 2 order by min(ordinal_position)",
        {"table": table},
    ).fetchall()
    return ", ".join(name for (name,) in found)


def _remove(file: Path) -> None:
    for one in (file, file.with_name(file.name + ".wal")):
        one.unlink(missing_ok=True)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _dicts(cursor: duckdb.DuckDBPyConnection, size: int | None) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description or ()]
    fetched = cursor.fetchall() if size is None else cursor.fetchmany(size)
    return [dict(zip(names, row, strict=True)) for row in fetched]


def _arrow(spec: TableSpec, rows: Sequence[Row]) -> pa.Table:
    schema = pa.schema([pa.field(column.name, _ARROW[column.type]) for column in spec.columns])
    return pa.Table.from_pylist([{name: row.get(name) for name in spec.names} for row in rows], schema=schema)
