"""Access as people live it: real browser, real API process, a real issuer's manners.

The first admin is invited on the command line and joins by signing in at the issuer; when the sign-in has run out, they are back on
the page they were on. They invite a colleague, make a key, and read what happened.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from core.appdb import open_app_database
from tests.support.browser import ROOT, launched, serving, signed_in
from tests.support.issuer import CLIENT_ID, FakeIssuer
from tests.support.published import add_tenant, publish_sample

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A data folder with one tenant, whose cards are published."""
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    add_tenant(engine, "acme")
    publish_sample(engine, "acme")
    engine.dispose()
    return tmp_path


def invited_by_an_operator(place: Path, email: str) -> str:
    """The secret of the link that the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "churnboard", "tenants", "invite", "acme", email],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(place)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip().rpartition("/join#")[2]


def sign_in_at_the_issuer(page: Page, issuer: FakeIssuer, email: str) -> None:
    expect(page.locator("input[name=email]")).to_be_visible()
    assert page.url.startswith(issuer.url)
    page.locator("input[name=email]").fill(email)
    page.get_by_role("button", name="Sign in").click()


def test_joining_and_signing_in_again_at_an_issuer(browser: Browser, place: Path) -> None:
    secret = invited_by_an_operator(place, "ada@acme.example")
    with FakeIssuer() as issuer:
        environment = {
            "AUTH_ISSUER": issuer.url,
            "AUTH_JWKS_URL": f"{issuer.url}/jwks",
            "AUTH_CLIENT_ID": CLIENT_ID,
        }
        with serving(place, **environment) as url:
            issuer.redirect_uris.add(f"{url}/sign-in/callback")
            page = browser.new_page()

            # The link, opened by somebody else first.
            page.goto(f"{url}/join#{secret}")
            expect(page.get_by_test_id("offer")).to_contain_text("ada@acme.example as admin")
            assert secret not in page.url, "the secret leaves the address at once"
            page.get_by_test_id("join-submit").click()
            sign_in_at_the_issuer(page, issuer, "eve@acme.example")
            expect(page.get_by_test_id("join-failure")).to_contain_text("is for ada@acme.example")
            page.get_by_test_id("join-submit").click()
            sign_in_at_the_issuer(page, issuer, "ada@acme.example")
            expect(page.get_by_test_id("tenant-name")).to_have_text("Acme")

            # Their token runs out while a page is open: after signing in again they are where they were.
            page.goto(f"{url}/?q=Kestrel")
            expect(page.get_by_test_id("tenant-name")).to_be_visible()
            page.evaluate("sessionStorage.setItem('churnboard.token', 'x.y.z')")
            page.goto(f"{url}/settings/people?from=here")
            expect(page.get_by_test_id("signin-notice")).to_contain_text("Your session has ended")
            page.get_by_test_id("signin-submit").click()
            sign_in_at_the_issuer(page, issuer, "ada@acme.example")
            expect(page.get_by_test_id("people")).to_contain_text("ada@acme.example")
            assert page.url == f"{url}/settings/people?from=here"

            # An answer that this tab did not ask for.
            page.goto(f"{url}/sign-in/callback?code=stolen&state=made-up")
            expect(page.get_by_test_id("state-error")).to_contain_text("begun in another tab")
            page.close()


def refused_for_the_last_admin(browser: Browser, url: str) -> None:
    """What the browser grumbles about here is meant, so this page is not one of `signed_in`."""
    page = browser.new_page()
    page.goto(f"{url}/settings/people")
    page.get_by_test_id("role-select").locator("input[value=admin]").check()
    page.get_by_test_id("signin-submit").click()
    mine = page.locator('[data-subject="demo|acme|admin"]').get_by_role("combobox")
    mine.select_option("viewer")
    expect(page.get_by_role("alert")).to_contain_text("the only admin")
    expect(mine).to_have_value("admin")
    page.close()


def test_an_admin_looks_after_access(browser: Browser, place: Path) -> None:
    with serving(place) as url:
        refused_for_the_last_admin(browser, url)
        look_after_access(browser, url)


def look_after_access(browser: Browser, url: str) -> None:
    with signed_in(browser, url, "acme", "admin", path="/settings/people") as page:
        page.get_by_test_id("invite-email").fill("Bo@Acme.example")
        page.get_by_test_id("invite-role").select_option("viewer")
        page.get_by_test_id("invite-submit").click()
        link = page.get_by_test_id("invite-link").get_by_test_id("copy-value").input_value()
        expect(page.get_by_test_id("invitations")).to_contain_text("bo@acme.example")

        guest = browser.new_page()
        guest.goto(link)
        guest.get_by_test_id("join-submit").click()
        expect(guest.get_by_test_id("tenant-name")).to_have_text("Acme")
        guest.goto(f"{url}/settings/people")
        expect(guest.get_by_test_id("people")).to_contain_text("(you)")
        expect(guest.get_by_test_id("invite-email")).to_have_count(0)
        expect(guest.get_by_role("link", name="API keys")).to_have_count(0)

        page.reload()
        row = page.locator('[data-subject="demo|person|bo@acme.example"]')
        row.get_by_role("combobox").select_option("member")
        expect(row.get_by_role("combobox")).to_have_value("member")
        row.get_by_role("button", name="Remove bo").click()
        expect(row.get_by_role("button", name="Keep")).to_be_focused()
        expect(row).to_contain_text("Remove bo? Their access ends at once, and their cards become nobody's.")
        page.get_by_test_id("sure").click()
        expect(row).to_have_count(0)
        guest.goto(f"{url}/dashboard")
        expect(guest.get_by_test_id("state-error")).to_contain_text("no access")
        guest.close()

        page.get_by_role("link", name="API keys").click()
        page.get_by_test_id("key-name").fill("Looker")
        page.get_by_test_id("key-submit").click()
        key = page.get_by_test_id("key-told").get_by_test_id("copy-value").input_value()
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{url}/api/v1/cards", headers=headers).status_code == 200
        page.reload()
        expect(page.get_by_test_id("keys")).to_contain_text("last used about")
        assert key not in page.content()
        page.get_by_role("button", name="Revoke the key for Looker").click()
        page.get_by_test_id("sure").click()
        expect(page.get_by_test_id("no-keys")).to_be_visible()
        assert httpx.get(f"{url}/api/v1/cards", headers=headers).status_code == 401

        page.get_by_role("link", name="Activity").click()
        acts = page.get_by_test_id("activity").get_by_role("listitem")
        expect(acts).to_have_count(6)
        expect(acts.nth(0)).to_contain_text("revoked the API key Looker")
        expect(acts.nth(5)).to_contain_text("invited bo@acme.example as viewer")
        page.wait_for_timeout(100)
