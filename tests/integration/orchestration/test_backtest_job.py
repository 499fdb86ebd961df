"""The job `backtest`, and what is left of a backtest that is interrupted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analysis.evals.shipped import add_shipped_precision
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings, StoreSettings, TransformSettings
from core.tenants import cell, tenant_id
from core.warehouse.duckdb import DuckDBWarehouse
from orchestration.build import build_definitions
from orchestration.scratch import scratch_copy
from tests.support.planted_warehouse import AS_OF, planted_rows
from tests.support.warehouse_fixtures import fill


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    add_shipped_precision(warehouse)
    fill(warehouse.url, planted_rows())
    stores = StoreSettings(data_dir=tmp_path / "data", warehouse_url=warehouse.url)
    place = Installation(Settings(stores=stores, transforms=TransformSettings(as_of=AS_OF)))
    place.directory.save(Tenant(tenant_id=tenant_id("acme"), name="Acme", cell=cell("acme")))
    yield place
    place.app_database.dispose()


def launch(place: Installation, **config: Any) -> dg.ExecuteInProcessResult:
    job = build_definitions(resources={"place": place}).resolve_job_def("backtest")
    return job.execute_in_process(run_config={"ops": {"replay_days": {"config": config}}}, raise_on_error=False)


def left(place: Installation) -> list[Path]:
    return list(place.settings.stores.data_dir.glob("backtest-scratch-*"))


def test_a_run_keeps_its_figures(place: Installation) -> None:
    config = {"tenant": "acme", "from": "2026-08-01", "to": "2026-11-20", "set": ["frustrated.t_on=2.5"]}
    run = launch(place, **config)
    assert run.success
    [output] = [event.step_output_data for event in run.all_events if event.is_successful_output]
    told = {name: value.value for name, value in output.metadata.items()}
    assert told["settings"] == "frustrated.t_on 0.5 → 2.5"
    assert told["cards_current"] > told["cards_candidate"] > 0
    assert told["changed_cards"] == len(told["report"]["changes"])
    assert told["report"]["change_counts"]["vanishes"] == told["cards_current"] - told["cards_candidate"]
    assert told["precision_current"] is None
    assert left(place) == []


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"from": "2026-08-01", "set": ["frustrated.t_onn=1"]}, "sets no parameter there is"),
        ({"from": "August", "set": ["frustrated.t_on=1"]}, "is no day"),
    ],
)
def test_a_run_that_cannot_be_fails_with_a_sentence(place: Installation, config: dict[str, Any], why: str) -> None:
    run = launch(place, tenant="acme", **config)
    assert not run.success
    [failure] = [event for event in run.all_events if event.is_step_failure]
    assert why in str(failure.step_failure_data.error)


def test_an_interrupted_backtest_leaves_nothing_behind(place: Installation) -> None:
    stores = place.settings.stores
    environment = {
        **os.environ,
        "DATA_DIR": str(stores.data_dir),
        "WAREHOUSE_URL": stores.warehouse_url,
        "AS_OF": AS_OF.isoformat(),
    }
    command = [
        "-m",
        "churnboard",
        "backtest",
        "--tenant",
        "acme",
        "--from",
        "2026-08-01",
        "--set",
        "frustrated.t_on=2.5",
    ]
    running = subprocess.Popen(
        [sys.executable, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        deadline = time.monotonic() + 120
        # In the middle of the build: dbt has written what it compiled.
        while not list(stores.data_dir.glob("dbt-backtest/run/**/int_*.sql")):
            assert running.poll() is None, running.communicate()[0].decode()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert len(left(place)) == 1
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[0].decode()
    finally:
        running.kill()
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert left(place) == []


def test_what_a_killed_one_left_the_next_one_takes_away(place: Installation) -> None:
    dead = place.settings.stores.data_dir / "backtest-scratch-dead"
    dead.mkdir(parents=True)
    (dead / "scratch.duckdb").write_bytes(b"words of customers")
    with scratch_copy(place, tenant_id("acme"), purpose="backtest") as scratch:
        assert not dead.exists()
        held = scratch.rows("select count(*) as n, count(distinct tenant_id) as tenants from raw_hubspot.tickets")
        assert held == [{"n": 34, "tenants": 1}]
    assert left(place) == []
