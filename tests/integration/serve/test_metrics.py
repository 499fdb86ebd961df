"""Daily series: the range, and which rows are in it."""

import csv
import io
from datetime import date

import pytest

from core.appdb.budgets import Budgets
from serve.forms import cell
from tests.integration.serve.conftest import NewTenant
from tests.support.api import Api
from tests.support.published import card, company, cost_day, label, leader, quality_day, risk_day, ticket


@pytest.mark.parametrize(
    ("query", "first", "last", "days"),
    [
        ("", "2026-01-01", "2026-03-31", ["2026-03-01", "2026-03-30", "2026-03-31"]),
        ("?from=2026-03-30", "2026-03-30", "2026-03-31", ["2026-03-30", "2026-03-31"]),
        ("?to=2026-03-30", "2025-12-31", "2026-03-30", ["2026-03-01", "2026-03-30"]),
        ("?from=2026-03-30&to=2026-03-30", "2026-03-30", "2026-03-30", ["2026-03-30"]),
        ("?from=2024-01-01&to=2024-02-01", "2024-01-01", "2024-02-01", []),
    ],
)
def test_both_ends_count(api: Api, query: str, first: str, last: str, days: list[str]) -> None:
    for series in ("topics", "sentiment"):
        body = api.get(f"/metrics/{series}{query}", "acme").json()
        assert (body["from_on"], body["to_on"]) == (first, last)
        assert sorted({item["metric_on"] for item in body["items"]}) == days
        assert body["build"]["build_id"] == "build-1"


def test_one_topic(api: Api) -> None:
    body = api.get("/metrics/topics?topic=none", "acme").json()
    assert {item["topic"] for item in body["items"]} == {"none"}
    assert len(body["items"]) == 3


@pytest.mark.parametrize(
    ("query", "error", "says"),
    [
        ("?from=2026-03-31&to=2026-03-30", "InvalidRange", "starts on 2026-03-31"),
        ("?from=2025-01-01&to=2026-02-05", "InvalidRange", "more than 400 days"),
        ("?from=yesterday", "InvalidRequest", "2026-01-31"),
        ("?from=20260101", "InvalidRequest", "2026-01-31"),
        ("?to=2026-02-30", "InvalidRequest", "query.to"),
        ("?from=0001-01-01", "InvalidRequest", "query.from"),
    ],
)
def test_a_range_that_makes_no_sense(api: Api, query: str, error: str, says: str) -> None:
    answer = api.get(f"/metrics/sentiment{query}", "acme")
    assert (answer.status_code, answer.json()["error"]) == (422, error)
    assert says in answer.json()["detail"]


def test_four_hundred_days_are_not_too_many(api: Api) -> None:
    assert api.get("/metrics/sentiment?from=2025-01-01&to=2026-02-04", "acme").status_code == 200


def test_weeks_cards_and_days_share_one_range(api: Api) -> None:
    weeks = api.get("/metrics/topic-trends?from=2026-03-17&topic=billing", "acme").json()
    assert [(item["week_on"], item["topic"], item["is_outside_band"]) for item in weeks["items"]] == [
        ("2026-03-23", "billing", False)
    ]
    risks = api.get("/metrics/risks?from=2026-03-30", "acme").json()
    assert [(item["metric_on"], item["trigger_type"]) for item in risks["items"]] == [
        ("2026-03-30", "frustrated"),
        ("2026-03-31", "frustrated"),
        ("2026-03-31", "silently_struggling"),
    ]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 4),
        ("?trigger=frustrated", 3),
        ("?severity=low&severity=high", 4),
        ("?severity=low&trigger=frustrated", 0),
        ("?topic=none", 0),
        ("?topic=billing&from=2026-03-31", 2),
    ],
)
def test_cards_by_trigger_severity_and_topic(api: Api, query: str, count: int) -> None:
    assert len(api.get(f"/metrics/risks{query}", "acme").json()["items"]) == count


@pytest.mark.parametrize(
    ("query", "topics"),
    [
        ("", ["none", "billing", "export"]),
        ("?is_active=true", ["none", "billing"]),
        ("?is_active=false", ["export"]),
    ],
)
def test_alerts_that_go_on_come_first(api: Api, query: str, topics: list[str]) -> None:
    body = api.get(f"/metrics/emerging-topics{query}", "acme").json()
    assert [item["topic"] for item in body["items"]] == topics
    assert body["build"]["build_id"] == "build-1"


def test_the_topic_that_weighs_most_comes_first(api: Api) -> None:
    assert [item["topic"] for item in api.get("/metrics/topic-impact", "acme").json()["items"]] == ["billing", "none"]


