"""Forgetting what was said in a ticket: its text, its quotes, what a model answered. How it was read stays, and what that cost."""

from collections.abc import Sequence

from analysis.journal import Journal
from core.erasure.registry import READINGS, Subject
from core.erasure.warehouse import clear
from core.naming import ENRICHMENT
from core.warehouse import Warehouse
from core.warehouse.base import Snapshot

Erased = frozenset[tuple[str, str]]
"""Tenant and id of tickets."""

_WITH_KEYS = ("ticket_sentiment", "ticket_topics", "dead_letters")


def forget(warehouse: Warehouse, journal: Journal, tenant_id: str, ticket_ids: Sequence[str]) -> int:
    """Clear the readings of these tickets, then the calls they came from; returns the rows changed.

    Raises:
        WarehouseBusy, WarehouseUnavailable, JournalUnavailable: A store could not be used; repeat it.
    """
    changed = clear(warehouse, READINGS, Subject(tenant_id, (), ticket_ids))
    return changed + forget_calls(warehouse, journal, tenant_id, ticket_ids)


def forget_calls(warehouse: Warehouse, journal: Journal, tenant_id: str, ticket_ids: Sequence[str]) -> int:
    """Forget what models answered about these tickets; returns how many calls that were."""
    with warehouse.snapshot() as snapshot:
        keys = call_keys(snapshot, tenant_id, ticket_ids)
    return journal.forget(tenant_id, ticket_ids, keys)


def call_keys(snapshot: Snapshot, tenant_id: str, ticket_ids: Sequence[str]) -> list[str]:
    """Keys of the calls whose answers are held; the rows that name them stay when the words go."""
    found: set[str] = set()
    for table in _WITH_KEYS:
        if snapshot.has_table(ENRICHMENT, table):
            rows = snapshot.rows(
                f"select call_key from {ENRICHMENT}.{table} where tenant_id = :tenant_id and ticket_id = any(:ticket_ids)",  # noqa: S608 - names of ours
                tenant_id=tenant_id,
                ticket_ids=list(ticket_ids),
            )
            found |= {row["call_key"] for row in rows if row["call_key"]}
    return sorted(found)
