"""Whether a run goes on: it stops when a person has to act, or when nobody was answered for too long."""

import asyncio
import time
from collections.abc import Callable

from core.errors import ChurnboardError, Transient


class ModelUnavailable(Transient):
    """The model server answered nothing for too long; what is open stays open."""


class Patience:
    """Counts answers, and ends once; belongs to one event loop."""

    def __init__(self, seconds: float, on_end: Callable[[], None]) -> None:
        self.seconds = seconds
        self._on_end = on_end
        self._ended = asyncio.Event()
        self.answered_at = time.monotonic()
        self.answered_count = 0
        self.stopped: ChurnboardError | None = None
        """Why no further call is made, once that is so."""

    @property
    def is_over(self) -> bool:
        """Whether no further call is to be made."""
        return self._ended.is_set()

    def answered(self) -> None:
        """A call was answered and its reply is stored."""
        self.answered_at = time.monotonic()
        self.answered_count += 1

    def lose(self, reason: str, pause_seconds: float) -> None:
        """Stop where nobody was answered for too long; a pause the server itself asked for is not silence."""
        silent = time.monotonic() - self.answered_at
        if silent > self.seconds + pause_seconds:
            sentence = f"No call was answered for {silent:.0f} s; last: {reason}"
            self.stop(ModelUnavailable(f"{sentence} What was read is kept; run this step again later."))

    def stop(self, error: ChurnboardError) -> None:
        """Stop for this reason, or for the one that came first."""
        if self.stopped is None:
            self.stopped = error
        self._ended.set()
        self._on_end()

    async def pause(self, seconds: float) -> None:
        """Sleep that long, or until the run is over."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._ended.wait()
        except TimeoutError:
            return
