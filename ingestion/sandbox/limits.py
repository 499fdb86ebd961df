"""HubSpot's rate limits per portal: a rolling ten-second window, search apart by the second, and optionally a daily cap."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

Policy = Literal["burst", "search"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests a portal takes.

    Attributes:
        burst: Requests per ``burst_window_seconds``; 110 is what a listed OAuth app gets per installing account.
        search_per_second: Search requests per second; they do not count against ``burst``.
        daily: Requests per day, search included; None for the OAuth apps that have no such cap.
    """

    burst: int = 110
    burst_window_seconds: float = 10.0
    search_per_second: int = 5
    daily: int | None = None


@dataclass(slots=True)
class _Window:
    burst: deque[float] = field(default_factory=deque)
    search: deque[float] = field(default_factory=deque)
    daily: deque[float] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, with the headers to answer with.

    Attributes:
        policy_name: The limit that was hit; None when the request passes.
    """

    policy_name: str | None
    headers: dict[str, str]


class Limiter:
    """Counts requests per portal. Thread-safe.

    Args:
        limits: None lets everything pass, without headers.
        timer: Seconds from a monotonic clock.
    """

    def __init__(self, limits: Limits | None, timer: Callable[[], float] = monotonic) -> None:
        self.limits = limits
        self._timer = timer
        self._lock = threading.Lock()
        self._windows: dict[int, _Window] = {}

    def take(self, portal_id: int, policy: Policy) -> Verdict:
        """Count one request of a portal, unless a limit refuses it; a refused one counts for nothing."""
        limits = self.limits
        if limits is None:
            return Verdict(None, {})
        with self._lock:
            now = self._timer()
            window = self._windows.setdefault(portal_id, _Window())
            _forget(window.daily, now - 86_400)
            if limits.daily is not None and len(window.daily) >= limits.daily:
                return Verdict("DAILY", self._headers(limits, window, policy))
            if policy == "search":
                seen, allowed, span, name = window.search, limits.search_per_second, 1.0, "SECONDLY"
            else:
                seen, allowed, span = window.burst, limits.burst, limits.burst_window_seconds
                name = "TEN_SECONDLY_ROLLING"
            _forget(seen, now - span)
            if len(seen) >= allowed:
                return Verdict(name, self._headers(limits, window, policy))
            seen.append(now)
            if limits.daily is not None:
                window.daily.append(now)
            return Verdict(None, self._headers(limits, window, policy))

    @staticmethod
    def _headers(limits: Limits, window: _Window, policy: Policy) -> dict[str, str]:
        if policy == "search":
            return {}
        headers = {
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(limits.burst_window_seconds * 1000)),
            "X-HubSpot-RateLimit-Max": str(limits.burst),
            "X-HubSpot-RateLimit-Remaining": str(max(0, limits.burst - len(window.burst))),
        }
        if limits.daily is not None:
            headers["X-HubSpot-RateLimit-Daily"] = str(limits.daily)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, limits.daily - len(window.daily)))
        return headers


def _forget(seen: deque[float], before: float) -> None:
    while seen and seen[0] <= before:
        seen.popleft()
