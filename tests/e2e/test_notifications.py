"""Two people, each in a browser of their own, on the real server: one names the other, and their bell rings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.appdb import open_app_database
from core.vocabulary import Role
from serve.auth.users import UserDirectory
from tests.support.browser import launched, serving, signed_in
from tests.support.published import add_tenant, card, company, evidence, publish

pytestmark = pytest.mark.browser

CARD = card(1, priority=900.0)


@dataclass
class Both:
    """A member, who does things, and an admin, who is told."""

    maria: Page
    tom: Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data_dir: Path = tmp_path_factory.mktemp("told")
    engine = open_app_database(f"sqlite:///{data_dir / 'app.db'}")
    companies = [company(number) for number in (1, 2)]
    publish(engine, add_tenant(engine, "acme"), cards=[CARD, card(2)], quotes=[evidence(CARD)], companies=companies)
    for role in (Role.MEMBER, Role.ADMIN):
        UserDirectory(engine).keep_demo_user("acme", role)
    engine.dispose()
    with serving(data_dir) as url:
        yield url


@pytest.fixture
def both(browser: Browser, url: str) -> Iterator[Both]:
    with signed_in(browser, url, "acme", "member") as maria, signed_in(browser, url, "acme", "admin") as tom:
        expect(tom.get_by_test_id("live-status")).to_have_attribute("data-status", "live")
        yield Both(maria, tom)


def test_a_bell_rings_when_somebody_names_you_or_gives_you_a_card_and_leads_there(both: Both, url: str) -> None:
    maria, tom = both.maria, both.tom
    tom.get_by_test_id("bell").click()
    expect(tom.get_by_test_id("no-notifications")).to_be_visible()
    tom.keyboard.press("Escape")
    expect(tom.get_by_test_id("bell")).to_be_focused()
    maria.goto(f"{url}/cards/{CARD['card_id']}")
    box = maria.get_by_test_id("comment-text")
    box.fill("Please look, ")
    box.press_sequentially("@Demo a")
    box.press("Enter")
    maria.get_by_test_id("comment-send").click()
    # Live: within a second or two of being said.
    expect(tom.get_by_test_id("bell-count")).to_have_text("1", timeout=5_000)
    expect(tom.get_by_test_id("bell")).to_have_attribute("aria-label", "Notifications, 1 unread")
    expect(maria.get_by_test_id("bell-count")).to_have_count(0)
    tom.get_by_test_id("bell").focus()
    tom.keyboard.press("Enter")
    told = tom.get_by_test_id("notification")
    expect(told).to_contain_text("Demo member of Acme mentioned you on Company 0001")
    expect(told).to_contain_text("Please look")
    told.get_by_role("link").click()
    expect(tom).to_have_url(f"{url}/cards/{CARD['card_id']}")
    expect(tom.get_by_test_id("drawer")).to_contain_text("Company 0001")
    expect(tom.get_by_test_id("bell-count")).to_have_count(0)

    maria.goto(url)
    maria.locator(f"[data-card-id='{card(2)['card_id']}']").focus()
    maria.keyboard.press("a")
    maria.get_by_test_id("act-panel").get_by_role("button", name="Demo admin").click()
    expect(tom.get_by_test_id("bell-count")).to_have_text("1", timeout=5_000)
    # The card lies over the rest of the page until it is closed.
    tom.keyboard.press("Escape")
    expect(tom.get_by_test_id("drawer")).to_have_count(0)
    tom.get_by_test_id("bell").click()
    expect(tom.get_by_test_id("notification").first).to_contain_text("gave you the card of Company 0002")
    tom.get_by_test_id("read-all").click()
    expect(tom.get_by_test_id("bell-count")).to_have_count(0)
    expect(tom.locator("[data-testid=notification][data-unread=true]")).to_have_count(0)


def test_everybody_says_what_they_want_and_admins_set_the_channel(both: Both, url: str) -> None:
    maria, tom = both.maria, both.tom
    maria.goto(f"{url}/settings/notifications")
    maria.get_by_role("checkbox", name="A card needs you: by mail").uncheck()
    expect(maria.get_by_test_id("wish-said")).to_be_visible()
    maria.reload()
    expect(maria.get_by_role("checkbox", name="A card needs you: by mail")).not_to_be_checked()
    expect(maria.get_by_test_id("channels")).to_have_count(0)
    tom.goto(f"{url}/settings/notifications")
    tom.get_by_test_id("weekly-budget").fill("5")
    tom.get_by_test_id("slack-url").fill("http://127.0.0.1:1/hook")
    tom.get_by_test_id("slack-name").fill("#churn")
    tom.get_by_test_id("channels-save").click()
    expect(tom.get_by_test_id("channels-said")).to_be_visible()
    tom.reload()
    expect(tom.get_by_test_id("weekly-budget")).to_have_value("5")
    expect(tom.get_by_test_id("slack-name")).to_have_value("#churn")
    expect(tom.get_by_test_id("slack-url")).to_have_value("")
    tom.goto(f"{url}/settings/activity")
    expect(tom.get_by_test_id("activity")).to_contain_text("5 a week, Slack channel #churn")
