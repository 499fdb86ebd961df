"""List, get and batch read over HTTP, on dated and on old paths."""

from typing import Any

import httpx
import pytest

from ingestion.sandbox.catalogue import COMPANIES, TICKETS
from ingestion.sandbox.clock import ManualClock
from ingestion.sandbox.server import RunningSandbox
from ingestion.sandbox.world import Portal, Quirks

DATED, OLD = "/crm/objects/2026-09", "/crm/v3/objects"


def pages(api: httpx.Client, path: str, **parameters: Any) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    after: str | None = None
    while True:
        answer = api.get(path, params=parameters | ({"after": after} if after else {}))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found.append(body["results"])
        if "paging" not in body:
            return found
        after = body["paging"]["next"]["after"]


@pytest.mark.parametrize("family", [DATED, OLD])
@pytest.mark.parametrize("limit", [7, 100])
def test_all_pages_together_are_all_records_once(api: httpx.Client, portal: Portal, family: str, limit: int) -> None:
    found = pages(api, f"{family}/tickets", limit=limit)
    assert [one["id"] for page in found for one in page] == portal.ids(TICKETS)
    assert {len(page) for page in found[:-1]} == {limit}


def test_without_a_limit_a_page_has_ten(api: httpx.Client) -> None:
    assert len(api.get(f"{DATED}/tickets").json()["results"]) == 10


@pytest.mark.parametrize(
    "query",
    ["limit=101", "limit=0", "limit=x", "after=x", "limit=51&propertiesWithHistory=subject"],
)
def test_a_page_that_is_too_large_or_makes_no_sense_is_refused(api: httpx.Client, query: str) -> None:
    answer = api.get(f"{DATED}/tickets?{query}")
    assert answer.status_code == 400
    body = answer.json()
    assert (body["status"], body["category"]) == ("error", "VALIDATION_ERROR")
    assert body["correlationId"] == answer.headers["X-HubSpot-Correlation-Id"]


@pytest.mark.parametrize(
    "query", ["properties=subject,nope,hs_resolution", "properties=subject&properties=hs_resolution"]
)
def test_unknown_properties_are_left_out_and_empty_ones_are_null(api: httpx.Client, query: str) -> None:
    one = api.get(f"{DATED}/tickets?limit=1&{query}").json()["results"][0]
    assert one["properties"].keys() == {"createdate", "hs_lastmodifieddate", "hs_object_id", "hs_resolution", "subject"}
    assert one["properties"]["hs_resolution"] is None
    assert one["createdAt"] == one["properties"]["createdate"]
    assert one["url"] == "https://app.hubspot.com/contacts/48100001/record/0-5/5000"


def test_empty_properties_can_be_left_out_instead(api: httpx.Client, portal: Portal) -> None:
    portal.set_quirks(Quirks(empty_properties="omitted"))
    one = api.get(f"{DATED}/tickets?limit=1&properties=hs_resolution").json()["results"][0]
    assert "hs_resolution" not in one["properties"]


def test_default_properties_come_when_none_are_asked_for(api: httpx.Client) -> None:
    company = api.get(f"{DATED}/companies").json()["results"][0]
    assert company["properties"].keys() == {"createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"}
    contact = api.get(f"{DATED}/contacts").json()["results"][0]
    assert "lastmodifieddate" in contact["properties"]


def test_a_vanished_property_is_no_longer_served(api: httpx.Client, portal: Portal) -> None:
    path = f"{DATED}/companies?properties=mrr"
    assert api.get(path).json()["results"][1]["properties"]["mrr"] == "100"
    portal.remove_property(COMPANIES, "mrr")
    assert "mrr" not in api.get(path).json()["results"][1]["properties"]
    body = {"filterGroups": [{"filters": [{"propertyName": "mrr", "operator": "HAS_PROPERTY"}]}]}
    assert api.post(f"{DATED}/companies/search", json=body).status_code == 400


@pytest.mark.parametrize("flag", ["true", "True"])
def test_archived_records_are_listed_apart(api: httpx.Client, flag: str) -> None:
    (one,) = api.get(f"{DATED}/tickets?archived={flag}").json()["results"]
    assert (one["id"], one["archived"], one["archivedAt"]) == ("5003", True, "2026-05-04T08:00:00.000Z")
    assert api.get(f"{DATED}/tickets?archived=False&limit=2").json()["results"][1]["id"] == "5006"


def test_inline_links_show_a_primary_company_twice(api: httpx.Client, portal: Portal) -> None:
    first, second, third = portal.ids(COMPANIES)
    portal.associate(TICKETS, "5000", COMPANIES, third)
    one = api.get(f"{DATED}/tickets?limit=1&associations=company,contacts,nonsense").json()["results"][0]
    assert one["associations"]["companies"]["results"] == [
        {"id": first, "type": "ticket_to_company"},
        {"id": first, "type": "ticket_to_company_unlabeled"},
        {"id": third, "type": "ticket_to_company_unlabeled"},
    ]
    assert [row["type"] for row in one["associations"]["contacts"]["results"]] == ["ticket_to_contact"]
    unlinked = api.get(f"{DATED}/companies/{third}?associations=contacts").json()
    assert "associations" not in unlinked
    assert second != third


