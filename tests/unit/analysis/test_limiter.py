"""The gate: no more than the limit inside, in the order of asking, and nobody forgotten."""

import asyncio

from analysis.limiter import AdaptiveLimit


def test_no_more_than_the_limit_are_inside_and_a_few_more_are_prepared() -> None:
    async def scenario() -> tuple[int, int, list[int]]:
        limit = AdaptiveLimit(3)
        inside = most = placed = most_placed = 0
        order: list[int] = []

        async def enter(number: int) -> None:
            nonlocal inside, most, placed, most_placed
            async with limit.place():
                placed += 1
                most_placed = max(most_placed, placed)
                async with limit.slot():
                    order.append(number)
                    inside += 1
                    most = max(most, inside)
                    await asyncio.sleep(0)
                    inside -= 1
                placed -= 1

        await asyncio.gather(*(enter(number) for number in range(30)))
        return most, most_placed, order

    most, most_placed, order = asyncio.run(scenario())
    assert most == 3
    assert most_placed == 7
    assert order == list(range(30))


def test_a_refused_call_keeps_its_place_for_as_long_as_an_answer_takes() -> None:
    async def scenario() -> list[int]:
        limit = AdaptiveLimit(8)
        async with limit.slot() as slot:
            await asyncio.sleep(0.05)
            slot.answered()
        async with limit.slot() as slot:
            slot.refused(None)
        seen = [limit.window.in_flight]
        await asyncio.sleep(0.2)
        return [*seen, limit.window.in_flight]

    assert asyncio.run(scenario()) == [1, 0]


def test_nobody_is_let_in_during_a_pause_and_everybody_after_it() -> None:
    async def scenario() -> float:
        limit = AdaptiveLimit(2)
        loop = asyncio.get_running_loop()
        async with limit.slot() as slot:
            slot.refused(0.2)
        began = loop.time()

        async def enter() -> None:
            async with limit.place(), limit.slot():
                pass

        await asyncio.gather(*(enter() for _ in range(5)))
        return loop.time() - began

    assert asyncio.run(scenario()) >= 0.19


def test_who_is_cancelled_while_waiting_or_when_let_in_takes_no_room_along() -> None:
    async def scenario() -> tuple[int, int]:
        limit = AdaptiveLimit(1)

        async def enter() -> None:
            async with limit.place(), limit.slot():
                await asyncio.sleep(0)

        async with limit.place(), limit.slot():
            waiting = [asyncio.ensure_future(enter()) for _ in range(4)]
            await asyncio.sleep(0)
            waiting[0].cancel()
        # Let in just now, not yet running: the room it was given goes on to the next.
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with limit.place(), limit.slot():
            return limit.window.in_flight, sum(one.cancelled() for one in waiting)

    assert asyncio.run(scenario()) == (1, 2)


def test_an_opened_gate_holds_nobody_back() -> None:
    async def scenario() -> None:
        limit = AdaptiveLimit(1)
        async with limit.slot() as slot:
            slot.refused(3600.0)

        async def enter() -> None:
            async with limit.place(), limit.slot():
                await asyncio.sleep(0)

        waiting = [asyncio.ensure_future(enter()) for _ in range(20)]
        await asyncio.sleep(0)
        limit.open()
        await asyncio.wait_for(asyncio.gather(*waiting), 5)

    asyncio.run(scenario())
