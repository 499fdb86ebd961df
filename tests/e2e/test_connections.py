"""The life of a connection, as a customer's admin lives it: real browser, real API process, real sandbox, real ingestion."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from playwright.sync_api import Browser, Page, expect

from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings, StoreSettings
from core.tenants import cell, tenant_id
from ingestion.sandbox.app import CLIENT_ID, CLIENT_SECRET
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import World
from orchestration.build import build_definitions
from orchestration.jobs import RAW
from orchestration.partitions import register_cells
from tests.support.browser import ROOT, launched, serving, signed_in
from tests.support.connections import app_settings
from tests.support.portals import small_portal

pytestmark = pytest.mark.browser

ACME, TICKETS = tenant_id("acme"), 12
TOKEN_PATH = "/oauth/2026-09/token"


@dataclass
class Shifted:
    """The real present, moved ahead by hand."""

    by: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@dataclass
class Stage:
    place: Installation
    sandbox: RunningSandbox
    clock: Shifted
    instance: dg.DagsterInstance

    def sync(self) -> bool:
        """Run the cell's ingestion as the schedule does; whether it succeeded."""
        # In a thread of its own: the browser's driver keeps an event loop running in this one, and Dagster wants its own.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._ingest).result()

    def _ingest(self) -> bool:
        definitions = build_definitions(resources={"place": self.place})
        raw = sorted(RAW.resolve(definitions.resolve_asset_graph()))
        run = definitions.resolve_job_def("ingest").execute_in_process(
            instance=self.instance, partition_key="acme", asset_selection=raw, raise_on_error=False
        )
        return run.success

    @property
    def refreshes(self) -> int:
        return sum(seen.path == TOKEN_PATH for seen in self.sandbox.seen) - 1

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATA_DIR": str(self.place.settings.stores.data_dir),
            "HUBSPOT_BASE_URL": self.sandbox.base_url,
            "HUBSPOT_APP_URL": self.sandbox.base_url,
            "HUBSPOT_CLIENT_ID": CLIENT_ID,
            "HUBSPOT_CLIENT_SECRET": CLIENT_SECRET,
        }

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "churnboard", *arguments],
            cwd=ROOT,
            env=os.environ | self.environment | {"COLUMNS": "300"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    clock = Shifted()
    world = World(clock=clock)
    small_portal(world, "acme", tickets=TICKETS)
    with running_sandbox(world) as sandbox, dg.instance_for_test() as instance:
        hubspot = app_settings(sandbox.base_url, sync_lag_seconds=0)
        place = Installation(Settings(stores=StoreSettings(data_dir=tmp_path), hubspot=hubspot))
        place.directory.save(Tenant(tenant_id=ACME, name="Acme Analytics", cell=cell("acme")))
        register_cells(instance, [cell("acme")])
        yield Stage(place, sandbox, clock, instance)
        place.app_database.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


def open_settings(page: Page, url: str) -> None:
    page.goto(f"{url}/settings")
    expect(page.get_by_test_id("connection")).to_be_visible()


def connect_in_browser(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name="Choose the account to connect")).to_be_visible()
    page.get_by_role("link", name="Acme").click()
    expect(page.get_by_test_id("notice")).to_have_text("HubSpot is connected, and its tickets are being read.")
    assert page.url.endswith("/settings/connection"), "the outcome is said once and leaves the address"


def test_the_life_of_a_connection(stage: Stage, browser: Browser) -> None:
    status = "connection-status"
    with (
        serving(stage.place.settings.stores.data_dir, **stage.environment) as url,
        signed_in(browser, url, "acme", "admin", path="/settings") as page,
    ):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Settings").click()
        expect(page.get_by_test_id(status)).to_have_text("Not connected")
        connect_in_browser(page, "Connect HubSpot")
        expect(page.get_by_test_id(status)).to_have_text("Connected")
        expect(page.get_by_test_id("connection")).to_contain_text(str(stage.sandbox.world.portal("acme").portal_id))
        expect(page.locator("[data-scope=tickets]")).to_have_attribute("data-grant", "granted")
        expect(page.locator("[data-scope='sales-email-read']")).to_have_attribute("data-grant", "missing")
        expect(page.get_by_test_id("last-synced")).to_have_text("not yet")

        assert stage.sync()
        [held] = stage.place.warehouse.rows("select count(*) as held from raw_hubspot.tickets")
        assert held["held"] == TICKETS
        open_settings(page, url)
        expect(page.get_by_test_id("last-synced")).to_contain_text(f"{datetime.now(UTC):%Y}")
        assert stage.refreshes == 0

        stage.clock.by += timedelta(minutes=31)
        assert stage.sync()
        assert stage.refreshes == 1
        assert "active" in stage.command("connections", "list")

        stage.sandbox.world.portal("acme").tokens.uninstall()
        assert not stage.sync()
        open_settings(page, url)
        expect(page.get_by_test_id(status)).to_have_text("Needs attention")
        expect(page.get_by_test_id("connection-message")).to_contain_text("onnect HubSpot again in the settings")
        assert "error" in stage.command("connections", "list")

        connect_in_browser(page, "Reconnect")
        assert stage.sync()
        expect(page.get_by_test_id(status)).to_have_text("Connected")

        page.get_by_test_id("disconnect").click()
        expect(page.get_by_role("button", name="Keep it")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("disconnect")).to_be_focused()
        page.keyboard.press("Enter")
        page.get_by_test_id("disconnect-confirm").click()
        expect(page.get_by_test_id(status)).to_have_text("Not connected")
        expect(page.get_by_test_id("connection-message")).to_contain_text("uninstalled in HubSpot")
        assert not stage.sync()
        assert "disconnected" in stage.command("connections", "list")


def test_a_member_sees_the_connection_and_cannot_change_it(stage: Stage, browser: Browser) -> None:
    with (
        serving(stage.place.settings.stores.data_dir, **stage.environment) as url,
        signed_in(browser, url, "acme", "member", path="/settings") as page,
    ):
        open_settings(page, url)
        expect(page.get_by_test_id("admins-only")).to_be_visible()
        expect(page.get_by_test_id("connect")).to_have_count(0)
        expect(page.get_by_test_id("disconnect")).to_have_count(0)


def test_an_outcome_somebody_made_up_is_not_repeated(stage: Stage, browser: Browser) -> None:
    with (
        serving(stage.place.settings.stores.data_dir, **stage.environment) as url,
        signed_in(browser, url, "acme", "admin", path="/settings") as page,
    ):
        page.goto(f"{url}/settings?connection=Call%20+1%20555%20to%20fix")
        expect(page.get_by_test_id("notice")).to_contain_text("could not be connected")
        expect(page.get_by_test_id("notice")).not_to_contain_text("555")
