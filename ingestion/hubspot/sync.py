"""A cell's sync: its tenants' portals into `raw_hubspot`, cursors behind the proof, and a report of how it went.

The whole run holds the cell's lock, so two runs of one cell never meet, on one machine or on two. Cursors are written package
by package, each after its rows were proved; a run that is killed anywhere leaves cursors that are at worst too old, and the next
one reads again what it needs.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from core import chaos
from core.errors import ChurnboardError
from core.logging import get_logger
from core.naming import RAW_HUBSPOT
from core.tenants import Cell, TenantId
from core.vocabulary import SyncMode
from core.warehouse import Warehouse
from ingestion.hubspot import gone
from ingestion.hubspot.client import HubSpotClient, TokenProvider
from ingestion.hubspot.limiter import OAUTH_APP, Limits, PortalLimiter
from ingestion.hubspot.plan import Cursor, Pace
from ingestion.hubspot.reader import Portal
from ingestion.hubspot.tables import (
    LINK_TYPES,
    OBJECT_TYPES,
    RAW_TABLES,
    SYNC_CURSORS,
    TICKETS,
    ensure_raw_tables,
)
from ingestion.hubspot.tenant import StreamDone, TenantSync
from ingestion.loader import Chunk, Counts, Mark, load
from ingestion.loader.among import AMONG, wanted
from ingestion.loader.run import PACKAGE_ROWS, Totals

SWEEP_SECONDS = 86_400.0
"""How often the links of all tickets are read."""

_MODIFIED = {kind.name: kind.modified for kind in OBJECT_TYPES}
_log = get_logger(__name__)


@dataclass(frozen=True)
class PortalAccess:
    """How one tenant's portal is reached.

    Attributes:
        tenant_id: Whose rows they become.
        base_url: Root of the API, HubSpot's or a sandbox's.
        access_token: A token that never changes, or whoever provides and refreshes tokens.
        limits: How often it may be called; another plan, or another kind of app, has others.
    """

    tenant_id: TenantId
    base_url: str
    access_token: SecretStr | TokenProvider
    limits: Limits = OAUTH_APP


@dataclass
class StreamReport:
    """How one stream of one tenant went.

    Attributes:
        mode: What was read; None when the stream failed before its end.
        extracted: Rows read from HubSpot.
        loaded: Rows that were new or different and are now held, proved.
        held: Rows held afterwards; for object streams the live ones in the window HubSpot counted.
        portal_total: HubSpot's own count of those; None for streams it does not count.
        deleted: Rows deleted because HubSpot no longer has them.
        error: What went wrong, as a sentence; the cursor was not moved.
    """

    tenant_id: str
    stream: str
    mode: SyncMode | None = None
    extracted: int = 0
    loaded: int = 0
    held: int = 0
    portal_total: int | None = None
    deleted: int = 0
    error: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether as many rows are held as HubSpot counts; true where it does not count."""
        return self.error is None and (self.portal_total is None or self.portal_total == self.held)


@dataclass
class CellReport:
    """How a cell's sync went."""

    cell: str
    run_id: str
    streams: list[StreamReport] = field(default_factory=list)

    @property
    def failed_tenants(self) -> dict[str, str]:
        """The first error of each tenant that had one."""
        failed: dict[str, str] = {}
        for stream in self.streams:
            if stream.error:
                failed.setdefault(stream.tenant_id, stream.error)
        return failed

    @property
    def extracted(self) -> int:
        """Rows read."""
        return sum(stream.extracted for stream in self.streams)

    @property
    def loaded(self) -> int:
        """Rows that were new or different."""
        return sum(stream.loaded for stream in self.streams)

    def stream(self, tenant_id: str, stream: str) -> StreamReport:
        """One stream's report, made when there is none yet."""
        for one in self.streams:
            if (one.tenant_id, one.stream) == (tenant_id, stream):
                return one
        self.streams.append(StreamReport(tenant_id, stream))
        return self.streams[-1]


def sync_cell(
    cell: Cell,
    portals: Sequence[PortalAccess],
    *,
    warehouse: Warehouse,
    work_dir: Path,
    overlap_seconds: float,
    lag_seconds: float,
    run_id: str,
    on_progress: Callable[[str, str, int], None] | None = None,
    now: Callable[[], datetime] | None = None,
    sweep_seconds: float = SWEEP_SECONDS,
    package_rows: int = PACKAGE_ROWS,
) -> CellReport:
    """Bring every portal of a cell up to date; a repeated call with nothing new loads nothing.

    Args:
        cell: Which cell; names the lock, the pipeline and the staging schema.
        portals: Its tenants' portals.
        warehouse: Where to.
        work_dir: Folder for dlt's files.
        overlap_seconds: How far increments reach back behind their cursor.
        lag_seconds: How far they stay behind the present.
        run_id: Stands in `sync_cursors`.
        on_progress: Called with (tenant, table, rows) whenever rows were read.
        now: The present; HubSpot's own clock unless given.
        sweep_seconds: How often the links of all tickets are read.
        package_rows: Rows loaded at a time.

    Returns:
        The report; a tenant that failed is in it and has stopped nobody else.

    Raises:
        WarehouseBusy: Another run of this cell, or another writer, did not end in time.
        LoadFailed, LoadInterrupted, RowsNotProved: The warehouse's side failed; the cursors of what was not proved stand.
    """
    run = _Run(cell, run_id, warehouse)
    pace = Pace(timedelta(seconds=overlap_seconds), timedelta(seconds=lag_seconds), timedelta(seconds=sweep_seconds))
    with warehouse.named_lock(f"cell:{cell}"), ExitStack() as clients:
        ensure_raw_tables(warehouse)
        cursors = _cursors(warehouse, [access.tenant_id for access in portals])
        tenants = []
        for access in portals:
            client = clients.enter_context(
                HubSpotClient(
                    access.base_url, access.tenant_id, access.access_token, limiter=PortalLimiter(access.limits)
                )
            )
            tenants.append(
                TenantSync(
                    Portal(client),
                    access.tenant_id,
                    warehouse,
                    cursors.get(access.tenant_id, {}),
                    pace,
                    now or _portal_clock(client),
                    on_progress or _unheard,
                )
            )

        def items() -> Iterator[Chunk | Mark]:
            for tenant in tenants:
                yield from tenant.items()
                # A cell may have thousands of tenants; their connections are not kept open until the last of them.
                tenant.portal.close()

        totals = load(
            RAW_HUBSPOT,
            cell,
            RAW_TABLES,
            items(),
            warehouse=warehouse,
            work_dir=work_dir,
            on_proved=run.prove,
            package_rows=package_rows,
        )
        run.finish(tenants, totals)
    return run.report


