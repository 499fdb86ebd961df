"""Pipelines, properties, owners and the account over HTTP."""

import httpx
import pytest

from ingestion.sandbox.catalogue import COMPANIES, Pipeline, PropertyDefinition, Stage
from ingestion.sandbox.world import Owner, Portal


@pytest.mark.parametrize("path", ["/crm/pipelines/2026-09/tickets", "/crm/v3/pipelines/tickets"])
def test_pipelines_say_what_is_closed_in_strings(api: httpx.Client, portal: Portal, path: str) -> None:
    portal.set_pipeline(Pipeline("77", "Second", (Stage("x1", "Anything", None), Stage("x2", "Over", "CLOSED"))))
    first, second = api.get(path).json()["results"]
    assert [(stage["id"], stage["metadata"]["isClosed"]) for stage in first["stages"]] == [
        ("1", "false"), ("2", "false"), ("3", "false"), ("4", "true"),
    ]  # fmt: skip
    assert second["stages"][0]["metadata"] == {}
    assert second["stages"][1]["metadata"]["ticketState"] == "CLOSED"
    portal.remove_pipeline("77")
    assert len(api.get(path).json()["results"]) == 1
    assert api.get(f"{path}/0").json()["label"] == "Support Pipeline"
    assert api.get(f"{path}/77").status_code == 404
    assert api.get(path.replace("tickets", "companies")).json()["results"] == []


@pytest.mark.parametrize("family", ["/crm/properties/2026-09", "/crm/v3/properties"])
def test_the_property_catalogue_follows_changes(api: httpx.Client, portal: Portal, family: str) -> None:
    listed = {one["name"]: one for one in api.get(f"{family}/companies").json()["results"]}
    assert (listed["mrr"]["type"], listed["mrr"]["hubspotDefined"]) == ("number", False)
    portal.remove_property(COMPANIES, "mrr")
    portal.add_property(COMPANIES, PropertyDefinition("plan", "Plan", "enumeration", "select", options=(("a", "A"),)))
    names = [one["name"] for one in api.get(f"{family}/companies").json()["results"]]
    assert "mrr" not in names
    assert [one["name"] for one in api.get(f"{family}/companies?archived=true").json()["results"]] == ["mrr"]
    assert api.get(f"{family}/companies/plan").json()["options"][0]["value"] == "a"
    assert api.get(f"{family}/companies/mrr").status_code == 404


@pytest.mark.parametrize("path", ["/crm/owners/2026-09", "/crm/v3/owners", "/crm/v3/owners/"])
def test_owners_and_former_owners(api: httpx.Client, path: str) -> None:
    (ann,) = api.get(path).json()["results"]
    assert (ann["id"], ann["userId"], ann["archived"]) == ("9001", 71, False)
    (old,) = api.get(f"{path}?archived=true").json()["results"]
    assert (old["id"], old["userId"], old["userIdIncludingInactive"]) == ("9002", None, 72)


def test_owners_are_paged_filtered_and_found(api: httpx.Client, portal: Portal) -> None:
    for number in range(5):
        portal.set_owner(Owner(str(9_100 + number), f"o{number}@acme.example", "O", str(number), 80 + number))
    first = api.get("/crm/owners/2026-09?limit=4").json()
    rest = api.get(f"/crm/owners/2026-09?limit=4&after={first['paging']['next']['after']}").json()
    assert len(first["results"]) + len(rest["results"]) == 6
    assert "paging" not in rest
    assert len(api.get("/crm/owners/2026-09?email=o2@acme.example").json()["results"]) == 1
    assert api.get("/crm/owners/2026-09/9100").json()["lastName"] == "0"
    assert api.get("/crm/owners/2026-09/9002").status_code == 404
    assert api.get("/crm/owners/2026-09?limit=501").status_code == 400


@pytest.mark.parametrize("path", ["/account-info/2026-09/details", "/account-info/v3/details"])
def test_the_account_tells_its_id_currency_and_zone(api: httpx.Client, path: str) -> None:
    body = api.get(path).json()
    assert (body["portalId"], body["companyCurrency"], body["timeZone"]) == (48_100_001, "EUR", "Europe/Berlin")
    assert (body["utcOffset"], body["utcOffsetMilliseconds"]) == ("+02:00", 7_200_000)
