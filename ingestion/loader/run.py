"""One load: what is new goes in, in packages, each proved before anybody hears of it.

A package is closed when it has grown to a set number of rows or has been open for a while, so memory, disk and the work a kill can
waste stay bounded however large the portal is. It is also closed before a key would come twice: within a package every key is
unique, and whether a row is new is always decided against a warehouse in which the earlier packages already stand. Rows of which
nothing is held are appended, which costs half of a merge; a table's first rows in a package decide which of the two it is,
and a row that replaces something closes a package in which its table is appended to.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from core import chaos
from core.logging import get_logger
from core.tenants import Cell
from core.warehouse import Warehouse
from ingestion.loader.errors import RowsNotProved, translated
from ingestion.loader.held import Held, Selection, scopes_of
from ingestion.loader.tables import LOAD_ID, RawTable, ensure_tables

if TYPE_CHECKING:
    from ingestion.loader.engine import Engine

PACKAGE_ROWS = 100_000
"""Rows after which a package is loaded."""

PACKAGE_SECONDS = 120.0
"""Age at which a package is loaded although it is small."""

_BULK_ROWS = 10_000
"""Rows from which an appended package is in order as it is, and leaves the warehouse nothing to tidy up."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Chunk:
    """Rows of one tenant for one table; a set that is replaced as a whole (a ticket's links) is never split over chunks."""

    table: str
    tenant_id: str
    rows: pa.Table


@dataclass(frozen=True)
class Mark:
    """A place in the stream: handed back once everything before it is loaded and proved. `value` belongs to the source."""

    value: object


@dataclass
class Counts:
    """What became of one tenant's rows of one table.

    Attributes:
        extracted: Rows the source handed over.
        loaded: Rows found in the warehouse after having been loaded.
        unchanged: Rows that were held as they are.
        stale: Rows of which a newer version is held.
    """

    extracted: int = 0
    loaded: int = 0
    unchanged: int = 0
    stale: int = 0


Batch = tuple[str, pa.Table, bool]
"""Rows on their way: the table's name, the rows, and whether they are appended rather than merged."""

Totals = dict[tuple[str, str], Counts]
"""Counts by (tenant, table)."""


def load(
    dataset: str,
    cell: Cell,
    tables: Sequence[RawTable],
    items: Iterable[Chunk | Mark],
    *,
    warehouse: Warehouse,
    work_dir: Path,
    on_proved: Callable[[Sequence[Mark], Totals], None] | None = None,
    before_load: Callable[[], None] | None = None,
    package_rows: int = PACKAGE_ROWS,
    package_seconds: float = PACKAGE_SECONDS,
) -> Totals:
    """Load everything `items` yields into `dataset`, pulling lazily; a repeated load of the same rows loads none.

    The caller holds `named_lock(f"cell:{cell}")` for as long as this and its own bookkeeping take: two loads of one cell at
    once would share a staging schema.

    Args:
        dataset: Schema the tables are in; every table's `spec.schema`.
        cell: Whose pipeline, staging schema and working folder are used.
        tables: All tables of the dataset, so that also those without rows exist afterwards.
        items: Chunks in the order they were fetched, and marks between them.
        warehouse: Where to.
        work_dir: Folder for dlt's files, under which each cell has its own.
        on_proved: Called after each proved package with the marks it contained and the totals so far.
        before_load: Called when a package is about to be loaded; what it raises stops the load.
        package_rows: See `PACKAGE_ROWS`.
        package_seconds: See `PACKAGE_SECONDS`.

    Returns:
        Counts by (tenant, table) over all packages.

    Raises:
        LoadFailed: The warehouse refuses the rows.
        LoadInterrupted: It went away meanwhile.
        RowsNotProved: It does not hold what was sent.
        WarehouseBusy: Another process kept it locked.
    """
    ensure_tables(warehouse, tables)
    by_name = {table.name: table for table in tables}
    feed = _Feed(by_name, iter(items), Held(warehouse), package_rows, package_seconds)
    with ExitStack() as stack:
        engine = None
        while not feed.is_exhausted:
            package = feed.next_package()
            if package.first is not None:
                if engine is None:
                    from ingestion.loader.engine import opened

                    engine = stack.enter_context(opened(dataset, cell, tables, warehouse=warehouse, work_dir=work_dir))
                _load_package(engine, package, dataset, by_name, warehouse, before_load)
                feed.held.forget()
            for key, count in package.sent.items():
                feed.totals.setdefault(key, Counts()).loaded += count
            if on_proved is not None and package.marks:
                on_proved(package.marks, feed.totals)
    return feed.totals


