"""The law of ingestion: whatever happens in a portal and on the way to it, however often a sync is killed meanwhile, in the end the
warehouse equals the portal, row for row, and one more sync loads nothing.
"""

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from core.warehouse import Warehouse, connect
from ingestion.hubspot import objects
from ingestion.sandbox.faults import Fault, Kind
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, Quirks, World
from tests.support.histories import RECORDS, UNHURRIED, Step, happen, steps
from tests.support.portals import TickingClock, in_portal, in_warehouse, small_portal, sync

ROOT = Path(__file__).parents[3]
FAULTS = [
    Fault(kind=Kind.RATE_LIMIT, retry_after="0"),
    Fault(kind=Kind.RATE_LIMIT, policy="SECONDLY", retry_after="0", path="/search$"),
    Fault(kind=Kind.RATE_LIMIT, policy="DAILY", retry_after="1", after=9),
    Fault(kind=Kind.STATUS, status=502, times=2),
    Fault(kind=Kind.STATUS, status=504, path="/objects/"),
    Fault(kind=Kind.STATUS, status=423, retry_after="0"),
    Fault(kind=Kind.INVALID_TOKEN, after=12),
    Fault(kind=Kind.EXPIRED_TOKEN, after=10),
    Fault(kind=Kind.MISSING_SCOPE, path="emails", scope="sales-email-read", times=None),
    Fault(kind=Kind.MISSING_SCOPE, path="contacts", times=None),
    Fault(kind=Kind.BANNED, after=15),
    Fault(kind=Kind.BAD_REQUEST, path="batch/read"),
    Fault(kind=Kind.PARTIAL, path="associations", times=3),
    Fault(kind=Kind.PARTIAL, path="objects/.*/batch/read"),
    Fault(kind=Kind.TRUNCATED, after=3),
    Fault(kind=Kind.RESHAPED, path="/objects/[^/]*/companies$"),
    Fault(kind=Kind.RESHAPED, after=5),
    Fault(kind=Kind.EMPTY, after=2, times=2),
    Fault(kind=Kind.RESET, after=4),
    Fault(kind=Kind.RESET_BODY, after=6),
    Fault(kind=Kind.URL_TOO_LONG, path="/objects/"),
]
POINTS = (
    "ingest.after_extract",
    "ingest.after_normalize",
    "ingest.before_load",
    "ingest.after_load",
    "ingest.after_cursor",
)


@dataclass
class Place:
    """Everything that outlives an example."""

    sandbox: RunningSandbox
    warehouse_url: str
    clock: TickingClock
    new_work_dir: Callable[[], Path]

    @property
    def warehouse(self) -> Warehouse:
        return connect(self.warehouse_url, lock_timeout_seconds=60)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    clock = TickingClock()
    url = f"duckdb:///{tmp_path_factory.mktemp('shared') / 'warehouse.duckdb'}"
    with running_sandbox(World(clock=clock)) as sandbox:
        yield Place(sandbox, url, clock, lambda: tmp_path_factory.mktemp("work"))


@pytest.fixture(autouse=True, scope="module")
def _small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "CHUNK_RECORDS", 5)
        yield


EVERYTHING = (*RECORDS, "sync", "sync", "wait", "lag", "fault", "fault", "hint")


@pytest.mark.slow
@given(happening=steps(*EVERYTHING, most=12))
@settings(max_examples=5, **UNHURRIED)
def test_any_changes_faults_and_syncs_end_equal(place: Place, happening: list[Step]) -> None:
    _law(place, happening)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@given(happening=steps(*EVERYTHING, "kill", "kill", most=14))
@settings(max_examples=20, **UNHURRIED)
def test_very_many_changes_faults_kills_and_syncs_end_equal(place: Place, happening: list[Step]) -> None:
    _law(place, happening)


def _law(place: Place, happening: list[Step]) -> None:
    portal = small_portal(place.sandbox.world, f"t{uuid.uuid4().hex[:8]}", tickets=6)
    work_dir = place.new_work_dir()

    def run(**changes: object) -> Any:
        place.clock.forward(seconds=1)
        return sync(
            portal, place.sandbox.base_url, place.warehouse, work_dir, now=place.clock, cell="shared", **changes
        )

    for step in happening:
        if step.name == "sync":
            run()
        elif step.name == "wait":
            place.clock.forward(minutes=step.number * 10)
        elif step.name == "lag":
            portal.set_quirks(Quirks(index_lag_seconds=step.number * 2.0))
        elif step.name == "fault":
            place.sandbox.faults.add(FAULTS[(step.number * 21 + step.other) % len(FAULTS)])
            run()
            place.sandbox.faults.clear()
            _forget_the_day(work_dir)
        elif step.name == "hint":
            ids = portal.ids("tickets")[: step.number]
            run(hints={portal.tenant.tenant_id: {"tickets": ids, "contacts": ["404"]}})
        elif step.name == "kill":
            _killed(place, portal, work_dir, f"{POINTS[step.number % len(POINTS)]}:kill@{1 + step.other % 3}")
        else:
            happen(portal, step)
    # The index has caught up, and the day has come when everything is swept.
    portal.set_quirks(Quirks())
    place.clock.forward(minutes=2)
    report = run(sweep_seconds=0)
    assert report.failed_tenants == {}
    assert in_warehouse(place.warehouse, portal) == in_portal(portal)
    again = run()
    assert (again.failed_tenants, again.loaded) == ({}, 0)
    assert [stream for stream in again.streams if not stream.is_complete] == []


def _forget_the_day(data_dir: Path) -> None:
    """What HubSpot said of a used-up day is true no more: the fault is over."""
    for file in data_dir.glob("limits.db*"):
        file.unlink()


def _killed(place: Place, portal: Portal, work_dir: Path, plan: str) -> None:
    given = {
        "tenant": portal.tenant.tenant_id,
        "token": portal.static_token,
        "base_url": place.sandbox.base_url,
        "warehouse_url": place.warehouse_url,
        "work_dir": str(work_dir),
        "now": place.clock().isoformat(),
        "package_rows": 40,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.support.sync_worker", json.dumps(given)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "CHAOS_SEED": "1", "CHAOS_POINTS": plan},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in {-signal.SIGKILL, 0}, done.stderr
