"""Which records a webhook event is a reason to read again. Pure, and total: an event that makes no sense hints at nothing.

An event is never believed, only followed: what it says of a value may be old by now, or forged by whoever learnt the secret. The
one thing taken at its word is that a person's data must go, for the record itself says nothing any more.

Links are read with their tickets, so a changed link hints at the tickets among its ends. Left out on purpose: conversations, and
emails and notes, of which HubSpot says nothing that is not read with the ticket.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ingestion.hubspot.tables import COMPANIES, CONTACTS, TICKETS

Event = Mapping[str, Any]

_TYPES = {
    "ticket": TICKETS.name,
    "company": COMPANIES.name,
    "contact": CONTACTS.name,
    "0-5": TICKETS.name,
    "0-2": COMPANIES.name,
    "0-1": CONTACTS.name,
}
_OF_ONE_RECORD = {"creation", "deletion", "restore", "propertyChange", "privacyDeletion"}
# HubSpot's own association types from and to tickets; a label of the customer's own has any other number.
_FROM_TICKET = (16, 26, 28, 223, 227, 339)
_TO_TICKET = (15, 25, 27, 224, 228, 340)


def hints_of(events: Iterable[Event]) -> dict[str, set[str]]:
    """By object type, ids of the records that these events of one portal are about; each once."""
    hints: dict[str, set[str]] = defaultdict(set)
    for event in events:
        word, _, action = str(event.get("subscriptionType")).partition(".")
        if action == "associationChange":
            hints[TICKETS.name] |= _ids(_tickets_of_link(event, word))
        elif object_type := _TYPES.get(str(event.get("objectTypeId")) if word == "object" else word):
            hints[object_type] |= _ids(_named(event, action))
    return {object_type: ids for object_type, ids in hints.items() if ids}


def erased_contacts(events: Iterable[Event]) -> set[str]:
    """Ids of contacts whose data must go, by law and for good."""
    return {
        one
        for event in events
        if event.get("subscriptionType") == "contact.privacyDeletion"
        for one in _ids([event.get("objectId")])
    }


def _named(event: Event, action: str) -> list[Any]:
    if action in _OF_ONE_RECORD:
        return [event.get("objectId")]
    if action == "merge":
        losers = event.get("mergedObjectIds")
        others = losers if isinstance(losers, list) else []
        return [event.get("objectId"), event.get("primaryObjectId"), event.get("newObjectId"), *others]
    return []


def _tickets_of_link(event: Event, word: str) -> list[Any]:
    """The ends of a changed link that are tickets; both, where it is not said of a link of a ticket which one is."""
    ends = (event.get("fromObjectId"), event.get("toObjectId"))
    types = (event.get("fromObjectTypeId"), event.get("toObjectTypeId"))
    named = str(event.get("associationType")).lower().split("_to_")
    if all(isinstance(one, str) for one in types):
        return [end for end, kind in zip(ends, types, strict=True) if _TYPES.get(str(kind)) == TICKETS.name]
    if len(named) == 2:
        return [end for end, kind in zip(ends, named, strict=True) if kind == "ticket"]
    number = event.get("associationTypeId")
    if number in _FROM_TICKET:
        return [ends[0]]
    if number in _TO_TICKET:
        return [ends[1]]
    return list(ends) if word == "ticket" else []


def _ids(values: Iterable[Any]) -> set[str]:
    return {str(int(one)) for one in values if _is_id(one)}


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= 19 and int(value) > 0
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
