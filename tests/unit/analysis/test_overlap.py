"""Pages of work overlap, within bounds, and none is lost."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.overlap import overlapping


@given(st.integers(0, 30), st.integers(1, 5))
def test_every_page_is_worked_on_once_and_no_more_than_so_many_at_a_time(pages: int, depth: int) -> None:
    done: list[int] = []
    taken = under_way = most = furthest = 0

    def given_out() -> Iterator[int]:
        nonlocal taken
        for page in range(pages):
            taken += 1
            yield page

    async def work(page: int) -> None:
        nonlocal under_way, most, furthest
        under_way += 1
        most = max(most, under_way)
        furthest = max(furthest, taken - len(done))
        await asyncio.sleep(0)
        done.append(page)
        under_way -= 1

    asyncio.run(overlapping(given_out(), work, depth=depth))
    assert sorted(done) == list(range(pages))
    assert most <= depth
    assert furthest <= depth


def test_after_a_failure_no_page_is_begun_and_those_under_way_are_finished() -> None:
    begun: list[int] = []
    finished: list[int] = []

    async def work(page: int) -> None:
        begun.append(page)
        if page == 1:
            raise ValueError("page 1")
        await asyncio.sleep(0.05)
        finished.append(page)

    with pytest.raises(ValueError, match="page 1"):
        asyncio.run(overlapping(iter(range(10)), work, depth=3))
    assert sorted([*finished, 1]) == begun
    assert len(begun) <= 4


def test_pages_that_cannot_be_had_are_told_after_the_others_were_stopped() -> None:
    cancelled: list[int] = []

    def pages() -> Iterator[int]:
        yield 0
        raise KeyError("no more")

    async def work(page: int) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(page)
            raise

    with pytest.raises(KeyError, match="no more"):
        asyncio.run(overlapping(pages(), work, depth=3))
    assert cancelled == [0]
