"""A real Chromium and the real `serve` command, for tests that look at the board as people do."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser; skips the test where the machine has none."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no chromium on this machine: no browser to test in")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving(data_dir: Path, **environment: str) -> Iterator[str]:
    """The URL of board and API on what `data_dir` holds; skips the test where the board is not built."""
    if not (ROOT / "serve" / "ui" / "dist" / "index.html").exists():
        pytest.skip("the board is not built: run `make ui`")
    process = subprocess.Popen(
        [sys.executable, "-m", "churnboard", "serve"],
        env=os.environ | {"DATA_DIR": str(data_dir), "API_PORT": "0", "COLUMNS": "200"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found, "the server said no URL"
        yield found.group()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130


@contextmanager
def signed_in(
    browser: Browser, url: str, tenant: str, role: str = "member", *, path: str = "/", expected: str = ""
) -> Iterator[Page]:
    """A page of a demo user, opened at `path`; whatever the browser complains about on ours fails the test.

    `expected` is a pattern for complaints that are part of it, such as of an answer 409.
    """
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        is_expected = bool(expected and re.search(expected, message.text))
        if message.type == "error" and message.location["url"].startswith(url) and not is_expected:
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{url}{path}")
    sign_in(page, tenant, role)
    expect(page.get_by_test_id("tenant-name")).to_be_visible()
    yield page
    page.close()
    assert not complaints, complaints


def sign_in(page: Page, tenant: str, role: str) -> None:
    """Fill in and send the page that asks who somebody is, as a demo user."""
    page.get_by_test_id("tenant-select").select_option(tenant)
    page.get_by_test_id("role-select").locator(f"input[value={role}]").check()
    page.get_by_test_id("signin-submit").click()
