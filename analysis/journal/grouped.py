"""Many coroutines, one transaction at a time: what is to be written while a commit is under way shares the next one.

A commit is a wait for the disk, longer than the step itself; this makes it one wait for as many calls as are ready (group
commit). Nobody goes on before the own step is on disk, so nothing that the journal promises is weakened.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from analysis.journal.journal import Journal

T = TypeVar("T")

_MOST_STEPS = 64


@dataclass(frozen=True, slots=True)
class _Step:
    order: tuple[str, str]
    run: Callable[[], Any]
    done: "asyncio.Future[Any]"


class GroupedJournal:
    """Steps of a journal, awaited; belongs to one event loop."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: list[_Step] = []
        self._writing: asyncio.Task[None] | None = None

    async def step(self, order: tuple[str, str], run: Callable[[], T]) -> T:
        """Run one step of the journal (`partial(journal.claim, …)`) and return what it returns, once that is kept.

        Args:
            order: Payer and key of the call.
            run: The step.

        Raises:
            JournalUnavailable: Nothing of the group was kept.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Step(order, run, done))
        if self._writing is None:
            self._writing = asyncio.ensure_future(self._write())
        return await done

    async def _write(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:_MOST_STEPS], self._waiting[_MOST_STEPS:]
                try:
                    results = await asyncio.to_thread(self._run, group)
                except Exception as error:  # noqa: BLE001 - whoever waits gets it
                    for step in group:
                        if not step.done.done():
                            step.done.set_exception(error)
                else:
                    for step, result in zip(group, results, strict=True):
                        if not step.done.done():
                            step.done.set_result(result)
        finally:
            self._writing = None

    def _run(self, group: list[_Step]) -> list[Any]:
        # In this order two groups never wait for each other in a circle; on one call the order stays as asked.
        order = sorted(range(len(group)), key=lambda index: group[index].order)
        with self._journal.together():
            results = {}
            for index in order:
                self._journal.hold(group[index].order[0])
                results[index] = group[index].run()
        return [results[index] for index in range(len(group))]
