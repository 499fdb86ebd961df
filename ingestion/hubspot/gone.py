"""Records that are no longer in HubSpot at all: merged into another, erased for privacy, or out of the recycling bin.

Nothing announces them, so they show as rows we hold and HubSpot does not count. Then all ids are listed and compared, both ways:
what is on no list is deleted here too, with what hangs on it, and what we do not hold is read. Deleting on the word of a source is
dangerous: an id must be missing from the list and from a direct look-up, and a share too large to be true is refused until a
person has said that it is true.
"""

from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import Transient
from core.warehouse import Warehouse
from ingestion.hubspot.context import Context
from ingestion.hubspot.tables import (
    COMPANIES,
    COMPANY_HISTORY,
    LINK_TABLES,
    LINK_TYPES,
    RECORD_ALIASES,
    TICKET_STAGES,
    TICKETS,
    ObjectType,
)
from ingestion.loader.among import AMONG, wanted

ALWAYS_ALLOWED, LARGEST_SHARE = 100, 0.2
"""So many rows, or this share of a tenant's, may vanish between two syncs."""

_PAGE = 50_000
_LONGEST_CHAIN = 64  # Each round halves the longest; more than this is a circle that HubSpot cannot mean.
_OF_A_TICKET = (*LINK_TABLES.values(), TICKET_STAGES)


class TooManyGone(Transient):
    """So much is missing from HubSpot that it is more likely to be HubSpot's fault, or a wrong connection."""


@dataclass(frozen=True)
class Difference:
    """Ids on one side only.

    Attributes:
        held_only: Held as live, on HubSpot's list of live records not.
        listed_only: The other way round.
        listed_count: How many HubSpot lists.
    """

    held_only: list[str]
    listed_only: list[str]
    listed_count: int


def compare(context: Context, kind: ObjectType) -> Difference:
    """List every id of an object type, a hundred a request, and compare with the live records held."""
    listed = _numbers(context.portal.ids(kind.name))
    held = _numbers(
        row["id"]
        for rows in context.warehouse.batches(
            f"select id from raw_hubspot.{kind.name} where tenant_id = :tenant_id and not archived",
            _PAGE,
            tenant_id=context.tenant_id,
        )
        for row in rows
    )
    return Difference(_only(held, listed), _only(listed, held), len(listed))


def refuse_too_many(tenant_id: str, kind: ObjectType, ids: Collection[str], warehouse: Warehouse) -> None:
    """Refuse to believe that so many records are gone.

    Raises:
        TooManyGone: They are too large a share of what is held.
    """
    if len(ids) <= ALWAYS_ALLOWED:
        return
    held = warehouse.rows(
        f"select count(*) as held from raw_hubspot.{kind.name} where tenant_id = :tenant_id",
        tenant_id=tenant_id,
    )[0]["held"]
    if len(ids) > held * LARGEST_SHARE:
        raise TooManyGone(
            f"{len(ids)} of {held} {kind.name} held for tenant {tenant_id} are missing from HubSpot. That is too many to delete "
            f"unasked. Nothing was deleted: check that the connection leads to the right account. If they are gone indeed, say "
            f"so with `churnboard sync {tenant_id} --allow-deletions {kind.name}`."
        )


def delete(tenant_id: str, kind: ObjectType, ids: Collection[str], warehouse: Warehouse) -> int:
    """Delete these records, with the links to them and what hangs on tickets; returns how many records that were."""
    if not ids:
        return 0
    hanging = [(links.table, links.id_column) for links in LINK_TYPES if links.to == kind.name]
    if kind is TICKETS:
        hanging = [(table.name, "ticket_id") for table in _OF_A_TICKET]
    if kind is COMPANIES:
        hanging.append((COMPANY_HISTORY.name, "company_id"))
    with warehouse.write_lock():
        # The record itself last: a run that is killed in between finds it missing again.
        for table, column in [*hanging, (kind.name, "id")]:
            warehouse.execute(
                f"delete from raw_hubspot.{table} where tenant_id = :tenant_id and {column} {AMONG}",
                tenant_id=tenant_id,
                wanted=wanted(sorted(ids)),
            )
    return len(ids)


def merged_away(tenant_id: str, kind: ObjectType, warehouse: Warehouse) -> list[str]:
    """Ids still held that are known to lead to another record."""
    rows = warehouse.rows(
        f"select held.id from raw_hubspot.{kind.name} as held "
        f"inner join {RECORD_ALIASES.spec.qualified} as aliases "
        "on aliases.tenant_id = held.tenant_id and aliases.alias_id = held.id and aliases.object_type = :object_type "
        "where held.tenant_id = :tenant_id order by held.id",
        tenant_id=tenant_id,
        object_type=kind.name,
    )
    return [row["id"] for row in rows]


def shorten_aliases(tenant_id: str, warehouse: Warehouse) -> None:
    """Let every alias lead to the last record of its chain, where records that came out of a merge were merged again."""
    table = RECORD_ALIASES.spec.qualified
    follows = (
        "later.tenant_id = held.tenant_id and later.object_type = held.object_type "
        "and later.alias_id = held.record_id and later.record_id <> held.alias_id"
    )
    for _ in range(_LONGEST_CHAIN):
        if not warehouse.rows(
            f"select 1 from {table} as held inner join {table} as later on {follows} "
            "where held.tenant_id = :tenant_id limit 1",
            tenant_id=tenant_id,
        ):
            return
        warehouse.execute(
            f"update {table} as held set record_id = later.record_id from {table} as later "
            f"where held.tenant_id = :tenant_id and {follows}",
            tenant_id=tenant_id,
        )


def _numbers(ids: Iterable[str]) -> pa.Array:
    numbers = array("q", map(int, ids))
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def _only(some: pa.Array, others: pa.Array) -> list[str]:
    return sorted(map(str, some.filter(pc.invert(pc.is_in(some, others))).to_pylist()), key=int)
