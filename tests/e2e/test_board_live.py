"""Two people at one board, each in a browser of their own, on the real server: what one does, the other sees."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.appdb import open_app_database
from core.vocabulary import CardStatus, Role
from serve.auth.users import UserDirectory
from tests.support.browser import launched, serving, signed_in
from tests.support.published import add_event, add_tenant, card, company, evidence, publish

pytestmark = pytest.mark.browser


@dataclass
class Place:
    """The board and what is behind it."""

    url: str
    data_dir: Path
    tenant: str = "acme"

    def act(self, card_id: str, seq: int, status: CardStatus, kind: str = "status_changed") -> None:
        """Do something to a card without any browser, as the tenant's admin, who has only just come."""
        engine = open_app_database(f"sqlite:///{self.data_dir / 'app.db'}", is_migrating=False)
        admin = UserDirectory(engine).keep_demo_user(self.tenant, Role.ADMIN).subject
        now = datetime.now(UTC)
        add_event(engine, self.tenant, card_id, seq, status, kind=kind, actor=admin, occurred_at=now)
        engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data_dir = tmp_path_factory.mktemp("live")
    open_app_database(f"sqlite:///{data_dir / 'app.db'}").dispose()
    with serving(data_dir) as url:
        yield Place(url, data_dir)


@pytest.fixture
def place(installation: Place, request: pytest.FixtureRequest) -> Place:
    """A tenant of its own for each test."""
    tenant = f"t{abs(hash(request.node.name)) % 10**8}"
    engine = open_app_database(f"sqlite:///{installation.data_dir / 'app.db'}", is_migrating=False)
    cards = [card(1, priority=900.0), card(2, severity="high"), card(3, severity="low", mrr=100.0)]
    companies = [company(number) for number in (1, 2, 3)]
    publish(engine, add_tenant(engine, tenant), cards=cards, companies=companies, quotes=[evidence(cards[0])])
    engine.dispose()
    return Place(installation.url, installation.data_dir, tenant)


@contextmanager
def at_the_board(browser: Browser, place: Place, role: str) -> Iterator[Page]:
    refused = "status of 409|ERR_INTERNET_DISCONNECTED"
    with signed_in(browser, place.url, place.tenant, role, expected=refused) as page:
        expect(page.get_by_test_id("live-status")).to_have_attribute("data-status", "live")
        expect(page.get_by_test_id("card")).to_have_count(3)
        yield page


@pytest.fixture
def maria(browser: Browser, place: Place) -> Iterator[Page]:
    with at_the_board(browser, place, "member") as page:
        yield page


@pytest.fixture
def tom(browser: Browser, place: Place) -> Iterator[Page]:
    with at_the_board(browser, place, "admin") as page:
        yield page


def column(page: Page, status: str) -> Locator:
    return page.get_by_test_id(f"column-{status}")


def shown(page: Page, number: int) -> Locator:
    return page.locator(f"[data-card-id='{card(number)['card_id']}']")


def is_in(page: Page, number: int, status: str, *, within: float = 5_000) -> None:
    inside = column(page, status).locator(f"[data-card-id='{card(number)['card_id']}']")
    expect(inside).to_be_visible(timeout=within)


def test_each_sees_what_the_other_does_within_a_second(maria: Page, tom: Page) -> None:
    shown(maria, 1).drag_to(column(maria, "working"))
    is_in(tom, 1, "working", within=1_000)
    is_in(maria, 1, "working")
    expect(column(tom, "working").get_by_test_id("column-count")).to_contain_text("1")
    expect(column(tom, "working").get_by_test_id("column-worth")).to_contain_text("1,200")
    # What asks for more than a place is asked for it, and goes back where nobody says.
    shown(tom, 1).drag_to(column(tom, "completed"))
    is_in(tom, 1, "completed")
    tom.get_by_test_id("act-cancel").click()
    is_in(tom, 1, "working")
    is_in(maria, 1, "working")
    shown(tom, 1).drag_to(column(tom, "completed"))
    tom.get_by_role("radio", name="Saved").check()
    tom.get_by_test_id("complete-do").click()
    is_in(maria, 1, "completed", within=1_500)
    expect(shown(maria, 1)).to_contain_text("Saved")
    # The menu does what the mouse does, for those who have none.
    shown(maria, 2).locator("..").get_by_test_id("card-menu").click()
    maria.get_by_test_id("act-panel").locator("[data-choice=assign]").click()
    maria.get_by_test_id("assign-me").click()
    expect(shown(tom, 2).get_by_test_id("assignee")).to_contain_text("Demo member")


