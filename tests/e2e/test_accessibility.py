"""Every page, light and dark, against what a program (axe-core) can check of WCAG 2.1 A and AA."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.appdb import open_app_database
from core.vocabulary import Role
from tests.support.browser import launched, serving, sign_in
from tests.support.pages import PAGES, PUBLIC_PAGES
from tests.support.published import add_tenant, card, publish_sample
from tests.support.standing import plant

AXE = Path(__file__).parents[2] / "serve" / "ui" / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """async () => {
  const found = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]});
  return found.violations
    .filter((one) => one.impact === "serious" || one.impact === "critical")
    .map((one) => `${one.id}: ${one.nodes[0].html}`);
}"""


@dataclass
class Served:
    url: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data_dir = tmp_path_factory.mktemp("accessible")
    engine = open_app_database(f"sqlite:///{data_dir / 'app.db'}")
    add_tenant(engine, "acme", name="Acme Analytics")
    publish_sample(engine, "acme")
    planted = plant(engine, "acme")
    engine.dispose()
    with serving(data_dir) as url:
        # Nobody is invited by it: the page that says so is one, too.
        ids = {"card_id": card(1)["card_id"], "ticket_id": "5001", "topic": "Billing", "secret": "nobody"}
        yield Served(url, ids | {"receipt_id": planted["receipt_id"]})


@pytest.fixture(scope="module", params=["light", "dark"])
def page(request: pytest.FixtureRequest, served: Served) -> Iterator[Page]:
    if not AXE.exists():
        pytest.skip("the board is not built: run `make ui`")
    with launched() as browser:
        yield signed_in(browser, served.url, request.param)


def signed_in(browser: Browser, url: str, scheme: str) -> Page:
    # What checks the page is put into it by us, which its own policy would not let anybody do.
    page = browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()  # type: ignore[arg-type] # one of a few words
    page.goto(url)
    sign_in(page, "acme", Role.ADMIN)
    expect(page.get_by_test_id("tenant-name")).to_be_visible()
    return page


@pytest.mark.parametrize("name", [*PAGES, *PUBLIC_PAGES])
def test_nothing_serious_is_found(page: Page, served: Served, name: str) -> None:
    page.goto(served.url + (PAGES | PUBLIC_PAGES)[name].format(**served.ids))
    expect(page.locator("h1, h2").first).to_be_attached()
    # The stream of what happens never ends, so the network is never idle.
    page.wait_for_timeout(700)
    page.add_script_tag(path=str(AXE))
    assert page.evaluate(FOUND) == []
