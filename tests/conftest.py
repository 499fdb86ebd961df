"""Fixtures every room shares: a warehouse on each engine, throw-away Postgres databases, a clean environment."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.appdb import open_app_database
from core.settings import groups
from core.warehouse import Warehouse, connect


@pytest.fixture(autouse=True)
def _no_settings_from_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A test sees only the settings it makes itself."""
    for group in groups():
        monkeypatch.setitem(group.model_config, "env_file", None)
        for name in group.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path_factory.mktemp("data")))
    monkeypatch.delenv("CHAOS_SEED", raising=False)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A new, empty Postgres database, dropped afterwards."""
    server = os.environ.get("TEST_POSTGRES_URL")
    if not server:
        pytest.skip("TEST_POSTGRES_URL is not set: no Postgres to test against")
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url

    name = f"churnboard_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        admin.dispose()


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty warehouse, once per engine."""
    if request.param == "duckdb":
        return f"duckdb:///{tmp_path / 'warehouse.duckdb'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def warehouse(warehouse_url: str) -> Warehouse:
    """An empty warehouse, once per engine."""
    return connect(warehouse_url, lock_timeout_seconds=30)


@pytest.fixture(params=["sqlite", "postgres"])
def app_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an application database that does not exist yet, once per engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'app.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def app_database(app_database_url: str) -> Iterator[Engine]:
    """A migrated application database, once per engine."""
    engine = open_app_database(app_database_url)
    yield engine
    engine.dispose()