@pytest.mark.parametrize(
    ("query", "companies"),
    [
        ("", ["1002", "1001"]),
        ("?window_days=90", ["1001"]),
        ("?sort=mrr", ["1001", "1002"]),
        ("?sort=cards&limit=1", ["1002"]),
    ],
)
def test_companies_in_the_order_asked_for(api: Api, query: str, companies: list[str]) -> None:
    body = api.get(f"/metrics/companies{query}", "acme").json()
    assert [item["company_id"] for item in body["items"]] == companies


@pytest.mark.parametrize("query", ["?window_days=31", "?sort=name", "?limit=101", "?window=30"])
def test_no_other_leaderboard_is_made_up(api: Api, query: str) -> None:
    assert api.get(f"/metrics/companies{query}", "acme").status_code == 422


def test_precision_and_recall_say_what_they_are_from_and_why_nothing_is_told(api: Api) -> None:
    answer = api.get("/metrics/precision", "acme")
    body = answer.json()
    assert (answer.status_code, body["build"]["build_id"]) == (200, "build-1")
    everything, march = body["items"]
    assert (everything["period"], everything["counted_count"], everything["right_count"]) == ("all", 24, 16)
    assert everything["lower_bound_score"] < everything["precision_score"] < everything["upper_bound_score"]
    assert everything["hidden_reason"] is None
    assert (march["period"], march["counted_count"], march["hidden_reason"]) == ("2026-03", 19, "too_few")
    assert {march[f"{name}_score"] for name in ("precision", "lower_bound", "upper_bound")} == {None}
    assert [(one["period"], one["churned_company_count"], one["hidden_reason"]) for one in body["recall"]] == [
        ("all", 3, "too_few"),
        ("2026-Q1", 3, "too_few"),
    ]
    again = api.get("/metrics/precision", "acme", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


SERIES = [
    "topics",
    "sentiment",
    "sentiment-trends",
    "topic-trends",
    "risks",
    "topic-impact",
    "emerging-topics",
    "companies",
    "precision",
    "recall",
    "costs",
    "quality",
]


@pytest.mark.parametrize("series", SERIES)
def test_a_series_is_the_same_as_csv(api: Api, series: str) -> None:
    items = api.get(f"/metrics/{series}", "acme").json()["items"]
    for query, headers in (("?format=csv", {}), ("", {"Accept": "text/csv"})):
        answer = api.get(f"/metrics/{series}{query}", "acme", headers=headers)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == f'attachment; filename="churnboard-{series}-2026-03-31.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert items
        assert rows == [{name: cell(value) for name, value in item.items()} for item in items]


@pytest.mark.parametrize("series", SERIES)
def test_a_series_says_the_sql_for_it(api: Api, series: str) -> None:
    answer = api.get(f"/metrics/{series}?format=sql", "acme")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "tenant_id = 'acme'" in answer.text
    assert answer.text.endswith(";\n")


def test_a_filter_cannot_leave_its_quotes(api: Api) -> None:
    said = api.get("/metrics/topics", "acme", params={"format": "sql", "topic": "x' or '1'='1"}).text
    assert "topic = 'x'' or ''1''=''1'" in said


def test_what_reading_cost_stands_beside_the_budget(tenant: NewTenant) -> None:
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31)]
    tenant.publish(costs=[cost_day(day, "topics", cost_usd=1.5) for day in days])
    first = tenant.get("/metrics/costs?from=2026-03-31")
    assert [item["cost_usd"] for item in first.json()["items"]] == [1.5]
    assert first.json()["budget"] == {"month_on": "2026-03-01", "monthly_usd": None, "spent_usd": 3.0}
    Budgets(tenant.api.engine, None).set(tenant.tenant_id, 20.0, author="test")
    # No new build, and yet another answer.
    again = tenant.get("/metrics/costs?from=2026-03-31", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.json()["budget"]["monthly_usd"]) == (200, 20.0)
    assert tenant.get("/metrics/costs?task=sentiment").json()["items"] == []


def test_how_good_readings_are_comes_by_day_and_question(tenant: NewTenant) -> None:
    days = [date(2026, 3, 30), date(2026, 3, 31)]
    unread = {"analyzer": None, "model": None, "prompt_version": None, "reader_count": 0, "read_count": 0}
    tenant.publish(
        quality=[
            *(quality_day(day, "sentiment") for day in days),
            quality_day(
                days[1], "topics", dead_letter_count=3, **unread, cost_usd=None, cost_usd_per_1000_tickets=None
            ),
        ]
    )
    body = tenant.get("/metrics/quality").json()
    assert [(row["metric_on"], row["task"]) for row in body["items"]] == [
        ("2026-03-30", "sentiment"),
        ("2026-03-31", "sentiment"),
        ("2026-03-31", "topics"),
    ]
    topics = body["items"][-1]
    assert (topics["analyzer"], topics["dead_letter_count"], topics["verified_quote_score"]) == (None, 3, None)
    narrowed = tenant.get("/metrics/quality?task=topics&from=2026-03-31").json()
    assert narrowed["items"] == [topics]
    assert tenant.get("/metrics/quality?task=grammar").status_code == 422


