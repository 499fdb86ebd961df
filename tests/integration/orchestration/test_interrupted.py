"""Somebody interrupts what takes long: it ends at once, says nothing of failure, and what comes next goes on from there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.appdb.engine import writing
from core.appdb.tables import task as tasks
from core.appdb.tasks import TaskBook
from core.vocabulary import TaskKind
from tests.support.scene import Scene, playing, small_world


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with playing(tmp_path, small_world(tenants=1, tickets=40, months=5)) as scene:
        yield scene


def interrupted_in_dbt(scene: Scene, *command: str, by: signal.Signals) -> str:
    """Run a command until dbt writes what it has compiled, then send the signal; what was said, once it ended as interrupted."""
    settings = scene.place.settings
    environment = {
        "DATA_DIR": str(settings.stores.data_dir),
        "HUBSPOT_BASE_URL": settings.hubspot.hubspot_base_url,
        "SYNC_LAG_SECONDS": "0",
        "AS_OF": str(settings.transforms.as_of),
    }
    running = subprocess.Popen(
        [sys.executable, "-m", "churnboard", *command],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 240
        while not list(settings.stores.data_dir.glob("dbt/run/**/int_*.sql")):
            assert running.poll() is None, running.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.send_signal(by)
        said, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130, said
    assert "Traceback (most recent call last)" not in said
    return said


@pytest.mark.slow
def test_an_interrupted_refresh_ends_and_the_next_one_publishes(scene: Scene) -> None:
    said = interrupted_in_dbt(scene, "refresh", by=signal.SIGINT)
    assert "RefreshFailed" not in said
    [tenant] = scene.place.directory.tenants()
    assert scene.place.builds.current(tenant.tenant_id) is None
    scene.refresh()
    assert scene.place.builds.current(tenant.tenant_id) is not None


@pytest.mark.slow
def test_a_worker_told_to_end_puts_its_import_back(scene: Scene) -> None:
    place = scene.place
    [tenant] = place.directory.tenants()
    task_id = TaskBook(tenant.tenant_id, lambda: writing(place.app_database)).ask(TaskKind.IMPORT, {}, asked_by="ada")
    interrupted_in_dbt(scene, "work", by=signal.SIGTERM)
    with place.app_database.connect() as connection:
        [held] = connection.execute(tasks.select().where(tasks.c.task_id == task_id)).mappings()
    assert (held["status"], held["attempt"], held["error_message"]) == ("queued", 0, None)
