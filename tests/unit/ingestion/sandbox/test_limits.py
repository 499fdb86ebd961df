"""Rate limits: a rolling window, search apart, a daily cap, and the headers that go with them."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion.sandbox.limits import Limiter, Limits


class Timer:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_window_rolls_and_a_refused_request_counts_for_nothing() -> None:
    timer = Timer()
    limiter = Limiter(Limits(burst=2, burst_window_seconds=10), timer)
    assert limiter.take(1, "burst").headers["X-HubSpot-RateLimit-Remaining"] == "1"
    timer.now += 6
    assert limiter.take(1, "burst").policy_name is None
    assert limiter.take(1, "burst").policy_name == "TEN_SECONDLY_ROLLING"
    timer.now += 4
    assert limiter.take(1, "burst").policy_name is None
    assert limiter.take(1, "burst").policy_name == "TEN_SECONDLY_ROLLING"


def test_search_and_portals_are_counted_apart() -> None:
    limiter = Limiter(Limits(burst=1, search_per_second=1), Timer())
    assert limiter.take(1, "burst").policy_name is None
    searched = limiter.take(1, "search")
    assert (searched.policy_name, searched.headers) == (None, {})
    assert limiter.take(1, "search").policy_name == "SECONDLY"
    assert limiter.take(2, "search").policy_name is None


def test_the_daily_cap_counts_everything() -> None:
    timer = Timer()
    limiter = Limiter(Limits(daily=2), timer)
    assert limiter.take(1, "burst").headers["X-HubSpot-RateLimit-Daily-Remaining"] == "1"
    assert limiter.take(1, "search").policy_name is None
    assert limiter.take(1, "burst").policy_name == "DAILY"
    timer.now += 86_401
    assert limiter.take(1, "burst").policy_name is None


def test_without_limits_everything_passes() -> None:
    limiter = Limiter(None)
    assert all(limiter.take(1, "search").policy_name is None for _ in range(500))


@given(st.lists(st.floats(0, 5), max_size=80), st.integers(1, 5))
def test_no_window_ever_holds_more_than_the_limit(gaps: list[float], burst: int) -> None:
    timer = Timer()
    limiter = Limiter(Limits(burst=burst, burst_window_seconds=10), timer)
    passed: list[float] = []
    for gap in gaps:
        timer.now += gap
        if limiter.take(1, "burst").policy_name is None:
            passed.append(timer.now)
    assert all(later - earlier >= 10 for earlier, later in zip(passed, passed[burst:], strict=False))