def test_segments_name_what_there_is(api: Api) -> None:
    body = api.get("/metrics/segments", "acme").json()
    assert body["owners"] == [{"owner_id": "9", "owner_name": "Grace Hopper", "company_count": 3}]
    counted = {row["mrr_band"]: (row["from_mrr"], row["below_mrr"], row["company_count"]) for row in body["mrr_bands"]}
    # A company that is said to pay, without an amount, is in no band of amounts.
    assert counted == {
        "under_1000": (None, 1000, 0),
        "from_1000": (1000, 5000, 2),
        "from_5000": (5000, None, 0),
        "unknown": (None, None, 1),
    }


def world(tenant: NewTenant) -> None:
    """Two owners, two sizes; each ticket and card says whose it is."""
    tickets = [
        ticket(1, company_id="1001"),
        ticket(2, company_id="1002", sentiment="positive", level=1, is_negative=False, points=0),
        ticket(3, company_id="1002", created_on=date(2026, 3, 29)),
        ticket(4, company_id=None),
    ]
    tenant.publish(
        companies=[
            company(1, mrr=500.0),
            company(2, mrr=7000.0, owner_id=None, owner_name=None),
            company(3, mrr=800.0, mrr_source="tenant_median_assumed"),
        ],
        tickets=tickets,
        labels=[*(label(one, "billing") for one in tickets[:3]), label(tickets[1], "data")],
        cards=[
            card(1, opened_on=date(2026, 3, 29)),
            card(2, closed_on=date(2026, 3, 30), is_active=False, topic="data"),
            card(3),
        ],
        risks=[risk_day(date(2026, 3, day), "billing") for day in (29, 30, 31)],
        leaders=[leader(1, 30, 2), leader(2, 30, 1)],
    )


def test_a_segment_is_counted_anew(tenant: NewTenant) -> None:
    world(tenant)
    tones = tenant.get("/metrics/sentiment?owner=none").json()["items"]
    assert [(day["metric_on"], day["ticket_count"], day["positive_count"], day["mean_level"]) for day in tones] == [
        ("2026-03-29", 2, 1, 0.0)
    ]
    topics = tenant.get("/metrics/topics?mrr_band=under_1000&mrr_band=from_5000").json()["items"]
    assert [
        (day["metric_on"], day["topic"], day["ticket_count"], day["all_ticket_count"], day["mrr_touched"])
        for day in topics
    ] == [
        ("2026-03-29", "billing", 2, 2, 7000.0),
        ("2026-03-29", "data", 1, 2, 7000.0),
        ("2026-03-30", "billing", 1, 1, 500.0),
    ]
    impact = tenant.get("/metrics/topic-impact?owner=none").json()["items"]
    # Without `billing` nothing is left to compare with.
    assert [
        (row["topic"], row["negative_share"], row["negative_share_impact"], row["negative_rank"]) for row in impact
    ] == [
        ("data", 0.0, -0.5, 1),
        ("billing", 0.5, None, 2),
    ]
    leaders = tenant.get("/metrics/companies?mrr_band=under_1000").json()["items"]
    assert [row["company_id"] for row in leaders] == ["1001"]


def test_cards_of_a_segment_by_day_lead_to_these_cards(tenant: NewTenant) -> None:
    world(tenant)
    risks = tenant.get("/metrics/risks?mrr_band=under_1000&mrr_band=from_5000").json()["items"]
    assert [
        (
            row["metric_on"],
            row["topic"],
            row["opened_count"],
            row["closed_count"],
            row["active_count"],
            row["active_mrr"],
        )
        for row in risks
    ] == [
        ("2026-03-29", "billing", 1, 0, 1, 500.0),
        ("2026-03-29", "data", 0, 0, 1, 7000.0),
        ("2026-03-30", "billing", 0, 0, 1, 500.0),
        ("2026-03-30", "data", 0, 1, 0, None),
        ("2026-03-31", "billing", 0, 0, 1, 500.0),
    ]
    for row in risks:
        behind = tenant.get(
            f"/cards?active_on={row['metric_on']}&topic={row['topic']}&computed_severity={row['severity']}"
            "&mrr_band=under_1000&mrr_band=from_5000"
        ).json()
        assert behind["total"] == row["active_count"], row
    assert tenant.get("/cards?opened_from=2026-03-29&opened_to=2026-03-29").json()["total"] == 1
    assert tenant.get("/cards?company_owner=none").json()["items"][0]["company_id"] == "1002"
    assert tenant.get("/metrics/risks?owner=none&topic=billing").json()["items"] == []
