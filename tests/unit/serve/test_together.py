"""Questions asked together: each is looked at after it was asked, and many by one look."""

import asyncio
import threading
from collections.abc import Collection

import pytest

from serve.kept.together import Together


def test_whoever_comes_during_a_look_waits_for_the_next() -> None:
    looks: list[set[int]] = []
    state, began, may_go_on = {"value": 0}, threading.Event(), threading.Event()

    def look(keys: Collection[int]) -> dict[int, int]:
        looks.append(set(keys))
        began.set()
        seen = state["value"]
        assert may_go_on.wait(10)
        return dict.fromkeys(keys, seen)

    async def all_of_it() -> list[int | None]:
        together = Together(look, name="test")
        first = asyncio.create_task(together.ask(1))
        await asyncio.to_thread(began.wait, 10)
        state["value"] = 1
        later = [asyncio.create_task(together.ask(number % 3)) for number in range(30)]
        await asyncio.sleep(0.01)
        may_go_on.set()
        found = await asyncio.gather(first, *later)
        together.close()
        return found

    found = asyncio.run(all_of_it())
    assert found == [0] + [1] * 30, "nobody is told what was so before they asked"
    assert looks == [{1}, {0, 1, 2}]


def test_a_failure_is_told_to_those_who_asked_and_to_nobody_after() -> None:
    failing = [True]

    def look(keys: Collection[str]) -> dict[str, str]:
        if failing.pop() if failing else False:
            raise OSError("gone")
        return {key: key for key in keys if key != "unknown"}

    async def all_of_it() -> None:
        together = Together(look, name="test")
        with pytest.raises(OSError, match="gone"):
            await together.ask("a")
        assert await together.ask("a") == "a"
        assert await together.ask("unknown") is None
        gone = asyncio.create_task(together.ask("b"))
        await asyncio.sleep(0)
        gone.cancel()
        assert await together.ask("c") == "c"
        together.close()

    asyncio.run(all_of_it())
