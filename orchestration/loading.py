"""One load of a cell as every run does it: portals opened, records read, erased people cleared away, old webhook events forgotten.

Whether everything is read or just what hints name is the only difference; what a hint brings says nothing about whether a tenant
is up to date, so it dates no connection.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from core.appdb.directory import Tenant
from core.connections import AppMisconfigured
from core.errors import Transient
from core.installation import Installation
from core.tenants import Cell
from ingestion.hubspot.report import CellReport
from ingestion.hubspot.sync import SWEEP_SECONDS, Options, PortalAccess, refetch_cell, sync_cell
from ingestion.hubspot.tenant import Hints
from ingestion.hubspot.tokens import StoredTokens
from orchestration.erasure import Eraser
from orchestration.portals import accesses
from orchestration.resources import OnRows


@dataclass(frozen=True)
class Loaded:
    """What became of a load.

    Attributes:
        report: Stream by stream.
        errors: Tenants of which something could not be read, each with the sentence.
        ended: Those of which nothing more could be read.
    """

    report: CellReport
    errors: Mapping[str, str]
    ended: Mapping[str, str]

    @property
    def is_changed(self) -> bool:
        """Whether the warehouse holds anything else than before."""
        return any(stream.loaded or stream.deleted for stream in self.report.streams)


def load_cell(
    place: Installation,
    of: Cell,
    tenants: Sequence[Tenant],
    *,
    run_id: str,
    log: logging.Logger,
    eraser: Eraser,
    on_rows: OnRows = lambda *_: None,
    hints: Mapping[str, Hints] | None = None,
    is_sweeping: bool = False,
    allowed_deletions: Collection[str] = (),
) -> Loaded:
    """Load tenants of a cell; one that fails does not stop the others.

    Args:
        place: The installation.
        of: The cell.
        tenants: Of it, those to load.
        run_id: Stands in `sync_cursors`.
        log: Of the run.
        eraser: Is told whom HubSpot no longer has, and carries out what is asked of it afterwards.
        on_rows: Told of rows as they are read.
        hints: By tenant and object type, ids of the only records to read; None: whatever has changed.
        is_sweeping: Whether to sweep although it is not time yet.
        allowed_deletions: Object types of which any number of records may be gone.

    Raises:
        WarehouseBusy, LockLost, LoadFailed, LoadInterrupted, RowsNotProved: As `sync_cell`.
    """
    portals, unreachable = accesses(place, tenants, allowed_deletions=allowed_deletions)

    def on_progress(tenant: str, stream: str, rows: int) -> None:
        log.info(f"{tenant} {stream}: {rows:,} rows")
        on_rows(tenant, stream, rows)

    read = sync_cell if hints is None else partial(refetch_cell, hints=hints)
    report = read(
        of,
        portals,
        warehouse=place.warehouse,
        data_dir=place.settings.stores.data_dir,
        run_id=run_id,
        options=Options(
            overlap_seconds=place.settings.hubspot.sync_overlap_seconds,
            lag_seconds=place.settings.hubspot.sync_lag_seconds,
            sweep_seconds=0 if is_sweeping else SWEEP_SECONDS,
            on_progress=on_progress,
            on_erased_contacts=eraser.on_erased_contacts,
        ),
    )
    if hints is None:
        _note_outcomes(place, report, portals)
    for done in eraser.carry_out([tenant.tenant_id for tenant in tenants]):
        log.info(str(done))
    place.webhooks.prune(now=datetime.now(UTC))
    errors = unreachable | report.failed_tenants
    for tenant_id, error in errors.items():
        log.error(f"{tenant_id}: {error}")
    return Loaded(report, errors, unreachable | report.ended)


def sentences(errors: Mapping[str, str]) -> str:
    """What went wrong, tenant by tenant, as one text."""
    return "; ".join(f"{tenant_id}: {error}" for tenant_id, error in errors.items())


def _note_outcomes(place: Installation, report: CellReport, portals: Sequence[PortalAccess]) -> None:
    for portal in portals:
        failure = portal.access_token.failure if isinstance(portal.access_token, StoredTokens) else None
        place.connection(portal.tenant_id).note_sync(
            synced_at=datetime.now(UTC),
            error=report.failed_tenants.get(portal.tenant_id),
            # A mistake of ours, or an outage, is no reason to ask the customer to connect again.
            is_broken=not isinstance(failure, AppMisconfigured | Transient),
        )