def test_a_board_is_worked_on_by_keys_alone(maria: Page) -> None:
    shown(maria, 1).focus()
    maria.keyboard.press("Shift+ArrowRight")
    is_in(maria, 1, "working")
    expect(maria.get_by_test_id("spoken")).to_have_text("Company 0001 moved to Working.")
    expect(shown(maria, 1)).to_be_focused()
    maria.keyboard.press("Shift+ArrowRight")
    expect(maria.get_by_test_id("act-panel")).to_be_visible()
    maria.keyboard.press("Enter")  # the first day that is offered
    expect(maria.get_by_test_id("spoken")).to_have_text("Company 0001 moved to Waiting.")
    is_in(maria, 1, "waiting")
    expect(shown(maria, 1)).to_be_focused()
    expect(shown(maria, 1)).to_contain_text("Waits until")
    maria.keyboard.press("ArrowLeft")
    expect(column(maria, "new").get_by_test_id("card").first).to_be_focused()
    maria.keyboard.press("a")
    maria.keyboard.press("Escape")
    expect(maria.get_by_test_id("act-panel")).to_be_hidden()
    expect(column(maria, "new").get_by_test_id("card").first).to_be_focused()
    maria.keyboard.press("?")
    expect(maria.get_by_test_id("key-help")).to_be_visible()


def test_who_was_slower_is_told_what_changed_and_may_go_on(maria: Page, place: Place) -> None:
    # The answer to Maria is made wait until somebody else was faster.
    expect(shown(maria, 1)).to_be_visible()
    maria.route("**/events", lambda route: (place.act(card(1)["card_id"], 1, CardStatus.WORKING), route.continue_()))
    with maria.expect_response("**/events") as answered:
        shown(maria, 1).focus()
        maria.keyboard.press("a")
        maria.get_by_test_id("assign-me").click()
    assert answered.value.status == 409
    conflict = maria.get_by_test_id("conflict")
    expect(conflict).to_contain_text("Demo admin")
    expect(conflict).to_contain_text(re.compile(r"moved it to Working (just now|\d+ s ago)"))
    is_in(maria, 1, "working")
    maria.unroute("**/events")
    maria.get_by_test_id("conflict-again").click()
    expect(conflict).to_be_hidden()
    expect(shown(maria, 1).get_by_test_id("assignee")).to_contain_text("Demo member")


def test_who_is_offline_is_told_so_keeps_nothing_false_and_catches_up(maria: Page, tom: Page) -> None:
    maria.context.set_offline(True)
    expect(maria.get_by_test_id("live-status")).to_have_attribute("data-status", "offline")
    shown(maria, 1).focus()
    maria.keyboard.press("w")
    expect(maria.get_by_test_id("act-notice")).to_contain_text("Company 0001 was not changed.")
    is_in(maria, 1, "new")
    shown(tom, 2).focus()
    tom.keyboard.press("w")
    is_in(tom, 2, "working")
    time.sleep(0.5)
    is_in(maria, 2, "new")
    maria.context.set_offline(False)
    expect(maria.get_by_test_id("live-status")).to_have_attribute("data-status", "live")
    is_in(maria, 2, "working", within=2_000)
    maria.get_by_test_id("act-again").click()
    is_in(tom, 1, "working", within=2_000)


def test_whoever_comments_and_goes_on_was_overtaken_by_nobody(maria: Page) -> None:
    # No news from the server, which would tell of the comment too, a moment later.
    maria.route("**/api/v1/stream*", lambda route: route.abort("internetdisconnected"))
    maria.reload()
    first = maria.get_by_test_id("column-new").get_by_test_id("card").first
    first.click()
    drawer = maria.get_by_test_id("drawer")
    drawer.get_by_test_id("comment-text").fill("Rang them.")
    drawer.get_by_test_id("comment-send").click()
    expect(drawer.get_by_test_id("comment")).to_have_count(1)
    maria.keyboard.press("Escape")
    first.focus()
    with maria.expect_response("**/events") as moved:
        maria.keyboard.press("Shift+ArrowRight")
    assert moved.value.ok, moved.value.text()
    expect(maria.get_by_test_id("column-working").get_by_test_id("card")).to_have_count(1)


def test_a_viewer_looks_on(browser: Browser, place: Place) -> None:
    with at_the_board(browser, place, "viewer") as page:
        expect(page.get_by_test_id("card-menu")).to_have_count(0)
        shown(page, 1).focus()
        page.keyboard.press("w")
        shown(page, 1).drag_to(column(page, "working"))
        is_in(page, 1, "new")
        place.act(card(1)["card_id"], 1, CardStatus.WORKING)
        is_in(page, 1, "working", within=1_500)
        shown(page, 1).click()
        expect(page.get_by_test_id("drawer").get_by_test_id("card-actions")).to_have_count(0)
