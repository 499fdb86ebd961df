"""A backfill that breaks off: the next sync goes on at the page where the last proved package ended, and misses nothing."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from core.chaos import ChaosError
from core.warehouse import Warehouse, connect
from ingestion.hubspot import objects
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, World
from tests.support.portals import TickingClock, in_portal, in_warehouse, small_portal, sync

CONTACTS = 3_000


@pytest.fixture(scope="module")
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture(scope="module")
def sandbox(clock: TickingClock) -> Iterator[RunningSandbox]:
    with running_sandbox(World(clock=clock)) as running:
        yield running


@pytest.fixture
def portal(sandbox: RunningSandbox) -> Portal:
    made = small_portal(sandbox.world, f"t{uuid.uuid4().hex[:8]}")
    for number in range(CONTACTS):
        made.upsert("contacts", {"email": f"many{number}@customer.example"})
    return made


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}", lock_timeout_seconds=30)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "CHUNK_RECORDS", 200)
    monkeypatch.setattr("core.chaos._hits", {})


def _break_off(
    portal: Portal,
    sandbox: RunningSandbox,
    warehouse: Warehouse,
    work_dir: Path,
    clock: TickingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    with monkeypatch.context() as chaos:
        chaos.setenv("CHAOS_SEED", "1")
        chaos.setenv("CHAOS_POINTS", "ingest.after_cursor:raise@4")
        with pytest.raises(ChaosError):
            sync(portal, sandbox.base_url, warehouse, work_dir, now=clock, package_rows=200)
    [cursor] = warehouse.rows("select * from raw_hubspot.sync_cursors where stream = 'contacts'")
    return cursor


def _pages(sandbox: RunningSandbox, start: int) -> list[str | None]:
    """Where each page of the live contacts was asked to start, in order."""
    asked = []
    for one in sandbox.seen[start:]:
        given = parse_qs(one.query)
        if one.path.endswith("/2026-09/contacts") and "/objects/" in one.path and given["archived"] == ["false"]:
            asked.append(given.get("after", [None])[0])
    return asked


def test_it_goes_on_where_it_stopped(
    portal: Portal,
    sandbox: RunningSandbox,
    warehouse: Warehouse,
    tmp_path: Path,
    clock: TickingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cursor = _break_off(portal, sandbox, warehouse, tmp_path, clock, monkeypatch)
    assert cursor["resume_after"] is not None
    assert cursor["cursor_at"] is None, "an unfinished backfill has no cursor"
    assert cursor["resume_until_at"] <= clock()

    clock.forward(hours=3)
    early, late = portal.ids("contacts")[0], portal.ids("contacts")[-1]
    portal.set_property("contacts", early, "firstname", "Changed behind the checkpoint")
    portal.set_property("contacts", late, "firstname", "Changed before it")
    before = len(sandbox.seen)
    report = sync(portal, sandbox.base_url, warehouse, tmp_path, now=clock)
    pages = _pages(sandbox, before)
    left = json.loads(cursor["resume_after"])
    assert {after for after, _first, _end in left} <= set(pages)
    assert None not in pages, "nothing is listed from the beginning again"
    assert len(pages) < CONTACTS / 100, "and little is listed twice"
    assert report.stream(portal.tenant.tenant_id, "contacts").mode == "backfill"
    [done] = warehouse.rows("select * from raw_hubspot.sync_cursors where stream = 'contacts'")
    assert (done["resume_after"], done["resume_until_at"]) == (None, None)
    assert done["cursor_at"] == cursor["resume_until_at"], (
        "what changed since the beginning belongs to the next increment"
    )
    assert sync(portal, sandbox.base_url, warehouse, tmp_path, now=clock).failed_tenants == {}
    assert in_warehouse(warehouse, portal) == in_portal(portal)


def test_a_page_hubspot_no_longer_knows_means_beginning_again(
    portal: Portal,
    sandbox: RunningSandbox,
    warehouse: Warehouse,
    tmp_path: Path,
    clock: TickingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _break_off(portal, sandbox, warehouse, tmp_path, clock, monkeypatch)
    forgotten = json.dumps([["gone", 0, None]])
    warehouse.execute(
        "update raw_hubspot.sync_cursors set resume_after = :forgotten where stream = 'contacts'", forgotten=forgotten
    )
    before = len(sandbox.seen)
    assert sync(portal, sandbox.base_url, warehouse, tmp_path, now=clock).failed_tenants == {}
    assert _pages(sandbox, before)[:2] == ["gone", None]
    assert in_warehouse(warehouse, portal) == in_portal(portal)
