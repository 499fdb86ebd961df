"""The production warehouse: Postgres. Writers do not exclude each other; named locks are advisory locks of a session."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.extras
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from core.warehouse.base import TABLE_EXISTS, LockLost, Row, WarehouseBusy, WarehouseUnavailable, bind_style
from core.warehouse.tables import TableSpec

# A write phase takes seconds; asking twice a second costs nothing and starves nobody.
_LOCK_POLL_SECONDS = 0.5


class PostgresWarehouse:
    """See `core.warehouse.base.Warehouse`."""

    dialect = "postgres"

    def __init__(self, url: str, *, lock_timeout_seconds: float = 900) -> None:
        parsed = make_url(url).set(drivername="postgresql")
        self.url = parsed.render_as_string(hide_password=True)
        self._dsn = parsed.render_as_string(hide_password=False)
        self.secret_url = SecretStr(self._dsn)
        self._timeout = lock_timeout_seconds

    @contextmanager
    def snapshot(self) -> Iterator["_Snapshot"]:
        """See `Warehouse.snapshot`."""
        with closing(self._connect()) as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            with connection:
                yield _Snapshot(connection)

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """See `Warehouse.rows`."""
        with self.snapshot() as snapshot:
            return snapshot.rows(sql, **params)

    def batches(self, sql: str, size: int, **params: object) -> Iterator[list[dict[str, Any]]]:
        """See `Warehouse.batches`."""
        with self._connection() as connection, connection.cursor("batches", psycopg2.extras.RealDictCursor) as cursor:
            _execute(cursor, sql, params)
            while batch := cursor.fetchmany(size):
                yield [dict(row) for row in batch]

    def execute(self, sql: str, **params: object) -> int:
        """See `Warehouse.execute`."""
        with self._connection() as connection, connection.cursor() as cursor:
            _execute(cursor, sql, params)
            return int(cursor.rowcount)

    def merge(self, changes: Sequence[tuple[TableSpec, Sequence[Row]]]) -> int:
        """See `Warehouse.merge`."""
        for spec, _ in changes:
            self._ensure(spec)
        written = 0
        with self._connection() as connection, connection.cursor() as cursor:
            # Two merges of the same new key would both find nothing to delete, and the second insert would fail.
            for table in sorted({spec.qualified for spec, rows in changes if rows}):
                cursor.execute("select pg_advisory_xact_lock(%s)", (_lock_key(f"merge:{table}"),))
            for spec, rows in changes:
                if not rows:
                    continue
                names = ", ".join(spec.names)
                cursor.execute(f"create temp table incoming (like {spec.qualified}) on commit drop")
                psycopg2.extras.execute_values(
                    cursor,
                    f"insert into incoming ({names}) values %s",
                    [tuple(_storable(row.get(name)) for name in spec.names) for row in rows],
                    page_size=1000,
                )
                match = " and ".join(f"held.{name} = incoming.{name}" for name in spec.scope)
                cursor.execute(f"delete from {spec.qualified} as held using incoming where {match}")
                cursor.execute(f"insert into {spec.qualified} ({names}) select {names} from incoming")
                cursor.execute("drop table incoming")
                written += len(rows)
        return written

    def has_table(self, schema: str, name: str) -> bool:
        """See `Warehouse.has_table`."""
        with self.snapshot() as snapshot:
            return snapshot.has_table(schema, name)

    def forget_deleted(self, tables: Sequence[str]) -> None:
        """See `Warehouse.forget_deleted`."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            for table in tables:
                schema, _, name = table.rpartition(".")
                if self.has_table(schema, name):
                    cursor.execute(f"vacuum {table}")

    def loading(self, *, is_compacting: bool) -> AbstractContextManager[None]:  # noqa: ARG002 - autovacuum does
        """See `Warehouse.loading`."""
        return nullcontext()

    def write_lock(self) -> AbstractContextManager[None]:
        """See `Warehouse.write_lock`."""
        return nullcontext()

    @contextmanager
    def named_lock(self, name: str, *, is_waiting: bool = True) -> Iterator["_SessionLock"]:
        """See `Warehouse.named_lock`."""
        key = _lock_key(name)
        deadline = time.monotonic() + (self._timeout if is_waiting else 0)
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while True:
                cursor.execute("select pg_try_advisory_lock(%s)", (key,))
                if cursor.fetchone() == (True,):
                    break
                if time.monotonic() >= deadline:
                    raise WarehouseBusy(
                        f"Another process has held lock {name} for more than {self._timeout if is_waiting else 0:.0f} s. "
                        f"Wait for its run to end or stop it, then run this step again."
                    )
                time.sleep(_LOCK_POLL_SECONDS)
            # The session ends with the connection, and the lock with the session, also when this process is killed.
            yield _SessionLock(connection, name)

    def _ensure(self, spec: TableSpec) -> None:
        if self.has_table(spec.schema, spec.name):
            return
        # `if not exists` still races between sessions; the lock makes the loser wait and then find the table.
        with self.named_lock(f"ddl:{spec.schema}"), self._connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"create schema if not exists {spec.schema}")
            cursor.execute(spec.ddl())

    @contextmanager
    def _connection(self) -> Iterator[psycopg2.extensions.connection]:
        with closing(self._connect()) as connection, connection:
            yield connection

    def _connect(self) -> psycopg2.extensions.connection:
        try:
            return psycopg2.connect(self._dsn, connect_timeout=10, options="-c timezone=UTC")
        except psycopg2.OperationalError as error:
            raise WarehouseUnavailable(
                f"The warehouse {self.url} does not answer: {error}. Start the server or correct WAREHOUSE_URL."
            ) from error


class _SessionLock:
    """A lock that lives as long as its session, which the server may end: after a network failure, or because a person said so."""

    def __init__(self, connection: psycopg2.extensions.connection, name: str) -> None:
        self._connection, self._name = connection, name

    def check(self) -> None:
        """See `NamedLock.check`."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("select 1")
        except psycopg2.Error as error:
            raise LockLost(
                f"The database ended the session that held lock {self._name}, so another run may be at the same work. "
                f"This one stops without writing anything more; run the step again."
            ) from error


class _Snapshot:
    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self._connection = connection

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        with self._connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            _execute(cursor, sql, params)
            return [dict(row) for row in cursor.fetchall()]

    def has_table(self, schema: str, name: str) -> bool:
        return bool(self.rows(TABLE_EXISTS, schema=schema, name=name))


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"churnboard:{name}".encode()).digest()[:8], signed=True)


def _execute(cursor: psycopg2.extensions.cursor, sql: str, params: dict[str, object]) -> None:
    cursor.execute(bind_style(sql.replace("%", "%%"), lambda name: f"%({name})s"), params)


def _storable(value: object) -> object:
    # Postgres text cannot hold NUL, HubSpot text can.
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value
