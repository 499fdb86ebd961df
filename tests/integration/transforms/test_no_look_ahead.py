"""The score of a day depends on nothing that was not known by its end.

The same customers' lives are built as they are known now, and once more for each of some days as they were known at its end; the
scores of that day must be the same, down to the text of their parts. What HubSpot never tells as it was (which company a ticket
belonged to, what was deleted or merged since) is not part of the law; docs/cards.md lists it.
"""

from collections import Counter
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest

from tests.support.lived_world import LivedWorld
from tests.support.warehouse_fixtures import fill, table_rows
from transforms import runner

DAYS = [datetime(2025, 12, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 4, 17, 23, 59, 59, tzinfo=UTC)]
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
Rows = list[dict[str, object]]


def scores(worlds: list[LivedWorld], now: datetime, folder: Path) -> Rows:
    """The scores of every day, by what was known at a moment."""
    url = f"duckdb:///{folder / f'{now:%Y%m%d}.duckdb'}"
    fill(url, chain.from_iterable(world.rows(now) for world in worlds))
    runner.build(url, select="+int_trigger_scores_daily", as_of=now, target_dir=folder / "target", has_data_tests=False)
    return table_rows(url, "intermediate.int_trigger_scores_daily")


@pytest.fixture(scope="module")
def worlds() -> list[LivedWorld]:
    return [LivedWorld("told", 11, DAYS, is_told=True), LivedWorld("plain", 12, DAYS, is_told=False)]


@pytest.fixture(scope="module")
def known_now(worlds: list[LivedWorld], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return scores(worlds, NOW, tmp_path_factory.mktemp("now"))


@pytest.mark.parametrize("day", DAYS, ids=lambda day: f"{day:%Y-%m-%d}")
def test_what_happened_later_changes_no_score(
    day: datetime, worlds: list[LivedWorld], known_now: Rows, tmp_path: Path
) -> None:
    of_day = [row for row in known_now if row["scored_on"] == day.date()]
    counted = Counter((str(row["tenant_id"]), str(row["trigger_type"])) for row in of_day)
    assert len(counted) == 6, "every trigger scores somebody, or nothing is compared"
    assert len({row["severity_rank"] for row in of_day}) >= 3
    known_then = [row for row in scores(worlds, day, tmp_path) if row["scored_on"] == day.date()]
    assert of_day == known_then
