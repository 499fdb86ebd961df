"""Words that are kept no longer: tickets that were closed, and last written on, longer ago than a tenant keeps them.

It is an erasure like any other (`orchestration.erasure`): the request is written down first, the words go from every store, the
search follows, and the tickets are loaded without words from then on. Tickets themselves, what was made of them and every count
stay. A ticket that is open keeps its words, however old it is.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from core.appdb.directory import Tenant
from core.installation import Installation
from core.naming import INTERMEDIATE
from core.tenants import TenantId
from core.warehouse.base import Snapshot
from orchestration.erasure import Eraser, TenantErased


def erase_old_words(place: Installation, now: datetime) -> list[TenantErased]:
    """Erase what no tenant wants kept any longer, and search for it afterwards; nothing where nobody set a limit.

    Raises:
        WarehouseBusy: A load of a tenant's cell, or a build, did not end in time; the requests stay open.
        StillRead: A reader keeps a SQLite file's log; the requests stay open.
    """
    asked: list[TenantId] = []
    for tenant in place.directory.tenants():
        if old := old_tickets(place, tenant, now.date()):
            place.erasures.request_old(tenant.tenant_id, old, requested_at=now)
            asked.append(tenant.tenant_id)
    return Eraser(place).carry_out(asked)


def old_tickets(place: Installation, tenant: Tenant, today: date) -> Sequence[str]:
    """Tickets of a tenant whose words are kept longer than it wants; none where it keeps them for good."""
    if tenant.retention_days is None:
        return []
    before = today - timedelta(days=tenant.retention_days)
    erased = place.erasures.suppressed_tickets(tenant.tenant_id)
    with place.warehouse.snapshot() as snapshot:
        return [one for one in _ended_before(snapshot, tenant.tenant_id, before) if one not in erased]


def _ended_before(snapshot: Snapshot, tenant_id: TenantId, before: date) -> list[str]:
    if not snapshot.has_table(INTERMEDIATE, "int_tickets"):
        return []
    rows = snapshot.rows(
        f"select ticket_id from {INTERMEDIATE}.int_tickets where tenant_id = :tenant_id and not is_open "  # noqa: S608
        "and created_on < :before and closed_on < :before "
        "and coalesce(cast(last_inbound_at as date), created_on) < :before "
        "and coalesce(cast(last_message_received_at as date), created_on) < :before order by ticket_id",
        tenant_id=tenant_id,
        before=before,
    )
    return [row["ticket_id"] for row in rows]
