"""One build per engine of the planted data set, shared by every test of the marts: a build takes seconds."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, text
from sqlalchemy.engine import make_url

from core.appdb import bi, open_app_database
from core.appdb.tables import tenant
from core.publishing import mark_passed, publish
from core.tenants import tenant_id
from core.warehouse import connect
from tests.support.databases import throw_away_database
from tests.support.planted_warehouse import AS_OF, planted_rows
from tests.support.warehouse_fixtures import fill, table_rows
from transforms import runner

MARTS = (
    "churn_risk_cards",
    "card_evidence",
    "ticket_readings",
    "card_tickets",
    "card_messages",
    "card_changes",
    "company_sentiment_daily",
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
    "sentiment_trends_weekly",
    "tickets",
    "topic_tickets",
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


TENANTS = [tenant_id(name) for name in ("acme", "globex", "initech", "messy")]


@dataclass(frozen=True)
class Published:
    """The planted data set in front of readers: the application database, and the folder of the published file."""

    engine: Engine
    folder: Path


def _published(built: BuiltWarehouse, engine: Engine, folder: Path) -> Published:
    warehouse = connect(built.url)
    mark_passed(warehouse, as_of_at=AS_OF, run_id="planted")
    with engine.begin() as connection:
        for name in TENANTS:
            connection.execute(insert(tenant), {"tenant_id": name, "name": name, "cell": name, "created_at": AS_OF})
    report = publish(
        warehouse=warehouse, engine=engine, tenant_ids=TENANTS, data_dir=folder, max_drop_share=0.5, builds_kept=2
    )
    assert report.held_back == []
    return Published(engine, folder)


@pytest.fixture(scope="session")
def published_on_file(duckdb_marts: BuiltWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Published from DuckDB, with SQLite for the application."""
    folder = tmp_path_factory.mktemp("bi")
    engine = open_app_database(f"sqlite:///{folder / 'app.db'}")
    yield _published(duckdb_marts, engine, folder)
    engine.dispose()


@pytest.fixture(scope="session")
def published_on_views(postgres_marts: BuiltWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """The same on Postgres."""
    with throw_away_database() as url:
        owner = open_app_database(url)
        yield _published(postgres_marts, owner, tmp_path_factory.mktemp("bi"))
        owner.dispose()


@pytest.fixture(scope="session")
def file(published_on_file: Published) -> Path:
    """The published file, as docs/bi.md says: CURRENT names it."""
    published = published_on_file.folder / "published"
    return published / (published / "CURRENT").read_text().strip()


@pytest.fixture(scope="session")
def reader(published_on_views: Published) -> Iterator[Engine]:
    """An engine of a role that was granted the views on Postgres."""
    owner, role = published_on_views.engine, f"bi_test_{uuid.uuid4().hex[:10]}"
    bi.grant(owner, role)
    engine = create_engine(make_url(owner.url).set(username=role, password=None))
    yield engine
    engine.dispose()
    with owner.begin() as connection:
        connection.execute(text(f"drop owned by {role}; drop role {role}"))
