"""Taking out of shadows what is about messages that are gone from HubSpot: what they said must not outlive them there."""

from collections.abc import Sequence
from typing import Final

from analysis.changes import Changes
from analysis.messages import OPENING, orphans
from analysis.shadow.tables import (
    SHADOW_DEAD_LETTERS,
    SHADOW_EVIDENCE,
    SHADOW_SENTIMENT,
    SHADOW_TOPICS,
)
from analysis.tables import ReadingTables
from core.warehouse import Warehouse

_ALL_SHADOWS: Final = ReadingTables(None, SHADOW_SENTIMENT, SHADOW_EVIDENCE, SHADOW_TOPICS, SHADOW_DEAD_LETTERS)
_HELD: Final = f"""
select tenant_id, ticket_id, message_id from {SHADOW_SENTIMENT.qualified}
union select tenant_id, ticket_id, '{OPENING}' from {SHADOW_TOPICS.qualified}
union select tenant_id, ticket_id, message_id from {SHADOW_DEAD_LETTERS.qualified}
"""  # noqa: S608 - names of ours


def remove_gone_from_shadows(warehouse: Warehouse, tenant_ids: Sequence[str]) -> int:
    """Remove what shadows hold of messages that are no longer there; returns of how many messages that was.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As every write.
    """
    if not warehouse.has_table(SHADOW_SENTIMENT.schema, SHADOW_SENTIMENT.name):
        return 0
    changes = Changes(_ALL_SHADOWS)
    gone = orphans(warehouse, tenant_ids, _HELD)
    for place in gone:
        changes.remove_message(place)
    changes.write(warehouse)
    return len(gone)
