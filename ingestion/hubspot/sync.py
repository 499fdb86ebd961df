"""A cell's sync: its tenants' portals into `raw_hubspot`, cursors behind the proof, and a report of how it went.

The whole run holds the cell's lock, so two runs of one cell never meet, on one machine or on two; a run whose lock was taken from
it while it slept loads nothing more. Cursors are written package by package, each after its rows were proved; a run that is killed
anywhere leaves cursors that are at worst too old, and the next one reads again what it needs.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from core import chaos
from core.errors import ChurnboardError
from core.naming import RAW_HUBSPOT
from core.tenants import Cell, TenantId
from core.vocabulary import StreamStatus
from core.warehouse import NamedLock, Warehouse
from ingestion.hubspot import gone
from ingestion.hubspot.ahead import crew
from ingestion.hubspot.client import HubSpotClient, TokenProvider
from ingestion.hubspot.context import Context
from ingestion.hubspot.cursors import Cursors, held_counts
from ingestion.hubspot.errors import MissingScope
from ingestion.hubspot.limiter import OAUTH_APP, Counts, Limits
from ingestion.hubspot.limits.shared import open_limits
from ingestion.hubspot.marks import Checkpoint, StreamDone
from ingestion.hubspot.messages import delete_unlinked
from ingestion.hubspot.plan import Pace, is_listing_due
from ingestion.hubspot.reader import Portal
from ingestion.hubspot.report import CellReport
from ingestion.hubspot.tables import (
    CONTACTS,
    LINK_TABLES,
    OBJECT_TYPES,
    RAW_TABLES,
    TICKETS,
    ObjectType,
    ensure_raw_tables,
)
from ingestion.hubspot.tenant import STREAMS, Hints, Items, TenantSync
from ingestion.loader import Counts as RowCounts
from ingestion.loader import Mark, load
from ingestion.loader.run import PACKAGE_ROWS, Totals

SWEEP_SECONDS = 72_000.0
"""How often the links of all tickets are read: daily, also where the daily run comes a little early."""

CREW_SIZE = 6
"""Requests under way at once, besides one for each list that is being read."""


OnErased = Callable[[str, Mapping[str, Sequence[str]]], None]
"""Told of a tenant's erased contacts: by contact id, the ids of the tickets it was linked to."""


