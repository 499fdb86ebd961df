"""Stale is said once."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml

from core.freshness import FRESH_FOR, is_stale, lag
from transforms.runner import PROJECT_DIR

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cursor_at", "behind", "stale"),
    [
        (NOW - FRESH_FOR, FRESH_FOR, False),
        (NOW - FRESH_FOR - timedelta(seconds=1), FRESH_FOR + timedelta(seconds=1), True),
        (NOW + timedelta(hours=1), timedelta(0), False),
        (None, None, True),
    ],
)
def test_a_stream_is_stale_after_a_day_and_a_half_or_when_never_read(
    cursor_at: datetime | None, behind: timedelta | None, stale: bool
) -> None:
    assert lag(cursor_at, NOW) == behind
    assert is_stale(cursor_at, NOW) is stale


def test_the_marts_mean_the_same() -> None:
    project = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())
    assert timedelta(hours=project["vars"]["fresh_hours"]) == FRESH_FOR
    sources = yaml.safe_load((PROJECT_DIR / "models" / "staging" / "sources.yml").read_text())["sources"]
    told = [
        table["config"]["freshness"]["warn_after"]
        for source in sources
        for table in source["tables"]
        if "freshness" in table.get("config", {})
    ]
    assert told
    assert {(one["count"], one["period"]) for one in told} == {(FRESH_FOR // timedelta(hours=1), "hour")}
