"""Questions that many requests have at once, asked together.

A look at the database costs much the same for one user as for thirty. So one look is under way at a time; whoever comes meanwhile
waits for the next, which begins after they came: nobody is told what was so before they asked.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Key = TypeVar("Key")
Found = TypeVar("Found")

_MOST_AT_ONCE = 200


class Together(Generic[Key, Found]):
    """Looks things up for requests of one event loop, in a thread of its own."""

    def __init__(self, look: Callable[[Collection[Key]], Mapping[Key, Found]], *, name: str) -> None:
        """Make one.

        Args:
            look: Finds what there is for each of these keys; blocks.
            name: Of the thread.
        """
        self._look = look
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: list[tuple[Key, asyncio.Future[Found | None]]] = []
        self._looking: asyncio.Task[None] | None = None

    async def ask(self, key: Key) -> Found | None:
        """What there is for the key, not before this was called; raises what looking raised."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Found | None] = loop.create_future()
        self._waiting.append((key, answered))
        if self._looking is None or self._looking.done():
            self._looking = loop.create_task(self._look_for_all(), name="together")
        return await answered

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False)

    async def _look_for_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            asked, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            try:
                found = await loop.run_in_executor(self._thread, self._look, {key for key, _ in asked})
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told to those who asked
                for _, answered in asked:
                    if not answered.done():
                        answered.set_exception(error)
                continue
            for key, answered in asked:
                if not answered.done():
                    answered.set_result(found.get(key))
