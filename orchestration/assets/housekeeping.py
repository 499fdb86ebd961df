"""What goes by itself, every night: words older than a tenant keeps them, and tenants whose deletion is not through."""

from datetime import UTC, datetime

import dagster as dg

from core.installation import Installation
from core.vocabulary import DeletionStatus
from orchestration.deletion import delete_tenants
from orchestration.retention import erase_old_words, old_tickets

_KEY = dg.AssetKey(["housekeeping", "retention"])


@dg.asset(key=_KEY, group_name="housekeeping")
def retention(context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation]) -> dg.MaterializeResult[None]:
    """Words of closed tickets that are older than their tenant keeps them are erased from every store, and searched for."""
    done = erase_old_words(place, datetime.now(UTC))
    for one in done:
        context.log.info(str(one))
    tickets = sum(len(request.ticket_ids) for one in done for request in one.requests)
    left = sum(len(one.residue) for one in done)
    return dg.MaterializeResult(metadata={"tenants": len(done), "tickets": tickets, "places_left": left})


@dg.asset_check(asset=_KEY, description="No closed ticket is older than its tenant keeps words, and still has them.")
def nothing_older_is_kept(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """What the tenant was promised, asked of the tables; what an erasure could not clear counts too."""
    today = datetime.now(UTC).date()
    kept = {
        str(tenant.tenant_id): len(old)
        for tenant in place.directory.tenants()
        if (old := old_tickets(place, tenant, today))
    }
    open_requests = [
        str(one) for one in place.erasures.open([tenant.tenant_id for tenant in place.directory.tenants()])
    ]
    return dg.AssetCheckResult(
        passed=not kept and not open_requests, metadata={"tickets_by_tenant": kept, "still_to_be_done": open_requests}
    )


@dg.asset(key=dg.AssetKey(["housekeeping", "deletions"]), group_name="housekeeping")
def deletions(context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation]) -> dg.MaterializeResult[None]:
    """Tenants whose deletion was asked for, and is not through, are deleted."""
    done = delete_tenants(place, context.instance, place.deletions.open(), context.log.info)
    through = sum(one.status is DeletionStatus.DONE for one in done)
    return dg.MaterializeResult(metadata={"asked_for": len(done), "through": through})
