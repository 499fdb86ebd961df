"""What a warehouse can do, and how it fails."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pydantic import SecretStr

from core.errors import Transient
from core.warehouse.tables import TableSpec

Row = Mapping[str, Any]
"""One row by column name."""


class WarehouseBusy(Transient):
    """Another process held the warehouse or a named lock for longer than we wait."""


class WarehouseUnavailable(Transient):
    """The warehouse cannot be opened or did not answer."""


class LockLost(Transient):
    """A named lock was taken from its holder: the server ended the session that held it."""


class NamedLock(Protocol):
    """A named lock as its holder sees it."""

    def check(self) -> None:
        """Make sure that it is still held; call it before writing what must not be written twice.

        A process that was stopped for long enough may wake up to find that its work was given to another one.

        Raises:
            LockLost: It is not.
        """
        ...


class Snapshot(Protocol):
    """One consistent look at the warehouse; valid inside the block that `Warehouse.snapshot` opens."""

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """All rows of a query; `:name` in the SQL is bound to the parameter of that name."""
        ...

    def has_table(self, schema: str, name: str) -> bool:
        """Whether a table or view of that name exists."""
        ...


class Warehouse(Protocol):
    """One warehouse, opened by URL; cheap to make, holds no connection between calls."""

    url: str
    """As given, without a password."""

    secret_url: SecretStr
    """The same with the password, for dlt and dbt, which connect on their own."""

    dialect: str
    """`duckdb` or `postgres`."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Several queries that see the same state, over one connection.

        Raises:
            WarehouseBusy: Another process is writing for longer than the lock timeout.
            WarehouseUnavailable: The database cannot be opened.
        """
        ...

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """All rows of one query: `snapshot` with a single look.

        Raises:
            WarehouseBusy: Another process is writing for longer than the lock timeout.
            WarehouseUnavailable: The database cannot be opened.
        """
        ...

    def batches(self, sql: str, size: int, **params: object) -> Iterator[list[dict[str, Any]]]:
        """The same in lists of at most `size` rows; the whole iteration is one consistent read."""
        ...

    def execute(self, sql: str, **params: object) -> int:
        """Run one statement in its own transaction; returns the affected row count (-1 where the engine does not say)."""
        ...

    def merge(self, changes: Sequence[tuple[TableSpec, Sequence[Row]]]) -> int:
        """Replace, in one transaction, the rows that share `scope` with the given ones; creates missing tables.

        Returns the number of rows written. Rows must not repeat a key. A repeated call changes nothing; merges of one table by
        several processes take turns.
        """
        ...

    def has_table(self, schema: str, name: str) -> bool:
        """Whether a table or view of that name exists now."""
        ...

    def forget_deleted(self, tables: Sequence[str]) -> None:
        """Let what was deleted from these tables leave the disk too.

        DuckDB: the whole file is written anew, since neither a delete nor a checkpoint overwrites anything. Postgres: the tables
        are vacuumed, so that their pages no longer list the old rows; backups and the server's log keep them as long as they live.

        Raises:
            WarehouseBusy, WarehouseUnavailable: As every write.
        """
        ...

    def loading(self, *, is_compacting: bool) -> AbstractContextManager[None]:
        """Open this around what another client in this process (dlt) loads.

        DuckDB: the file stays open meanwhile, since opening it anew for each table and step is what costs. Postgres: nothing to
        do, it compacts by itself.

        Args:
            is_compacting: Whether the file is tidied up a little afterwards. Needed after a load that replaced rows or brought
                few, or tables would fall into ever more pieces; not after one that appended many.

        Raises:
            WarehouseBusy, WarehouseUnavailable: As every write.
        """
        ...

    def write_lock(self) -> AbstractContextManager[None]:
        """Hold this around every write phase.

        DuckDB: one process may have the file open, so this is a cross-process lock, re-entrant within a thread, released by
        the kernel when its holder dies. Postgres: nothing to hold, writers do not exclude each other.

        Raises:
            WarehouseBusy: Somebody else held it for longer than the timeout.
        """
        ...

    def named_lock(self, name: str, *, is_waiting: bool = True) -> AbstractContextManager[NamedLock]:
        """Mutual exclusion for one named piece of work (`cell:acme`, `transform`) over all processes and machines.

        Raises:
            WarehouseBusy: Held elsewhere: at once when not waiting, after the timeout otherwise.
        """
        ...


TABLE_EXISTS = "select 1 from information_schema.tables where table_schema = :schema and table_name = :name"
"""Both engines list tables and views here."""

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


def bind_style(sql: str, style: Callable[[str], str]) -> str:
    """`sql` with each `:name` written as the driver wants it (`style`); `::` casts are left alone."""
    return _PARAMETER.sub(lambda match: style(match.group(1)), sql)
