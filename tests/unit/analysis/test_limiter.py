"""Concurrency adapts."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.limiter import AdaptiveLimit, growing_pause


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_starts_small_grows_by_one_a_round_and_stops_at_the_maximum() -> None:
    limit = AdaptiveLimit(10, Clock())
    assert limit.limit == 8
    for _ in range(8):
        limit.succeeded()
    assert 8.9 < limit.limit < 9.1
    for _ in range(100):
        limit.succeeded()
    assert limit.limit == 10


def test_it_shrinks_once_a_second_however_many_refusals() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    for _ in range(50):
        limit.throttled(0)
    assert limit.limit == pytest.approx(8 * 0.7)
    clock.now = 1.0
    limit.throttled(0)
    assert limit.limit == pytest.approx(8 * 0.49)


def test_it_keeps_the_pause_it_was_asked_for() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    limit.throttled(5.0)
    limit.throttled(2.0)
    clock.now = 4.0
    assert limit.pause_seconds == pytest.approx(1.0)


def test_without_a_hint_pauses_grow() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    for _ in range(4):
        limit.throttled(None)
    assert 4.0 <= limit.pause_seconds <= 8.0
    limit.succeeded()
    clock.now = 100.0
    limit.throttled(None)
    assert limit.pause_seconds <= 1.0


@given(st.integers(1, 60))
def test_a_growing_pause_is_never_longer_than_half_a_minute(times: int) -> None:
    assert 0.5 <= growing_pause(times) <= 30


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 64))
def test_it_stays_between_one_and_the_maximum(outcomes: list[bool], maximum: int) -> None:
    clock = Clock()
    limit = AdaptiveLimit(maximum, clock)
    for is_success in outcomes:
        clock.now += 1
        limit.succeeded() if is_success else limit.failed()
        assert 1 <= limit.limit <= maximum


def test_no_more_than_the_limit_are_inside() -> None:
    async def scenario() -> int:
        limit = AdaptiveLimit(3)
        inside = most = 0

        async def enter() -> None:
            nonlocal inside, most
            async with limit.slot():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(enter() for _ in range(20)))
        return most

    assert asyncio.run(scenario()) == 3
