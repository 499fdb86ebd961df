"""`churnboard sync`, against a HubSpot that answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import churnboard
from core.installation import Installation
from core.settings import Settings
from ingestion.sandbox.describe import describe
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import World
from orchestration.demo.connect import connect_tenants
from tests.support.portals import in_portal, in_warehouse, small_portal

TENANT = "acme"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    world = World()
    portal = small_portal(world, TENANT)
    for number in range(150):
        portal.upsert("contacts", {"email": f"many{number}@customer.example"})
    with running_sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture
def place(sandbox: RunningSandbox, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("HUBSPOT_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.setenv("SYNC_LAG_SECONDS", "0")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setattr(churnboard.shared.console, "_width", 220)
    place = Installation(Settings())
    connect_tenants(place, describe(sandbox.world))
    yield place
    place.app_database.dispose()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(churnboard.app, ["sync", TENANT, *arguments])


@pytest.mark.slow
def test_a_load_a_record_and_a_deletion_that_needs_a_person(place: Installation, sandbox: RunningSandbox) -> None:
    portal = sandbox.world.portal(TENANT)
    loaded = run()
    assert loaded.exit_code == 0, loaded.output
    assert "tickets" in loaded.output
    assert "153" in loaded.output
    assert in_warehouse(place.warehouse, portal) == in_portal(portal)

    named, other = portal.ids("tickets")[:2]
    for ticket in (named, other):
        portal.set_property("tickets", ticket, "subject", "Changed")
    assert run("--only", f"tickets/{named}").exit_code == 0
    changed = place.warehouse.rows("select id from raw_hubspot.tickets where subject = 'Changed'")
    assert [row["id"] for row in changed] == [named]

    for contact in portal.ids("contacts")[:120]:
        portal.purge("contacts", contact)
    refused = run("--sweep")
    assert "Nothing was deleted" in " ".join(refused.output.split())
    assert len(place.warehouse.rows("select id from raw_hubspot.contacts")) == 153
    assert run("--sweep", "--allow-deletions", "contacts").exit_code == 0
    assert len(place.warehouse.rows("select id from raw_hubspot.contacts")) == 33


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("--only", "tickets"), "write it as tickets/123"), (("--allow-deletions", "deals"), "deals: known are")],
)
def test_nonsense_is_refused(place: Installation, arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert says in " ".join(result.output.replace("│", " ").split())
