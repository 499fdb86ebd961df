"""Search over HTTP: windows, the wall and the way round it, the index that lags."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.sandbox.catalogue import TICKETS
from ingestion.sandbox.clock import ManualClock, parse_iso, to_millis
from ingestion.sandbox.world import Portal, Quirks

PATH = "/crm/objects/2026-09/tickets/search"
BY_ID = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]


def search(api: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = api.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def past(api: httpx.Client, after_id: str, filters: list[dict[str, Any]], limit: int, wall: int) -> list[str]:
    """Ids above ``after_id`` that search gives up to the wall."""
    found: list[str] = []
    everything = [*filters, {"propertyName": "hs_object_id", "operator": "GT", "value": after_id}]
    offset = 0
    while offset + limit <= wall:
        body = search(api, filterGroups=[{"filters": everything}], sorts=BY_ID, limit=limit, after=str(offset))
        found += [one["id"] for one in body["results"]]
        if "paging" not in body:
            return found
        offset = int(body["paging"]["next"]["after"])
    return found


def test_a_window_on_the_modified_date_finds_exactly_its_records(api: httpx.Client, portal: Portal) -> None:
    modified = {one: portal.properties_of(TICKETS, one)["hs_lastmodifieddate"] for one in portal.ids(TICKETS)}
    low, high = sorted(modified.values())[50], sorted(modified.values())[150]
    window = {
        "propertyName": "hs_lastmodifieddate",
        "operator": "BETWEEN",
        "value": str(to_millis(parse_iso(low))),
        "highValue": str(to_millis(parse_iso(high))),
    }
    body = search(api, filterGroups=[{"filters": [window]}], sorts=BY_ID, limit=200)
    assert [one["id"] for one in body["results"]] == [one for one, at in modified.items() if low <= at <= high]
    assert body["total"] == len(body["results"])
    assert "paging" not in body


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 200))
def test_an_id_keyset_gets_everything_past_the_wall(api: httpx.Client, portal: Portal, limit: int) -> None:
    found: list[str] = []
    if limit < 20:
        limit += 20
    while True:
        batch = past(api, found[-1] if found else "0", [], limit, wall=200)
        if not batch:
            break
        found += batch
    assert found == portal.ids(TICKETS)


def test_beyond_the_wall_is_a_400_though_the_total_is_told(api: httpx.Client) -> None:
    body = search(api, sorts=BY_ID, limit=100, after="100")
    assert body["total"] == 229
    assert body["paging"]["next"]["after"] == "200"
    answer = api.post(PATH, json={"sorts": BY_ID, "limit": 100, "after": "200"})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_archived_records_and_associations_never_appear_and_the_default_order_is_by_create_date(
    api: httpx.Client,
) -> None:
    body = search(api, limit=200)
    assert "5003" not in {one["id"] for one in body["results"]}
    assert all("associations" not in one for one in body["results"])
    created = [one["createdAt"] for one in body["results"]]
    assert created == sorted(created)


def test_filters_on_associations_follow_the_links(api: httpx.Client, portal: Portal) -> None:
    company = portal.ids("companies")[0]
    body = {
        "filterGroups": [{"filters": [{"propertyName": "associations.company", "operator": "EQ", "value": company}]}]
    }
    before = search(api, **body)["total"]
    portal.dissociate(TICKETS, "5000", "companies", company)
    assert search(api, **body)["total"] == before - 1


def test_a_repeated_search_sees_a_change(api: httpx.Client, portal: Portal) -> None:
    body = {"filterGroups": [{"filters": [{"propertyName": "subject", "operator": "EQ", "value": "brand new"}]}]}
    assert search(api, **body)["total"] == 0
    portal.set_property(TICKETS, "5000", "subject", "brand new")
    assert search(api, **body)["total"] == 1


def test_the_index_can_lag_while_the_list_does_not(api: httpx.Client, portal: Portal, clock: ManualClock) -> None:
    portal.set_quirks(Quirks(index_lag_seconds=30))
    new = portal.upsert(TICKETS, {"subject": "fresh"})
    portal.set_property(TICKETS, "5000", "subject", "fresh")
    body = {
        "filterGroups": [{"filters": [{"propertyName": "subject", "operator": "EQ", "value": "fresh"}]}],
        "properties": ["subject"],
    }
    assert search(api, **body)["results"] == []
    assert api.get(f"/crm/objects/2026-09/tickets/{new}").status_code == 200
    clock.advance(31)
    assert {one["id"] for one in search(api, **body)["results"]} == {"5000", new}


@pytest.mark.parametrize("path", [PATH, "/crm/v3/objects/tickets/search", "/crm/v3/objects/0-5/search"])
def test_both_families_answer_alike(api: httpx.Client, path: str) -> None:
    assert api.post(path, json={"limit": 3}).json()["total"] == 229
