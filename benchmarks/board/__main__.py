"""The board in a real Chromium: how soon it is there, how it moves with 2,000 cards, and how long news of HubSpot take to reach it.

`python -m benchmarks.board [--cards 2000] [--times 5] [--only demo|many]`; needs Chromium and the built board. Two parts:

* `many`: so many cards of one tenant, published by hand on SQLite, all of them drawn. Frames while the wheel is turned, and how
  long a filter and a move take until what they change is drawn. A frame is due every 16.7 ms.
* `demo`: the demo as `make demo` plays it. First paint with an empty browser cache; and a customer's ticket that is rewritten in
  the HubSpot sandbox: from there by webhook, fetch, reading and build to a card on a board that is open.

Wanted: cards within a second on the demo; with 2,000 cards half of the frames in time for 60 a second, 99 of 100 for 20.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import Browser, Page

from benchmarks.board.browser import Frames, first_paint, frames_during, milliseconds_until, open_board, scroll
from core.appdb import open_app_database
from orchestration.demo.run import free_port
from tests.support.browser import launched, serving
from tests.support.published import add_tenant, card, company, evidence, publish

MANY, DEMO = "many", "lumenbrook"
TOLD = "This is unacceptable. We have had enough and will cancel our contract at the end of the month."


def main() -> int:
    """Measure what was asked for; 1 where it is not what is wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.board", description=__doc__)
    parser.add_argument("--cards", type=int, default=2_000)
    parser.add_argument("--times", type=int, default=5, help="how often what can be repeated is")
    parser.add_argument("--only", choices=["many", "demo"])
    given = parser.parse_args()
    is_good = True
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        if given.only != "demo":
            is_good &= many(browser, Path(folder) / "many", given.cards, given.times)
        if given.only != "many":
            is_good &= demo(browser, Path(folder) / "demo", given.times)
    return 0 if is_good else 1


def many(browser: Browser, folder: Path, cards: int, times: int) -> bool:
    """Print what a full board is like; whether it is smooth."""
    folder.mkdir()
    engine = open_app_database(f"sqlite:///{folder / 'app.db'}")
    rows = [card(number, priority=float(cards - number), company_name=f"Company {number}") for number in range(cards)]
    companies = [company(number, company_name=f"Company {number}") for number in range(cards)]
    publish(engine, add_tenant(engine, MANY), cards=rows, companies=companies, quotes=[evidence(row) for row in rows])
    engine.dispose()
    with serving(folder) as url:
        token = httpx.post(f"{url}/api/v1/auth/demo", json={"tenant": MANY, "role": "member"}).json()["access_token"]
        paints = [first_paint(browser, url, token) for _ in range(times)]
        page = open_board(browser, url, MANY)
        began = time.perf_counter()
        show_all(page, cards)
        print(
            f"{cards:,} cards: something painted within {median(one.anything for one in paints):.0f} ms, the first cards within "
            f"{median(one.cards for one in paints):.0f} ms (median of {times}); all of them, page by page, in "
            f"{time.perf_counter() - began:.1f} s"
        )
        frames = [
            frames_during(page, partial(scroll, page, "new", pixels=way * 40_000, seconds=3)) for way in (1, -1, 1)
        ]
        for one in frames:
            print(f"  wheel over 40,000 px in 3 s: {drawn(one)}")
        searched = milliseconds_until(
            page,
            lambda: page.get_by_test_id("search").fill(f"Company {cards - 1}"),
            f"{_CARDS}.length < 50 && {_CARDS}.length > 0",
        )
        cleared = milliseconds_until(page, lambda: page.get_by_test_id("search").fill(""), f"{_CARDS}.length >= 50")
        show_all(page, cards)
        moved = [move(page, number) for number in range(times)]
        print(
            f"  a search narrows it within {searched:.0f} ms and is cleared within {cleared:.0f} ms; "
            f"a card moved by key is in its column within {median(moved):.0f} ms (median of {times})",
            flush=True,
        )
        page.close()
    return all(one.median < 1000 / 59 and one.within_99 <= 1000 / 20 for one in frames)


