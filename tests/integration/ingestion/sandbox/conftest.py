"""A small sandbox on a loopback port, and a client that speaks for its tenant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, TICKETS, PropertyDefinition
from ingestion.sandbox.clock import ManualClock
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Owner, Portal, TenantProfile, World

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def world(clock: ManualClock) -> World:
    """Tenant acme: 230 tickets, 3 companies, 2 contacts, one archived ticket, two owners; tenant other: one ticket."""
    world = World(clock=clock)
    portal = world.add_portal(TenantProfile("acme", "Acme", currency="EUR"), time_zone="Europe/Berlin")
    portal.add_property(COMPANIES, PropertyDefinition("mrr", "MRR", "number", "number", group_name="success"))
    companies = [portal.upsert(COMPANIES, {"name": f"Company {n}", "mrr": 100 * n}) for n in range(3)]
    contacts = [portal.upsert(CONTACTS, {"email": f"c{n}@acme.example", "firstname": f"C{n}"}) for n in range(2)]
    for number in range(230):
        created = START - timedelta(hours=number)
        properties = {
            "subject": f"Ticket {number}", "content": "Hello.", "hs_pipeline": "0", "hs_pipeline_stage": "1",
        }  # fmt: skip
        ticket = portal.upsert(TICKETS, properties, object_id=5_000 + 3 * number, created_at=created)
        portal.associate(TICKETS, ticket, COMPANIES, companies[number % 2], primary=True)
        portal.associate(TICKETS, ticket, CONTACTS, contacts[number % 2])
    for kind, body in (("emails", "hs_email_text"), ("notes", "hs_note_body")):
        portal.associate(TICKETS, "5000", kind, portal.upsert(kind, {body: "Hello again.", "hs_timestamp": START}))
    portal.archive(TICKETS, "5003")
    portal.set_owner(Owner("9001", "ann@acme.example", "Ann", "Archer", 71))
    portal.set_owner(Owner("9002", "old@acme.example", "Old", "Timer", 72, archived=True))
    world.add_portal(TenantProfile("other", "Other")).upsert(TICKETS, {"subject": "not yours"}, object_id=5_000)
    return world


@pytest.fixture
def portal(world: World) -> Portal:
    return world.portal("acme")


@pytest.fixture
def sandbox(world: World) -> Iterator[RunningSandbox]:
    with running_sandbox(world, wall=200) as running:
        yield running


@pytest.fixture
def api(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token('acme')}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers) as client:
        yield client
