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
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.warehouse import Warehouse, connect
from ingestion.hubspot import objects
from ingestion.sandbox.faults import Fault, Kind
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, Quirks, World
from tests.support.portals import TickingClock, in_portal, in_warehouse, small_portal, sync

ROOT = Path(__file__).parents[3]
KINDS = ("tickets", "companies", "contacts", "emails", "notes")
BODIES = {
    "tickets": "content",
    "companies": "name",
    "contacts": "firstname",
    "emails": "hs_email_text",
    "notes": "hs_note_body",
}
TEXTS = st.none() | st.sampled_from(["", "it broke", "<b>no</b>", "😡", "\\.", 'a "quoted", text\r\n'])

RECORDS = ("edit", "create", "archive", "restore", "purge", "link", "unlink", "merge", "privacy_delete", "label")

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


@dataclass(frozen=True)
class Step:
    """One thing that happens; what it happens to is chosen by number, modulo what there is."""

    name: str
    kind: str
    number: int
    other: int
    text: str | None


def steps(*names: str, most: int) -> st.SearchStrategy[list[Step]]:
    return st.lists(
        st.builds(Step, st.sampled_from(names), st.sampled_from(KINDS), st.integers(0, 20), st.integers(0, 20), TEXTS),
        min_size=4,
        max_size=most,
    )


# An example takes seconds and is at most a dozen steps long: making a failing one shorter would take minutes and help nobody.
UNHURRIED: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
}


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


@given(happening=steps(*EVERYTHING, most=12))
@settings(max_examples=5, **UNHURRIED)
def test_any_changes_faults_and_syncs_end_equal(place: Place, happening: list[Step]) -> None:
    _law(place, happening)


@pytest.mark.slow
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
            _happen(portal, step)
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


def _happen(portal: Portal, step: Step) -> None:
    live, archived = portal.ids(step.kind), portal.ids(step.kind, archived=True)
    if step.name == "create":
        portal.upsert(step.kind, {BODIES[step.kind]: step.text})
    elif step.name == "restore":
        if archived:
            portal.restore(step.kind, archived[step.number % len(archived)])
    elif step.name in {"link", "unlink", "label"}:
        _link(portal, step)
    elif step.name == "privacy_delete":
        contacts = portal.ids("contacts")
        if contacts:
            portal.privacy_delete(contacts[step.number % len(contacts)])
    elif step.name == "merge":
        _merge(portal, step, live)
    elif live:
        target = live[step.number % len(live)]
        if step.name == "edit":
            portal.set_property(step.kind, target, BODIES[step.kind], step.text)
        else:
            getattr(portal, step.name)(step.kind, target)


def _merge(portal: Portal, step: Step, live: list[str]) -> None:
    if step.kind in {"tickets", "companies", "contacts"} and len(live) > 1:
        first, second = live[step.number % len(live)], live[step.other % len(live)]
        if first != second:
            portal.merge(step.kind, first, second)


def _link(portal: Portal, step: Step) -> None:
    to = "contacts" if step.kind == "tickets" else step.kind
    tickets, targets = portal.ids("tickets"), portal.ids(to)
    if not tickets or not targets:
        return
    ticket, target = tickets[step.number % len(tickets)], targets[step.other % len(targets)]
    if step.name == "unlink":
        if target in portal.linked_ids("tickets", ticket, to):
            portal.dissociate("tickets", ticket, to, target)
        return
    labels = [portal.define_label("tickets", to, "Special")] if step.name == "label" else []
    portal.associate("tickets", ticket, to, target, primary=to == "companies" and step.other % 2 == 0, labels=labels)