def test_inline_links_stop_at_a_hundred_with_a_way_on(api: httpx.Client, portal: Portal) -> None:
    company = portal.ids(COMPANIES)[0]
    found = api.get(f"{DATED}/companies/{company}?associations=tickets").json()["associations"]["tickets"]
    assert len(found["results"]) == 100
    assert found["paging"]["next"]["after"]


def test_one_record_by_id_or_by_a_unique_property(api: httpx.Client) -> None:
    assert api.get(f"{DATED}/tickets/5000").json()["id"] == "5000"
    found = api.get(f"{DATED}/contacts/c1@acme.example?idProperty=email").json()
    assert found["properties"]["email"] == "c1@acme.example"
    assert api.get(f"{DATED}/contacts/C1?idProperty=firstname").status_code == 400


@pytest.mark.parametrize("path", ["tickets/1", "tickets/5003", "tickets/5000?archived=true"])
def test_a_record_that_is_not_there_is_a_404(api: httpx.Client, path: str) -> None:
    answer = api.get(f"{DATED}/{path}")
    assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


def test_history_lists_values_newest_first(api: httpx.Client, portal: Portal, clock: ManualClock) -> None:
    clock.advance(60)
    portal.set_property(TICKETS, "5000", "hs_pipeline_stage", "999")
    one = api.get(f"{DATED}/tickets/5000?propertiesWithHistory=hs_pipeline_stage").json()
    [listed] = api.get(f"{DATED}/tickets?limit=1&propertiesWithHistory=hs_pipeline_stage").json()["results"]
    body = {"inputs": [{"id": "5000"}], "properties": [], "propertiesWithHistory": ["hs_pipeline_stage"]}
    [read] = api.post(f"{DATED}/tickets/batch/read", json=body).json()["results"]
    for found in (one, listed, read):
        assert [(row["value"], row["timestamp"]) for row in found["propertiesWithHistory"]["hs_pipeline_stage"]] == [
            ("999", "2026-05-04T08:01:00.000Z"),
            ("1", "2026-05-04T08:00:00.000Z"),
        ]


@pytest.mark.parametrize(("family", "status"), [(DATED, 200), (OLD, 207)])
def test_batch_read_names_what_it_did_not_find(api: httpx.Client, family: str, status: int) -> None:
    body = {"inputs": [{"id": "5006"}, {"id": "1"}, {"id": "5003"}, {"id": "5006"}], "properties": ["subject"]}
    answer = api.post(f"{family}/tickets/batch/read", json=body)
    assert answer.status_code == status
    found = answer.json()
    assert [one["id"] for one in found["results"]] == ["5006"]
    assert found["numErrors"] == 1
    assert found["errors"][0]["context"] == {"ids": ["1", "5003"]}
    archived = api.post(f"{family}/tickets/batch/read?archived=true", json={"inputs": [{"id": "5003"}]})
    assert (archived.status_code, archived.json()["results"][0]["archived"]) == (200, True)
    assert "errors" not in archived.json()


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [{"id": str(n)} for n in range(101)]},
        {"inputs": [{"id": str(n)} for n in range(51)], "propertiesWithHistory": ["subject"]},
        {"inputs": [{"id": "abc"}]},
        {"inputs": ["1"]},
        {},
        [],
    ],
)
def test_a_batch_that_is_too_large_or_malformed_is_refused(api: httpx.Client, body: Any) -> None:
    assert api.post(f"{DATED}/tickets/batch/read", json=body).status_code == 400


def test_a_tenant_sees_its_own_records_only(sandbox: RunningSandbox) -> None:
    headers = {"Authorization": f"Bearer {sandbox.token('other')}"}
    found = httpx.get(f"{sandbox.base_url}{DATED}/tickets", headers=headers).json()["results"]
    assert [one["properties"]["subject"] for one in found] == ["not yours"]


def test_an_overlong_address_is_answered_in_html(api: httpx.Client) -> None:
    answer = api.get(f"{DATED}/tickets", params={"properties": ",".join(["x" * 90] * 90)})
    assert answer.status_code == 414
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nope", 404), ("PUT", f"{DATED}/tickets", 405)])
def test_unknown_paths_and_methods(api: httpx.Client, method: str, path: str, status: int) -> None:
    answer = api.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, "error")


def test_a_type_that_is_not_served_and_a_body_that_is_not_json(api: httpx.Client) -> None:
    assert "infer object type" in api.get(f"{DATED}/unicorns").json()["message"]
    assert api.post(f"{DATED}/tickets/search", content=b"{").status_code == 400