@dataclass(frozen=True)
class PortalAccess:
    """How one tenant's portal is reached.

    Attributes:
        tenant_id: Whose rows they become.
        base_url: Root of the API, HubSpot's or a sandbox's.
        access_token: A token that never changes, or whoever provides and refreshes tokens.
        limits: How often it may be called; another plan, or another kind of app, has others.
        allowed_deletions: Object types of which a person has said that any number of records may be gone.
        suppressed_tickets: Tickets whose person was erased; they are loaded without words, and so are their messages.
        suppressed_contacts: Those persons, should HubSpot show them again.
    """

    tenant_id: TenantId
    base_url: str
    access_token: SecretStr | TokenProvider
    limits: Limits = OAUTH_APP
    allowed_deletions: Collection[str] = frozenset()
    suppressed_tickets: Collection[str] = frozenset()
    suppressed_contacts: Collection[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a cell is synced.

    Attributes:
        overlap_seconds: How far increments reach back behind their cursor.
        lag_seconds: How far they stay behind the present.
        sweep_seconds: How often the links of all tickets are read; 0 for now.
        package_rows: Rows loaded at a time.
        now: The present; HubSpot's own clock unless given.
        on_progress: Called with (tenant, table, rows) whenever rows were read; from several threads.
        on_erased_contacts: Called with a tenant and the contacts that were erased in HubSpot, each with its tickets, before
            anything of them is deleted here.
    """

    overlap_seconds: float
    lag_seconds: float
    sweep_seconds: float = SWEEP_SECONDS
    package_rows: int = PACKAGE_ROWS
    now: Callable[[], datetime] | None = None
    on_progress: Callable[[str, str, int], None] = field(default=lambda *_: None)
    on_erased_contacts: OnErased = field(default=lambda *_: None)


def sync_cell(
    cell: Cell, portals: Sequence[PortalAccess], *, warehouse: Warehouse, data_dir: Path, run_id: str, options: Options
) -> CellReport:
    """Bring every portal of a cell up to date; a repeated call with nothing new loads nothing.

    Args:
        cell: Which cell; names the lock, the pipeline and the staging schema.
        portals: Its tenants' portals.
        warehouse: Where to.
        data_dir: The installation's folder, for dlt's files and the limits its workers share.
        run_id: Stands in `sync_cursors`.
        options: How.

    Returns:
        The report; a tenant that failed is in it and has stopped nobody else.

    Raises:
        WarehouseBusy: Another run of this cell, or another writer, did not end in time.
        LockLost: This run was taken for dead, and another one may be at work.
        LoadFailed, LoadInterrupted, RowsNotProved: The warehouse's side failed; the cursors of what was not proved stand.
    """
    with _opened(cell, portals, warehouse, data_dir, run_id, options) as run:
        run.load(run.items())
        run.load(run.repairs())
        run.delete_vanished()
        run.finish()
        return run.report


def refetch_cell(
    cell: Cell,
    portals: Sequence[PortalAccess],
    *,
    hints: Mapping[str, Hints],
    warehouse: Warehouse,
    data_dir: Path,
    run_id: str,
    options: Options,
) -> CellReport:
    """Read just the records somebody says have changed, wherever they are now; moves no cursor, so syncs miss nothing by it.

    Args:
        cell: As for `sync_cell`; so are the other arguments, and what is raised.
        portals: The tenants' portals; one that was never synced is left to its backfill.
        hints: By tenant, then by object type, ids of records.
        warehouse: Where to.
        data_dir: The installation's folder, for dlt's files and the limits its workers share.
        run_id: Stands in the log.
        options: How.
    """
    with _opened(cell, portals, warehouse, data_dir, run_id, options) as run:
        run.load(run.hinted(hints))
        run.load(run.relinks())
        run.delete_vanished()
        run.note_errors()
        return run.report


@contextmanager
def _opened(
    cell: Cell,
    portals: Sequence[PortalAccess],
    warehouse: Warehouse,
    data_dir: Path,
    run_id: str,
    options: Options,
) -> Iterator["_Run"]:
    pace = Pace(
        timedelta(seconds=options.overlap_seconds),
        timedelta(seconds=options.lag_seconds),
        timedelta(seconds=options.sweep_seconds),
    )
    with (
        warehouse.named_lock(f"cell:{cell}") as lock,
        open_limits(warehouse, data_dir) as limits,
        crew(CREW_SIZE) as hands,
        ExitStack() as clients,
    ):
        ensure_raw_tables(warehouse)
        cursors = Cursors(warehouse, [access.tenant_id for access in portals], run_id)
        tenants: list[TenantSync] = []
        counted: list[Counts] = []
        for access in portals:
            limiter = limits.portal(access.base_url, access.tenant_id, access.limits)
            client = clients.enter_context(
                HubSpotClient(access.base_url, access.tenant_id, access.access_token, limiter=limiter)
            )
            clock = options.now or _portal_clock(client)
            context = Context(
                portal=Portal(client, hands),
                tenant_id=access.tenant_id,
                warehouse=warehouse,
                cursors=cursors.of(access.tenant_id),
                pace=pace,
                clock=clock,
                now=clock(),
                allowed_deletions=access.allowed_deletions,
                suppressed={TICKETS.name: access.suppressed_tickets, CONTACTS.name: access.suppressed_contacts},
            )
            tenants.append(TenantSync(context, options.on_progress))
            counted.append(client.counts)
        report = CellReport(cell, run_id)
        yield _Run(report, tenants, cursors, lock, warehouse, data_dir, options)
        for counts in counted:
            report.requests += counts


class _Run:
    """The tenants of a cell, from what they have to what became of it."""

    def __init__(
        self,
        report: CellReport,
        tenants: Sequence[TenantSync],
        cursors: Cursors,
        lock: NamedLock,
        warehouse: Warehouse,
        data_dir: Path,
        options: Options,
    ) -> None:
        self.report = report
        self._tenants = tenants
        self._cursors = cursors
        self._lock = lock
        self._warehouse = warehouse
        self._data_dir = data_dir
        self._options = options
        self._done: dict[tuple[str, str], StreamDone] = {}
        self._later: dict[tuple[str, str], list[str]] = {}
        self._gaps: dict[tuple[str, str], int] = {}

    def load(self, items: Items) -> None:
        """Load what is read, and count it."""
        with closing(items):
            totals = load(
                RAW_HUBSPOT,
                self.report.cell,
                RAW_TABLES,
                items,
                warehouse=self._warehouse,
                work_dir=self._data_dir,
                on_proved=self._prove,
                before_load=self._lock.check,
                package_rows=self._options.package_rows,
            )
        for (tenant_id, stream), counts in totals.items():
            report = self.report.stream(tenant_id, stream)
            report.extracted += counts.extracted
            report.loaded += counts.loaded

    def items(self) -> Items:
        """Everything that may have changed."""
        for tenant in self._tenants:
            yield from tenant.items()
            # A cell may have thousands of tenants; their connections are not kept open until the last of them.
            tenant.context.portal.close()

    def repairs(self) -> Items:
        """What turns out to be missing once everything is loaded, and links that merges have moved."""
        for tenant in self._tenants:
            for kind in OBJECT_TYPES:
                if self._is_unlike(tenant, kind):
                    yield from tenant.repairs(kind)
            yield from tenant.relinks()
            tenant.context.portal.close()

    def hinted(self, hints: Mapping[str, Hints]) -> Items:
        """The records that are said to have changed."""
        for tenant in self._tenants:
            yield from tenant.hinted(hints.get(tenant.context.tenant_id, {}))

    def relinks(self) -> Items:
        """Links that what was read has made doubtful."""
        for tenant in self._tenants:
            yield from tenant.relinks()
            tenant.context.portal.close()

    def _prove(self, marks: Sequence[Mark], totals: Totals) -> None:
        """Write the cursors of streams, and the checkpoints of backfills, whose rows are proved."""
        done = [mark.value for mark in marks if isinstance(mark.value, StreamDone)]
        ended = {(one.tenant_id, one.stream) for one in done}
        reached = {
            (mark.value.tenant_id, mark.value.stream): mark.value
            for mark in marks
            if isinstance(mark.value, Checkpoint)
        }
        self._cursors.reach([one for key, one in reached.items() if key not in ended])
        self._done |= {(one.tenant_id, one.stream): one for one in done}
        self._write(done, totals)
        chaos.point("ingest.after_cursor")

    def delete_vanished(self) -> None:
        """Delete what HubSpot no longer has; contacts that were erased there are reported before."""
        self._lock.check()
        for tenant in self._tenants:
            context = tenant.context
            for kind in OBJECT_TYPES:
                try:
                    self._delete(context, kind)
                except gone.TooManyGone as error:
                    context.errors.setdefault(kind.name, error)
            gone.shorten_aliases(context.tenant_id, self._warehouse)
            for messages in tenant.unlinked():
                delete_unlinked(context.tenant_id, messages, self._warehouse)

    def _delete(self, context: Context, kind: ObjectType) -> None:
        report = self.report.stream(context.tenant_id, kind.name)
        merged_away = gone.merged_away(context.tenant_id, kind, self._warehouse)
        report.deleted += gone.delete(context.tenant_id, kind, merged_away, self._warehouse)
        vanished = context.vanished.get(kind.name, set()) - set(merged_away)
        if kind.name not in context.allowed_deletions:
            gone.refuse_too_many(context.tenant_id, kind, vanished, self._warehouse)
        if kind is CONTACTS and (
            erased := {one: sorted(context.erased[one]) for one in vanished & set(context.erased)}
        ):
            self._options.on_erased_contacts(context.tenant_id, erased)
        report.deleted += gone.delete(context.tenant_id, kind, vanished, self._warehouse)

    def finish(self) -> None:
        """Write the final figures and the failures."""
        self._write([one for key, one in self._done.items() if not self._is_failed(key)])
        failures: dict[tuple[str, str], tuple[StreamStatus, str]] = {}
        for tenant in self._tenants:
            context = tenant.context
            for stream, error in context.errors.items():
                failures[context.tenant_id, stream] = _status(error), str(error)
            if tenant.failure is not None:
                # Streams that were not even asked for have failed with the one that ended the tenant.
                for stream in STREAMS:
                    key = (context.tenant_id, stream)
                    if key not in self._done:
                        failures.setdefault(key, (StreamStatus.FAILED, str(tenant.failure)))
        self._cursors.fail(failures)
        self.note_errors()

    def note_errors(self) -> None:
        """Put what went wrong into the report."""
        for tenant in self._tenants:
            for stream, error in tenant.context.errors.items():
                report = self.report.stream(tenant.context.tenant_id, stream)
                report.error, report.status = str(error), _status(error)
            if tenant.failure is not None:
                self.report.ended[tenant.context.tenant_id] = str(tenant.failure)

    def _is_failed(self, key: tuple[str, str]) -> bool:
        return any(tenant.context.tenant_id == key[0] and key[1] in tenant.context.errors for tenant in self._tenants)

    def _is_unlike(self, tenant: TenantSync, kind: ObjectType) -> bool:
        """Whether HubSpot's count is not ours, for no reason that passes by itself."""
        context, key = tenant.context, (tenant.context.tenant_id, kind.name)
        done = self._done.get(key)
        if done is None or done.portal_total is None or self._is_failed(key):
            return False
        report = self.report.stream(*key)
        if report.held != done.portal_total:
            # Who changed after the window's end has left HubSpot's count of it, and is still in ours.
            later = context.portal.changed_ids(
                kind.name, kind.modified, done.cursor_at + _MILLISECOND, context.clock() + _AHEAD
            )
            self._later[key] = [one for page in later for one in page]
            self._write([done])
        return is_listing_due(report.held, done.portal_total, is_sweeping=tenant.is_sweeping)

    def _counted(self, one: StreamDone, held: int) -> int | None:
        """HubSpot's count. Links were counted ticket by ticket, and are not again when tickets are deleted or read anew."""
        if one.known_gap is not None:
            return held + one.known_gap
        if one.stream not in LINK_TABLES or one.portal_total is None:
            return one.portal_total
        gap = self._gaps.setdefault((one.tenant_id, one.stream), one.portal_total - held)
        return held + gap

    def _write(self, done: Sequence[StreamDone], under_way: Totals | None = None) -> None:
        """Write cursors; `under_way` counts the load that has not ended yet."""
        listed = {
            (tenant.context.tenant_id, stream): count
            for tenant in self._tenants
            for stream, count in tenant.listed.items()
        }
        written = []
        counts = held_counts(self._warehouse, done, later=self._later, listed=listed)
        for one, held in zip(done, counts, strict=True):
            key = (one.tenant_id, one.stream)
            report = self.report.stream(*key)
            report.mode, report.held = one.mode, held
            report.portal_total = listed.get(key, self._counted(one, held))
            more = (under_way or {}).get(key, RowCounts())
            written.append(
                (one, replace(report, extracted=report.extracted + more.extracted, loaded=report.loaded + more.loaded))
            )
        self._cursors.finish(written)


def _status(error: ChurnboardError) -> StreamStatus:
    return StreamStatus.MISSING_SCOPE if isinstance(error, MissingScope) else StreamStatus.FAILED


def _portal_clock(client: HubSpotClient) -> Callable[[], datetime]:
    return lambda: client.server_time


_MILLISECOND = timedelta(milliseconds=1)
# The index may know moments that HubSpot's clock, told in whole seconds, has not reached.
_AHEAD = timedelta(minutes=1)
