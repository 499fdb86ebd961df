"""Several pages of work under way at once, so that the next one's calls start while the last ones of this one are still out.

With one page after another a driver runs dry at each border: the last calls of a page are few, and writing it takes a while.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

T = TypeVar("T")


async def overlapping(pages: Iterator[T], work: Callable[[T], Awaitable[None]], *, depth: int) -> None:
    """Work on every page, on up to `depth` at once; they may end in any order.

    Pages are taken in a thread, one at a time and no sooner than there is room for one, so memory does not depend on how many
    there are. When one fails no other is begun, those under way come to their end, and the first failure is raised.
    """
    under_way: set[asyncio.Task[None]] = set()
    failures: list[BaseException] = []
    end = object()
    try:
        while not failures and (page := await asyncio.to_thread(next, pages, end)) is not end:
            under_way.add(asyncio.ensure_future(work(page)))  # type: ignore[arg-type] # `end` is sorted out above
            if len(under_way) >= depth:
                under_way = await _some(under_way, failures, asyncio.FIRST_COMPLETED)
        while under_way:
            under_way = await _some(under_way, failures, asyncio.ALL_COMPLETED)
    except BaseException:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        raise
    if failures:
        raise failures[0]


async def _some(
    tasks: set[asyncio.Task[None]], failures: list[BaseException], return_when: str
) -> set[asyncio.Task[None]]:
    done, pending = await asyncio.wait(tasks, return_when=return_when)
    failures.extend(error for task in done if (error := task.exception()) is not None)
    return pending
