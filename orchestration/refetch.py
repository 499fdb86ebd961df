"""The job `refetch`: what HubSpot's webhooks say has changed in one cell is read at once, and nothing else.

The events are marked as handled after what was read is proved. A run that is killed before that leaves them as they are; so does
a tenant that cannot be read. Both are tried again, after a pause that grows with every attempt, and reading a record twice changes
nothing. Syncs do not know of any of this: what no webhook told, they find.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg

from core import chaos
from core.appdb.directory import Tenant
from core.appdb.webhooks import TakenEvent
from core.installation import Installation
from core.naming import RAW_HUBSPOT
from core.tenants import Cell, cell
from core.vocabulary import ErasureSource
from ingestion.hubspot.webhooks import erased_contacts, hints_of
from orchestration.erasure import Eraser
from orchestration.loading import Loaded, load_cell, sentences
from orchestration.partitions import CELLS, UNCHANGED_TAG


@dg.op(description="Read the records that unhandled webhook events of this cell are about.")
def refetch_hinted(context: dg.OpExecutionContext, place: dg.ResourceParam[Installation]) -> None:
    """See the module; fails where no tenant that something was said about could be read."""
    of = cell(context.partition_key)
    tenants = place.directory.tenants(of)
    taken = place.webhooks.take([tenant.tenant_id for tenant in tenants], now=datetime.now(UTC))
    by_tenant: dict[str, list[TakenEvent]] = defaultdict(list)
    for event in taken:
        by_tenant[event.tenant_id].append(event)
    loaded = _load(context, place, of, tenants, by_tenant)
    chaos.point("hints.after_load")
    failed = loaded.errors if loaded else {}
    handled = [event.key for event in taken if event.tenant_id not in failed]
    place.webhooks.note_handled(handled, handled_at=datetime.now(UTC))
    context.log.info(f"{len(handled)} of {len(taken)} events are handled.")
    # A run that died may have loaded what this one finds loaded, and nothing has followed it yet.
    is_repeated = any(event.is_repeated for event in taken)
    if loaded is None or not (loaded.is_changed or is_repeated):
        context.instance.add_run_tags(context.run_id, UNCHANGED_TAG)
    if failed and not handled:
        raise dg.Failure(description=sentences(failed))
    if loaded:
        _note_materialized(context, of, loaded)


@dg.job(
    partitions_def=CELLS,
    executor_def=dg.in_process_executor,
    description="Read what HubSpot's webhooks say has changed in one cell. Nothing depends on it: syncs find the same, later.",
)
def refetch() -> None:
    """One run of `refetch_hinted`."""
    refetch_hinted()


def _load(
    context: dg.OpExecutionContext,
    place: Installation,
    of: Cell,
    tenants: Sequence[Tenant],
    by_tenant: Mapping[str, Sequence[TakenEvent]],
) -> Loaded | None:
    """Load what the events hint at; None where that is nothing."""
    hints = {tenant_id: hints_of(event.raw for event in events) for tenant_id, events in by_tenant.items()}
    hinted = [tenant for tenant in tenants if hints.get(tenant.tenant_id)]
    if not hinted:
        return None
    eraser = Eraser(place)
    for tenant in hinted:
        # Before portals are opened, which are told whose words are not to be loaded any more.
        if contacts := erased_contacts(event.raw for event in by_tenant[tenant.tenant_id]):
            eraser.request(tenant.tenant_id, dict.fromkeys(sorted(contacts), ()), source=ErasureSource.WEBHOOK)
        named = ", ".join(f"{len(ids)} {object_type}" for object_type, ids in hints[tenant.tenant_id].items())
        context.log.info(f"{tenant.tenant_id}: {len(by_tenant[tenant.tenant_id])} events about {named}")
    return load_cell(place, of, hinted, run_id=context.run_id, log=context.log, eraser=eraser, hints=hints)


def _note_materialized(context: dg.OpExecutionContext, of: Cell, loaded: Loaded) -> None:
    tables = dict.fromkeys(stream.stream for stream in loaded.report.streams if stream.loaded or stream.deleted)
    for table in tables:
        streams = [stream for stream in loaded.report.streams if stream.stream == table]
        context.log_event(
            dg.AssetMaterialization(
                asset_key=[RAW_HUBSPOT, table],
                partition=of,
                metadata={
                    "extracted": sum(stream.extracted for stream in streams),
                    "loaded": sum(stream.loaded for stream in streams),
                    "deleted": sum(stream.deleted for stream in streams),
                },
            )
        )
