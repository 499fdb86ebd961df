"""Records that are no longer in HubSpot at all: merged into another, erased for privacy, or out of the recycling bin.

Nothing announces them, so they show as rows we hold and HubSpot does not count. Then, and only then, all ids are listed and
what is on no list is deleted here too, with a ticket's links. Deleting on the word of a source is dangerous: an id must be missing
from the list and from a direct look-up, and a share too large to be true is refused.
"""

from collections.abc import Sequence

from core.errors import Transient
from core.warehouse import Warehouse
from ingestion.hubspot.reader import Portal
from ingestion.hubspot.tables import LINK_TYPES, TICKETS, ObjectType
from ingestion.loader.among import AMONG, wanted

ALWAYS_ALLOWED, LARGEST_SHARE = 100, 0.2
"""So many rows, or this share of a tenant's, may vanish between two syncs."""

_PAGE = 10_000


class TooManyGone(Transient):
    """So much is missing from HubSpot that it is more likely to be HubSpot's fault, or a wrong connection."""


def missing_ids(portal: Portal, tenant_id: str, kind: ObjectType, warehouse: Warehouse) -> list[str]:
    """Ids held as live that HubSpot has neither live nor archived. Lists every id of the portal: a hundred a request."""
    live: set[str] = set()
    for page in portal.pages(kind.name, ["hs_object_id"], archived=False):
        live.update(str(one["id"]) for one in page)
    missing: list[str] = []
    last = ""
    while rows := warehouse.rows(
        f"select id from raw_hubspot.{kind.name} where tenant_id = :tenant_id and not archived and id > :last "  # noqa: S608 - a name of ours
        "order by id limit :size",
        tenant_id=tenant_id,
        last=last,
        size=_PAGE,
    ):
        last = rows[-1]["id"]
        missing += [row["id"] for row in rows if row["id"] not in live]
    found = {
        str(one["id"])
        for is_archived in (False, True)
        if missing
        for one in portal.batch(kind.name, missing, ["hs_object_id"], archived=is_archived)
    }
    return [one for one in missing if one not in found]


def delete(tenant_id: str, kind: ObjectType, ids: Sequence[str], warehouse: Warehouse) -> int:
    """Delete these records, and the links of tickets among them; returns how many records there were.

    Raises:
        TooManyGone: They are too large a share of what is held.
    """
    if not ids:
        return 0
    held = warehouse.rows(
        f"select count(*) as held from raw_hubspot.{kind.name} where tenant_id = :tenant_id",  # noqa: S608 - a name of ours
        tenant_id=tenant_id,
    )[0]["held"]
    if len(ids) > max(ALWAYS_ALLOWED, held * LARGEST_SHARE):
        raise TooManyGone(
            f"{len(ids)} of {held} {kind.name} held for tenant {tenant_id} are missing from HubSpot. That is too many to delete "
            f"unasked: check that the connection leads to the right account. Nothing was deleted."
        )
    with warehouse.write_lock():
        if kind is TICKETS:
            for links in LINK_TYPES:
                warehouse.execute(
                    f"delete from raw_hubspot.{links.table} "  # noqa: S608 - a name of ours
                    f"where tenant_id = :tenant_id and ticket_id {AMONG}",
                    tenant_id=tenant_id,
                    wanted=wanted(ids),
                )
        warehouse.execute(
            f"delete from raw_hubspot.{kind.name} where tenant_id = :tenant_id and id {AMONG}",  # noqa: S608 - a name of ours
            tenant_id=tenant_id,
            wanted=wanted(ids),
        )
    return len(ids)
