"""The law of hints: whatever becomes of webhooks on their way, and whoever makes some up, after the next sync the warehouse equals
the portal, row for row, and one more sync loads nothing. A hint can bring something sooner, and nothing else.
"""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.appdb import open_app_database
from core.appdb.webhooks import WebhookInbox
from core.tenants import TenantId
from core.warehouse import Warehouse, connect
from ingestion.hubspot.webhooks import hints_of
from ingestion.sandbox.app import CLIENT_SECRET
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.webhooks import Event, Watch, signed
from ingestion.sandbox.world import Portal, World
from tests.support.api import local_settings, running_api
from tests.support.connections import app_settings, grant, store_of
from tests.support.histories import RECORDS, UNHURRIED, Step, happen, steps
from tests.support.portals import TickingClock, in_portal, in_warehouse, small_portal, sync

PUBLIC = "https://churn.example.com"
PATH = "/api/v1/webhooks/hubspot"


@dataclass
class Place:
    """Everything that outlives an example."""

    sandbox: RunningSandbox
    warehouse: Warehouse
    clock: TickingClock
    engine: Engine
    client: TestClient
    new_work_dir: Callable[[], Path]

    def send(self, events: list[Event], *, secret: str = CLIENT_SECRET) -> int:
        body = json.dumps(events).encode()
        headers = signed(secret, PUBLIC + PATH, body, at=datetime.now(UTC))
        return self.client.post(PATH, content=body, headers=headers).status_code


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    clock, folder = TickingClock(), tmp_path_factory.mktemp("hinted")
    warehouse = connect(f"duckdb:///{folder / 'warehouse.duckdb'}", lock_timeout_seconds=60)
    engine = open_app_database(f"sqlite:///{folder / 'app.db'}")
    given = local_settings(folder, api_public_url=PUBLIC).model_copy(update={"hubspot": app_settings(PUBLIC)})
    with (
        running_sandbox(World(clock=clock)) as sandbox,
        running_api(engine, folder, settings=given) as api,
    ):
        yield Place(sandbox, warehouse, clock, engine, api.client, lambda: tmp_path_factory.mktemp("work"))
    engine.dispose()


@dataclass
class Post:
    """What is on its way from a portal to us."""

    place: Place
    portal: Portal
    chance: random.Random
    watch: Watch = field(init=False)
    waiting: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = Watch(self.portal)

    def collect(self) -> None:
        self.waiting += self.watch.events()

    def deliver(self) -> None:
        """Some of it, in any order, some of that twice, in deliveries of any size; the rest is late."""
        self.chance.shuffle(self.waiting)
        count = self.chance.randint(0, len(self.waiting))
        now, self.waiting = self.waiting[:count], self.waiting[count:]
        twice = self.chance.sample(now, self.chance.randint(0, len(now)))
        self.waiting += [{**one, "attemptNumber": 1} for one in twice]
        while now:
            size = self.chance.randint(1, 20)
            assert self.place.send(now[:size]) == 200
            now = now[size:]

    def lose(self) -> None:
        """Some of it never arrives."""
        self.waiting = self.chance.sample(self.waiting, self.chance.randint(0, len(self.waiting)))

    def forge(self) -> None:
        """Somebody without the secret makes some up, and somebody with it, too: they know what is in no portal."""
        made_up = [self._made_up() for _ in range(self.chance.randint(1, 6))]
        assert self.place.send(made_up, secret="guessed") == 401
        assert self.place.send(made_up) == 200

    def _made_up(self) -> Event:
        word = self.chance.choice(["ticket", "company", "contact"])
        action = self.chance.choice(["creation", "deletion", "restore", "merge", "propertyChange", "associationChange"])
        kind = {"ticket": "tickets", "company": "companies", "contact": "contacts"}[word]
        known = [*self.portal.ids(kind), *self.portal.ids(kind, archived=True), "404"]
        return self.watch.event(
            f"{word}.{action}",
            self.chance.choice(known),
            self.portal.now(),
            propertyName="subject",
            propertyValue="never",
            mergedObjectIds=[int(self.chance.choice(known)), 405],
            newObjectId=int(self.chance.choice(known)),
            fromObjectId=int(self.chance.choice(known)),
            toObjectId=406,
        )


@given(
    happening=steps(*RECORDS, *3 * ("deliver", "refetch"), "lose", "forge", "sync", most=16), seed=st.integers(0, 99)
)
@pytest.mark.slow
@settings(max_examples=3, **UNHURRIED)
def test_whatever_becomes_of_webhooks_the_next_sync_ends_equal(place: Place, happening: list[Step], seed: int) -> None:
    _law(place, happening, seed)


@pytest.mark.long
@given(
    happening=steps(*RECORDS, *3 * ("deliver", "refetch"), "lose", "forge", "sync", most=24), seed=st.integers(0, 99)
)
@settings(max_examples=20, **UNHURRIED)
def test_whatever_becomes_of_very_many_webhooks_it_ends_equal(place: Place, happening: list[Step], seed: int) -> None:
    _law(place, happening, seed)


def _law(place: Place, happening: list[Step], seed: int) -> None:
    tenant = f"t{uuid.uuid4().hex[:8]}"
    portal = small_portal(place.sandbox.world, tenant, tickets=6)
    hub_id = str(portal.portal_id)
    store_of(place.engine, tenant).keep(grant(tenant, hub_id=hub_id), hub_id=hub_id)
    inbox, work_dir = WebhookInbox(place.engine), place.new_work_dir()
    post = Post(place, portal, random.Random(seed))

    def run(**changes: Any) -> Any:
        place.clock.forward(seconds=1)
        return sync(portal, place.sandbox.base_url, place.warehouse, work_dir, now=place.clock, **changes)

    def refetch() -> None:
        taken = inbox.take([TenantId(tenant)], now=datetime.now(UTC))
        if hints := hints_of(event.raw for event in taken):
            assert run(hints={tenant: hints}).failed_tenants == {}
        inbox.note_handled([event.key for event in taken], handled_at=datetime.now(UTC))

    run()
    steps_of_the_post: dict[str, Callable[[], None]] = {
        "deliver": post.deliver,
        "lose": post.lose,
        "forge": post.forge,
        "refetch": refetch,
        "sync": run,
    }
    for step in happening:
        if step.name in steps_of_the_post:
            steps_of_the_post[step.name]()
        else:
            happen(portal, step)
            post.collect()
    place.clock.forward(minutes=2)
    assert run(sweep_seconds=0).failed_tenants == {}
    assert in_warehouse(place.warehouse, portal) == in_portal(portal)
    # Whoever comes too late finds nothing to do.
    post.deliver()
    refetch()
    again = run()
    assert (again.failed_tenants, again.loaded) == ({}, 0)
    assert in_warehouse(place.warehouse, portal) == in_portal(portal)
