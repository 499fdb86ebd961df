"""A sync that is killed, or fails, at any of its chaos points: the next one leaves exactly what an undisturbed one leaves."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chaos import ChaosError
from core.warehouse import Warehouse, WarehouseBusy, connect
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, World
from tests.support.databases import throw_away_database
from tests.support.portals import TickingClock, in_portal, in_warehouse, small_portal, sync

ROOT = Path(__file__).parents[3]
POINTS = (
    "ingest.after_extract",
    "ingest.after_normalize",
    "ingest.before_load",
    "ingest.after_load",
    "ingest.after_cursor",
)
PACKAGE_ROWS = 60
"""A small portal is then two packages, and the second hit of a point finds half of it loaded."""


@pytest.fixture(scope="module")
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture(scope="module")
def sandbox(clock: TickingClock) -> Iterator[RunningSandbox]:
    with running_sandbox(World(clock=clock)) as running:
        yield running


@pytest.fixture(scope="module")
def duckdb_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"duckdb:///{tmp_path_factory.mktemp('shared') / 'warehouse.duckdb'}"


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with throw_away_database() as url:
        yield url


@pytest.fixture
def portal(sandbox: RunningSandbox) -> Portal:
    return small_portal(sandbox.world, f"t{uuid.uuid4().hex[:8]}")


def _worker(
    url: str, portal: Portal, sandbox: RunningSandbox, clock: TickingClock, work_dir: Path, plan: str
) -> "subprocess.Popen[str]":
    given = {
        "tenant": portal.tenant.tenant_id,
        "token": portal.static_token,
        "base_url": sandbox.base_url,
        "warehouse_url": url,
        "work_dir": str(work_dir),
        "now": clock().isoformat(),
        "package_rows": PACKAGE_ROWS,
    }
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.support.sync_worker", json.dumps(given)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "CHAOS_SEED": "1", "CHAOS_POINTS": plan},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _killed(url: str, portal: Portal, sandbox: RunningSandbox, clock: TickingClock, work_dir: Path, plan: str) -> None:
    worker = _worker(url, portal, sandbox, clock, work_dir, plan)
    _, errors = worker.communicate(timeout=120)
    assert worker.returncode == -signal.SIGKILL, errors


def _wait_until_stopped(worker: "subprocess.Popen[str]") -> None:
    _, status = os.waitpid(worker.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), "the worker ended instead of falling asleep"


def _recovers(
    warehouse: Warehouse, portal: Portal, sandbox: RunningSandbox, clock: TickingClock, work_dir: Path
) -> None:
    report = sync(portal, sandbox.base_url, warehouse, work_dir, now=clock)
    assert report.failed_tenants == {}
    assert in_warehouse(warehouse, portal) == in_portal(portal)
    assert sync(portal, sandbox.base_url, warehouse, work_dir, now=clock).loaded == 0


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_on_duckdb(
    point: str, duckdb_url: str, portal: Portal, sandbox: RunningSandbox, clock: TickingClock, tmp_path: Path
) -> None:
    _killed(duckdb_url, portal, sandbox, clock, tmp_path, f"{point}:kill@2")
    _recovers(connect(duckdb_url, lock_timeout_seconds=30), portal, sandbox, clock, tmp_path)


def test_after_a_kill_on_postgres(
    database: str, portal: Portal, sandbox: RunningSandbox, clock: TickingClock, tmp_path: Path
) -> None:
    _killed(database, portal, sandbox, clock, tmp_path, "ingest.after_load:kill@2")
    _recovers(connect(database, lock_timeout_seconds=30), portal, sandbox, clock, tmp_path)


@pytest.mark.parametrize("point", POINTS)
def test_after_a_failure_in_the_same_process_on_postgres(
    point: str,
    database: str,
    portal: Portal,
    sandbox: RunningSandbox,
    clock: TickingClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a worker that catches the error and runs the next cell: nothing of the broken run is left in the process either."""
    warehouse = connect(database, lock_timeout_seconds=30)
    monkeypatch.setattr("core.chaos._hits", {})
    with monkeypatch.context() as chaos:
        chaos.setenv("CHAOS_SEED", "1")
        chaos.setenv("CHAOS_POINTS", f"{point}:raise")
        with pytest.raises(ChaosError):
            sync(portal, sandbox.base_url, warehouse, tmp_path, now=clock, cell="shared")
    sync(portal, sandbox.base_url, warehouse, tmp_path, now=clock, cell="shared")
    assert in_warehouse(warehouse, portal) == in_portal(portal)


def test_a_second_run_of_a_cell_refuses_while_the_first_sleeps_and_the_first_ends_well(
    duckdb_url: str, portal: Portal, sandbox: RunningSandbox, clock: TickingClock, tmp_path: Path
) -> None:
    worker = _worker(duckdb_url, portal, sandbox, clock, tmp_path, "ingest.after_normalize:stop")
    _wait_until_stopped(worker)
    with pytest.raises(WarehouseBusy, match="Another process has held lock cell:"):
        sync(portal, sandbox.base_url, connect(duckdb_url, lock_timeout_seconds=0.2), tmp_path, now=clock)
    worker.send_signal(signal.SIGCONT)
    _, errors = worker.communicate(timeout=60)
    assert worker.returncode == 0, errors
    _recovers(connect(duckdb_url, lock_timeout_seconds=30), portal, sandbox, clock, tmp_path)


def test_a_run_that_lost_its_lock_while_it_slept_changes_nothing(
    database: str, portal: Portal, sandbox: RunningSandbox, clock: TickingClock, tmp_path: Path
) -> None:
    """The server ends the sleeper's session, another run does the work with newer rows; then the sleeper wakes up."""
    warehouse = connect(database, lock_timeout_seconds=30)
    worker = _worker(database, portal, sandbox, clock, tmp_path / "one", "ingest.before_load:stop")
    _wait_until_stopped(worker)
    warehouse.rows(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = "
        "(select oid from pg_database where datname = current_database())"
    )
    clock.forward(minutes=5)
    for ticket in portal.ids("tickets"):
        portal.set_property("tickets", ticket, "subject", "Changed while the sleeper slept")
    sync(portal, sandbox.base_url, warehouse, tmp_path / "two", now=clock)
    assert in_warehouse(warehouse, portal) == in_portal(portal)
    cursors = warehouse.rows("select * from raw_hubspot.sync_cursors order by stream")
    worker.send_signal(signal.SIGCONT)
    _, errors = worker.communicate(timeout=60)
    assert worker.returncode != 0
    assert "LockLost" in errors
    assert in_warehouse(warehouse, portal) == in_portal(portal), "the sleeper's older rows did not come back"
    assert warehouse.rows("select * from raw_hubspot.sync_cursors order by stream") == cursors
