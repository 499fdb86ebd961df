"""The whole story in one browser: connect, import, topics, cards, move, comment, complete, and what that says of the alerts.

A new customer's admin has nothing but the browser; the worker is killed on the way.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from analysis.topics import default_topics
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings, StoreSettings
from core.tenants import cell, tenant_id
from core.topics import ContentTopic
from ingestion.sandbox.app import CLIENT_ID, CLIENT_SECRET
from ingestion.sandbox.faults import read_faults
from ingestion.sandbox.generate import generate_world
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from tests.support.browser import ROOT, launched, serving, signed_in
from tests.support.connections import app_settings

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(3600)]

TENANT, TICKETS = "lumenbrook", 200
SOON, LATER = 120_000, 1_200_000
"""Milliseconds: for a page, and for a run of everything on a busy machine."""


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "churnboard", "work", "--follow-webhooks"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with running_sandbox(generate_world(seed=11, tenants=1, tickets=TICKETS, months=6, until=until)) as sandbox:
        yield sandbox


@pytest.fixture
def place(tmp_path: Path, sandbox: RunningSandbox) -> Iterator[Installation]:
    """An operator has added the tenant, and done nothing else."""
    place = Installation(Settings(stores=StoreSettings(data_dir=tmp_path), hubspot=app_settings(sandbox.base_url)))
    place.directory.save(Tenant(tenant_id=tenant_id(TENANT), name="Lumenbrook", cell=cell(TENANT), currency="EUR"))
    # Two of the topics there are, so that tickets of the others fit none and some are found.
    place.topics.seed(TENANT, [ContentTopic(one.name, one.description) for one in default_topics()[:2]])
    yield place
    place.app_database.dispose()


def step(page: Page, name: str, status: str, within: float = SOON) -> None:
    expect(page.get_by_test_id(f"step-{name}")).to_have_attribute("data-status", status, timeout=within)


def wait_for_topic(page: Page, url: str, name: str) -> None:
    """Until tickets are sorted by a topic and what came of it is published."""
    deadline = time.monotonic() + LATER / 1000
    while True:
        page.goto(f"{url}/tickets?topic={quote(name)}")
        expect(page.get_by_test_id("ticket-total")).to_be_visible(timeout=SOON)
        if page.get_by_test_id("ticket-total").inner_text() != "0":
            return
        assert time.monotonic() < deadline, "no ticket was sorted by the topic that was taken"
        time.sleep(2)


def judged(page: Page, url: str) -> int:
    """Cards the dashboard says people have judged, over all triggers."""
    page.goto(f"{url}/dashboard")
    said = page.get_by_test_id("reading-precision")
    expect(said).to_contain_text("judged", timeout=SOON)
    found = re.search(r"people have judged (\d+) card", said.inner_text())
    return int(found.group(1)) if found else 0


def test_somebody_new_goes_from_nothing_to_what_their_cards_were_worth_although_the_worker_is_killed(
    place: Installation, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    environment = {
        "DATA_DIR": str(tmp_path),
        "HUBSPOT_BASE_URL": sandbox.base_url,
        "HUBSPOT_APP_URL": sandbox.base_url,
        "HUBSPOT_CLIENT_ID": CLIENT_ID,
        "HUBSPOT_CLIENT_SECRET": CLIENT_SECRET,
        "SYNC_LAG_SECONDS": "0",
    }
    # So slow that somebody has the time to pull the plug.
    sandbox.faults.add(*read_faults([{"kind": "latency", "seconds": 0.4, "path": "objects", "times": None}]))
    with (
        launched() as browser,
        serving(tmp_path, **environment) as url,
        # Not by the empty board, which leads here too: the browser notes its 409 as an error of the page.
        signed_in(browser, url, TENANT, "admin", path="/settings") as page,
    ):
        page.get_by_test_id("to-onboarding").click()
        step(page, "connect", "todo")
        expect(page.get_by_test_id("scopes")).to_contain_text("tickets")

        with worker(environment) as first:
            page.get_by_test_id("connect").click()
            page.get_by_role("link", name="Lumenbrook").click()
            step(page, "connect", "done")
            assert "connection=" not in page.url, "the outcome is said once and leaves the address"
            step(page, "import", "running")
            expect(page.locator("[data-stream=companies] [data-testid=read-count]")).not_to_have_text(
                "0", timeout=LATER
            )
            first.kill()
            first.wait()
        sandbox.faults.clear()
        page.reload()
        step(page, "import", "running")
        with worker(environment):
            step(page, "import", "done", LATER)
            step(page, "cards", "done")
            [held] = place.warehouse.rows("select count(*) as held, count(distinct id) as ids from raw_hubspot.tickets")
            assert (held["held"], held["ids"]) == (TICKETS, TICKETS)

            page.get_by_test_id("step-fields").click()
            expect(page.get_by_test_id("sample-mrr")).to_contain_text("companies", timeout=SOON)
            expect(page.get_by_label("Recurring revenue")).not_to_have_value("")
            page.get_by_test_id("save-fields").click()
            step(page, "fields", "done")
            # It is worked out anew with what was just said.
            step(page, "import", "running")
            step(page, "import", "done", LATER)

            # Somebody has looked for topics meanwhile. Taking one sorts the tickets anew.
            page.get_by_test_id("step-topics").click()
            proposals = page.get_by_test_id("proposals").locator("li")
            expect(proposals.first).to_be_visible(timeout=SOON)
            proposals.first.get_by_role("textbox").fill("Told by tickets")
            proposals.first.get_by_test_id("take").click()
            page.get_by_test_id("ship-topics").click()
            expect(page.get_by_test_id("topics-asked")).to_be_visible(timeout=SOON)
            step(page, "topics", "done")
            wait_for_topic(page, url, "Told by tickets")

            page.goto(f"{url}/onboarding")
            page.get_by_test_id("step-cards").click()
            cards = page.get_by_test_id("first-cards").get_by_test_id("card")
            expect(cards).to_have_count(3, timeout=SOON)
            expect(cards.first).to_contain_text("€")
            page.get_by_test_id("open-board").click()
            first = page.get_by_test_id("column-new").get_by_test_id("card").first
            expect(first).to_be_visible(timeout=SOON)
            card_id = first.get_attribute("data-card-id")
            assert card_id

            # Moved, commented and completed by a person, as people do with cards.
            card = page.locator(f"[data-card-id='{card_id}']")
            card.drag_to(page.get_by_test_id("column-working"))
            expect(page.get_by_test_id("column-working").locator(f"[data-card-id='{card_id}']")).to_be_visible(
                timeout=SOON
            )
            card.click()
            drawer = page.get_by_test_id("drawer")
            expect(drawer.locator("mark").first).to_be_visible(timeout=SOON)
            drawer.get_by_test_id("comment-text").fill("Rang them: the invoice was wrong, and is put right.")
            drawer.get_by_test_id("comment-send").click()
            expect(drawer.get_by_test_id("comment")).to_have_count(1, timeout=SOON)
            page.keyboard.press("Escape")
            card.drag_to(page.get_by_test_id("column-completed"))
            page.get_by_role("radio", name="Saved").check()
            page.get_by_test_id("complete-do").click()
            expect(page.get_by_test_id("column-completed").locator(f"[data-card-id='{card_id}']")).to_be_visible(
                timeout=SOON
            )
            judged_before = judged(page, url)

            # What people decide comes back with the next build as a measure of the alerts.
            page.goto(f"{url}/onboarding")
            page.get_by_test_id("step-import").click()
            page.get_by_test_id("start-import").click()
            step(page, "import", "running")
            step(page, "import", "done", LATER)
            assert judged_before == 0
            assert judged(page, url) == 1
            page.goto(f"{url}/cards/{card_id}")
            expect(drawer.get_by_test_id("timeline")).to_contain_text("completed it as saved", timeout=SOON)
