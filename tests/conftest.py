"""Fixtures every room shares: a warehouse on each engine, throw-away Postgres databases, a clean environment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine

from core.appdb import open_app_database
from core.settings import groups
from core.warehouse import Warehouse, connect
from tests.support.databases import throw_away_database
from tests.support.migrated import migrated_by_copying
from tests.support.parsed import parsed_by_copying

# A shared machine stalls now and then; how long one example took says nothing about it.
hypothesis_settings.register_profile("churnboard", deadline=None)
hypothesis_settings.load_profile("churnboard")

_SLOW_SECONDS = 1200
_OF_THE_MARTS = "tests/integration/transforms/test_"
_BUILDS_OF_ITS_OWN = "tests/integration/transforms/test_card_stories"
_LONG_FIRST = (
    _OF_THE_MARTS,
    "tests/e2e/test_main_job",
    "tests/e2e/",
    "tests/integration/orchestration/",
    "tests/integration/",
)
"""Two processes end together if what is left at the end is short."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI insist that what it can offer was used."""
    parser.addoption(
        "--must-not-skip",
        action="append",
        default=[],
        metavar="TEXT",
        help="fail if a test skips with TEXT in its reason",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long goes first; a slow test may take longer before it is taken for hung."""
    items.sort(key=lambda item: _place_in_line(item.nodeid))
    for item in items:
        is_slow = item.get_closest_marker("slow") or item.get_closest_marker("long")
        if is_slow and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SLOW_SECONDS))


def _place_in_line(nodeid: str) -> int:
    return next((place for place, start in enumerate(_LONG_FIRST) if nodeid.startswith(start)), len(_LONG_FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A class or module goes to one process, which makes its fixtures once; all that looks at the planted marts goes to one."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            is_shared = nodeid.startswith(_OF_THE_MARTS) and not nodeid.startswith(_BUILDS_OF_ITS_OWN)
            return _OF_THE_MARTS if is_shared else str(super()._split_scope(nodeid))

    return Together(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a test skipped for a reason that was ruled out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    ruled_out: list[str] = session.config.getoption("--must-not-skip")
    if reporter is None or not ruled_out:
        return
    skipped = [str(report.longrepr) for report in reporter.stats.get("skipped", [])]
    offending = [reason for reason in skipped if any(text in reason for text in ruled_out)]
    if offending:
        reporter.write_line(f"{len(offending)} tests skipped that must not, first: {offending[0]}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Migrations run, and the dbt project is parsed, once a process."""
    with migrated_by_copying(tmp_path_factory.mktemp("migrated")), parsed_by_copying():
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A test sees only the settings it makes itself."""
    for group in groups():
        monkeypatch.setitem(group.model_config, "env_file", None)
        for name in group.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path_factory.mktemp("data")))
    monkeypatch.delenv("CHAOS_SEED", raising=False)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that was run within a test has sent logs to a stream that is closed by now."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A new, empty Postgres database, dropped afterwards."""
    with throw_away_database() as url:
        yield url


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
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, or a file that does not exist yet, once per engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'database.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """The URL of an application database that does not exist yet, once per engine."""
    return database_url


@pytest.fixture
def app_database(app_database_url: str) -> Iterator[Engine]:
    """A migrated application database, once per engine."""
    engine = open_app_database(app_database_url)
    yield engine
    engine.dispose()
