"""Daily series: the range, and which rows are in it."""

import pytest

from tests.support.api import Api


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
