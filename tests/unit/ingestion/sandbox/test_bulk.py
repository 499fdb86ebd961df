"""A bulk portal makes its records when asked, and is otherwise like one that holds them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sandbox.bulk import bulk_world
from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, KINDS, TICKETS
from ingestion.sandbox.clock import ManualClock, parse_iso, to_millis
from ingestion.sandbox.ranges import Range, ranges_by_id
from ingestion.sandbox.stream import Bulk, generate_tickets
from ingestion.sandbox.world import Portal, TenantProfile, World

NOW = datetime(2026, 12, 1, tzinfo=UTC)
KINDS_HELD = (TICKETS, COMPANIES, CONTACTS)
PAIRS = ((TICKETS, COMPANIES), (TICKETS, CONTACTS), (CONTACTS, COMPANIES))
SIZES = {"companies": 4, "contacts": 7, "custom_properties": 2}


def made(tickets: int, **sizes: int) -> Portal:
    return bulk_world(tickets, clock=ManualClock(NOW), **sizes).portal("bulk")


def held(tickets: int, **sizes: int) -> Portal:
    """A portal into which the same records were put one by one."""
    bulk = Bulk(tickets, **sizes)
    portal = World(clock=ManualClock(NOW)).add_portal(TenantProfile("bulk", "Bulk"))
    for kind in KINDS_HELD:
        for place in range(bulk.numbering[kind].count):
            record = bulk.record(kind, place)
            portal.upsert(
                kind,
                record.properties,
                object_id=record.id,
                created_at=record.created_at,
                modified_at=parse_iso(record.properties[KINDS[kind].modified_property]),
            )
    for from_type, to_type in PAIRS:
        for place in range(bulk.numbering[from_type].count):
            one = bulk.numbering[from_type][place]
            for other, primary in (bulk.links(from_type, to_type, one) or {}).items():
                portal.associate(from_type, str(one), to_type, str(other), primary=primary)
    return portal


def everything(portal: Portal) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for kind in KINDS_HELD:
        for archived in (False, True):
            ids = portal.ids(kind, archived=archived)
            found[kind, archived] = [(one, portal.properties_of(kind, one)) for one in ids]
        for pair in (*PAIRS, *((to_type, from_type) for from_type, to_type in PAIRS)):
            if pair[0] == kind:
                found[pair] = {one: portal.linked_ids(kind, one, pair[1]) for one in portal.ids(kind)}
    return found


def places(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


EDITS = st.one_of(
    st.tuples(st.just("set_property"), st.sampled_from(KINDS_HELD), places(4)),
    st.tuples(st.sampled_from(("archive", "restore", "purge")), st.sampled_from(KINDS_HELD), places(4)),
    st.tuples(st.sampled_from(("associate", "dissociate")), places(len(PAIRS)), places(4), places(4)),
    st.tuples(st.just("merge"), st.sampled_from(KINDS_HELD), places(4), places(4)),
    st.tuples(st.just("upsert"), st.sampled_from(KINDS_HELD)),
)


def edit(portal: Portal, what: str, *about: Any) -> str:
    """Change a portal; what it refuses is part of what it is like."""
    bulk = Bulk(30, **SIZES)
    try:
        if what in {"associate", "dissociate"}:
            from_type, to_type = PAIRS[about[0]]
            ends = (
                from_type,
                str(bulk.numbering[from_type][about[1]]),
                to_type,
                str(bulk.numbering[to_type][about[2]]),
            )
            getattr(portal, what)(*ends)
        elif what == "upsert":
            portal.upsert(about[0], {"hs_resolution": "new"})
        else:
            kind, *chosen = about
            ids = [str(bulk.numbering[kind][place]) for place in chosen]
            more = ("hs_resolution", "changed") if what == "set_property" else ()
            getattr(portal, what)(kind, *ids, *more)
    except KeyError as refused:
        return f"refused {type(refused).__name__}"
    return "done"


@settings(max_examples=150, deadline=None)
@given(st.lists(EDITS, max_size=12), st.integers(0, 270), st.integers(0, 300))
def test_it_is_like_a_portal_that_holds_its_records_whatever_is_done_to_it(
    edits: list[Any], since_day: int, days: int
) -> None:
    lazy, eager = made(30, **SIZES), held(30, **SIZES)
    assert [edit(lazy, *one) for one in edits] == [edit(eager, *one) for one in edits]
    assert everything(lazy) == everything(eager)
    since = to_millis(NOW - timedelta(days=300 - since_day))
    window = {"hs_lastmodifieddate": Range(since, since + days * 86_400_000)}
    with lazy.reading() as (stores, _links):
        found = stores[TICKETS].within(window)
    assert found is not None
    assert [str(one) for one in found] == [
        one
        for one in eager.ids(TICKETS)
        if window["hs_lastmodifieddate"].low
        <= to_millis(parse_iso(eager.properties_of(TICKETS, one)["hs_lastmodifieddate"]))
        <= window["hs_lastmodifieddate"].high
    ]


def test_it_serves_the_stream() -> None:
    portal = made(120, companies=10)
    streamed = list(generate_tickets(120, companies=10))
    assert portal.ids(TICKETS) == [one["id"] for one in streamed]
    for one in streamed:
        filled = {name: value for name, value in one["properties"].items() if value is not None}
        assert portal.properties_of(TICKETS, one["id"]) == filled
        assert portal.linked_ids(TICKETS, one["id"], COMPANIES) == {filled["hs_primary_company_id"]: True}


@pytest.mark.parametrize(("contacts", "with_contact"), [(0, 0), (3, 30), (25, 100)])
def test_people_write_the_tickets_of_their_own_company(contacts: int, with_contact: int) -> None:
    portal = made(100, companies=10, contacts=contacts)
    writers = {one: portal.linked_ids(TICKETS, one, CONTACTS) for one in portal.ids(TICKETS)}
    assert sum(bool(one) for one in writers.values()) == with_contact
    for ticket, people in writers.items():
        (company,) = portal.linked_ids(TICKETS, ticket, COMPANIES)
        assert all(company in portal.linked_ids(CONTACTS, one, COMPANIES) for one in people)


FIELD = "hs_lastmodifieddate"


@given(
    st.sampled_from(("LT", "LTE", "GT", "GTE", "EQ", "BETWEEN")),
    st.integers(-20, 20),
    st.integers(0, 20),
    st.integers(-40, 40),
)
def test_ranges_are_what_the_filters_say(operator: str, value: int, width: int, seen: int) -> None:
    one = {"propertyName": FIELD, "operator": operator, "value": str(value), "highValue": str(value + width)}
    body = {"filterGroups": [{"filters": [one]}], "sorts": ["hs_object_id"]}
    holds = {
        "LT": seen < value, "LTE": seen <= value, "GT": seen > value, "GTE": seen >= value, "EQ": seen == value,
        "BETWEEN": value <= seen <= value + width,
    }  # fmt: skip
    ranges = ranges_by_id(body)
    assert ranges is not None
    assert (ranges[FIELD].low <= seen <= ranges[FIELD].high) == holds[operator]


@pytest.mark.parametrize(
    "more",
    [
        {"query": "refund"},
        {"sorts": [{"propertyName": "createdate"}]},
        {"sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]},
        {"sorts": []},
        {"filterGroups": [{"filters": []}, {"filters": []}]},
        {"filterGroups": [{"filters": [{"propertyName": FIELD, "operator": "NEQ", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "subject", "operator": "EQ", "value": "cancel"}]}]},
    ],
)
def test_a_search_that_asks_for_more_than_ranges_is_left_to_a_scan(more: dict[str, Any]) -> None:
    assert ranges_by_id({"sorts": ["hs_object_id"]}) == {}
    assert ranges_by_id({"sorts": ["hs_object_id"], **more}) is None
