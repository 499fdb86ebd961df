"""Opening the application database and bringing its schema up to date."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import Terminal, Transient

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_TIMEOUT_MS = 30_000


class UnknownDatabase(Terminal):
    """A database URL that is neither SQLite nor Postgres."""


class StillRead(Transient):
    """A reader keeps the log of a SQLite file from being emptied."""


def open_app_database(url: str, *, is_migrating: bool = True) -> Engine:
    """An engine on the application database, its schema at the newest version.

    Args:
        url: `sqlite:///path` or `postgresql://…`.
        is_migrating: Whether to run pending migrations first; a reader that must not own the schema says no.

    Raises:
        UnknownDatabase: Another scheme.
    """
    engine = open_engine(url)
    if is_migrating:
        migrate(engine)
    return engine


def open_engine(url: str) -> Engine:
    """An engine on a SQLite file (made ready for several processes) or a Postgres database, without touching its schema.

    Raises:
        UnknownDatabase: Another scheme.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UnknownDatabase(f"{url!r} is not a database URL: use sqlite:///path or postgresql://…") from error
    if parsed.drivername == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername in {"postgresql", "postgres"}:
        return create_engine(parsed.set(drivername="postgresql"), pool_pre_ping=True)
    raise UnknownDatabase(f"Database URLs start with sqlite:/// or postgresql://, not {parsed.drivername!r}.")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed at the end of the block, rolled back where it raises."""
    with engine.connect().execution_options(is_writing=True) as connection, connection.begin():
        yield connection


def forget_deleted(engine: Engine, tables: Sequence[str]) -> None:
    """Let what was deleted leave the disk too: SQLite writes its file anew and empties its log, Postgres vacuums these tables.

    Raises:
        StillRead: Somebody reads the SQLite file for so long that its log cannot be emptied.
    """
    connection = engine.raw_connection()
    try:
        cursor: Any = connection.cursor()
        if engine.dialect.name == "sqlite":
            cursor.execute("vacuum")
            is_busy, *_ = cursor.execute("pragma wal_checkpoint(truncate)").fetchone()
            if is_busy:
                raise StillRead(
                    f"Somebody has been reading {engine.url.database} for more than {_BUSY_TIMEOUT_MS // 1000} s, so deleted data "
                    f"stays in its log. Let that process end, then run this step again."
                )
        else:
            server: Any = connection.driver_connection
            server.autocommit = True
            for table in tables:
                cursor.execute(f'vacuum "{table}"')
    finally:
        # A connection whose mode was changed is not given back to the pool.
        connection.detach()
        connection.close()


def migrate(engine: Engine) -> None:
    """Run every migration that has not run yet; safe to call from several processes at once."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling hides BEGIN from us; we send it ourselves in `_begin_sqlite`.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = normal")
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A deferred transaction that starts with a read cannot wait for a writer once it wants to write; writers say so.
    is_writing = connection.get_execution_options().get("is_writing", False)
    connection.exec_driver_sql("begin immediate" if is_writing else "begin")
