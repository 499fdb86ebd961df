"""Bringing a tenant up to date because a person wants it: loaded, read, built and published, with counts for whoever watches.

It is the refresh that the schedule and the command line do, for one cell: its runs are ordinary runs in the Dagster UI. Begun again
after a kill, it goes on where the last proved package and the last paid reading ended.
"""

import _thread
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from analysis.progress import Progress
from core.appdb.directory import Tenant
from core.appdb.engine import writing
from core.appdb.imports import StreamProgress
from core.appdb.tasks import Task, TaskBook, TaskCancelled, TaskLost
from core.errors import Terminal
from core.installation import Installation
from core.logging import get_logger
from core.vocabulary import TaskKind
from ingestion.hubspot.candidates import field_candidates
from ingestion.hubspot.figures import COUNTED, counted_streams, held_rows
from ingestion.hubspot.mappable import Mappable
from ingestion.hubspot.tables import OBJECT_TYPES
from orchestration.build import build_definitions
from orchestration.instance import open_instance
from orchestration.portals import open_portal
from orchestration.refresh import RefreshFailed, Step, StepKind, refresh

if TYPE_CHECKING:
    from orchestration.tasks.handlers import Report

_BETWEEN_WRITES_SECONDS = 0.5
_LONG = {StepKind.LOAD, StepKind.READ}

_log = get_logger(__name__)


class ImportFailed(Terminal):
    """A tenant could not be brought up to date."""


def import_tenant(place: Installation, task: Task, report: "Report") -> Mapping[str, Any]:
    """Load, read, build and publish the task's tenant; then, the first time, have topics looked for.

    Raises:
        NotConnected, ConnectionRevoked, HubSpotUnavailable: HubSpot cannot be asked.
        ImportFailed: A run failed; the sentence is the tenant's own.
        TaskLost: Another worker does this by now.
        TaskCancelled: Somebody wants it stopped.
    """
    tenant = place.directory.tenant(task.tenant_id)
    report("Asking HubSpot how much there is")
    watcher = _Watcher(place, tenant, report)
    watcher.begin()
    definitions = build_definitions(
        resources={"place": place, "on_rows": watcher.on_rows, "on_reading": watcher.on_reading}
    )
    instance = open_instance(place.settings.stores.data_dir)
    try:
        with watcher.writing():
            refresh(definitions, instance, place, of=[tenant.cell], on_step=watcher.on_step, is_quiet=True)
    except KeyboardInterrupt:
        if watcher.cancelled is None:
            raise
        raise watcher.cancelled from None
    except RefreshFailed as error:
        raise ImportFailed(_sentence(place, tenant, error)) from error
    watcher.settle()
    discovery = _ask_for_topics(place, task)
    build = place.builds.current(tenant.tenant_id)
    return {
        "ticket_count": watcher.counts["tickets"],
        "message_count": watcher.message_count,
        "card_count": build.row_counts.get("churn_risk_cards", 0) if build else 0,
        "discovery_task_id": discovery,
    }


