"""Archiving, merging and erasing over HTTP, on dated and on old paths, and who may."""

import httpx
import pytest

from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, TICKETS
from ingestion.sandbox.clock import ManualClock, to_iso
from ingestion.sandbox.server import RunningSandbox
from ingestion.sandbox.world import Portal

DATED, OLD = "/crm/objects/2026-09", "/crm/v3/objects"
FAMILIES = pytest.mark.parametrize("family", [DATED, OLD])


def merge(api: httpx.Client, path: str, primary: str, other: str) -> httpx.Response:
    return api.post(f"{path}/merge", json={"primaryObjectId": primary, "objectIdToMerge": other})


@FAMILIES
@pytest.mark.parametrize("kind", [TICKETS, COMPANIES, CONTACTS])
def test_a_merge_answers_with_the_new_record_and_old_ids_lead_there(
    api: httpx.Client, portal: Portal, clock: ManualClock, family: str, kind: str
) -> None:
    one, other = portal.ids(kind)[:2]
    clock.advance(60)
    answer = merge(api, f"{family}/{kind}", one, other)
    assert answer.status_code == 200, answer.text
    new = answer.json()
    assert new["id"] not in {one, other}
    assert new["updatedAt"] == to_iso(clock())
    assert new["createdAt"] == new["properties"]["createdate"]
    names = "properties=hs_merged_object_ids"
    for old in (one, other):
        got = api.get(f"{family}/{kind}/{old}?{names}").json()
        assert (got["id"], got["properties"]["hs_merged_object_ids"]) == (new["id"], f"{one};{other}")
    read = api.post(f"{family}/{kind}/batch/read", json={"inputs": [{"id": one}, {"id": other}], "properties": []})
    assert read.status_code == 200
    assert [record["id"] for record in read.json()["results"]] == [new["id"]]
    assert "errors" not in read.json()
    page = api.get(f"{family}/{kind}?limit=1&after={new['id']}").json()["results"]
    assert [record["id"] for record in page] == [new["id"]]
    wanted = [{"propertyName": "hs_object_id", "operator": "IN", "values": [one, other, new["id"]]}]
    found = api.post(f"{family}/{kind}/search", json={"filterGroups": [{"filters": wanted}]}).json()
    assert (found["total"], [record["id"] for record in found["results"]]) == (1, [new["id"]])


def test_a_chain_of_merges_leads_to_its_end(api: httpx.Client, portal: Portal) -> None:
    first, second, third = portal.ids(COMPANIES)
    new = merge(api, f"{DATED}/companies", first, second).json()["id"]
    newest = merge(api, f"{DATED}/companies", second, third).json()
    assert newest["id"] not in {first, second, third, new}
    assert {api.get(f"{DATED}/companies/{one}").json()["id"] for one in (first, second, third, new)} == {newest["id"]}
    merged = api.get(f"{DATED}/companies/{first}?properties=hs_merged_object_ids").json()["properties"]
    assert merged["hs_merged_object_ids"] == f"{new};{third}"


def test_links_of_a_merged_company_move_and_its_tickets_stay_as_old_as_they_were(
    api: httpx.Client, portal: Portal, clock: ManualClock
) -> None:
    first, second, _third = portal.ids(COMPANIES)
    before = api.get(f"{DATED}/tickets/5000").json()["updatedAt"]
    clock.advance(60)
    new = merge(api, f"{DATED}/companies", second, first).json()["id"]
    ticket = api.get(f"{DATED}/tickets/5000?properties=hs_primary_company_id&associations=companies").json()
    assert (ticket["updatedAt"], ticket["properties"]["hs_primary_company_id"]) == (before, new)
    assert {row["id"] for row in ticket["associations"]["companies"]["results"]} == {new}
    path = "/crm/associations/2026-09/companies/tickets/batch/read"
    read = api.post(path, json={"inputs": [{"id": first}, {"id": new}]})
    assert read.status_code == 207
    [row] = read.json()["results"]
    assert row["from"]["id"] == new
    assert [one["context"]["fromObjectId"] for one in read.json()["errors"]] == [[first]]


