"""What a product lead does on the topics page, in a real browser: split, look what it would cost, go back, and a tenant's end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, update

from core.appdb import open_app_database
from core.appdb.engine import writing
from core.appdb.tables import deletion as deletion_table
from core.appdb.tables import task as task_table
from core.appdb.tasks import TaskQueue
from core.vocabulary import DeletionStatus, TaskKind
from tests.support.browser import launched, serving, signed_in
from tests.support.published import AS_OF, add_tenant, publish_sample
from tests.support.taxonomies import keep_topics

pytestmark = pytest.mark.browser

SOON = 30_000
ESTIMATE = {"is_estimate": True, "is_paid": True, "call_count": 40, "unpaid_count": 37, "cost_usd": 0.21}
FOUND = {"is_estimate": False, "is_paid": True, "proposal_count": 2, "looked_at_count": 150}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("topics-page")


@pytest.fixture(scope="module")
def engine(data_dir: Path) -> Iterator[Engine]:
    engine = open_app_database(f"sqlite:///{data_dir / 'app.db'}")
    for slug in ("acme", "leaving"):
        add_tenant(engine, slug, name=slug.title())
        publish_sample(engine, slug)
    keep_topics(engine, "acme")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def url(data_dir: Path, engine: Engine) -> Iterator[str]:
    with serving(data_dir) as url:
        yield url


def done(engine: Engine, page: Page, kind: TaskKind, result: dict[str, Any]) -> dict[str, Any]:
    """Be the worker of the next task: a tool of ours would ask the model here; returns what it was asked with."""
    queue = TaskQueue(engine)
    task = queue.take()
    while task is None:
        page.wait_for_timeout(100)
        task = queue.take()
    assert task.kind is kind
    queue.finish(task, result)
    return dict(task.arguments)


def test_a_topic_is_split_in_the_draft_and_a_version_is_gone_back_to(
    browser: Browser, url: str, engine: Engine
) -> None:
    with signed_in(browser, url, "acme", path="/topics/topic/billing", expected="status of 409") as page:
        page.get_by_test_id("split").click()
        for number, (name, about) in enumerate((("invoices", "What was billed."), ("refunds", "Money back.")), start=1):
            page.get_by_label(f"Name of part {number}").fill(name)
            page.get_by_label(f"What belongs in part {number}").fill(about)
        page.get_by_label("Keep billing above its parts").check()
        page.get_by_role("button", name="Split in the draft").click()
        expect(page.get_by_role("dialog")).to_be_hidden(timeout=SOON)
        expect(page.get_by_test_id("topic-name")).to_have_text("billing")
        page.goto(f"{url}/topics")
        for name in ("invoices", "refunds"):
            expect(page.locator(f"[data-topic={name}]")).to_be_visible(timeout=SOON)
        expect(page.get_by_test_id("draft-summary")).to_be_visible()

        # The draft would be lost: it has to go first.
        page.goto(f"{url}/topics/versions")
        expect(page.get_by_test_id("version")).to_have_count(2)
        page.get_by_test_id("restore").last.click()
        page.get_by_test_id("restore-now").click()
        expect(page.get_by_test_id("refusal")).to_contain_text("draft", timeout=SOON)
        page.goto(f"{url}/topics")
        page.get_by_role("button", name="Discard").click()
        page.get_by_test_id("discard-now").click()
        # What is left in it are corrections, which nobody discards.
        expect(page.get_by_role("button", name="Discard")).to_have_count(0, timeout=SOON)
        page.goto(f"{url}/topics/versions")
        page.get_by_test_id("restore").last.click()
        page.get_by_test_id("restore-now").click()
        expect(page.get_by_test_id("version")).to_have_count(3, timeout=SOON)
        expect(page.get_by_test_id("version").first).to_contain_text("in force")
        page.goto(f"{url}/topics")
        expect(page.locator("[data-topic='fax 1']")).to_have_count(0)


def test_what_costs_money_is_asked_before_it_is_paid(browser: Browser, url: str, engine: Engine) -> None:
    with signed_in(browser, url, "acme", path="/topics") as page:
        page.get_by_test_id("discover").click()
        expect(page.get_by_test_id("task-running")).to_be_visible(timeout=SOON)
        asked = done(engine, page, TaskKind.TOPIC_DISCOVERY, ESTIMATE)
        assert asked["is_confirmed"] is False
        expect(page.get_by_text("37 calls to the model, about $0.21. Nothing is paid twice.")).to_be_visible(
            timeout=SOON
        )
        page.get_by_role("button", name="Look", exact=True).click()
        asked = done(engine, page, TaskKind.TOPIC_DISCOVERY, FOUND)
        assert asked["is_confirmed"] is True
        expect(page.get_by_text("37 calls to the model")).to_be_hidden(timeout=SOON)

        # And what runs can be stopped, by whoever asked for it.
        page.get_by_test_id("discover").click()
        page.get_by_test_id("stop-task").click()
        expect(page.get_by_test_id("task-cancelled")).to_be_visible(timeout=SOON)
        expect(page.get_by_test_id("discover")).to_be_enabled()
        assert TaskQueue(engine).take() is None


def test_a_tenant_s_end_leaves_a_receipt_that_needs_no_sign_in(browser: Browser, url: str, engine: Engine) -> None:
    with signed_in(browser, url, "leaving", "admin", path="/settings/danger", expected="status of 40") as page:
        expect(page.get_by_test_id("delete")).to_be_disabled()
        page.get_by_test_id("delete-name").fill("Leaving")
        page.get_by_test_id("delete").click()
        receipt = page.get_by_test_id("receipt")
        expect(receipt).to_contain_text("Deleting", timeout=SOON)
        assert page.evaluate("sessionStorage.getItem('churnboard.token')") is None
        told = {"status": DeletionStatus.DONE, "step": "through", "done_at": AS_OF}
        with writing(engine) as connection:
            connection.execute(
                update(deletion_table).values(**told, cleared={"warehouse": 1200}, searched={"tables": 70})
            )
            connection.execute(task_table.delete().where(task_table.c.tenant_id == "leaving"))
        expect(receipt).to_have_attribute("data-status", "done", timeout=SOON)
        expect(receipt).to_contain_text("Everything is gone")
        expect(receipt).to_contain_text("1,200")
        page.reload()
        expect(receipt).to_contain_text("Everything is gone", timeout=SOON)
