"""Which months have tickets that changed since they were read: what a nightly run has to look at, and nothing more.

A ticket whose words were erased is never read again, whatever becomes of it in HubSpot.

A change of prompt or model makes no month pending: reading everything again costs money, so a person asks for it by a backfill.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from analysis.tickets import STAGED_TICKETS, NothingStaged
from core.naming import ENRICHMENT, STAGING
from core.tenants import TenantId
from core.warehouse import Warehouse

_PENDING: Final = f"""
select min(t.created_at) as first_at, max(t.created_at) as last_at
from {STAGING}.{STAGED_TICKETS} as t
left join {ENRICHMENT}.ticket_texts as texts on texts.tenant_id = t.tenant_id and texts.ticket_id = t.ticket_id
where t.tenant_id = any(:tenant_ids) and (texts.read_at is null or texts.read_at < t.loaded_at)
    and (texts.ticket_id is null or texts.text is not null)
    and (texts.read_at is not null or coalesce(t.subject, '') <> '' or coalesce(t.content, '') <> '')
"""  # noqa: S608 - names of ours, values are bound


def pending_months(warehouse: Warehouse, tenant_ids: Sequence[TenantId]) -> tuple[date, date] | None:
    """The days of the first and the last ticket that came or changed since its reading; None where there is none.

    Raises:
        NothingStaged: The staging views are not built yet.
    """
    with warehouse.snapshot() as snapshot:
        if not snapshot.has_table(STAGING, STAGED_TICKETS):
            raise NothingStaged(
                f"{STAGING}.{STAGED_TICKETS} does not exist yet: run the ingest job, which loads and stages, and then read."
            )
        [span] = snapshot.rows(_PENDING, tenant_ids=list(tenant_ids))
    return (span["first_at"].date(), span["last_at"].date()) if span["first_at"] else None
