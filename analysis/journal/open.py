"""From `JOURNAL_URL` to a journal."""

from contextlib import nullcontext
from pathlib import Path

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from analysis.journal.journal import Journal
from core.errors import Terminal

_BUSY_SECONDS = 60


class UnknownJournal(Terminal):
    """`JOURNAL_URL` has a scheme we do not serve."""


def open_journal(url: str) -> Journal:
    """The journal at `url`: `sqlite:///path` (write-ahead log, safe for several processes of one machine) or `postgresql://…`.

    Creates the file, its folder and the table where they are missing.

    Raises:
        UnknownJournal: Any other scheme, or the `postgres` extra is not installed.
        JournalUnavailable: The database does not answer.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, NoSuchModuleError) as error:
        raise UnknownJournal(_advice(url.partition("://")[0])) from error
    backend = parsed.drivername.partition("+")[0]
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    elif backend in {"postgresql", "postgres"}:
        engine = _postgres(parsed.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False))
    else:
        raise UnknownJournal(_advice(backend))
    journal = Journal(engine)
    # Two processes that switch a new file to write-ahead logging at once refuse each other instead of waiting.
    with FileLock(f"{parsed.database}.lock") if backend == "sqlite" else nullcontext():
        journal.create()
    return journal


def _postgres(url: str) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise UnknownJournal(
            "The call journal is on Postgres, but its driver is not installed: install churnboard[postgres]."
        ) from error


def _advice(scheme: str) -> str:
    return f"JOURNAL_URL starts with {scheme!r}: use sqlite:///path/to/journal.db or postgresql://user@host/database."


def _on_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver must not open transactions of its own accord: `_on_begin` does, as writers, so two claims never deadlock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("pragma journal_mode = wal")
    # A paid reply must survive a power cut, not only a killed process.
    cursor.execute("pragma synchronous = full")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("begin immediate")
