"""Links and what they are called: from both ends, several labels at once, added and taken off."""

from datetime import UTC, datetime

import pytest

from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, LINK_TYPES, TICKETS
from ingestion.sandbox.clock import ManualClock
from ingestion.sandbox.world import Portal, TenantProfile, World


@pytest.fixture
def portal() -> Portal:
    return World(clock=ManualClock(datetime(2026, 5, 4, tzinfo=UTC))).add_portal(TenantProfile("acme", "Acme"))


def called(portal: Portal, from_type: str, from_id: str, to_type: str) -> dict[str, list[str | None]]:
    with portal.reading() as (_stores, links):
        return {
            str(other): [one.label for one in types] for other, types in links.typed(from_type, int(from_id), to_type)
        }


def test_labels_add_up_read_differently_from_each_end_and_come_off_one_by_one(portal: Portal) -> None:
    ticket, company = portal.upsert(TICKETS, {}), portal.upsert(COMPANIES, {"name": "A"})
    pays = portal.define_label(TICKETS, COMPANIES, "Paid by", inverse_label="Pays for")
    runs = portal.define_label(TICKETS, COMPANIES, "Hosted by")
    assert [one.label for one in portal.labels(COMPANIES, TICKETS)] == ["Pays for", "Hosted by"]
    ids = [one.type_id for pair in ((TICKETS, COMPANIES), (COMPANIES, TICKETS)) for one in portal.labels(*pair)]
    assert len(set(ids)) == 4
    portal.associate(TICKETS, ticket, COMPANIES, company, primary=True, labels=[pays])
    portal.associate(TICKETS, ticket, COMPANIES, company, labels=[runs, pays])
    assert called(portal, TICKETS, ticket, COMPANIES) == {company: ["Primary", None, "Paid by", "Hosted by"]}
    assert called(portal, COMPANIES, company, TICKETS) == {ticket: ["Primary", None, "Pays for", "Hosted by"]}
    portal.dissociate(TICKETS, ticket, COMPANIES, company, labels=[pays])
    assert called(portal, COMPANIES, company, TICKETS) == {ticket: ["Primary", None, "Hosted by"]}
    portal.dissociate(COMPANIES, company, TICKETS, ticket)
    assert called(portal, TICKETS, ticket, COMPANIES) == {}
    portal.associate(TICKETS, ticket, COMPANIES, company)
    assert called(portal, TICKETS, ticket, COMPANIES) == {company: [None]}


def test_a_primary_company_can_be_told_from_either_end_and_taken_off(portal: Portal) -> None:
    first, second = portal.upsert(TICKETS, {}), portal.upsert(TICKETS, {})
    company, other = portal.upsert(COMPANIES, {"name": "A"}), portal.upsert(COMPANIES, {"name": "B"})
    for ticket in (first, second):
        portal.associate(COMPANIES, company, TICKETS, ticket, primary=True)
    assert portal.linked_ids(COMPANIES, company, TICKETS) == {first: True, second: True}
    portal.associate(COMPANIES, other, TICKETS, first, primary=True)
    assert portal.linked_ids(TICKETS, first, COMPANIES) == {company: False, other: True}
    primary = LINK_TYPES[TICKETS, COMPANIES].primary
    assert primary is not None
    portal.dissociate(TICKETS, first, COMPANIES, other, labels=[primary])
    assert portal.linked_ids(TICKETS, first, COMPANIES) == {company: False, other: False}
    assert "hs_primary_company_id" not in portal.properties_of(TICKETS, first)


def test_labels_of_another_direction_or_of_impossible_links_are_refused(portal: Portal) -> None:
    ticket, contact = portal.upsert(TICKETS, {}), portal.upsert(CONTACTS, {})
    wrong = portal.define_label(CONTACTS, TICKETS, "Wrote")
    with pytest.raises(KeyError):
        portal.associate(TICKETS, ticket, CONTACTS, contact, labels=[wrong])
    assert portal.linked_ids(TICKETS, ticket, CONTACTS) == {}
    with pytest.raises(KeyError):
        portal.define_label(TICKETS, TICKETS, "Follows")
