"""The dashboard in a real browser: what it says, where its figures lead, and what is taken away from it."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from core.appdb import open_app_database
from serve.forms import cell
from tests.support.browser import launched, serving, signed_in
from tests.support.published import (
    AS_OF,
    add_tenant,
    alert,
    card,
    company,
    cost_day,
    evidence,
    label,
    leader,
    precision,
    publish,
    quality_day,
    recall,
    risk_day,
    sentiment_day,
    sentiment_week,
    ticket,
    topic_day,
    topic_impact,
    topic_week,
)

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> & Sons"
LAST = AS_OF.date()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data_dir = tmp_path_factory.mktemp("dashboard")
    engine = open_app_database(f"sqlite:///{data_dir / 'app.db'}")
    cards = [
        card(1, company_name=HOSTILE, severity="high"),
        card(2, severity="high", opened_on=date(2026, 3, 30)),
        card(3, severity="low", topic="data", closed_on=date(2026, 3, 31), is_active=False),
    ]
    tickets = [ticket(1, subject=HOSTILE), ticket(2), ticket(3, sentiment="positive", level=1, is_negative=False)]
    weeks = [date(2026, 3, 2) + timedelta(days=7 * number) for number in range(4)]
    publish(
        engine,
        add_tenant(engine, "acme", name="Acme Analytics"),
        cards=cards,
        quotes=[evidence(cards[0])],
        companies=[
            company(1, company_name=HOSTILE),
            company(2, mrr=7000.0),
            company(3, owner_id=None, owner_name=None),
        ],
        topics=[topic_day(LAST - timedelta(days=number), "billing") for number in range(3)],
        sentiment=[sentiment_day(LAST - timedelta(days=number)) for number in range(3)],
        weeks=[
            *(topic_week(week, "billing") for week in weeks[:-1]),
            topic_week(weeks[-1], "billing", ticket_count=31, is_outside_band=True),
            *(topic_week(week, "data") for week in weeks),
        ],
        moods=[sentiment_week(week) for week in weeks],
        impact=[topic_impact("billing", 1), topic_impact("data", 2, negative_count=2)],
        alerts=[alert(1, "billing", example_ticket_ids="5001,5002")],
        leaders=[leader(1, 90, 1, company_name=HOSTILE), leader(2, 90, 2)],
        risks=[
            risk_day(date(2026, 3, 29), "billing", opened_count=0, active_count=1),
            risk_day(date(2026, 3, 29), "data", severity="low", opened_count=0, active_count=1),
            risk_day(LAST, "billing", active_count=2),
            risk_day(LAST, "data", severity="low", active_count=0, closed_count=1),
        ],
        verdicts=[
            precision("frustrated"),
            precision("significant_support", counted_count=7, precision_score=None, hidden_reason="too_few"),
        ],
        losses=[recall("all")],
        tickets=tickets,
        labels=[*(label(one, "billing") for one in tickets[:2]), label(tickets[2], "data")],
        costs=[cost_day(LAST, "sentiment", cost_usd=1.25)],
        quality=[
            quality_day(LAST - timedelta(days=1), "sentiment"),
            quality_day(
                LAST, "topics", dead_letter_count=3, dead_letter_score=0.069767, is_dead_letter_on_target=False
            ),
        ],
    )
    add_tenant(engine, "empty", name="Nothing Yet")
    engine.dispose()
    with serving(data_dir) as url:
        yield url


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with signed_in(browser, url, "acme", path="/dashboard") as page:
        expect(page.get_by_test_id("panel-costs")).to_be_visible()
        yield page


def test_every_panel_says_what_it_shows(page: Page) -> None:
    for panel, says in {
        "risks": "stayed|as many|rose|fell",
        "sentiment": "within noise, which explains",
        "emerging": "Billing: 12 tickets in seven days, where 2 were usual",
        "trends": "Billing had 31 tickets, where 10 were usual and noise explains up to 17",
        "weight": "Billing weighs most: 20 negative tickets of 40 read",
        "topics": "Billing leads with 12 tickets",
        "leaders": "4 negative tickets of 8 read in 90 days",
        "precision": "Frustrated is right in 67% of 24 judged cards",
        "costs": r"\$1.25 so far in March; at this pace \$1.25 by its end. No budget is set.",
        "quality": r"100.0% of 50 readings of tone quote .* Not where it should be: answers of no use\.",
    }.items():
        expect(page.get_by_test_id(f"reading-{panel}")).to_contain_text(re.compile(says))
    expect(page.get_by_test_id("precision-table")).to_contain_text("not told: too few to say")
    expect(page.get_by_test_id("company-table")).to_contain_text(HOSTILE)
    expect(page.get_by_test_id("quality-table")).to_contain_text("0.81")
    # Each chart says the same in a table.
    table = page.get_by_test_id("panel-risks").get_by_role("group", name="Cards per day")
    page.get_by_test_id("panel-risks").get_by_text("Figures as a table").click()
    expect(table.get_by_role("row").nth(1)).to_have_text(re.compile("31 Mar 2026.*2"))


def test_days_and_customers_stand_in_the_address(page: Page, url: str) -> None:
    page.get_by_test_id("span").locator("[data-value='30']").click()
    expect(page).to_have_url(f"{url}/dashboard?days=30")
    expect(page.get_by_test_id("days")).to_contain_text("2 Mar 2026 to 31 Mar 2026, days in UTC")
    page.get_by_test_id("span").locator("[data-value=custom]").click()
    page.get_by_test_id("from").fill("2026-03-29")
    expect(page).to_have_url(f"{url}/dashboard?from=2026-03-29&to=2026-03-31")
    page.get_by_test_id("bands").locator("summary").click()
    page.get_by_test_id("bands").locator("input[value=from_5000]").check()
    expect(page).to_have_url(f"{url}/dashboard?from=2026-03-29&to=2026-03-31&mrr_band=from_5000")
    expect(page.get_by_test_id("reading-sentiment")).to_have_text("100% of 1 tickets read in 3 days were negative.")
    page.reload()
    expect(page.get_by_test_id("reading-sentiment")).to_have_text("100% of 1 tickets read in 3 days were negative.")
    page.get_by_test_id("all-customers").click()
    expect(page.get_by_test_id("reading-sentiment")).to_contain_text("No week in these days is over yet")


def test_a_day_leads_to_its_cards_and_a_topic_to_its_tickets(page: Page, url: str) -> None:
    chart = page.get_by_test_id("risks-chart")
    chart.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{url}/cards?active_on=2026-03-31")
    expect(page.get_by_test_id("card-total")).to_have_text("2")
    page.get_by_test_id("card-row").first.get_by_role("link").click()
    expect(page.get_by_test_id("drawer")).to_be_visible()
    page.goto(f"{url}/dashboard")
    page.locator("[data-testid=trend][data-topic=billing] h3 a").click()
    expect(page.get_by_test_id("ticket-total")).to_have_text("2")
    row = page.get_by_test_id("ticket-row").first
    expect(row).to_contain_text(HOSTILE)
    expect(row.get_by_role("link", name=re.compile("in HubSpot"))).to_have_attribute(
        "href", "https://hubspot.example/ticket/5001"
    )
    expect(row.get_by_role("link", name="Card")).to_have_attribute("href", re.compile("/cards/0000"))
    page.get_by_test_id("chips").locator("[data-name=topic]").click()
    expect(page.get_by_test_id("ticket-total")).to_have_text("3")
    page.get_by_test_id("ticket-search").fill("part 2")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("ticket-row")).to_have_count(1)


def test_a_file_is_what_the_api_answers(page: Page) -> None:
    with page.expect_response(
        lambda answer: "/metrics/risks?" in answer.url and "format" not in answer.url
    ) as answered:
        page.get_by_test_id("span").locator("[data-value='30']").click()
    items = answered.value.json()["items"]
    with page.expect_download() as saved:
        page.get_by_test_id("panel-risks").get_by_test_id("save-csv").click()
    assert saved.value.suggested_filename == "churnboard-risks-2026-03-31.csv"
    text = saved.value.path().read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert items
    assert rows == [{name: cell(value) for name, value in item.items()} for item in items]


def test_the_sql_is_shown_with_its_days(page: Page) -> None:
    page.get_by_test_id("panel-trends").get_by_test_id("show-sql").click()
    dialog = page.get_by_test_id("sql-dialog")
    expect(dialog.get_by_test_id("sql-text")).to_contain_text("from topic_trends_weekly")
    expect(dialog.get_by_test_id("sql-text")).to_contain_text("week_on between date '2026-01-01' and date '2026-03-31'")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_nothing_published_nothing_found_and_nonsense_say_so(browser: Browser, url: str) -> None:
    # The browser notes a refused request as an error of the page; here they are what is looked at.
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(f"{url}/dashboard")
    page.get_by_test_id("tenant-select").select_option("empty")
    page.get_by_test_id("signin-submit").click()
    expect(page.get_by_test_id("state-empty")).to_contain_text("Nothing has been published")
    page.get_by_test_id("signout").click()
    page.goto(f"{url}/dashboard?from=2025-12-01&to=2025-12-31&owner=nobody-like-this")
    page.get_by_test_id("tenant-select").select_option("acme")
    page.get_by_test_id("signin-submit").click()
    expect(page.get_by_test_id("empty-risks")).to_have_text("No card had a signal in these days.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "the page is wider than the screen"
    page.goto(f"{url}/tickets?from=soon")
    expect(page.get_by_test_id("state-error")).to_contain_text("a day is written like 2026-01-31")
    page.goto(f"{url}/tickets?topic=unheard-of")
    expect(page.get_by_test_id("state-empty")).to_contain_text("No such ticket")
    page.close()
