"""Servers that take only so much, in simulated time: what a congestion window is tried against without waiting."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from analysis.congestion import CongestionWindow


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    """Takes `ceiling` calls at once, or `rate` a second out of a bucket of one second; both may change with time."""

    ceiling: Callable[[float], float] | None = None
    rate: Callable[[float], float] | None = None
    latency: float = 0.2
    retry_after: float | None = None
    failing_share: float = 0.0
    inside: int = 0
    tokens: float = float("inf")
    filled_at: float = 0.0
    served: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def takes(self, now: float) -> bool:
        """Whether a call that arrives now is served."""
        if self.rate is not None:
            allowed = self.rate(now)
            self.tokens = min(allowed, self.tokens + (now - self.filled_at) * allowed)
            self.filled_at = now
            if self.tokens < 1:
                return False
            self.tokens -= 1
        return self.ceiling is None or self.inside < self.ceiling(now)


def simulate(server: Server, seconds: float, *, maximum: int = 512, overhead: float = 0.005) -> CongestionWindow:
    """Call as often as the window lets us for so many simulated seconds; a call spends `overhead` outside the server."""
    clock, random_ = Clock(), random.Random(1)
    window = CongestionWindow(maximum, clock)
    events: list[tuple[float, int, str, float]] = []
    order = iter(range(10**9))

    def at(moment: float, what: str, sent_at: float = 0.0) -> None:
        heapq.heappush(events, (moment, next(order), what, sent_at))

    def arrive(sent_at: float) -> None:
        if random_.random() < server.failing_share or not server.takes(clock.now):
            server.refused.append(clock.now)
            at(clock.now + overhead / 2, "refused", sent_at)
        else:
            server.inside += 1
            at(clock.now + server.latency * random_.uniform(0.8, 1.2), "serve", sent_at)

    def serve(sent_at: float) -> None:
        server.inside -= 1
        server.served.append(clock.now)
        at(clock.now + overhead / 2, "answered", sent_at)

    def answered(sent_at: float) -> None:
        window.answered(sent_at)
        window.leave()

    def refused(sent_at: float) -> None:
        window.refused(sent_at, server.retry_after)
        at(clock.now + window.hold_seconds, "leave")

    happen: dict[str, Callable[[float], None]] = {
        "arrive": arrive,
        "serve": serve,
        "answered": answered,
        "refused": refused,
        "leave": lambda _: window.leave(was_refused=True),
        "send": lambda _: None,
    }
    at(0.0, "send")
    while events[0][0] <= seconds:
        clock.now, _, what, sent_at = heapq.heappop(events)
        happen[what](sent_at)
        while window.has_room:
            window.enter()
            at(clock.now + overhead / 2, "arrive", window.now())
        if window.pause_seconds:
            at(clock.now + window.pause_seconds, "send")
    return window
