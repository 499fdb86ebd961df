"""What a browser can say about how fast a board is to look at: paints, frames, and how long something takes to be there."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.browser import sign_in

_WIDTH, _HEIGHT = 1440, 900
_PATIENCE_SECONDS = 300

# From the start of the navigation, as the browser's own clock has it.
_WATCH = """
window.__seen = {}
new PerformanceObserver(list => {
  for (const one of list.getEntries()) if (one.name === "first-contentful-paint") window.__seen.paint = one.startTime
}).observe({type: "paint", buffered: true})
const looking = new MutationObserver(() => {
  if (!document.querySelector("[data-testid=card]")) return
  looking.disconnect()
  requestAnimationFrame(() => requestAnimationFrame(() => { window.__seen.cards = performance.now() }))
})
looking.observe(document, {childList: true, subtree: true})
"""

_COUNT_FRAMES = """
() => {
  window.__frames = []
  let last = performance.now()
  window.__counting = true
  const next = now => { window.__frames.push(now - last); last = now; if (window.__counting) requestAnimationFrame(next) }
  requestAnimationFrame(next)
}
"""


@dataclass(frozen=True)
class Paint:
    """Milliseconds from the start of a navigation."""

    anything: float
    cards: float


@dataclass(frozen=True)
class Frames:
    """Milliseconds between one frame and the next."""

    count: int
    median: float
    within_99: float
    longest: float


def open_board(browser: Browser, url: str, tenant: str, *, role: str = "member") -> Page:
    """The board of a demo user, with its cards."""
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
    page.goto(url)
    sign_in(page, tenant, role)
    page.get_by_test_id("card").first.wait_for()
    return page


def first_paint(browser: Browser, url: str, token: str) -> Paint:
    """Of somebody who is signed in and has nothing of ours in the browser's cache yet."""
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
    page.add_init_script(f"sessionStorage.setItem('churnboard.token', {token!r})")
    page.add_init_script(_WATCH)
    page.goto(url)
    _wait(page, "!!(window.__seen.cards && window.__seen.paint)")
    seen: dict[str, float] = page.evaluate("window.__seen")
    page.close()
    return Paint(seen["paint"], seen["cards"])


def frames_during(page: Page, act: Callable[[], Any]) -> Frames:
    """How the page was drawn while something was done to it."""
    page.evaluate(_COUNT_FRAMES)
    act()
    page.evaluate("window.__counting = false")
    gaps = sorted(page.evaluate("window.__frames"))
    return Frames(len(gaps), gaps[len(gaps) // 2], gaps[min(len(gaps) - 1, int(len(gaps) * 0.99))], gaps[-1])


def scroll(page: Page, column: str, *, pixels: int, seconds: float) -> None:
    """Turn the wheel over a column, evenly, as far as that."""
    box = page.get_by_test_id(f"column-{column}").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    steps = int(seconds * 60)
    began = time.perf_counter()
    for step in range(steps):
        page.mouse.wheel(0, pixels / steps)
        time.sleep(max(0.0, began + seconds * step / steps - time.perf_counter()))


def milliseconds_until(page: Page, act: Callable[[], Any], condition: str) -> float:
    """From the moment before something is done until a condition in the page holds and has been drawn."""
    page.evaluate(
        f"""() => {{
            const began = performance.now()
            window.__took = null
            const look = () => {{
                if ({condition}) requestAnimationFrame(() => {{ window.__took = performance.now() - began }})
                else requestAnimationFrame(look)
            }}
            look()
        }}"""
    )
    act()
    _wait(page, "window.__took !== null")
    return float(page.evaluate("window.__took"))


def _wait(page: Page, condition: str) -> None:
    # Playwright's own waiting evaluates text within the page, which the board's policy forbids.
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"{condition} did not come true"
        time.sleep(0.02)