class _Watcher:
    """Counts what the runs tell, from any thread, and writes it down from one."""

    def __init__(self, place: Installation, tenant: Tenant, report: "Report") -> None:
        self.counts: Counter[str] = Counter()
        self.message_count = 0
        self._place = place
        self._tenant = tenant
        self._report = report
        self._totals: dict[str, int | None] = dict.fromkeys(COUNTED)
        self._told: tuple[str, int | None, int | None] = ("Loading from HubSpot", None, None)
        self._lost: TaskLost | TaskCancelled | None = None
        self._is_interruptible = False
        self._counting = threading.Lock()

    @property
    def cancelled(self) -> TaskCancelled | None:
        """What is raised where somebody wants the import stopped; None: nobody does."""
        return self._lost if isinstance(self._lost, TaskCancelled) else None

    def begin(self) -> None:
        """What is held already, and how much HubSpot says there is."""
        self.counts.update(held_rows(self._place.warehouse, self._tenant.tenant_id))
        now = datetime.now(UTC)
        with open_portal(self._place, self._tenant) as portal:
            for kind in OBJECT_TYPES:
                self._totals[kind.name] = portal.total(kind.name, kind.modified, now)
        self._write()

    def on_rows(self, tenant_id: str, stream: str, rows: int) -> None:
        """Rows were read."""
        if tenant_id == self._tenant.tenant_id:
            with self._counting:
                self.counts[stream] += rows

    def on_reading(self, progress: Progress) -> None:
        """Messages were read; of the whole cell, whose tenants are read together."""
        self.message_count = progress.messages_done
        self._told = ("Reading tickets", progress.messages_done, progress.messages_total)

    def on_step(self, step: Step) -> None:
        """A run is about to start.

        Raises:
            TaskLost: Another worker does this by now.
            TaskCancelled: Somebody wants it stopped.
        """
        if self._lost is not None:
            raise self._lost
        self._is_interruptible = step.kind in _LONG
        if step.kind is StepKind.STAGE:
            self.settle()
            self._keep_candidates()
        said = {
            StepKind.LOAD: "Loading from HubSpot",
            StepKind.STAGE: "Sorting what was loaded",
            StepKind.READ: "Reading tickets",
            StepKind.CARDS: "Working out cards",
        }[step.kind]
        self._told = (said, None, None)
        self._report(said)

    def settle(self) -> None:
        """The warehouse's own figures in place of those that were added up."""
        found = counted_streams(self._place.warehouse, self._tenant.tenant_id)
        with self._counting:
            for stream, (held, total) in found.items():
                self.counts[stream], self._totals[stream] = held, total
        self._write()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write what was counted every half second until the block ends.

        A load or a reading may take hours: where the import is to be stopped it is interrupted, as Ctrl-C would. Other steps take
        minutes, and are let come to their end.
        """
        is_over = threading.Event()
        is_main = threading.current_thread() is threading.main_thread()

        def run() -> None:
            while not is_over.wait(_BETWEEN_WRITES_SECONDS):
                try:
                    self._write()
                    self._report(*self._told)
                except TaskLost as error:
                    self._lost = error
                    return
                except TaskCancelled as error:
                    self._lost = error
                    if self._is_interruptible and is_main:
                        _thread.interrupt_main()
                    return
                except (SQLAlchemyError, OSError):
                    # The database is away for a moment; the next figure says more than this one.
                    _log.warning("import.not_told", tenant=self._tenant.tenant_id, exc_info=True)

        writer = threading.Thread(target=run, name="progress", daemon=True)
        writer.start()
        try:
            yield
        finally:
            is_over.set()
            writer.join()
        if self._lost is not None:
            raise self._lost

    def _write(self) -> None:
        with self._counting:
            streams = [
                StreamProgress(stream=stream, read_count=_at_most(self.counts[stream], total), portal_total=total)
                for stream, total in self._totals.items()
            ]
        self._place.imports.keep_progress(self._tenant.tenant_id, streams)

    def _keep_candidates(self) -> None:
        with open_portal(self._place, self._tenant) as portal:
            found = Mappable.in_portal(portal)
        tenant_id = self._tenant.tenant_id
        self._place.imports.keep_candidates(tenant_id, field_candidates(self._place.warehouse, tenant_id, found))


def _at_most(count: int, total: int | None) -> int:
    # A page that is read again after a kill is counted again.
    return count if total is None else min(count, total)


def _ask_for_topics(place: Installation, task: Task) -> str | None:
    """Have topics looked for where nobody ever has; the id of that task."""
    if place.proposals.of(task.tenant_id):
        return None
    # At most a call for 25 tickets, of those that were just paid for; who set the tenant up wants to see what it says.
    wanted = {"latest": 1000, "is_all": False, "is_confirmed": True}
    book = TaskBook(task.tenant_id, lambda: writing(place.app_database))
    return book.ask(TaskKind.TOPIC_DISCOVERY, wanted, asked_by=task.asked_by)


def _sentence(place: Installation, tenant: Tenant, error: RefreshFailed) -> str:
    """Why, in this tenant's own words: those of a cell's other tenants are not its to read."""
    if len(place.directory.tenants(tenant.cell)) == 1:
        return " ".join(why.removeprefix(f"{tenant.tenant_id}: ") for why in error.failures.values()) or str(error)
    held = place.connection(tenant.tenant_id).connection()
    own = held.error_message if held else None
    return own or "The import did not get through. Whoever runs churnboard finds the reason in the run's log."
