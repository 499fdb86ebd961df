"""`raw_hubspot` by cell and `raw_app` as a whole: what dlt loads."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from core.installation import Installation
from core.naming import RAW_APP, RAW_HUBSPOT
from core.tenants import cell
from ingestion import app_state as app_state_source
from ingestion.hubspot import tables
from orchestration.erasure import Eraser
from orchestration.loading import Loaded, load_cell, sentences
from orchestration.partitions import CELLS
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
    loaded = load_cell(
        place,
        of,
        tenants,
        run_id=context.run.run_id,
        log=context.log,
        eraser=Eraser(place),
        on_rows=on_rows,
        hints=config.only or None,
        is_sweeping=config.is_sweeping,
        allowed_deletions=config.allowed_deletions,
    )
    if loaded.ended and len(loaded.ended) == len(tenants):
        raise dg.Failure(description=sentences(loaded.ended))
    for table in HUBSPOT_TABLES:
        yield dg.MaterializeResult(asset_key=[RAW_HUBSPOT, table], metadata=_metadata(loaded, table))


@dg.multi_asset(
    name="app_state",
    specs=[dg.AssetSpec([RAW_APP, table], group_name=RAW_APP, kinds={"dlt"}) for table in APP_TABLES],
)
def app_state(
    context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation]
) -> Iterator[dg.MaterializeResult[None]]:
    """What people decided in the product, as the warehouse needs it: settings, topics, corrections, and what they did to cards."""
    rows = place.directory.app_state()
    warehouse, work_dir = place.warehouse, place.settings.stores.data_dir
    app_state_source.load_app_state(rows, warehouse=warehouse, work_dir=work_dir)
    new = app_state_source.load_cards(
        place.card_events.beyond, place.card_events.aliases(), warehouse=warehouse, work_dir=work_dir
    )
    listed = [f"{len(rows[table])} {table}" for table in rows] + [
        f"{count} new {table}" for table, count in new.items()
    ]
    context.log.info(f"Loaded {', '.join(listed)}.")
    for table in APP_TABLES:
        figure = {"loaded": new[table]} if table in new else {"dagster/row_count": len(rows[table])}
        yield dg.MaterializeResult(asset_key=[RAW_APP, table], metadata=figure)


def _metadata(loaded: Loaded, table: str) -> dict[str, dg.MetadataValue]:
    streams = [stream for stream in loaded.report.streams if stream.stream == table]
    metadata: dict[str, dg.MetadataValue] = {}
    if streams:
        metadata["dagster/row_count"] = dg.MetadataValue.int(sum(stream.held for stream in streams))
        metadata["extracted"] = dg.MetadataValue.int(sum(stream.extracted for stream in streams))
        metadata["loaded"] = dg.MetadataValue.int(sum(stream.loaded for stream in streams))
    if loaded.errors:
        metadata["failed_tenants"] = dg.MetadataValue.json(dict(loaded.errors))
    return metadata
