"""One build per engine of the planted data set, shared by every test of the marts: a build takes seconds."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.planted_warehouse import AS_OF, planted_rows
from tests.support.warehouse_fixtures import fill, table_rows
from transforms import runner

MARTS = (
    "churn_risk_cards",
    "card_evidence",
    "companies",
    "topic_metrics_daily",
    "topic_trends_weekly",
    "topic_trends_daily",
    "topic_impact",
    "emerging_topics",
    "audited_shares",
    "company_leaderboard",
    "risks_daily",
    "sentiment_daily",
    "trigger_scores_daily",
    "source_health",
    "llm_costs_daily",
    "enrichment_quality",
    "data_quality",
    "card_outcomes",
    "alert_precision",
    "churn_recall",
    "card_load_weekly",
)


@dataclass(frozen=True)
class BuiltWarehouse:
    """A warehouse with the planted data set and the marts built over it."""

    url: str
    target_dir: Path
    result: runner.BuildResult

    def rows(self, mart: str) -> list[dict[str, object]]:
        """All rows of a mart in a fixed order."""
        return table_rows(self.url, f"marts.{mart}")

    def mart(self, mart: str, **key: object) -> list[dict[str, object]]:
        """The rows of a mart whose columns have these values."""
        return [row for row in self.rows(mart) if all(row[name] == value for name, value in key.items())]

    def one(self, mart: str, **key: object) -> dict[str, object]:
        """The only such row."""
        (row,) = self.mart(mart, **key)
        return row


def _built(url: str, target_dir: Path) -> BuiltWarehouse:
    fill(url, planted_rows())
    result = runner.build(url, as_of=AS_OF, target_dir=target_dir, has_unit_tests=True)
    return BuiltWarehouse(url, target_dir, result)


@pytest.fixture(scope="session")
def duckdb_marts(tmp_path_factory: pytest.TempPathFactory) -> BuiltWarehouse:
    """The marts on DuckDB, unit tests included."""
    folder = tmp_path_factory.mktemp("duckdb-marts")
    return _built(f"duckdb:///{folder / 'planted.duckdb'}", folder / "target")


@pytest.fixture(scope="session")
def postgres_marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltWarehouse]:
    """The marts on Postgres, unit tests included."""
    server = os.environ.get("TEST_POSTGRES_URL")
    if not server:
        pytest.skip("TEST_POSTGRES_URL is not set: no Postgres to test against")
    import psycopg2

    name = f"churnboard_marts_{uuid.uuid4().hex[:12]}"
    admin = psycopg2.connect(server)
    admin.autocommit = True
    admin.cursor().execute(f"create database {name}")
    try:
        url = server.rsplit("/", 1)[0] + f"/{name}"
        yield _built(url, tmp_path_factory.mktemp("postgres-marts") / "target")
    finally:
        admin.cursor().execute(f"drop database {name} with (force)")
        admin.close()
