"""A portal's records: paging laws, changes and what they move, what search remembers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, TICKETS, PropertyDefinition
from ingestion.sandbox.clock import ManualClock, from_millis, to_iso, to_millis
from ingestion.sandbox.world import Portal, Quirks, TenantProfile, World

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def a_portal(clock: ManualClock | None = None, quirks: Quirks | None = None) -> Portal:
    return World(clock=clock or ManualClock(START)).add_portal(TenantProfile("acme", "Acme"), quirks=quirks)


def indexed_subjects(portal: Portal) -> list[str | None]:
    with portal.reading() as (stores, _links):
        return [properties.get("subject") for _record, properties in stores[TICKETS].indexed(portal.now())]


@given(st.sets(st.integers(1, 10**12), max_size=60), st.integers(1, 70))
def test_pages_of_any_size_together_are_all_records_in_ascending_order(ids: set[int], limit: int) -> None:
    portal = a_portal()
    for one in ids:
        portal.upsert(TICKETS, {}, object_id=one)
    seen: list[int] = []
    start: int | None = 0
    while start is not None:
        with portal.reading() as (stores, _links):
            page, start = stores[TICKETS].page(start=start, limit=limit, archived=False)
        assert len(page) <= limit
        seen += [record.id for record in page]
    assert seen == sorted(ids)


@given(st.integers(-(10**11), 10**13))
def test_millis_and_moments_are_each_others_inverse(millis: int) -> None:
    assert to_millis(from_millis(millis)) == millis


def test_a_change_moves_the_modified_date_and_an_association_does_not() -> None:
    clock = ManualClock(START)
    portal = a_portal(clock)
    ticket = portal.upsert(TICKETS, {"subject": "a"})
    company = portal.upsert(COMPANIES, {"name": "Acme"})
    clock.advance(60)
    portal.set_property(TICKETS, ticket, "subject", "b")
    changed_at = to_iso(clock())
    clock.advance(60)
    portal.associate(TICKETS, ticket, COMPANIES, company, primary=True)
    properties = portal.properties_of(TICKETS, ticket)
    assert properties["hs_lastmodifieddate"] == changed_at
    assert (properties["hs_primary_company_id"], properties["hs_primary_company_name"]) == (company, "Acme")
    portal.dissociate(TICKETS, ticket, COMPANIES, company)
    after = portal.properties_of(TICKETS, ticket)
    assert "hs_primary_company_id" not in after
    assert after["hs_lastmodifieddate"] == changed_at


def test_a_new_primary_company_takes_the_label_and_both_ends_know() -> None:
    portal = a_portal()
    ticket = portal.upsert(TICKETS, {})
    first, second = portal.upsert(COMPANIES, {"name": "A"}), portal.upsert(COMPANIES, {"name": "B"})
    portal.associate(TICKETS, ticket, COMPANIES, first, primary=True)
    portal.associate(TICKETS, ticket, COMPANIES, second, primary=True)
    assert portal.linked_ids(TICKETS, ticket, COMPANIES) == {first: False, second: True}
    assert portal.linked_ids(COMPANIES, first, TICKETS) == {ticket: False}
    assert portal.properties_of(TICKETS, ticket)["hs_primary_company_id"] == second


def test_archive_and_restore_move_a_record_between_the_lists() -> None:
    portal = a_portal()
    ticket = portal.upsert(TICKETS, {"subject": "a"})
    portal.archive(TICKETS, ticket)
    assert (portal.ids(TICKETS), portal.ids(TICKETS, archived=True)) == ([], [ticket])
    with pytest.raises(KeyError):
        portal.archive(TICKETS, ticket)
    portal.restore(TICKETS, ticket)
    assert (portal.ids(TICKETS), portal.ids(TICKETS, archived=True)) == ([ticket], [])


def test_a_purged_record_leaves_nothing_behind() -> None:
    portal = a_portal()
    ticket, company = portal.upsert(TICKETS, {}), portal.upsert(COMPANIES, {"name": "A"})
    portal.associate(TICKETS, ticket, COMPANIES, company, primary=True)
    portal.purge(COMPANIES, company)
    assert portal.ids(COMPANIES) == []
    assert portal.linked_ids(TICKETS, ticket, COMPANIES) == {}
    assert "hs_primary_company_id" not in portal.properties_of(TICKETS, ticket)


def test_search_stays_behind_by_the_lag_for_new_changed_and_archived_records() -> None:
    clock = ManualClock(START)
    portal = a_portal(clock)
    old = portal.upsert(TICKETS, {"subject": "old"})
    portal.set_quirks(Quirks(index_lag_seconds=5))
    portal.upsert(TICKETS, {"subject": "new"})
    portal.set_property(TICKETS, old, "subject", "changed")
    assert indexed_subjects(portal) == ["old"]
    clock.advance(5)
    assert indexed_subjects(portal) == ["changed", "new"]
    portal.archive(TICKETS, old)
    assert indexed_subjects(portal) == ["changed", "new"]
    clock.advance(5)
    assert indexed_subjects(portal) == ["new"]


def test_several_changes_within_the_lag_show_the_oldest_state_first() -> None:
    clock = ManualClock(START)
    portal = a_portal(clock, Quirks(index_lag_seconds=10))
    ticket = portal.upsert(TICKETS, {"subject": "1"})
    clock.advance(10)
    portal.set_property(TICKETS, ticket, "subject", "2")
    clock.advance(4)
    portal.set_property(TICKETS, ticket, "subject", "3")
    assert indexed_subjects(portal) == ["1"]
    clock.advance(6)
    assert indexed_subjects(portal) == ["2"]
    clock.advance(4)
    assert indexed_subjects(portal) == ["3"]


def test_values_are_stored_as_hubspot_writes_them() -> None:
    portal = a_portal()
    values = {"a": True, "b": 12, "c": 1.5, "d": START, "e": None, "f": "", "g": "x"}
    stored = portal.properties_of(COMPANIES, portal.upsert(COMPANIES, values))
    assert {name: stored.get(name) for name in values} == {
        "a": "true", "b": "12", "c": "1.5", "d": "2026-05-04T08:00:00.000Z", "e": None, "f": None, "g": "x",
    }  # fmt: skip


def test_touch_bumps_every_record_at_once() -> None:
    clock = ManualClock(START)
    portal = a_portal(clock)
    tickets = [portal.upsert(TICKETS, {}) for _ in range(3)]
    clock.advance(1)
    portal.touch(TICKETS)
    assert {portal.properties_of(TICKETS, one)["hs_lastmodifieddate"] for one in tickets} == {to_iso(clock())}


def test_a_removed_property_keeps_its_values_for_its_return() -> None:
    portal = a_portal()
    portal.add_property(COMPANIES, PropertyDefinition("mrr", "MRR", "number", "number"))
    company = portal.upsert(COMPANIES, {"mrr": 100})
    portal.remove_property(COMPANIES, "mrr")
    assert "mrr" not in portal.live_definitions(COMPANIES)
    assert portal.properties_of(COMPANIES, company)["mrr"] == "100"
    portal.add_property(COMPANIES, PropertyDefinition("mrr", "MRR", "number", "number"))
    assert "mrr" in portal.live_definitions(COMPANIES)


def test_links_that_hubspot_does_not_know_are_refused() -> None:
    portal = a_portal()
    ticket, contact = portal.upsert(TICKETS, {}), portal.upsert(CONTACTS, {})
    with pytest.raises(KeyError):
        portal.associate(TICKETS, ticket, TICKETS, ticket)
    with pytest.raises(KeyError):
        portal.associate(TICKETS, ticket, CONTACTS, contact, primary=True)
    with pytest.raises(KeyError):
        portal.dissociate(TICKETS, ticket, CONTACTS, contact)


def test_a_world_has_one_portal_per_tenant_and_number() -> None:
    world = World()
    world.add_portal(TenantProfile("a", "A"), portal_id=5)
    with pytest.raises(ValueError, match="exists already"):
        world.add_portal(TenantProfile("a", "A"))
    with pytest.raises(ValueError, match="exists already"):
        world.add_portal(TenantProfile("b", "B"), portal_id=5)
    assert world.portal_by_id(5) is world.portal("a")


def test_a_new_record_may_come_with_a_history_and_an_old_one_may_not() -> None:
    clock = ManualClock(START)
    portal = a_portal(clock)
    stages = [("1", START - timedelta(days=2)), ("4", START - timedelta(days=1))]
    ticket = portal.upsert(TICKETS, {}, created_at=START - timedelta(days=2), history={"hs_pipeline_stage": stages})
    assert portal.properties_of(TICKETS, ticket)["hs_pipeline_stage"] == "4"
    portal.upsert(TICKETS, {"hs_pipeline_stage": "1"}, object_id=ticket)
    with portal.reading() as (stores, _links):
        record = stores[TICKETS].find(int(ticket))
        assert record is not None
        assert record.values_of("hs_pipeline_stage") == [*stages, ("1", START)]
    with pytest.raises(ValueError, match="exists already"):
        portal.upsert(TICKETS, {}, object_id=ticket, history={"subject": [("a", START)]})
