"""Merging and erasing: what the new record is, who leads to it, what search still believes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, EMAILS, MERGED_TYPES, TICKETS
from ingestion.sandbox.clock import ManualClock, to_iso, to_millis
from ingestion.sandbox.world import Portal, Quirks, TenantProfile, World

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def portal(clock: ManualClock) -> Portal:
    return a_portal(clock)


def a_portal(clock: ManualClock) -> Portal:
    return World(clock=clock).add_portal(TenantProfile("acme", "Acme"))


def found_by_search(portal: Portal, object_type: str) -> list[str]:
    with portal.reading() as (stores, _links):
        return [str(record.id) for record, _properties in stores[object_type].indexed(portal.now())]


@pytest.mark.parametrize("object_type", MERGED_TYPES)
def test_a_merge_makes_a_new_record_to_which_both_ids_lead(
    portal: Portal, clock: ManualClock, object_type: str
) -> None:
    one = portal.upsert(object_type, {"name": "One", "country": "NL"}, created_at=START - timedelta(days=9))
    other = portal.upsert(object_type, {"name": "Other", "industry": "Tea"}, created_at=START - timedelta(days=20))
    clock.advance(60)
    new = portal.merge(object_type, one, other)
    assert portal.ids(object_type) == found_by_search(portal, object_type) == [new]
    assert portal.ids(object_type, archived=True) == []
    held = portal.properties_of(object_type, new)
    assert portal.properties_of(object_type, one) == portal.properties_of(object_type, other) == held
    modified = "lastmodifieddate" if object_type == CONTACTS else "hs_lastmodifieddate"
    assert held | {"hs_calculated_merged_vids": ""} == {
        "name": "One", "country": "NL", "industry": "Tea",
        "hs_object_id": new, "hs_merged_object_ids": f"{one};{other}", "hs_calculated_merged_vids": "",
        "createdate": to_iso(START - timedelta(days=20)), modified: to_iso(clock()),
    }  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=12))
def test_however_records_are_merged_every_id_leads_to_one_that_is_listed(steps: list[tuple[int, int]]) -> None:
    portal = a_portal(ManualClock(START))
    ids = [portal.upsert(COMPANIES, {"name": str(number)}) for number in range(8)]
    holds = {one: {one} for one in ids}
    for first, second in steps:
        left, right = (str(portal.resolved(COMPANIES, int(ids[place]))) for place in (first, second))
        if left == right:
            with pytest.raises(KeyError):
                portal.merge(COMPANIES, ids[first], ids[second])
            continue
        new = portal.merge(COMPANIES, ids[first], ids[second])
        assert portal.properties_of(COMPANIES, new)["hs_merged_object_ids"] == f"{left};{right}"
        holds[new] = holds.pop(left) | holds.pop(right)
    assert set(portal.ids(COMPANIES)) == set(holds)
    assert {one: str(portal.resolved(COMPANIES, int(one))) for one in ids} == {
        one: new for new, members in holds.items() for one in members
    }


def test_a_contact_remembers_the_merge_itself_and_all_its_addresses(portal: Portal, clock: ManualClock) -> None:
    a, b, c = (portal.upsert(CONTACTS, {"email": f"{name}@acme.example"}) for name in "abc")
    first = portal.merge(CONTACTS, a, b)
    clock.advance(5)
    second = portal.merge(CONTACTS, first, c)
    held, moment = portal.properties_of(CONTACTS, second), to_millis(clock())
    assert held["hs_calculated_merged_vids"] == f"{first}:{moment};{c}:{moment}"
    assert (held["email"], held["hs_additional_emails"]) == ("a@acme.example", "b@acme.example;c@acme.example")


def test_a_merged_company_becomes_the_tickets_company_and_the_ticket_does_not_know_it_changed(
    portal: Portal, clock: ManualClock
) -> None:
    one, other, third = (portal.upsert(COMPANIES, {"name": name}) for name in ("One", "Other", "Third"))
    with_one, with_other, with_both, with_third = (portal.upsert(TICKETS, {}) for _ in range(4))
    for ticket, primary in ((with_one, one), (with_other, other), (with_both, other), (with_third, third)):
        portal.associate(TICKETS, ticket, COMPANIES, primary, primary=True)
    portal.associate(TICKETS, with_both, COMPANIES, one)
    portal.associate(TICKETS, with_third, COMPANIES, other)
    before = {ticket: portal.properties_of(TICKETS, ticket) for ticket in portal.ids(TICKETS)}
    clock.advance(60)
    new = portal.merge(COMPANIES, one, other)
    for ticket in (with_one, with_other, with_both):
        after = portal.properties_of(TICKETS, ticket)
        assert after == before[ticket] | {"hs_primary_company_id": new, "hs_primary_company_name": "One"}
        assert portal.linked_ids(TICKETS, ticket, COMPANIES) == {new: True}
    assert portal.properties_of(TICKETS, with_third) == before[with_third]
    assert portal.linked_ids(TICKETS, with_third, COMPANIES) == {third: True, new: False}
    assert set(portal.linked_ids(COMPANIES, new, TICKETS)) == {with_one, with_other, with_both, with_third}


def test_a_merged_ticket_keeps_the_primarys_company_and_everybody_elses_links(portal: Portal) -> None:
    one, other = portal.upsert(TICKETS, {}), portal.upsert(TICKETS, {})
    mine, theirs = portal.upsert(COMPANIES, {"name": "Mine"}), portal.upsert(COMPANIES, {"name": "Theirs"})
    contact, email = portal.upsert(CONTACTS, {}), portal.upsert(EMAILS, {})
    portal.associate(TICKETS, other, COMPANIES, theirs, primary=True)
    portal.associate(TICKETS, one, COMPANIES, mine, primary=True)
    label = portal.define_label(TICKETS, CONTACTS, "Reported by")
    portal.associate(TICKETS, other, CONTACTS, contact, labels=[label])
    portal.associate(TICKETS, one, EMAILS, email)
    new = portal.merge(TICKETS, one, other)
    assert portal.linked_ids(TICKETS, new, COMPANIES) == {mine: True, theirs: False}
    assert portal.properties_of(TICKETS, new)["hs_primary_company_name"] == "Mine"
    assert (list(portal.linked_ids(CONTACTS, contact, TICKETS)), list(portal.linked_ids(EMAILS, email, TICKETS))) == (
        [new], [new],
    )  # fmt: skip
    with portal.reading() as (_stores, links):
        assert [one.label for _id, types in links.typed(TICKETS, int(new), CONTACTS) for one in types] == [
            None, "Reported by",
        ]  # fmt: skip


def test_a_merged_ticket_has_been_in_the_stages_its_primary_was_in(portal: Portal, clock: ManualClock) -> None:
    one = portal.upsert(TICKETS, {"hs_pipeline_stage": "1"})
    other = portal.upsert(TICKETS, {"hs_pipeline_stage": "2", "hs_resolution": "none"}, created_at=START)
    clock.advance(60)
    portal.set_property(TICKETS, one, "hs_pipeline_stage", "3")
    clock.advance(60)
    new = portal.merge(TICKETS, one, other)
    with portal.reading() as (stores, _links):
        record = stores[TICKETS].find(int(new))
        assert record is not None
        assert record.values_of("hs_pipeline_stage") == [("1", START), ("3", START + timedelta(seconds=60))]
        assert record.values_of("hs_resolution") == [("none", START)]


def test_search_believes_in_the_old_records_until_its_lag_is_over(portal: Portal, clock: ManualClock) -> None:
    one, other = portal.upsert(CONTACTS, {"email": "a@x.example"}), portal.upsert(CONTACTS, {"email": "b@x.example"})
    erased = portal.upsert(CONTACTS, {"email": "c@x.example"})
    portal.set_quirks(Quirks(index_lag_seconds=10))
    new = portal.merge(CONTACTS, one, other)
    portal.privacy_delete(erased)
    assert found_by_search(portal, CONTACTS) == [one, other, erased]
    assert portal.ids(CONTACTS) == [new]
    clock.advance(10)
    assert found_by_search(portal, CONTACTS) == [new]


def test_an_erased_contact_is_nowhere_under_no_id_and_its_id_is_not_given_again(
    portal: Portal, clock: ManualClock
) -> None:
    ticket = portal.upsert(TICKETS, {"content": "call me, says Ann"})
    one, other = portal.upsert(CONTACTS, {"firstname": "Ann"}), portal.upsert(CONTACTS, {"firstname": "Anna"})
    portal.associate(TICKETS, ticket, CONTACTS, one)
    before = portal.properties_of(TICKETS, ticket)
    new = portal.merge(CONTACTS, one, other)
    clock.advance(60)
    portal.privacy_delete(other)
    assert portal.ids(CONTACTS) == portal.ids(CONTACTS, archived=True) == []
    assert portal.linked_ids(TICKETS, ticket, CONTACTS) == {}
    assert portal.properties_of(TICKETS, ticket) == before
    for gone in (one, other, new):
        with pytest.raises(KeyError):
            portal.properties_of(CONTACTS, gone)
    assert portal.upsert(CONTACTS, {"firstname": "Ben"}) not in {one, other, new}


def test_what_cannot_be_merged_is_refused(portal: Portal) -> None:
    one, other = portal.upsert(TICKETS, {}), portal.upsert(TICKETS, {})
    emails = [portal.upsert(EMAILS, {}) for _ in range(2)]
    portal.archive(TICKETS, other)
    for object_type, first, second in (
        (TICKETS, one, one), (TICKETS, one, other), (TICKETS, one, "1"), (EMAILS, emails[0], emails[1]),
    ):  # fmt: skip
        with pytest.raises(KeyError):
            portal.merge(object_type, first, second)
    assert (portal.ids(TICKETS), portal.ids(TICKETS, archived=True)) == ([one], [other])
