"""Probes."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from core.appdb.engine import open_engine
from tests.integration.serve.conftest import Installation
from tests.support.api import Api, running_api


def names(api: Api) -> tuple[int, dict[str, bool]]:
    answer = api.client.get("/api/v1/ready")
    return answer.status_code, {check["name"]: check["is_ok"] for check in answer.json()["checks"]}


def test_up_and_ready(installation: Installation) -> None:
    health = installation.api.client.get("/api/v1/health").json()
    assert health["status"] == "ok"
    assert health["version"][0].isdigit()
    status, checks = names(installation.api)
    expected = {"database", "schema"}
    if installation.api.engine.dialect.name == "postgresql":
        expected.add("row_level_security")
    assert (status, checks) == (200, dict.fromkeys(expected, True))


def test_a_schema_that_is_not_ours(app_database_url: str, tmp_path: Path) -> None:
    engine = open_engine(app_database_url)
    with running_api(engine, tmp_path) as api:
        answer = api.client.get("/api/v1/ready")
        assert (answer.status_code, answer.json()["error"]) == (503, "NotReady")
        assert "run the migrations" in answer.json()["detail"]
        assert {"name": "database", "is_ok": True, "detail": "The application database answers."} in answer.json()[
            "checks"
        ]
        assert api.client.get("/api/v1/health").status_code == 200
    engine.dispose()


def test_no_database(tmp_path: Path) -> None:
    unreachable = create_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'app.db'}")
    with running_api(unreachable, tmp_path) as api:
        answer = api.client.get("/api/v1/ready")
        assert answer.status_code == 503
        assert [check["name"] for check in answer.json()["checks"]] == ["database"]
        assert "APP_DATABASE_URL" in answer.json()["detail"]
        assert str(tmp_path) not in answer.text
        cards = api.client.get("/api/v1/auth/demo")
        assert (cards.status_code, cards.json()["error"]) == (503, "DatabaseUnavailable")


@pytest.mark.parametrize(
    "opening",
    [
        "create table leak (tenant_id text); grant select on leak to churnboard_api",
        "create view leak as select * from published_companies; grant select on leak to churnboard_api",
        "create materialized view leak as select * from published_companies; grant select on leak to churnboard_api",
        "alter table published_companies disable row level security",
    ],
)
def test_a_relation_open_to_all_tenants(app_database: Engine, tmp_path: Path, opening: str) -> None:
    if app_database.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security")
    with running_api(app_database, tmp_path) as api:
        assert names(api)[0] == 200
        with app_database.begin() as connection:
            connection.execute(text(opening))
        status, checks = names(api)
        assert (status, checks["row_level_security"]) == (503, False)
