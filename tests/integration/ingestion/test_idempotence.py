"""The law of ingestion: whatever happens in a portal, and however often it is synced meanwhile, the warehouse equals it."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.warehouse import Warehouse, connect
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, World
from tests.support.portals import TickingClock, in_portal, in_warehouse, small_portal, sync

OBJECTS = st.sampled_from(["tickets", "companies", "contacts"])
TEXTS = st.none() | st.sampled_from(["", "it broke", "<b>no</b>", "😡", "\\.", 'a "quoted", text\r\n'])


@dataclass(frozen=True)
class Step:
    """One thing that happens; what it happens to is chosen by number, modulo what there is."""

    name: str
    kind: str
    number: int
    other: int
    text: str | None


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["edit", "create", "archive", "restore", "purge", "link", "unlink", "sync", "sync", "wait"]),
        OBJECTS,
        st.integers(0, 20),
        st.integers(0, 20),
        TEXTS,
    ),
    min_size=4,
    max_size=9,
)


# An example takes seconds and is at most nine steps long: making a failing one shorter would take minutes and help nobody.
UNHURRIED: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
}


@dataclass
class Place:
    """Everything that outlives an example."""

    sandbox: RunningSandbox
    warehouse: Warehouse
    clock: TickingClock
    new_work_dir: Callable[[], object]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    clock = TickingClock()
    warehouse = connect(f"duckdb:///{tmp_path_factory.mktemp('shared') / 'warehouse.duckdb'}", lock_timeout_seconds=30)
    with running_sandbox(World(clock=clock)) as sandbox:
        yield Place(sandbox, warehouse, clock, lambda: tmp_path_factory.mktemp("work"))


@given(steps=STEPS)
@settings(max_examples=3, **UNHURRIED)
def test_any_changes_and_syncs_end_equal(place: Place, steps: list[Step]) -> None:
    _law(place, steps)


@pytest.mark.slow
@given(steps=STEPS)
@settings(max_examples=40, **UNHURRIED)
def test_very_many_changes_and_syncs_end_equal(place: Place, steps: list[Step]) -> None:
    _law(place, steps)


def _law(place: Place, steps: list[Step]) -> None:
    portal = small_portal(place.sandbox.world, f"t{uuid.uuid4().hex[:8]}", tickets=5)
    work_dir = place.new_work_dir()

    def run(**changes: object) -> int:
        place.clock.forward(seconds=1)
        report = sync(
            portal, place.sandbox.base_url, place.warehouse, work_dir, now=place.clock, cell="shared", **changes
        )
        assert report.failed_tenants == {}
        return report.loaded

    for step in steps:
        if step.name == "sync":
            run()
        elif step.name == "wait":
            place.clock.forward(minutes=step.number * 10)
        else:
            _happen(portal, step)
    run(sweep_seconds=0)
    assert in_warehouse(place.warehouse, portal) == in_portal(portal)
    assert run() == 0


def _happen(portal: Portal, step: Step) -> None:
    live, archived = portal.ids(step.kind), portal.ids(step.kind, archived=True)
    if step.name == "create":
        portal.upsert(step.kind, {_text_property(step.kind): step.text})
    elif step.name == "restore" and archived:
        portal.restore(step.kind, archived[step.number % len(archived)])
    elif step.name in {"link", "unlink"}:
        _link(portal, step)
    elif live and step.name in {"edit", "archive", "purge"}:
        target = live[step.number % len(live)]
        if step.name == "edit":
            portal.set_property(step.kind, target, _text_property(step.kind), step.text)
        else:
            getattr(portal, step.name)(step.kind, target)


def _link(portal: Portal, step: Step) -> None:
    to = "companies" if step.kind == "companies" else "contacts"
    tickets, targets = portal.ids("tickets"), portal.ids(to)
    if not tickets or not targets:
        return
    ticket, target = tickets[step.number % len(tickets)], targets[step.other % len(targets)]
    if step.name == "link":
        portal.associate("tickets", ticket, to, target, primary=to == "companies" and step.other % 2 == 0)
    elif target in portal.linked_ids("tickets", ticket, to):
        portal.dissociate("tickets", ticket, to, target)


def _text_property(kind: str) -> str:
    return {"tickets": "content", "companies": "name", "contacts": "firstname"}[kind]
