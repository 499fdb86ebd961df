"""The board in a real browser, served by the real command, from a build published by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from core.appdb import open_app_database
from core.vocabulary import CardStatus
from tests.support.browser import launched, serving, signed_in
from tests.support.published import (
    add_event,
    add_tenant,
    card,
    company,
    evidence,
    publish,
    sentiment_day,
    source,
    topic_day,
)

pytestmark = pytest.mark.browser

LATER = {
    "message_id": "emails/512",
    "message_sent_at": datetime(2026, 3, 12, 9, 0, tzinfo=UTC),
    "reading_scope": "thread",
    "resolution": "solved",
}
HOSTILE = "<img src=x onerror=alert(1)> & Sons"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def board_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data_dir = tmp_path_factory.mktemp("board")
    engine = open_app_database(f"sqlite:///{data_dir / 'app.db'}")
    acme = add_tenant(engine, "acme", name="Acme Analytics")
    angry = card(1, company_name=HOSTILE, severity="critical", priority=900.0, mrr=5000.0)
    quiet = card(
        2, trigger_type="silently_struggling", severity="low", ticket_id=None, mrr_source="tenant_median_assumed"
    )
    worked = card(3, trigger_type="significant_support", why="8 tickets in 14 days; usually 2.1.")
    publish(
        engine,
        acme,
        cards=[angry, quiet, worked],
        quotes=[evidence(angry), evidence(worked, **LATER)],
        companies=[company(1, company_name=HOSTILE), company(2), company(3)],
        topics=[topic_day(date(2026, 3, 20), "Billing")],
        sentiment=[sentiment_day(date(2026, 3, 20))],
        sources=[
            source("tickets"),
            source("contacts", status="missing_scope", lag_seconds=None, error_message=HOSTILE),
        ],
    )
    add_event(engine, acme, worked["card_id"], 1, CardStatus.WORKING, kind="status_changed")
    engine.dispose()
    with serving(data_dir) as url:
        yield url


@pytest.fixture
def page(browser: Browser, board_url: str) -> Iterator[Page]:
    with signed_in(browser, board_url, "acme") as page:
        expect(page.get_by_test_id("board")).to_be_visible()
        yield page


def test_cards_stand_in_the_column_of_their_status(page: Page) -> None:
    expect(page.get_by_test_id("column-new").get_by_test_id("card")).to_have_count(2)
    expect(page.get_by_test_id("column-working").get_by_test_id("card")).to_have_count(1)
    expect(page.get_by_test_id("column-waiting").get_by_test_id("card")).to_have_count(0)
    first = page.get_by_test_id("column-new").get_by_test_id("card").first
    for shown in (HOSTILE, "Critical", "Frustrated", "5,000", "Two negative tickets in 14 days."):
        expect(first).to_contain_text(shown)
    expect(page.get_by_test_id("column-new").get_by_test_id("card").nth(1)).to_contain_text("assumed")
    expect(page.get_by_test_id("build-stamp")).to_contain_text("31 Mar 2026")
    told = f"Contacts are not read: the HubSpot connection lacks a scope. {HOSTILE}"
    expect(page.get_by_test_id("source-notices").locator("li")).to_have_text([told])


def test_a_click_opens_quotes_and_components_and_escape_closes(page: Page) -> None:
    page.get_by_test_id("card").first.click()
    drawer = page.get_by_test_id("drawer")
    expect(drawer.get_by_test_id("quote")).to_have_text("We are looking at alternatives.")
    expect(drawer.get_by_test_id("reading-scope")).to_have_text("Read: the ticket's opening message")
    confidence = drawer.get_by_test_id("confidence")
    expect(confidence).to_contain_text("Medium confidence")
    told = "84 of 92 readings as “Says they may leave” were right, measured on texts that people labelled."
    expect(confidence).to_have_attribute("title", told)
    expect(drawer.get_by_test_id("component-row").first).to_be_visible()
    assert "/cards/" in page.url
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page.get_by_test_id("card").first).to_be_focused()


def test_a_quote_of_a_later_message_says_which_day_it_was_written(page: Page) -> None:
    page.get_by_test_id("column-working").get_by_test_id("card").first.click()
    drawer = page.get_by_test_id("drawer")
    expect(drawer.get_by_test_id("said-at")).to_have_text("in their message of 12 Mar 2026")
    expect(drawer.get_by_test_id("reading-scope")).to_have_text("Read: a later message")
    expect(drawer.get_by_test_id("resolution")).to_have_text("Says it is solved")


def test_filters_and_search_narrow_the_board(page: Page) -> None:
    page.get_by_test_id("filter-trigger").locator("[data-value=silently_struggling]").click()
    expect(page.get_by_test_id("card")).to_have_count(1)
    page.get_by_test_id("filter-trigger").locator("[data-value=silently_struggling]").click()
    expect(page.get_by_test_id("card")).to_have_count(3)
    page.get_by_test_id("search").fill("0003")
    expect(page.get_by_test_id("card")).to_have_count(1)
    expect(page.get_by_test_id("card")).to_contain_text("Company 0003")


def test_a_deep_link_opens_its_card_and_the_dashboard_has_figures(page: Page, board_url: str) -> None:
    card_id = page.get_by_test_id("card").first.get_attribute("data-card-id")
    page.goto(f"{board_url}/cards/{card_id}")
    expect(page.get_by_test_id("drawer")).to_contain_text(HOSTILE)
    page.goto(f"{board_url}/dashboard")
    expect(page.get_by_test_id("topic-table")).to_contain_text("Billing")
    expect(page.get_by_test_id("company-table")).to_be_visible()
