"""The gate in front of a model server: lets in as many callers as the congestion window allows, first come first served.

Knows asyncio and nothing of how the window moves (`analysis.congestion`). Wakes exactly those there is room for: with hundreds
waiting, waking everybody for each answer is what a driver would spend its time on.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from analysis.congestion import CongestionWindow

_AHEAD_SHARE = 1.25
_AHEAD_AT_LEAST = 4


class Slot:
    """The right to one call in flight; tell it how the call ended, or it counts as never made."""

    def __init__(self, window: CongestionWindow) -> None:
        self._window = window
        self._sent_at = window.now()
        self.hold_seconds = 0.0
        """How long the place stays taken after the call."""

    def answered(self) -> None:
        """The call was answered."""
        self._window.answered(self._sent_at)

    def failed(self) -> None:
        """The call was not answered."""
        self._window.failed(self._sent_at)

    def refused(self, retry_after: float | None) -> None:
        """The server asked for fewer calls."""
        self._window.refused(self._sent_at, retry_after)
        self.hold_seconds = max(self._window.hold_seconds, 0.001)


class AdaptiveLimit:
    """Two gates, one behind the other; belongs to one event loop.

    `place` is for whoever prepares a call, makes it and stores its reply, and is a little wider than `slot`, which is for the call
    alone: so the next call is ready the moment a slot is free, and what is prepared is never much more than what is in flight.
    """

    def __init__(self, maximum: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.window = CongestionWindow(maximum, clock)
        self._placed = 0
        self._for_place: deque[asyncio.Future[None]] = deque()
        self._for_slot: deque[asyncio.Future[None]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_open = False
        self.widest = max(int(maximum * _AHEAD_SHARE), maximum + _AHEAD_AT_LEAST)
        """Most places there can ever be."""

    @property
    def pause_seconds(self) -> float:
        """How long nobody is let in from now on."""
        return self.window.pause_seconds

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Be one of those who prepare, make or store a call; nobody begins to while a pause is on."""
        await self._wait(self._for_place)
        try:
            yield
        finally:
            self._placed -= 1
            self._wake()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Be one of those in flight, once there is room and no pause is on."""
        await self._wait(self._for_slot)
        slot = Slot(self.window)
        try:
            yield slot
        finally:
            if slot.hold_seconds:
                asyncio.get_running_loop().call_later(slot.hold_seconds, self._left, True)
                self._wake()
            else:
                self._left(False)

    def open(self) -> None:
        """Hold nobody back any more: whoever comes in finds out for itself that there is nothing left to do."""
        self._is_open = True
        self._wake()

    def _left(self, was_refused: bool) -> None:
        self.window.leave(was_refused=was_refused)
        self._wake()

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # Let in and cancelled in the same moment: the room goes to the next.
                if queue is self._for_slot:
                    self.window.leave()
                else:
                    self._placed -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._for_slot and (self._is_open or self.window.has_room):
            if _let_in(self._for_slot.popleft()):
                self.window.enter()
        while self._for_place and (self._is_open or (not self.pause_seconds and self._placed < self._ahead)):
            self._placed += _let_in(self._for_place.popleft())
        if (self._for_slot or self._for_place) and self.pause_seconds and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(self.pause_seconds + 0.001, self._rung)

    def _rung(self) -> None:
        self._alarm = None
        self._wake()

    @property
    def _ahead(self) -> int:
        return max(int(self.window.limit * _AHEAD_SHARE), int(self.window.limit) + _AHEAD_AT_LEAST)


def _let_in(turn: asyncio.Future[None]) -> bool:
    if turn.done():
        return False
    turn.set_result(None)
    return True