@pytest.mark.parametrize(
    ("path", "primary", "other", "status"),
    [
        ("tickets", "5000", "5000", 400),
        ("tickets", "5000", "x", 400),
        ("tickets", "5000", "1", 404),
        ("tickets", "5000", "5003", 404),
        ("emails", "1", "2", 400),
        ("unknown", "1", "2", 400),
    ],
)
def test_what_cannot_be_merged_is_refused(
    api: httpx.Client, portal: Portal, path: str, primary: str, other: str, status: int
) -> None:
    before = portal.ids(TICKETS)
    assert merge(api, f"{DATED}/{path}", primary, other).status_code == status
    assert portal.ids(TICKETS) == before


@FAMILIES
def test_an_erased_contact_is_in_no_list_and_no_bin(api: httpx.Client, portal: Portal, family: str) -> None:
    one, other = portal.ids(CONTACTS)
    ticket = next(iter(portal.linked_ids(CONTACTS, one, TICKETS)))
    before = portal.properties_of(TICKETS, ticket)
    path = f"{family}/contacts/gdpr-delete"
    assert api.post(path, json={"objectId": one}).status_code == 204
    by_address = api.post(path, json={"objectId": "c1@acme.example", "idProperty": "email"})
    assert (by_address.status_code, by_address.content) == (204, b"")
    for flag in ("false", "true"):
        assert api.get(f"{family}/contacts?archived={flag}").json()["results"] == []
        assert api.get(f"{family}/contacts/{other}?archived={flag}").status_code == 404
        read = api.post(f"{family}/contacts/batch/read?archived={flag}", json={"inputs": [{"id": one}]}).json()
        assert read["results"] == []
    assert portal.linked_ids(TICKETS, ticket, CONTACTS) == {}
    assert portal.properties_of(TICKETS, ticket) == before


def test_whom_nobody_knows_cannot_be_erased_by_id_and_is_promised_by_address(api: httpx.Client, portal: Portal) -> None:
    path, known = f"{DATED}/contacts/gdpr-delete", portal.ids(CONTACTS)
    assert api.post(path, json={"objectId": "1"}).status_code == 404
    assert api.post(path, json={"objectId": "no@one.example", "idProperty": "email"}).status_code == 204
    assert api.post(path, json={"objectId": "C1", "idProperty": "firstname"}).status_code == 400
    assert api.post(f"{DATED}/tickets/gdpr-delete", json={"objectId": "5000"}).status_code == 400
    assert portal.ids(CONTACTS) == known


@FAMILIES
def test_a_deleted_record_lies_in_the_bin(api: httpx.Client, portal: Portal, clock: ManualClock, family: str) -> None:
    clock.advance(60)
    for _ in range(2):
        assert api.delete(f"{family}/tickets/5000").status_code == 204
        clock.advance(60)
    assert api.get(f"{family}/tickets/5000").status_code == 404
    binned = api.get(f"{family}/tickets/5000?archived=true").json()
    assert (binned["archived"], binned["archivedAt"]) == (True, "2026-05-04T08:01:00.000Z")
    assert portal.ids(TICKETS, archived=True) == ["5000", "5003"]
    assert api.delete(f"{family}/tickets/1").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "granted", "required"),
    [
        ("POST", "contacts/merge", "crm.objects.contacts.read", "crm.objects.contacts.write"),
        ("POST", "contacts/gdpr-delete", "crm.objects.contacts.read", "crm.objects.contacts.write"),
        ("POST", "companies/merge", "crm.objects.companies.read", "crm.objects.companies.write"),
        ("DELETE", "tickets/5000", "crm.objects.tickets.read", "tickets"),
        ("DELETE", "emails/1", "sales-email-read", "crm.objects.contacts.write"),
        ("DELETE", "emails/1", "crm.objects.contacts.write", "sales-email-read"),
    ],
)
def test_reading_scopes_do_not_end_records(
    sandbox: RunningSandbox, portal: Portal, method: str, path: str, granted: str, required: str
) -> None:
    token = portal.tokens.grant(scopes=("oauth", granted)).token
    headers = {"Authorization": f"Bearer {token}"}
    body = {} if method == "POST" else None
    answer = httpx.request(method, f"{sandbox.base_url}{DATED}/{path}", headers=headers, json=body)
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert required in answer.json()["errors"][0]["context"]["requiredGranularScopes"]