class _Run:
    def __init__(self, cell: Cell, run_id: str, warehouse: Warehouse) -> None:
        self.report = CellReport(cell, run_id)
        self._run_id = run_id
        self._warehouse = warehouse
        self._done: dict[tuple[str, str], StreamDone] = {}

    def prove(self, marks: Sequence[Mark], totals: Totals) -> None:
        """Write the cursors of streams whose rows are proved."""
        done = [mark.value for mark in marks if isinstance(mark.value, StreamDone)]
        for one in done:
            self._done[one.tenant_id, one.stream] = one
        self._write(done, totals)
        chaos.point("ingest.after_cursor")

    def finish(self, tenants: Sequence[TenantSync], totals: Totals) -> None:
        """Delete what HubSpot no longer has, and complete the report."""
        for tenant in tenants:
            for kind in OBJECT_TYPES:
                done = self._done.get((tenant.tenant_id, kind.name))
                if done is None:
                    continue
                report = self.report.stream(tenant.tenant_id, kind.name)
                try:
                    ids = list(tenant.gone.get(kind.name, []))
                    if tenant.is_sweep_due and report.held > (report.portal_total or 0):
                        ids += gone.missing_ids(tenant.portal, tenant.tenant_id, kind, self._warehouse)
                    report.deleted = gone.delete(tenant.tenant_id, kind, ids, self._warehouse)
                except ChurnboardError as error:
                    report.error = str(error)
                if report.deleted:
                    links = [links.table for links in LINK_TYPES] if kind is TICKETS else []
                    again = [self._done.get((tenant.tenant_id, stream)) for stream in (kind.name, *links)]
                    self._write([one for one in again if one is not None], totals)
            for stream, failure in tenant.errors.items():
                report = self.report.stream(tenant.tenant_id, stream)
                counts = totals.get((tenant.tenant_id, stream), Counts())
                report.extracted, report.loaded, report.error = counts.extracted, counts.loaded, str(failure)

    def _write(self, done: Sequence[StreamDone], totals: Totals) -> None:
        rows = []
        synced_at = datetime.now(UTC)
        for one, held in zip(done, _held(self._warehouse, done), strict=True):
            counts = totals.get((one.tenant_id, one.stream), Counts())
            report = self.report.stream(one.tenant_id, one.stream)
            report.mode, report.extracted, report.loaded = one.mode, counts.extracted, counts.loaded
            report.held, report.portal_total = held, one.portal_total
            rows.append(
                {
                    "tenant_id": one.tenant_id,
                    "stream": one.stream,
                    "cursor_at": one.cursor_at,
                    "mode": one.mode,
                    "extracted_count": counts.extracted,
                    "loaded_count": counts.loaded,
                    "held_count": held,
                    "portal_total": one.portal_total,
                    "run_id": self._run_id,
                    "synced_at": synced_at,
                }
            )
        self._warehouse.merge([(SYNC_CURSORS, rows)])


def _held(warehouse: Warehouse, done: Sequence[StreamDone]) -> list[int]:
    """Rows held, for each finished stream; of object streams the live ones within the window HubSpot counted."""
    parts, params = [], {}
    for position, one in enumerate(done):
        where = f"tenant_id = :tenant_{position}"
        params[f"tenant_{position}"] = one.tenant_id
        if one.stream in _MODIFIED:
            where += f" and not archived and {_MODIFIED[one.stream]} <= :until_{position}"
            params[f"until_{position}"] = one.cursor_at  # type: ignore[assignment]
        parts.append(f"select {position} as position, count(*) as held from raw_hubspot.{one.stream} where {where}")  # noqa: S608 - names of ours
    rows = warehouse.rows(" union all ".join(parts), **params)
    return [row["held"] for row in sorted(rows, key=lambda row: int(row["position"]))]


def _cursors(warehouse: Warehouse, tenant_ids: Sequence[str]) -> dict[str, dict[str, Cursor]]:
    found: dict[str, dict[str, Cursor]] = {}
    if tenant_ids:
        for row in warehouse.rows(
            f"select * from {SYNC_CURSORS.qualified} where tenant_id {AMONG}",  # noqa: S608 - name from TableSpec
            wanted=wanted(tenant_ids),
        ):
            found.setdefault(row["tenant_id"], {})[row["stream"]] = row
    return found


def _portal_clock(client: HubSpotClient) -> Callable[[], datetime]:
    return lambda: client.server_time


def _unheard(_tenant_id: str, _table: str, _rows: int) -> None:
    """Nobody wants to know."""
