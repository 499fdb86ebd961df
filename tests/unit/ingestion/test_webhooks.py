"""What an event is a reason to read again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.hubspot.webhooks import erased_contacts, hints_of


def event(subscription_type: str, **fields: Any) -> dict[str, Any]:
    return {"portalId": 1, "subscriptionType": subscription_type, "occurredAt": 1_780_000_000_000, **fields}


@pytest.mark.parametrize("action", ["creation", "deletion", "restore", "propertyChange"])
@pytest.mark.parametrize(
    ("word", "object_type"), [("ticket", "tickets"), ("company", "companies"), ("contact", "contacts")]
)
def test_a_record_that_changed_is_read(word: str, object_type: str, action: str) -> None:
    assert hints_of([event(f"{word}.{action}", objectId=7)]) == {object_type: {"7"}}


@pytest.mark.parametrize(("type_id", "object_type"), [("0-5", "tickets"), ("0-2", "companies"), ("0-1", "contacts")])
def test_a_type_may_be_named_by_its_number(type_id: str, object_type: str) -> None:
    assert hints_of([event("object.propertyChange", objectId=7, objectTypeId=type_id)]) == {object_type: {"7"}}


def test_of_a_merge_everybody_is_read() -> None:
    merge = event("company.merge", objectId=1, primaryObjectId=1, mergedObjectIds=[2, 3], newObjectId=4)
    assert hints_of([merge]) == {"companies": {"1", "2", "3", "4"}}
    assert hints_of([event("object.merge", objectTypeId="0-5", objectId=1, newObjectId=4)]) == {"tickets": {"1", "4"}}


@pytest.mark.parametrize(
    ("word", "said", "tickets"),
    [
        ("ticket", {"associationType": "TICKET_TO_COMPANY"}, {"1"}),
        ("company", {"associationType": "COMPANY_TO_TICKET"}, {"2"}),
        ("contact", {"associationType": "CONTACT_TO_TICKET"}, {"2"}),
        ("ticket", {"associationType": "TICKET_TO_TICKET"}, {"1", "2"}),
        ("contact", {"associationType": "CONTACT_TO_COMPANY"}, set()),
        ("ticket", {"associationTypeId": 26}, {"1"}),
        ("contact", {"associationTypeId": 15}, {"2"}),
        ("ticket", {"associationTypeId": 77}, {"1", "2"}),
        ("contact", {"associationTypeId": 77}, set()),
        ("object", {"fromObjectTypeId": "0-1", "toObjectTypeId": "0-5", "associationTypeId": 77}, {"2"}),
        ("object", {"fromObjectTypeId": "0-5", "toObjectTypeId": "0-5"}, {"1", "2"}),
        ("object", {"fromObjectTypeId": "0-1", "toObjectTypeId": "0-2"}, set()),
    ],
)
def test_of_a_changed_link_the_tickets_are_read(word: str, said: dict[str, Any], tickets: set[str]) -> None:
    change = event(f"{word}.associationChange", fromObjectId=1, toObjectId=2, associationRemoved=False, **said)
    assert hints_of([change]) == ({"tickets": tickets} if tickets else {})


def test_a_person_whose_data_must_go_is_looked_for_too() -> None:
    events = [event("contact.privacyDeletion", objectId=7), event("contact.deletion", objectId=8)]
    assert erased_contacts(events) == {"7"}
    assert hints_of(events) == {"contacts": {"7", "8"}}


def test_many_events_about_one_record_are_one_hint() -> None:
    events = [event("ticket.propertyChange", objectId=7, propertyName=name) for name in ("subject", "content")]
    assert hints_of([*events, *reversed(events), event("ticket.creation", objectId="7")]) == {"tickets": {"7"}}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        event("conversation.newMessage", objectId=7),
        event("deal.propertyChange", objectId=7),
        event("object.propertyChange", objectId=7, objectTypeId="0-3"),
        event("ticket.somethingNew", objectId=7),
        event("ticket.creation"),
        event("ticket.creation", objectId=None),
        event("ticket.creation", objectId=True),
        event("ticket.creation", objectId=-7),
        event("ticket.creation", objectId="7; drop table"),
        event("ticket.creation", objectId="\u0667"),
        event("ticket.merge", mergedObjectIds="7"),
        event("contact.privacyDeletion", objectId=[7]),
    ],
    ids=str,
)
def test_what_makes_no_sense_hints_at_nothing(odd: dict[str, Any]) -> None:
    assert hints_of([odd]) == {}
    assert erased_contacts([odd]) == set()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        *("objectId", "fromObjectId", "toObjectId", "primaryObjectId", "mergedObjectIds", "newObjectId"),
        *("objectTypeId", "fromObjectTypeId", "toObjectTypeId", "associationType", "associationTypeId"),
    ]
)
WORDS = st.sampled_from(["ticket", "company", "contact", "object", "conversation", ""])
ACTIONS = st.sampled_from(["merge", "associationChange", "creation", "privacyDeletion", "x", ""])


@given(st.lists(st.tuples(WORDS, ACTIONS, st.dictionaries(FIELDS, JSON)), max_size=5))
def test_whatever_comes_the_hints_are_ids_by_type_and_order_does_not_matter(
    drawn: list[tuple[str, str, dict[str, Any]]],
) -> None:
    events = [event(f"{word}.{action}", **fields) for word, action, fields in drawn]
    hints = hints_of(events)
    assert set(hints) <= {"tickets", "companies", "contacts"}
    assert all(one.isdigit() and int(one) > 0 for ids in hints.values() for one in ids)
    assert hints_of([*reversed(events), *events]) == hints
    assert erased_contacts(events) <= hints.get("contacts", set())
