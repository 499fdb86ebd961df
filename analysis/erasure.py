"""Forgetting what was said on a ticket: its texts, their quotes, what a model answered. How it was read stays, and its cost."""

from collections.abc import Sequence

from analysis.journal import Journal
from core.erasure.registry import READINGS, Subject
from core.erasure.warehouse import bound, clear, messages_on
from core.naming import ENRICHMENT
from core.warehouse import Warehouse
from core.warehouse.base import Snapshot

Erased = frozenset[tuple[str, str]]
"""Tenant and id of tickets."""

_OF_MESSAGES = " or message_id = any(:message_ids)"
_WITH_KEYS = (
    ("message_sentiment", _OF_MESSAGES),
    ("ticket_topics", ""),
    ("dead_letters", _OF_MESSAGES),
    ("shadow_sentiment", _OF_MESSAGES),
    ("shadow_topics", ""),
    ("shadow_dead_letters", _OF_MESSAGES),
)


def forget(warehouse: Warehouse, journal: Journal, tenant_id: str, ticket_ids: Sequence[str]) -> int:
    """Clear the readings of these tickets, then the calls they came from; returns the rows changed.

    Raises:
        WarehouseBusy, WarehouseUnavailable, JournalUnavailable: A store could not be used; repeat it.
    """
    with warehouse.snapshot() as snapshot:
        subject = Subject(tenant_id, (), ticket_ids, messages_on(snapshot, tenant_id, ticket_ids))
    return clear(warehouse, READINGS, subject) + forget_calls(warehouse, journal, subject)


def forget_calls(warehouse: Warehouse, journal: Journal, subject: Subject) -> int:
    """Forget what models answered about these tickets and messages; returns how many calls that were."""
    with warehouse.snapshot() as snapshot:
        keys = call_keys(snapshot, subject)
    return journal.forget(subject.tenant_id, subject.ticket_ids, keys)


def call_keys(snapshot: Snapshot, subject: Subject) -> list[str]:
    """Keys of the calls whose answers are held; the rows that name them stay when the words go."""
    found: set[str] = set()
    for table, of_messages in _WITH_KEYS:
        if snapshot.has_table(ENRICHMENT, table):
            sql = (
                f"select call_key from {ENRICHMENT}.{table} "  # noqa: S608 - names of ours, values are bound
                f"where tenant_id = :tenant_id and (ticket_id = any(:ticket_ids){of_messages})"
            )
            found |= {row["call_key"] for row in snapshot.rows(sql, **bound(sql, subject)) if row["call_key"]}
    return sorted(found)