_PATIENCE_SECONDS = 60
_BOARD = "document.querySelector('[data-testid=board]')"
_CARDS = "document.querySelectorAll('[data-testid=card]')"


def show_all(page: Page, cards: int) -> None:
    """Have the column fetch and draw its cards to the last."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while page.get_by_test_id("card").count() < cards:
        assert time.monotonic() < deadline, "the column stopped fetching"
        page.evaluate("document.querySelector('[data-testid=column-new] .scroll').scrollTo(0, 1e9)")
        page.wait_for_timeout(20)
    page.evaluate("document.querySelector('[data-testid=column-new] .scroll').scrollTo(0, 0)")


def move(page: Page, number: int) -> float:
    """Start working on the first card that is new."""
    page.get_by_test_id("column-new").get_by_test_id("card").first.focus()
    working = "document.querySelectorAll('[data-testid=column-working] [data-testid=card]')"
    return milliseconds_until(page, lambda: page.keyboard.press("Shift+ArrowRight"), f"{working}.length > {number}")


def demo(browser: Browser, folder: Path, times: int) -> bool:
    """Print what the demo's board is like; whether it is there in time."""
    with playing(folder) as (url, hubspot):
        token = httpx.post(f"{url}/api/v1/auth/demo", json={"tenant": DEMO, "role": "member"}).json()["access_token"]
        paints = [first_paint(browser, url, token) for _ in range(times)]
        cards = median(one.cards for one in paints)
        print(
            f"demo: something painted within {median(one.anything for one in paints):.0f} ms, "
            f"the first cards within {cards:.0f} ms (median of {times}, slowest {max(one.cards for one in paints):.0f} ms)",
            flush=True,
        )
        page = open_board(browser, url, DEMO)
        [access] = [
            tenant["access_token"]
            for tenant in json.loads((folder / "demo" / "sandbox.json").read_text())["tenants"]
            if tenant["profile"]["tenant_id"] == DEMO
        ]
        with (
            httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}) as api,
            httpx.Client(base_url=hubspot, headers={"Authorization": f"Bearer {access}"}) as crm,
        ):
            tickets = [calm_ticket(api, page, number) for number in range(3)]
            for ticket in tickets:
                path = f"/crm/v3/objects/tickets/{ticket['ticket_id']}"
                took = milliseconds_until(
                    page,
                    partial(crm.patch, path, json={"properties": {"content": TOLD}}),
                    f"{_BOARD}.innerText.includes({json.dumps(ticket['company_name'])})",
                )
                print(
                    f"  a ticket rewritten in HubSpot is a card on an open board after {took / 1000:.1f} s", flush=True
                )
        page.close()
    return cards < 1000


def calm_ticket(api: httpx.Client, page: Page, number: int) -> dict[str, Any]:
    """The newest ticket of a company the open board does not show; another for each number."""
    shown = page.get_by_test_id("board").inner_text()
    listed: list[dict[str, Any]] = api.get("/tickets", params={"limit": 200}).raise_for_status().json()["items"]
    newest: dict[str, dict[str, Any]] = {}
    for ticket in listed:
        newest.setdefault(ticket["company_name"] or "", ticket)
    return [ticket for name, ticket in sorted(newest.items()) if name and name not in shown][number]


@contextmanager
def playing(folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of a demo's board and of its HubSpot."""
    environment = {"DATA_DIR": str(folder), "API_PORT": str(free_port()), "COLUMNS": "200"}
    process = subprocess.Popen(
        [sys.executable, "-m", "churnboard", "demo"],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while "HubSpot is played at" not in said:
            line = process.stdout.readline()
            assert line, f"the demo ended: {said[-1000:]}"
            said += line
        board, hubspot = re.findall(r"(?:board is|HubSpot is played) at (http://[\d.:]+\d)", said)
        yield board, hubspot
    finally:
        process.terminate()
        process.wait()


def drawn(frames: Frames) -> str:
    """In words."""
    return (
        f"{frames.count} frames, {frames.median:.1f} ms (median), {frames.within_99:.0f} ms (99 %), "
        f"{frames.longest:.0f} ms (longest)"
    )


if __name__ == "__main__":
    sys.exit(main())
