"""A picture of every page of a served demo, kept in the folder CHURNBOARD_PICTURES where it is set, as `make pictures` does."""

import os
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect

from core.vocabulary import Role
from tests.support.browser import launched, sign_in
from tests.support.pages import PAGES, PUBLIC_PAGES

TENANT, NEWCOMER, NEWCOMER_NAME = "lumenbrook", "northwharf", "Northwharf"
_WIDTH, _HEIGHT, _PHONE = 1280, 800, 390
_SOON = 60_000


def take_pictures(url: str, otherwise: Path) -> dict[str, Path]:
    """Look at every page of the demo at `url` as an admin; the pictures by page, in CHURNBOARD_PICTURES or the folder `otherwise`.

    The tenant that was never connected is deleted for it: a receipt is a page, too.
    """
    folder = Path(os.environ.get("CHURNBOARD_PICTURES") or otherwise)
    ids = _ids(url)
    with launched() as browser:
        pictures = {}
        page = _signed_in(browser, url, TENANT)
        for name, path in PAGES.items():
            page.goto(url + path.format(**ids))
            pictures[name] = _picture(page, folder / f"{name}.png")
        phone = _signed_in(browser, url, TENANT, width=_PHONE, scheme="dark")
        pictures["board-phone"] = _picture(phone, folder / "board-phone.png")

        newcomer = _signed_in(browser, url, NEWCOMER, path="/settings/danger")
        newcomer.get_by_test_id("delete-name").fill(NEWCOMER_NAME)
        newcomer.get_by_test_id("delete").click()
        newcomer.wait_for_url("**/deleted/**", timeout=_SOON)
        expect(newcomer.get_by_test_id("receipt-verdict")).to_be_visible(timeout=10 * _SOON)
        pictures["receipt"] = _picture(newcomer, folder / "receipt.png")

        anybody = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
        for name in ("sign-in", "join"):
            anybody.goto(url + PUBLIC_PAGES[name].format(**ids))
            pictures[name] = _picture(anybody, folder / f"{name}.png")
    return pictures


def _signed_in(
    browser: Browser, url: str, tenant: str, *, path: str = "/", width: int = _WIDTH, scheme: str = "light"
) -> Page:
    page = browser.new_page(viewport={"width": width, "height": _HEIGHT}, color_scheme=scheme)  # type: ignore[arg-type] # one of a few words
    page.goto(url + path)
    sign_in(page, tenant, Role.ADMIN)
    expect(page.get_by_test_id("tenant-name")).to_be_attached()
    return page


def _picture(page: Page, file: Path) -> Path:
    expect(page.locator("h1, h2").first).to_be_visible(timeout=_SOON)
    # What is still loading says so, once it has begun. The stream of what happens never ends, so the network is never idle.
    for _ in range(3):
        page.wait_for_timeout(300)
        expect(page.get_by_text("Loading", exact=True)).to_have_count(0, timeout=_SOON)
        expect(page.get_by_text("Making the last 90 days ready")).to_have_count(0, timeout=10 * _SOON)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"
    page.screenshot(path=file, animations="disabled")
    return file


def _ids(url: str) -> dict[str, str]:
    """What stands in the addresses: a card of what most customers leave over, its ticket and topic, and somebody invited."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client:
        token = client.post("/auth/demo", json={"tenant": TENANT, "role": Role.ADMIN}).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        asked = {"trigger": "frustrated", "active": "true", "sort": "priority", "limit": "1"}
        [card] = client.get("/cards", params=asked).raise_for_status().json()["items"]
        topics = client.get("/topics").raise_for_status().json()["topics"]
        invited = {"email": "maria@lumenbrook.example", "role": Role.MEMBER}
        link = client.post("/invitations", json=invited).raise_for_status().json()["link"]
    return {
        "card_id": card["card_id"],
        "ticket_id": card["ticket_id"],
        "topic": next(one["name"] for one in topics if one["is_active"]),
        "secret": link.split("#", 1)[1],
    }
