"""Stopping an import that is under way, with the real worker, the real load and HubSpot's double: nothing is lost by it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from core.appdb.directory import Tenant
from core.appdb.engine import writing
from core.appdb.tables import task as task_table
from core.appdb.tasks import TaskBook
from core.connections import Credentials
from core.installation import Installation
from core.settings import Settings, StoreSettings
from core.tenants import cell, tenant_id
from core.vocabulary import TaskKind, TaskStatus
from ingestion.sandbox.faults import Fault, Kind
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import World
from orchestration import refresh
from orchestration.tasks.worker import work
from tests.support.connections import app_settings
from tests.support.portals import small_portal

ACME, TICKETS = tenant_id("acme"), 250
PATIENCE_SECONDS = 240


@dataclass
class Scene:
    place: Installation
    sandbox: RunningSandbox

    @property
    def book(self) -> TaskBook:
        return TaskBook(ACME, lambda: writing(self.place.app_database))

    def ask(self) -> str:
        return self.book.ask(TaskKind.IMPORT, {}, asked_by="ada")

    def row(self, task_id: str) -> dict[str, Any]:
        query = select(task_table).where(task_table.c.task_id == task_id)
        with self.place.app_database.connect() as connection:
            return dict(connection.execute(query).mappings().one())

    def slow(self) -> None:
        """Every list of tickets takes its time."""
        self.sandbox.faults.add(Fault(kind=Kind.LATENCY, path="tickets", seconds=3.0, times=None))

    def stop_while_loading(self, task_id: str) -> None:
        until(lambda: self.row(task_id)["step"] == "Loading from HubSpot")
        time.sleep(1)
        assert self.book.cancel(task_id) is TaskKind.IMPORT


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.1)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A connected tenant; a refresh is its load alone, since what follows is about dbt."""
    world = World()
    small_portal(world, "acme", tickets=TICKETS)
    plan = refresh._plan
    monkeypatch.setattr(refresh, "_plan", lambda *args, **options: islice(plan(*args, **options), 1))
    with running_sandbox(world) as sandbox:
        hubspot = app_settings(sandbox.base_url, sync_lag_seconds=0)
        for name, value in hubspot.model_dump(mode="json").items():
            if isinstance(value, str) and "secret" not in name:
                monkeypatch.setenv(name.upper(), value)
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        place = Installation(Settings(stores=StoreSettings(data_dir=tmp_path), hubspot=hubspot))
        place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
        place.connection(ACME).keep(Credentials(access_token=SecretStr(sandbox.token("acme"))), hub_id="17")
        yield Scene(place, sandbox)
        place.app_database.dispose()


def test_an_import_is_stopped_within_its_load_and_the_next_one_has_everything(scene: Scene) -> None:
    scene.slow()
    task_id = scene.ask()
    stopper = threading.Thread(target=scene.stop_while_loading, args=(task_id,))
    stopper.start()
    work(scene.place, is_once=True)
    stopper.join()
    held = scene.row(task_id)
    assert (held["status"], held["error_message"], held["lease_until_at"]) == (TaskStatus.CANCELLED, None, None)
    assert held["ended_at"] - held["cancel_asked_at"] < timedelta(seconds=60)

    scene.sandbox.faults.clear()
    again = scene.ask()
    assert again != task_id
    work(scene.place, is_once=True)
    done = scene.row(again)
    assert (done["status"], done["result"]["ticket_count"]) == (TaskStatus.DONE, TICKETS), done["error_message"]


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_stops_leaves_a_task_that_is_stopped(scene: Scene) -> None:
    scene.slow()
    task_id = scene.ask()
    chaos = {"CHAOS_SEED": "1", "CHAOS_POINTS": "tasks.before_stop:kill"}
    process = subprocess.Popen(
        [sys.executable, "-m", "churnboard", "work"], env=os.environ | chaos, stdout=subprocess.DEVNULL
    )
    try:
        scene.stop_while_loading(task_id)
        assert process.wait(timeout=PATIENCE_SECONDS) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
    held = scene.row(task_id)
    assert (held["status"], held["ended_at"]) == (TaskStatus.RUNNING, None)
    # Its lease runs out; whoever looks next ends it instead of beginning it again.
    with writing(scene.place.app_database) as connection:
        gone = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(update(task_table).values(lease_until_at=gone))
    assert scene.place.tasks.take() is None
    assert scene.row(task_id)["status"] == TaskStatus.CANCELLED

    scene.sandbox.faults.clear()
    again = scene.ask()
    work(scene.place, is_once=True)
    assert scene.row(again)["result"]["ticket_count"] == TICKETS
