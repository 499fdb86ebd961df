"""Which address HubSpot has of its owners: how a user of ours is found who looks after a company."""

from core.naming import RAW_HUBSPOT
from core.tenants import TenantId
from core.warehouse.base import Snapshot

_OWNERS = f"""
select id, email from {RAW_HUBSPOT}.owners
where tenant_id = :tenant_id and not coalesce(archived, false) and email is not null and email <> ''
order by id
"""


def read_owner_emails(snapshot: Snapshot, tenant_id: TenantId) -> dict[str, str]:
    """By owner, their address; of owners who have left there is none, nor where none were loaded yet."""
    if not snapshot.has_table(RAW_HUBSPOT, "owners"):
        return {}
    return {row["id"]: row["email"] for row in snapshot.rows(_OWNERS, tenant_id=tenant_id)}