@dataclass
class _Package:
    """What one package carries; `first` is None when nothing in it was new."""

    feed: "_Feed"
    first: Batch | None = None
    marks: list[Mark] = field(default_factory=list)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    scopes: set[tuple[str, str, tuple[object, ...]]] = field(default_factory=set)
    is_appended: dict[str, bool] = field(default_factory=dict)
    opened_at: float = field(default_factory=time.monotonic)

    def is_bulk(self, tables: dict[str, RawTable]) -> bool:
        """Whether it is large and no table loses rows to it, other than the small ones that are always replaced whole."""
        is_appending = all(is_new for name, is_new in self.is_appended.items() if not tables[name].is_replaced_whole)
        return is_appending and sum(self.sent.values()) >= _BULK_ROWS

    def rows(self) -> Iterator[Batch]:
        """The package's rows, pulled from the source one chunk at a time."""
        if self.first is not None:
            yield self.first
        while (found := self.feed.advance(self)) is not None:
            yield found


class _Feed:
    """The stream of items, cut into packages."""

    def __init__(
        self,
        tables: dict[str, RawTable],
        items: Iterator[Chunk | Mark],
        held: Held,
        package_rows: int,
        package_seconds: float,
    ) -> None:
        self.held = held
        self.totals: Totals = {}
        self.is_exhausted = False
        self._tables = tables
        self._items = items
        self._put_back: Chunk | None = None
        self._package_rows = package_rows
        self._package_seconds = package_seconds

    def next_package(self) -> _Package:
        """The next package, advanced to its first rows that are new (or to the end of the stream)."""
        package = _Package(self)
        package.first = self.advance(package)
        return package

    def advance(self, package: _Package) -> Batch | None:
        """The next rows that belong into `package`; None when it is complete."""
        while not self._is_full(package):
            item = self._next()
            if item is None:
                self.is_exhausted = True
                return None
            if isinstance(item, Mark):
                package.marks.append(item)
                continue
            table = self._tables[item.table]
            rows = table.storable(item.rows)
            # Also a row that equals what is held: an older version of it may be on its way in this very package.
            if any((item.table, item.tenant_id, scope) in package.scopes for scope in scopes_of(table, rows)):
                self._put_back = item
                return None
            selection = self.held.select(table, item.tenant_id, rows)
            if selection.scopes and not selection.is_new and package.is_appended.get(item.table):
                self._put_back = item
                return None
            self._count(item, selection)
            if selection.scopes:
                is_appended = package.is_appended.setdefault(item.table, selection.is_new)
                package.scopes |= {(item.table, item.tenant_id, scope) for scope in selection.scopes}
                package.sent[item.tenant_id, item.table] += selection.rows.num_rows
                return item.table, selection.rows, is_appended
        return None

    def _next(self) -> Chunk | Mark | None:
        if self._put_back is not None:
            item, self._put_back = self._put_back, None
            return item
        return next(self._items, None)

    def _is_full(self, package: _Package) -> bool:
        return bool(package.scopes or package.marks) and (
            sum(package.sent.values()) >= self._package_rows
            or time.monotonic() - package.opened_at >= self._package_seconds
        )

    def _count(self, item: Chunk, selection: Selection) -> None:
        counts = self.totals.setdefault((item.tenant_id, item.table), Counts())
        counts.extracted += item.rows.num_rows
        counts.unchanged += selection.unchanged
        counts.stale += selection.stale


def _load_package(
    engine: "Engine",
    package: _Package,
    dataset: str,
    tables: dict[str, RawTable],
    warehouse: Warehouse,
    before_load: Callable[[], None] | None,
) -> None:
    from ingestion.loader.engine import step_failures

    try:
        load_id = engine.extract(package.rows())
        chaos.point("ingest.after_extract")
        engine.normalize()
        chaos.point("ingest.after_normalize")
        with warehouse.write_lock():
            chaos.point("ingest.before_load")
            if before_load is not None:
                before_load()
            engine.load(is_compacting=not package.is_bulk(tables))
        chaos.point("ingest.after_load")
    except step_failures() as error:
        tenants = ", ".join(sorted({tenant_id for tenant_id, _ in package.sent})) or "no tenant yet"
        raise translated(error, dataset=dataset, tenants=f"tenants {tenants}") from error
    _prove(package, load_id, tables, warehouse)
    _log.info("ingest.package_loaded", dataset=dataset, load_id=load_id, rows=sum(package.sent.values()))


def _prove(package: _Package, load_id: str, tables: dict[str, RawTable], warehouse: Warehouse) -> None:
    with warehouse.snapshot() as snapshot:
        for (tenant_id, name), sent in package.sent.items():
            table = tables[name]
            whose = "" if table.is_replaced_whole else " and tenant_id = :tenant_id"
            found = snapshot.rows(
                f"select count(*) as found from {table.spec.qualified} where {LOAD_ID} = :load_id{whose}",
                load_id=load_id,
                **({} if table.is_replaced_whole else {"tenant_id": tenant_id}),
            )[0]["found"]
            if found != sent:
                raise RowsNotProved(
                    f"{sent} rows of tenant {tenant_id} were sent to {table.spec.qualified}, but {found} stand there after "
                    f"the load. No cursor was moved; run the sync again, and look for another process that writes this cell."
                )
