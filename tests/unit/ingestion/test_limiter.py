"""The budgets, on a clock that only waiting moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.hubspot.limiter import Budget, PortalLimiter


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def budget(limit: int, seconds: float, time: Time) -> Budget:
    return Budget(limit, seconds, clock=time.clock, sleep=time.sleep)


@given(st.integers(1, 20), st.lists(st.floats(0, 3), min_size=1, max_size=80))
def test_no_window_ever_holds_more_than_the_limit(limit: int, pauses: list[float]) -> None:
    time = Time()
    made = budget(limit, 10, time)
    taken = []
    for pause in pauses:
        time.now += pause
        made.take()
        taken.append(time.now)
    for start in taken:
        assert sum(start <= one < start + 10 - 1e-6 for one in taken) <= limit


def test_nobody_waits_while_there_is_room() -> None:
    time = Time()
    made = budget(110, 10, time)
    for _ in range(110):
        made.take()
    assert time.now == 0
    made.take()
    assert time.now == pytest.approx(10)


def test_searches_have_a_budget_of_their_own() -> None:
    time = Time()
    portal = PortalLimiter(clock=time.clock, sleep=time.sleep)
    for _ in range(20):
        portal.search.take()
    assert time.now == pytest.approx(3)
    portal.burst.take()
    assert time.now == pytest.approx(3)


def test_hubspots_own_count_is_believed() -> None:
    time = Time()
    made = budget(110, 10, time)
    made.take()
    made.observe({"x-hubspot-ratelimit-max": "190", "x-hubspot-ratelimit-remaining": "0"})
    assert made.limit == 190
    made.take()
    assert time.now == pytest.approx(10), "somebody else has used up the window"
    made.observe({"x-hubspot-ratelimit-max": "many", "x-hubspot-ratelimit-remaining": ""})
    assert made.limit == 190


def test_a_refusal_closes_the_budget_for_as_long_as_it_says() -> None:
    time = Time()
    made = budget(5, 1, time)
    made.close(4)
    made.take()
    assert time.now == pytest.approx(4)
