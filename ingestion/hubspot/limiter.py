"""HubSpot's two short budgets of one portal, kept by waiting before a call rather than by being refused after it.

A rolling ten-second window for everything, and search by the second, which does not count against the first. Whoever syncs a
portal holds its cell's lock, so one process at a time spends a portal's budget and the count can stay in memory.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one portal allows; the defaults are those of an installed OAuth app (HubSpot usage guidelines).

    Attributes:
        burst: Calls in any `burst_seconds`, searches apart. Replaced by what HubSpot's answers say.
        searches: Search calls in any `search_seconds`, over all object types; no answer tells this one.
    """

    burst: int = 110
    burst_seconds: float = 10.0
    searches: int = 5
    search_seconds: float = 1.0


_SHORTEST_WAIT_SECONDS = 0.001

OAUTH_APP = Limits()
"""An installed OAuth app's."""


class Budget:
    """At most `limit` calls in any `seconds`; `take` waits for its turn. Safe to share between threads.

    Args:
        limit: Calls per window.
        seconds: Length of the window.
        clock: Seconds from a monotonic clock.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        limit: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limit = limit
        self.seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._taken: deque[float] = deque()
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until a call fits into the window, and count it."""
        while (wait := self._try()) is not None:
            # A remainder too small for the clock to show would be waited for forever.
            self._sleep(max(wait, _SHORTEST_WAIT_SECONDS))

    def _try(self) -> float | None:
        with self._lock:
            now = self._clock()
            while self._taken and self._taken[0] <= now - self.seconds:
                self._taken.popleft()
            if now < self._closed_until:
                return self._closed_until - now
            if len(self._taken) >= self.limit:
                return self._taken[0] + self.seconds - now
            self._taken.append(now)
            return None

    def close(self, seconds: float) -> None:
        """Let nobody pass for that long: HubSpot said so."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + seconds)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Believe HubSpot's own count where it is lower than ours, and its limit where the plan has another one.

        Somebody else may be spending the same budget: another app counts apart, but an older deployment of ours does not.
        """
        most, left = (_number(headers.get(f"x-hubspot-ratelimit-{name}")) for name in ("max", "remaining"))
        with self._lock:
            if most:
                self.limit = most
            if left == 0:
                oldest = self._taken[0] if self._taken else self._clock()
                self._closed_until = max(self._closed_until, oldest + self.seconds)


class PortalLimiter:
    """The budgets of one portal."""

    def __init__(
        self,
        limits: Limits = OAUTH_APP,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.burst = Budget(limits.burst, limits.burst_seconds, clock=clock, sleep=sleep)
        self.search = Budget(limits.searches, limits.search_seconds, clock=clock, sleep=sleep)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() else None
