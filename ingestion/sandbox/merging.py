"""What one record is made of when HubSpot merges two: whose values it takes, what it remembers of them. Pure.

Since 14 January 2025 a merge makes a new record with a new id, whatever the object type. The primary's values hold; what it
lacks comes from the other, each value with its history. The new record is as old as the older of the two and was modified at
the moment of the merge. Which links it gets is decided by whoever holds them.
"""

from datetime import datetime

from ingestion.sandbox.catalogue import CONTACTS, ObjectKind
from ingestion.sandbox.clock import to_iso, to_millis
from ingestion.sandbox.records import Record


def merged(kind: ObjectKind, primary: Record, other: Record, *, new_id: int, now: datetime) -> Record:
    """The record two others become.

    Args:
        kind: Their object type.
        primary: Whose values hold.
        other: Fills in what the primary lacks.
        new_id: Of the new record.
        now: The moment of the merge.
    """
    properties = other.properties | primary.properties
    history = {name: list((primary if name in primary.properties else other).values_of(name)) for name in properties}
    created_at = min(primary.created_at, other.created_at)
    said_of_the_merge = {
        "hs_object_id": str(new_id),
        "hs_merged_object_ids": f"{primary.id};{other.id}",
        kind.created_property: to_iso(created_at),
        kind.modified_property: to_iso(now),
    }
    if kind.name == CONTACTS:
        said_of_the_merge |= _of_contacts(primary, other, now)
    for name in said_of_the_merge:
        history.pop(name, None)
    return Record(new_id, properties | said_of_the_merge, created_at, history=history)


def _of_contacts(primary: Record, other: Record, now: datetime) -> dict[str, str]:
    """What only contacts keep: the ids merged with their moments, of this merge and no earlier one, and all addresses."""
    held = [
        address
        for one in (primary, other)
        for name in ("email", "hs_additional_emails")
        for address in one.properties.get(name, "").split(";")
        if address
    ]
    more = list(dict.fromkeys(held))[1:]
    merges = {"hs_calculated_merged_vids": ";".join(f"{one.id}:{to_millis(now)}" for one in (primary, other))}
    return merges | ({"hs_additional_emails": ";".join(more)} if more else {})
