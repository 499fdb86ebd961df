"""Every SQL the dashboard shows, run where BI runs it, beside what the API answers to the same question."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.transforms.test_bi_questions import on_file, on_views
from tests.support.api import Api, running_api

RANGE = "from=2026-07-24&to=2026-11-20"
WHOLE = [
    f"topics?{RANGE}",
    f"topics?{RANGE}&topic=billing",
    f"sentiment?{RANGE}",
    f"sentiment-trends?{RANGE}",
    f"topic-trends?{RANGE}",
    f"topic-trends?{RANGE}&topic=none",
    f"risks?{RANGE}",
    f"risks?{RANGE}&topic=billing&trigger=frustrated&severity=low&severity=critical",
    "topic-impact?",
    "emerging-topics?",
    "emerging-topics?is_active=true",
    "companies?sort=trend&limit=5",
    "precision?",
    "recall?",
    f"costs?{RANGE}&task=sentiment",
    f"quality?{RANGE}",
    f"quality?{RANGE}&task=topics",
]
SEGMENTS = ["owner=7", "mrr_band=from_1000&mrr_band=from_5000", "mrr_band=unknown", "owner=none&mrr_band=under_1000"]
OF_SEGMENTS = [
    f"{question}&{segment}"
    for question in (
        f"topics?{RANGE}",
        f"topics?{RANGE}&topic=billing",
        f"sentiment?{RANGE}",
        f"risks?{RANGE}",
        f"risks?{RANGE}&trigger=frustrated",
        "topic-impact?",
        "companies?window_days=90&limit=100",
    )
    for segment in SEGMENTS
]
# Ranks and what stands for everything are counted by the API, and left to whoever reads the SQL.
UNSAID = {"negative_rank", "level_rank", "mrr_rank", "topics", "card_ids"}


@dataclass(frozen=True)
class Place:
    """The API over what was published on one engine, and a way to run SQL where BI does."""

    api: Api
    run: Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module", params=["file", "views"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    published = request.getfixturevalue(f"published_on_{request.param}")
    where = request.getfixturevalue("file" if request.param == "file" else "reader")
    run = on_file if request.param == "file" else on_views
    with running_api(published.engine, tmp_path_factory.mktemp(request.param)) as api:
        yield Place(api, lambda sql: run(where, sql))


def asked(api: Api, path: str) -> tuple[list[dict[str, Any]], str]:
    answer, sql = api.get(path, "acme"), api.get(f"{path}&format=sql", "acme")
    assert (answer.status_code, sql.status_code) == (200, 200), (answer.text, sql.text)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items, sql.text


def plain(row: dict[str, Any]) -> dict[str, Any]:
    def value(held: Any) -> Any:
        if isinstance(held, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", held):
            held = datetime.fromisoformat(held)
        if isinstance(held, datetime):
            return held.astimezone(UTC)
        if isinstance(held, date):
            return held.isoformat()
        is_number = isinstance(held, int | float | Decimal) and not isinstance(held, bool)
        return pytest.approx(float(held), abs=2e-6) if is_number else held

    return {name: value(held) for name, held in row.items() if name not in UNSAID}


@pytest.mark.parametrize("question", [*WHOLE, *OF_SEGMENTS])
def test_the_sql_of_a_series_finds_what_the_api_answers(place: Place, question: str) -> None:
    items, sql = asked(place.api, f"/metrics/{question}")
    assert [plain(row) for row in place.run(sql)] == [_as_told(row) for row in items], sql


@pytest.mark.parametrize("segment", SEGMENTS)
def test_the_sql_of_tickets_finds_the_tickets(place: Place, segment: str) -> None:
    for question in (
        f"/tickets?limit=200&{segment}",
        "/tickets?limit=200&from=2026-10-01&to=2026-11-15&topic=billing&negative=true",
        "/tickets?limit=200&q=AN&negative=false&sentiment=neutral&sentiment=positive",
    ):
        items, sql = asked(place.api, question)
        assert [plain(row) for row in place.run(sql)] == [_as_told(row) for row in items], sql


def _as_told(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: held for name, held in row.items() if name not in UNSAID}
    return {
        name: datetime.fromisoformat(held)
        if isinstance(held, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", held)
        else held
        for name, held in told.items()
    }


def test_the_questions_are_not_empty(place: Place) -> None:
    """What finds nothing proves nothing: every segment has tickets, and every series of the whole has rows."""
    empty = [question for question in WHOLE if not asked(place.api, f"/metrics/{question}")[0]]
    assert empty == []
    for segment in SEGMENTS[:3]:
        assert asked(place.api, f"/metrics/sentiment?{RANGE}&{segment}")[0], segment


def test_a_segment_of_everybody_counts_what_the_marts_count(place: Place) -> None:
    """Every band together is every customer: what is counted anew for a segment is what dbt counted."""
    everybody = "mrr_band=under_1000&mrr_band=from_1000&mrr_band=from_5000&mrr_band=unknown"
    api = place.api
    risks, _ = asked(api, f"/metrics/risks?{RANGE}")
    anew, _ = asked(api, f"/metrics/risks?{RANGE}&{everybody}")
    assert anew == risks
    of_nobody = {item["created_on"] for item in asked(api, "/tickets?limit=200")[0] if item["company_id"] is None}
    for series in ("topics", "sentiment"):
        marts, _ = asked(api, f"/metrics/{series}?{RANGE}")
        counted, _ = asked(api, f"/metrics/{series}?{RANGE}&{everybody}")
        same = [row for row in marts if row["metric_on"] not in of_nobody]
        assert same
        assert [row for row in counted if row["metric_on"] not in of_nobody] == same


def test_a_point_of_the_chart_leads_to_as_many_cards_and_tickets(place: Place) -> None:
    api = place.api
    for row in asked(api, f"/metrics/risks?{RANGE}")[0]:
        where = f"active_on={row['metric_on']}&topic={row['topic']}&trigger={row['trigger_type']}"
        behind = api.get(f"/cards?{where}&computed_severity={row['severity']}", "acme").json()
        assert behind["total"] == row["active_count"], row
    for row in asked(api, f"/metrics/topics?{RANGE}")[0]:
        where = f"from={row['metric_on']}&to={row['metric_on']}&topic={row['topic']}"
        assert api.get(f"/tickets?{where}", "acme").json()["total"] == row["ticket_count"], row
        assert api.get(f"/tickets?{where}&negative=true", "acme").json()["total"] == row["negative_count"], row
