"""Editing a record over HTTP, on dated and on old paths, and who may."""

import httpx
import pytest

from ingestion.sandbox.catalogue import TICKETS
from ingestion.sandbox.clock import ManualClock, to_iso
from ingestion.sandbox.server import RunningSandbox
from ingestion.sandbox.world import Portal

DATED, OLD = "/crm/objects/2026-09", "/crm/v3/objects"


def edit(api: httpx.Client, path: str, **properties: str | None) -> httpx.Response:
    return api.patch(path, json={"properties": properties})


@pytest.mark.parametrize("family", [DATED, OLD])
def test_an_edit_is_answered_listed_and_found_as_modified(
    api: httpx.Client, portal: Portal, clock: ManualClock, family: str
) -> None:
    clock.advance(60)
    answer = edit(api, f"{family}/tickets/5000", subject="Changed", content=None)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["id"], told["updatedAt"]) == ("5000", to_iso(clock()))
    assert (told["properties"]["subject"], told["properties"]["content"]) == ("Changed", None)
    assert portal.properties_of(TICKETS, "5000")["subject"] == "Changed"
    since = str(int(clock().timestamp() * 1000))
    wanted = [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": since}]
    found = api.post(f"{family}/tickets/search", json={"filterGroups": [{"filters": wanted}]}).json()
    assert [record["id"] for record in found["results"]] == ["5000"]


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"subject": "x", "nickname": "y"}, "PROPERTY_DOESNT_EXIST"),
        ({"subject": "x", "hs_object_id": "1"}, "READ_ONLY_VALUE"),
        ({"subject": "x", "createdate": "2020-01-01"}, "READ_ONLY_VALUE"),
        ({"subject": "x", "hs_ticket_priority": "PERHAPS"}, "INVALID_OPTION"),
    ],
)
def test_one_value_that_cannot_be_set_leaves_all_as_they_were(
    api: httpx.Client, portal: Portal, properties: dict[str, str], problem: str
) -> None:
    before = portal.properties_of(TICKETS, "5000")
    answer = edit(api, f"{DATED}/tickets/5000", **properties)
    assert answer.status_code == 400
    assert (answer.json()["category"], problem in answer.json()["message"]) == ("VALIDATION_ERROR", True)
    assert portal.properties_of(TICKETS, "5000") == before


@pytest.mark.parametrize("record_id", ["1", "5003"], ids=["unknown", "in the bin"])
def test_what_is_not_live_is_not_edited(api: httpx.Client, record_id: str) -> None:
    assert edit(api, f"{DATED}/tickets/{record_id}", subject="x").status_code == 404


@pytest.mark.parametrize("body", ["[]", "{}", '{"properties": ["subject"]}'])
def test_a_body_without_properties_is_refused(api: httpx.Client, body: str) -> None:
    assert api.patch(f"{DATED}/tickets/5000", content=body).status_code == 400


def test_reading_is_not_editing(sandbox: RunningSandbox, portal: Portal) -> None:
    token = portal.tokens.grant(scopes=("oauth", "crm.objects.companies.read")).token
    company = portal.ids("companies")[0]
    with httpx.Client(base_url=sandbox.base_url, headers={"Authorization": f"Bearer {token}"}) as api:
        answer = edit(api, f"{DATED}/companies/{company}", name="x")
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
