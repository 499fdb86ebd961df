"""How much of a portal is held, for whoever tells people."""

from collections.abc import Sequence

from core.tenants import TenantId
from core.warehouse import Warehouse
from ingestion.hubspot.messages import MESSAGE_TYPES
from ingestion.hubspot.tables import OBJECT_TABLES, OBJECT_TYPES, SYNC_CURSORS

COUNTED = {
    **{kind.name: OBJECT_TABLES[kind.name].spec for kind in OBJECT_TYPES},
    **{kind.name: kind.table.spec for kind in MESSAGE_TYPES},
}
"""Streams whose rows people count, with their tables: what is theirs in HubSpot, and not what holds it together."""


def held_rows(warehouse: Warehouse, tenant_id: TenantId) -> dict[str, int]:
    """Rows held of each counted stream."""
    held = dict.fromkeys(COUNTED, 0)
    for name, spec in COUNTED.items():
        if warehouse.has_table(spec.schema, spec.name):
            [row] = warehouse.rows(
                f"select count(*) as held from {spec.qualified} where tenant_id = :tenant_id", tenant_id=tenant_id
            )
            held[name] = int(row["held"])
    return held


def counted_streams(warehouse: Warehouse, tenant_id: TenantId) -> dict[str, tuple[int, int | None]]:
    """Of each counted stream that was read to its end: rows held, and how many HubSpot said there are."""
    rows = warehouse.rows(
        f"select stream, held_count, portal_total from {SYNC_CURSORS.qualified} where tenant_id = :tenant_id",
        tenant_id=tenant_id,
    )
    return {
        row["stream"]: (int(row["held_count"]), row["portal_total"])
        for row in rows
        if row["stream"] in COUNTED and row["held_count"] is not None
    }


def tenants_read(warehouse: Warehouse, among: Sequence[TenantId]) -> list[TenantId]:
    """Those of these tenants of whom something was ever loaded."""
    if not warehouse.has_table(SYNC_CURSORS.schema, SYNC_CURSORS.name):
        return []
    known = {row["tenant_id"] for row in warehouse.rows(f"select distinct tenant_id from {SYNC_CURSORS.qualified}")}
    return [one for one in among if one in known]
