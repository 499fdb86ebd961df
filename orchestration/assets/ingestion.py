"""`raw_hubspot` by cell and `raw_app` as a whole: what dlt loads."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import dagster as dg
from pydantic import Field

from core.connections import AppMisconfigured
from core.errors import Transient
from core.installation import Installation
from core.naming import RAW_APP, RAW_HUBSPOT
from core.tenants import cell
from ingestion import app_state as app_state_source
from ingestion.hubspot import tables
from ingestion.hubspot.report import CellReport
from ingestion.hubspot.sync import SWEEP_SECONDS, Options, PortalAccess, refetch_cell, sync_cell
from ingestion.hubspot.tokens import StoredTokens
from orchestration.erasure import Eraser
from orchestration.partitions import CELLS
from orchestration.portals import accesses
from orchestration.resources import OnRows

HUBSPOT_TABLES = tuple(spec.name for spec in (*(table.spec for table in tables.RAW_TABLES), tables.SYNC_CURSORS))
APP_TABLES = tuple(table.spec.name for table in app_state_source.APP_TABLES)


class LoadConfig(dg.Config):
    """What a person may ask of a load."""

    is_sweeping: bool = False
    """Read the links of all tickets, and compare all ids where counts differ, although the daily time for it has not come."""

    allowed_deletions: list[str] = Field(default_factory=list)
    """Object types (tickets, companies, contacts) of which any number of records may be gone: a person has checked."""

    only: dict[str, dict[str, list[str]]] = Field(default_factory=dict)
    """By tenant and object type, ids of records that are said to have changed: just these are read, and no cursor moves."""


@dg.multi_asset(
    name="hubspot",
    partitions_def=CELLS,
    specs=[
        dg.AssetSpec([RAW_HUBSPOT, table], group_name=RAW_HUBSPOT, kinds={"dlt", "hubspot"}) for table in HUBSPOT_TABLES
    ],
)
def hubspot(
    context: dg.AssetExecutionContext,
    config: LoadConfig,
    place: dg.ResourceParam[Installation],
    on_rows: dg.ResourceParam[OnRows],
) -> Iterator[dg.MaterializeResult[None]]:
    """Everything of one cell's portals that changed since their cursors: one failing tenant does not stop the others."""
    of = cell(context.partition_key)
    tenants = place.directory.tenants(of)
    eraser = Eraser(place)
    portals, unreachable = accesses(place, tenants, allowed_deletions=config.allowed_deletions)

    def on_progress(tenant: str, stream: str, rows: int) -> None:
        context.log.info(f"{tenant} {stream}: {rows:,} rows")
        on_rows(tenant, stream, rows)

    read = partial(refetch_cell, hints=config.only) if config.only else sync_cell
    report = read(
        of,
        portals,
        warehouse=place.warehouse,
        data_dir=place.settings.stores.data_dir,
        run_id=context.run.run_id,
        options=Options(
            overlap_seconds=place.settings.hubspot.sync_overlap_seconds,
            lag_seconds=place.settings.hubspot.sync_lag_seconds,
            sweep_seconds=0 if config.is_sweeping else SWEEP_SECONDS,
            on_progress=on_progress,
            on_erased_contacts=eraser.on_erased_contacts,
        ),
    )
    _note_outcomes(place, report, portals)
    for done in eraser.carry_out([tenant.tenant_id for tenant in tenants]):
        context.log.info(str(done))
    errors = unreachable | report.failed_tenants
    for tenant_id, error in errors.items():
        context.log.error(f"{tenant_id}: {error}")
    ended = unreachable | report.ended
    if ended and len(ended) == len(tenants):
        raise dg.Failure(description="; ".join(f"{tenant_id}: {error}" for tenant_id, error in ended.items()))
    for table in HUBSPOT_TABLES:
        yield dg.MaterializeResult(asset_key=[RAW_HUBSPOT, table], metadata=_metadata(report, table, errors))


@dg.multi_asset(
    name="app_state",
    specs=[dg.AssetSpec([RAW_APP, table], group_name=RAW_APP, kinds={"dlt"}) for table in APP_TABLES],
)
def app_state(
    context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation]
) -> Iterator[dg.MaterializeResult[None]]:
    """What people decided in the product, as the warehouse needs it: tenants and mappings, topics, trigger parameters."""
    rows = place.directory.app_state()
    app_state_source.load_app_state(rows, warehouse=place.warehouse, work_dir=place.settings.stores.data_dir)
    context.log.info(f"Loaded {', '.join(f'{len(rows[table])} {table}' for table in APP_TABLES)}.")
    for table in APP_TABLES:
        yield dg.MaterializeResult(asset_key=[RAW_APP, table], metadata={"dagster/row_count": len(rows[table])})


def _note_outcomes(place: Installation, report: CellReport, portals: Sequence[PortalAccess]) -> None:
    for portal in portals:
        failure = portal.access_token.failure if isinstance(portal.access_token, StoredTokens) else None
        place.connection(portal.tenant_id).note_sync(
            synced_at=datetime.now(UTC),
            error=report.failed_tenants.get(portal.tenant_id),
            # A mistake of ours, or an outage, is no reason to ask the customer to connect again.
            is_broken=not isinstance(failure, AppMisconfigured | Transient),
        )


def _metadata(report: CellReport, table: str, errors: Mapping[str, str]) -> dict[str, dg.MetadataValue]:
    streams = [stream for stream in report.streams if stream.stream == table]
    metadata: dict[str, dg.MetadataValue] = {}
    if streams:
        metadata["dagster/row_count"] = dg.MetadataValue.int(sum(stream.held for stream in streams))
        metadata["extracted"] = dg.MetadataValue.int(sum(stream.extracted for stream in streams))
        metadata["loaded"] = dg.MetadataValue.int(sum(stream.loaded for stream in streams))
    if errors:
        metadata["failed_tenants"] = dg.MetadataValue.json(dict(errors))
    return metadata
