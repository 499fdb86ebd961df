"""The worker: what a handler says and raises, and what a kill leaves behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.appdb.directory import Tenant
from core.appdb.engine import writing
from core.appdb.tables import task as task_table
from core.appdb.tasks import Task, TaskBook, TaskQueue
from core.errors import Terminal, Transient
from core.installation import Installation
from core.settings import Settings
from core.tenants import cell, tenant_id
from core.vocabulary import TaskKind
from orchestration.tasks.handlers import HANDLERS, Handler, Report
from orchestration.tasks.worker import work

ACME = tenant_id("acme")
KIND = TaskKind.BACKTEST


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    place = Installation(Settings())
    place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    yield place
    place.app_database.dispose()


def ask(place: Installation, **arguments: object) -> str:
    return TaskBook(ACME, lambda: writing(place.app_database)).ask(KIND, arguments, asked_by="ada")


def row(place: Installation, task_id: str) -> dict[str, Any]:
    with place.app_database.connect() as connection:
        return dict(connection.execute(select(task_table).where(task_table.c.task_id == task_id)).mappings().one())


def done(place: Installation, handler: Handler, task_id: str) -> dict[str, Any]:
    work(place, handlers={KIND: handler}, is_once=True)
    return row(place, task_id)


def test_whatever_can_be_asked_for_is_done() -> None:
    assert set(HANDLERS) == set(TaskKind)


def test_a_handler_gets_the_arguments_and_its_answer_is_kept(place: Installation) -> None:
    def handler(installation: Installation, task: Task, report: Report) -> Mapping[str, Any]:
        for number in range(1, 2_001):
            report("counting", number, 2_000)
        return {"sum": task.arguments["a"] + task.arguments["b"], "tenants": len(installation.directory.cells())}

    held = done(place, handler, ask(place, a=2, b=3))
    assert (held["status"], held["result"]) == ("done", {"sum": 5, "tenants": 1})
    assert (held["step"], held["done_count"], held["total_count"]) == ("counting", 2_000, 2_000), "the last word counts"


def test_what_will_fail_again_fails_at_once_with_its_sentence(place: Installation) -> None:
    def handler(*_: object) -> Mapping[str, Any]:
        raise Terminal("The rule names a fact that does not exist: look at the list.")

    held = done(place, handler, ask(place))
    assert (held["status"], held["error_message"]) == (
        "failed",
        "The rule names a fact that does not exist: look at the list.",
    )


def test_what_may_work_later_is_tried_again_later(place: Installation) -> None:
    def handler(*_: object) -> Mapping[str, Any]:
        raise Transient("HubSpot does not answer.")

    held = done(place, handler, ask(place))
    assert (held["status"], held["attempt"]) == ("queued", 1)
    assert held["lease_until_at"] > held["started_at"]


def test_a_bug_says_where_to_look_and_nothing_else(place: Installation) -> None:
    def handler(*_: object) -> Mapping[str, Any]:
        raise KeyError("a customer's secret")

    task_id = ask(place)
    held = done(place, handler, task_id)
    assert held["status"] == "failed"
    assert task_id in held["error_message"]
    assert "secret" not in held["error_message"]


def test_a_kind_this_worker_does_not_know_fails_instead_of_waiting_for_ever(place: Installation) -> None:
    task_id = ask(place)
    work(place, handlers={}, is_once=True)
    assert "version" in row(place, task_id)["error_message"]


def test_a_long_silent_handler_keeps_its_lease(place: Installation) -> None:
    place.__dict__["tasks"] = TaskQueue(place.app_database, lease=timedelta(seconds=0.6))
    other = TaskQueue(place.app_database)
    seen: list[Task | None] = []

    def handler(*_: object) -> Mapping[str, Any]:
        for _step in range(4):
            time.sleep(0.4)
            seen.append(other.take())
        return {}

    assert done(place, handler, ask(place))["status"] == "done"
    assert seen == [None] * 4


def test_an_interrupted_worker_puts_its_task_back(place: Installation) -> None:
    def handler(*_: object) -> Mapping[str, Any]:
        raise KeyboardInterrupt

    task_id = ask(place)
    with pytest.raises(KeyboardInterrupt):
        work(place, handlers={KIND: handler}, is_once=True)
    held = row(place, task_id)
    assert (held["status"], held["attempt"], held["lease_until_at"]) == ("queued", 0, None)


def test_the_command_waits_for_tasks_and_ends_when_it_is_told_to(place: Installation) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "churnboard", "work"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    try:
        assert process.stdout is not None
        assert "Waiting" in process.stdout.readline()
        task_id = TaskBook(ACME, lambda: writing(place.app_database)).ask(TaskKind.IMPORT, {}, asked_by="ada")
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert task_id in process.stdout.readline()
        watchdog.cancel()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 130
    finally:
        process.kill()
        process.wait()
