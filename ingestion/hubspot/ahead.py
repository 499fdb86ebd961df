"""Doing the waiting at once: several sources read side by side, and a function applied ahead of whoever wants its results.

HubSpot takes a quarter of a second and more over every answer, and its limits allow many answers a second, so one request after
another would use a fraction of them. Both helpers keep a bounded number of results ready, so memory does not grow with the
portal, and both stop their threads when whoever reads them stops.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_LOOK_UP_SECONDS = 0.1


@dataclass(frozen=True)
class _End:
    """A source has no more items, or broke off with an error."""

    error: BaseException | None = None


class _Counter(Generic[_T]):
    """Where the threads that read sources hand their items over."""

    def __init__(self, ready: int) -> None:
        self.arrived: queue.Queue[_T | _End] = queue.Queue(maxsize=ready)
        self.is_closed = threading.Event()

    def read(self, source: Iterable[_T]) -> None:
        """Hand over everything a source has, and how it ended; closes the source, also when the counter closes first."""
        items = iter(source)
        try:
            for item in items:
                if not self._hand_over(item):
                    break
            self._hand_over(_End())
        except BaseException as error:  # noqa: BLE001 - raised again where the items are taken
            self._hand_over(_End(error))
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    def _hand_over(self, item: _T | _End) -> bool:
        while not self.is_closed.is_set():
            try:
                self.arrived.put(item, timeout=_LOOK_UP_SECONDS)
            except queue.Full:
                continue
            return True
        return False


def merged(sources: Sequence[Iterable[_T]], *, ready: int) -> Iterator[_T]:
    """The items of all sources as they arrive, each source read in a thread of its own; a source's own items stay in order.

    Close the iterator to stop early: the sources are closed in their threads, and all threads have ended when it returns.

    Args:
        sources: Read once each.
        ready: Items that may wait to be taken, over all sources.

    Raises:
        BaseException: Whatever a source raises, once everything it gave before was taken; the others are stopped then.
    """
    counter = _Counter[_T](ready)
    threads = [threading.Thread(target=counter.read, args=(source,), daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    unfinished = len(threads)
    try:
        while unfinished:
            item = counter.arrived.get()
            if not isinstance(item, _End):
                yield item
                continue
            if item.error is not None:
                raise item.error
            unfinished -= 1
    finally:
        counter.is_closed.set()
        for thread in threads:
            thread.join()


class Crew:
    """A few threads that work ahead; share one among everything that talks to one portal. Made by `crew`."""

    def __init__(self, pool: ThreadPoolExecutor, size: int) -> None:
        self._pool, self._size = pool, size

    def map(self, function: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
        """`function` of each item, in the items' order, computed by as many threads as there are.

        The function must not use the crew itself: threads that wait for each other would all wait.
        """
        waiting: deque[Future[_R]] = deque()
        try:
            for item in items:
                waiting.append(self._pool.submit(function, item))
                if len(waiting) >= self._size:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def crew(size: int) -> Iterator[Crew]:
    """A crew of `size` threads, gone when the block ends."""
    with ThreadPoolExecutor(size, thread_name_prefix="ahead") as pool:
        yield Crew(pool, size)
