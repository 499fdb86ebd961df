"""Which months have tickets that changed, or were written on, since they were read: what a nightly run has to look at, and no more.

A link between a ticket and a message carries no words, so only a new one matters, and a message is read once for each ticket. What
was erased is never read again, whatever becomes of it in HubSpot.

What waits for room in a budget is pending as soon as there is some, and not before: looking at it again would change nothing.

A change of prompt or model makes no month pending: reading everything again costs money, so a person asks for it by a backfill.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from analysis.messages import IS_READ, LINKED_EMAILS, OPENING
from analysis.tickets import STAGED, STAGED_TICKETS, NothingStaged
from core.naming import ENRICHMENT, STAGING
from core.tenants import TenantId
from core.warehouse import Warehouse

_PENDING: Final = f"""
select min(changed.created_at) as first_at, max(changed.created_at) as last_at
from (
    select t.tenant_id, t.ticket_id, t.created_at
    from {STAGING}.{STAGED_TICKETS} as t
    left join {ENRICHMENT}.message_texts as texts
        on texts.tenant_id = t.tenant_id and texts.ticket_id = t.ticket_id and texts.message_id = '{OPENING}'
    where t.tenant_id = any(:tenant_ids) and (texts.read_at is null or texts.read_at < t.loaded_at)
        and (texts.ticket_id is null or texts.text is not null)
        and (texts.read_at is not null or coalesce(t.subject, '') <> '' or coalesce(t.content, '') <> '')
    union all
    select t.tenant_id, t.ticket_id, t.created_at
    from {LINKED_EMAILS}
    inner join {STAGING}.{STAGED_TICKETS} as t on t.tenant_id = links.tenant_id and t.ticket_id = links.ticket_id
    left join {ENRICHMENT}.message_texts as texts
        on texts.tenant_id = links.tenant_id and texts.ticket_id = links.ticket_id
        and texts.message_id = 'emails/' || emails.email_id
    where t.tenant_id = any(:tenant_ids) and {IS_READ} and (texts.read_at is null or texts.read_at < emails.loaded_at)
        and (texts.ticket_id is null or texts.text is not null)
        and (texts.read_at is not null or coalesce(emails.own_text, '') <> '')
    union all
    select t.tenant_id, t.ticket_id, t.created_at
    from {ENRICHMENT}.deferred_readings as waiting
    inner join {STAGING}.{STAGED_TICKETS} as t on t.tenant_id = waiting.tenant_id and t.ticket_id = waiting.ticket_id
    where t.tenant_id = any(:tenant_ids)
) as changed
left join (
    select distinct tenant_id, ticket_id from {ENRICHMENT}.deferred_readings where tenant_id = any(:without_room)
) as waiting on waiting.tenant_id = changed.tenant_id and waiting.ticket_id = changed.ticket_id
where waiting.tenant_id is null
"""  # noqa: S608 - names of ours, values are bound


def pending_months(
    warehouse: Warehouse, tenant_ids: Sequence[TenantId], without_room: Sequence[TenantId] = ()
) -> tuple[date, date] | None:
    """The days of the first and the last ticket that came, changed or was written on since its reading; None where there is none.

    Args:
        warehouse: Where to look.
        tenant_ids: Whose tickets.
        without_room: Those of them whose budget has no room for what waits of theirs.

    Raises:
        NothingStaged: The staging views are not built yet.
    """
    with warehouse.snapshot() as snapshot:
        if missing := [view for view in STAGED if not snapshot.has_table(STAGING, view)]:
            raise NothingStaged(
                f"{STAGING}.{missing[0]} does not exist yet: run the ingest job, which loads and stages, and then read."
            )
        [span] = snapshot.rows(_PENDING, tenant_ids=list(tenant_ids), without_room=[*without_room, ""])
    return (span["first_at"].date(), span["last_at"].date()) if span["first_at"] else None
