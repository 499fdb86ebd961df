"""Companies: filters, sorting, one of them."""

import pytest

from tests.integration.serve.conftest import NewTenant
from tests.support.api import Api
from tests.support.published import company


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["1", "3", "4", "2"]),
        ("?sort=company_name", ["3", "1", "4", "2"]),
        ("?sort=ticket_count_30d", ["4", "1", "2", "3"]),
        ("?sort=active_trigger_count", ["4", "1", "3", "2"]),
        ("?q=ZÜRICH", ["1"]),
        ("?q=four.example", ["4"]),
        ("?q=_", []),
        ("?trigger=frustrated", ["1", "4"]),
        ("?trigger=frustrated&trigger=significant_support", ["1", "3", "4"]),
        ("?trigger=silently_struggling", ["4"]),
    ],
)
def test_filters_and_sorts(tenant: NewTenant, query: str, expected: list[str]) -> None:
    rows = [
        company(1, company_id="1", company_name="Beta Zürich", mrr=900.0, active_triggers="frustrated"),
        company(2, company_id="2", company_name=None, mrr=None, active_triggers="", active_trigger_count=0),
        company(3, company_id="3", company_name="alpha", mrr=800.0, active_triggers="significant_support"),
        company(4, company_id="4", company_name="Gamma", mrr=700.0, domain="four.example", ticket_count_30d=9)
        | {"active_triggers": "frustrated,silently_struggling", "active_trigger_count": 2},
    ]
    rows[2]["ticket_count_30d"] = None
    tenant.publish(companies=rows)
    body = tenant.get(f"/companies{query}").json()
    assert [item["company_id"] for item in body["items"]] == expected
    assert body["total"] == len(expected)


def test_an_amount_in_another_currency_is_not_the_largest(tenant: NewTenant) -> None:
    foreign = company(1, company_id="1", mrr=90_000.0, currency="JPY", mrr_source="other_currency")
    unsaid = company(3, company_id="3", mrr=50.0, mrr_source=None)
    tenant.publish(companies=[foreign, company(2, company_id="2", mrr=700.0), unsaid])
    body = tenant.get("/companies?sort=mrr&limit=1").json()
    ids = [item["company_id"] for item in body["items"]]
    while body["next_cursor"]:
        body = tenant.get(f"/companies?sort=mrr&limit=1&cursor={body['next_cursor']}").json()
        ids += [item["company_id"] for item in body["items"]]
    assert ids == ["2", "3", "1"]
    assert (body["items"][0]["mrr"], body["items"][0]["currency"]) == (90_000.0, "JPY")


def test_one_company(api: Api) -> None:
    body = api.get("/companies/1001", "acme").json()
    assert [day["metric_on"] for day in body["sentiment_days"]] == ["2026-03-02", "2026-03-30"]
    assert api.get("/companies/1002", "acme").json()["sentiment_days"] == []
    assert (body["company_name"], body["renewal_on"], body["build"]["build_id"]) == (
        "Company 0001",
        "2026-06-30",
        "build-1",
    )


def test_a_company_that_is_not_there(api: Api) -> None:
    answer = api.get("/companies/nobody", "acme")
    assert (answer.status_code, answer.json()["error"]) == (404, "CompanyNotFound")
