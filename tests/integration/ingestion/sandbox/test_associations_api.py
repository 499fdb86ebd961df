"""Batch read of links: the 207 that is normal, paging per record, what is refused."""

from typing import Any

import httpx
import pytest

from ingestion.sandbox.catalogue import COMPANIES, TICKETS
from ingestion.sandbox.world import Portal, Quirks

DATED, OLD = "/crm/associations/2026-09", "/crm/v4/associations"
PATH = f"{DATED}/tickets/companies/batch/read"


def read(api: httpx.Client, *ids: str, path: str = PATH) -> tuple[int, dict[str, Any]]:
    answer = api.post(path, json={"inputs": [{"id": one} for one in ids]})
    return answer.status_code, answer.json()


@pytest.mark.parametrize("path", [PATH, f"{OLD}/ticket/company/batch/read", f"{OLD}/0-5/0-2/batch/read"])
def test_links_come_with_their_types(api: httpx.Client, portal: Portal, path: str) -> None:
    status, body = read(api, "5000", path=path)
    assert (status, body["status"]) == (200, "COMPLETE")
    assert body["results"] == [
        {
            "from": {"id": "5000"},
            "to": [
                {
                    "toObjectId": portal.ids(COMPANIES)[0],
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 26, "label": "Primary"},
                        {"category": "HUBSPOT_DEFINED", "typeId": 339, "label": None},
                    ],
                }
            ],
        }
    ]
    assert "errors" not in body


def test_records_without_links_are_errors_of_a_207_and_not_results(api: httpx.Client, portal: Portal) -> None:
    company = portal.ids(COMPANIES)[0]
    portal.dissociate(TICKETS, "5000", COMPANIES, company)
    status, body = read(api, "5000", "5006", "1")
    assert status == 207
    assert [row["from"]["id"] for row in body["results"]] == ["5006"]
    assert body["numErrors"] == 2
    assert body["errors"][0] == {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": "No company is associated with ticket 5000.",
        "context": {"fromObjectId": ["5000"], "fromObjectType": ["ticket"], "toObjectType": ["company"]},
    }


def test_many_links_of_one_record_are_paged_by_that_record(api: httpx.Client, portal: Portal) -> None:
    company = portal.ids(COMPANIES)[2]
    added = [portal.upsert(TICKETS, {}) for _ in range(1_100)]
    for one in added:
        portal.associate(COMPANIES, company, TICKETS, one)
    path = f"{DATED}/companies/tickets/batch/read"
    found: list[str] = []
    sizes: list[int] = []
    request: dict[str, str] | None = {"id": company}
    while request is not None:
        (row,) = api.post(path, json={"inputs": [request]}).json()["results"]
        sizes.append(len(row["to"]))
        found += [one["toObjectId"] for one in row["to"]]
        after = row.get("paging", {}).get("next", {}).get("after")
        request = {"id": company, "after": after} if after else None
    assert sizes == [500, 500, 100]
    assert found == added


@pytest.mark.parametrize(
    "body",
    [{"inputs": [{"id": "1"}, {"id": "x"}]}, {"inputs": [{"id": str(n)} for n in range(1_001)]}, {"inputs": [{}]}, []],
)
def test_one_malformed_id_or_one_too_many_refuses_the_whole_batch(api: httpx.Client, body: Any) -> None:
    assert api.post(PATH, json=body).status_code == 400


def test_a_thousand_inputs_are_taken(api: httpx.Client) -> None:
    status, body = read(api, *(str(n) for n in range(1, 1_001)))
    assert (status, body["numErrors"]) == (207, 1_000)


def test_ids_can_come_as_numbers(api: httpx.Client, portal: Portal) -> None:
    portal.set_quirks(Quirks(is_association_id_numeric=True))
    _status, body = read(api, "5000")
    assert body["results"][0]["to"][0]["toObjectId"] == int(portal.ids(COMPANIES)[0])


def test_labels_between_two_types(api: httpx.Client) -> None:
    found = api.get(f"{OLD}/tickets/companies/labels").json()["results"]
    assert [(one["typeId"], one["label"]) for one in found] == [(26, "Primary"), (339, None)]
    assert [one["typeId"] for one in api.get(f"{DATED}/contacts/companies/labels").json()["results"]] == [1, 279]
    assert api.get(f"{DATED}/tickets/tickets/labels").status_code == 400


def test_labels_of_the_tenants_own_are_listed_and_stand_on_links_from_both_ends(
    api: httpx.Client, portal: Portal
) -> None:
    company = portal.ids(COMPANIES)[0]
    label = portal.define_label(TICKETS, COMPANIES, "Paid by", inverse_label="Pays for")
    portal.associate(TICKETS, "5000", COMPANIES, company, labels=[label])
    [back] = portal.labels(COMPANIES, TICKETS)
    for path, type_id, text in (
        ("tickets/companies", label.type_id, "Paid by"),
        ("companies/tickets", back.type_id, "Pays for"),
    ):
        own = {"category": "USER_DEFINED", "typeId": type_id, "label": text}
        for family in (DATED, OLD):
            assert api.get(f"{family}/{path}/labels").json()["results"][-1] == own
        given = "5000" if path.startswith("tickets") else company
        _status, body = read(api, given, path=f"{DATED}/{path}/batch/read")
        assert body["results"][0]["to"][0]["associationTypes"][-1] == own
    one = api.get("/crm/objects/2026-09/tickets/5000?associations=companies").json()
    assert [row["type"] for row in one["associations"]["companies"]["results"]] == [
        "ticket_to_company", "ticket_to_company_unlabeled", "paid_by",
    ]  # fmt: skip
