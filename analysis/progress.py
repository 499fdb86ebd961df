"""How far a run is: figures for whoever watches, computed from what was done and when; pure, with the clock passed in."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

_WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        calls_total: Paid calls the run was estimated to need; None: it pays for none, or nobody estimated.
        calls_per_second: Paid calls in the last minute, per second.
        messages_per_second: Messages since the run began, per second.
    """

    messages_done: int
    messages_total: int
    calls_paid: int
    calls_total: int | None = None
    cost_usd: float = 0.0
    seconds: float = 0.0
    calls_per_second: float = 0.0
    messages_per_second: float = 0.0

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1: of the calls where those are known, of the messages otherwise."""
        done, total = (
            (self.calls_paid, self.calls_total) if self.calls_total else (self.messages_done, self.messages_total)
        )
        return min(1.0, done / total) if total else 1.0

    @property
    def seconds_left(self) -> float | None:
        """How long it will take at this rate; None: nobody can tell yet."""
        if self.calls_total:
            left, rate = max(0, self.calls_total - self.calls_paid), self.calls_per_second
        else:
            left, rate = self.messages_total - self.messages_done, self.messages_per_second
        if left <= 0:
            return 0.0
        return left / rate if rate > 0 else None

    @property
    def rate(self) -> str:
        """Calls a second where calls are paid for, messages a second otherwise."""
        if self.calls_paid or self.calls_total:
            return f"{self.calls_per_second:,.1f} calls/s"
        return f"{self.messages_per_second:,.0f} messages/s"

    @property
    def sentence(self) -> str:
        """All of it in a line."""
        parts = [f"{self.messages_done:,} of {self.messages_total:,} messages"]
        if self.calls_paid or self.calls_total:
            of = f" of about {self.calls_total:,}" if self.calls_total else ""
            parts += [f"{self.calls_paid:,}{of} paid calls", f"{self.cost_usd:.4f} USD so far"]
        parts.append(self.rate)
        if self.seconds_left:
            parts.append(f"{duration(self.seconds_left)} left")
        return ", ".join(parts)


OnProgress = Callable[[Progress], None]
"""Told after every page of messages, and after every paid call."""


class Meter:
    """Remembers when what was done, for the rates."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._marks: deque[tuple[float, int]] = deque([(self._began, 0)])

    def progress(
        self, *, messages_done: int, messages_total: int, calls_paid: int, calls_total: int | None, cost_usd: float
    ) -> Progress:
        """How far it is now, given what was done since the meter began."""
        now = self._clock()
        self._marks.append((now, calls_paid))
        while len(self._marks) > 2 and self._marks[1][0] <= now - _WINDOW_SECONDS:
            self._marks.popleft()
        since, calls_then = self._marks[0]
        seconds = now - self._began
        return Progress(
            messages_done=messages_done,
            messages_total=messages_total,
            calls_paid=calls_paid,
            calls_total=calls_total,
            cost_usd=cost_usd,
            seconds=seconds,
            calls_per_second=(calls_paid - calls_then) / (now - since) if now > since else 0.0,
            messages_per_second=messages_done / seconds if seconds > 0 else 0.0,
        )


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{timedelta(seconds=round(seconds)).days} days"
