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
