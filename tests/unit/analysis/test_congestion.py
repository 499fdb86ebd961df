"""The congestion window against servers in simulated time: nearly all of what a server takes is used, and little is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.congestion import CongestionWindow, growing_pause
from tests.support.congested import Clock, Server, simulate

OVERHEAD = 0.005
WARM = 10.0


def share_used(server: Server, capacity: float, seconds: float, begin: float = WARM) -> float:
    """Calls served after `begin` over what the server could have served."""
    return sum(moment >= begin for moment in server.served) / (capacity * (seconds - begin))


def share_refused(server: Server) -> float:
    return len(server.refused) / (len(server.refused) + len(server.served))


@pytest.mark.parametrize("ceiling", [4, 10, 40, 200])
@pytest.mark.parametrize("retry_after", [None, 1.0])
def test_a_ceiling_nobody_told_of_is_found_and_used(ceiling: int, retry_after: float | None) -> None:
    server = Server(ceiling=lambda _: ceiling, retry_after=retry_after)
    simulate(server, 120, overhead=OVERHEAD)
    reachable = ceiling / (server.latency + OVERHEAD)
    assert share_used(server, reachable, 120) > 0.97
    assert share_refused(server) < 0.02


@pytest.mark.parametrize("rate", [50, 200, 500])
@pytest.mark.parametrize("retry_after", [None, 1.0])
def test_calls_a_second_are_found_and_used_as_well(rate: int, retry_after: float | None) -> None:
    server = Server(rate=lambda _: rate, retry_after=retry_after)
    simulate(server, 120, overhead=OVERHEAD)
    assert share_used(server, rate, 120) > 0.95
    assert share_refused(server) < (0.03 if rate < 100 else 0.02)


def test_it_follows_a_ceiling_that_comes_down_and_goes_up_again() -> None:
    server = Server(ceiling=lambda now: 10 if 50 <= now < 100 else 40)
    simulate(server, 180, overhead=OVERHEAD)
    assert 44 < sum(60 <= moment < 61 for moment in server.served) <= 51
    assert sum(170 <= moment < 180 for moment in server.served) > 0.95 * 40 * 10 / (server.latency + OVERHEAD)
    assert share_refused(server) < 0.02


@pytest.mark.parametrize("retry_after", [None, 5.0])
def test_an_outage_is_waited_for_with_few_calls_and_left_behind_quickly(retry_after: float | None) -> None:
    server = Server(ceiling=lambda now: 0 if 20 <= now < 60 else 40, retry_after=retry_after)
    simulate(server, 120, overhead=OVERHEAD)
    assert sum(30 <= moment < 60 for moment in server.refused) < 10
    back = sum(105 <= moment < 115 for moment in server.served)
    assert back > 0.9 * 40 * 10 / (server.latency + OVERHEAD)


def test_refusals_that_have_nothing_to_do_with_us_leave_a_good_part() -> None:
    server = Server(failing_share=0.01)
    simulate(server, 120, maximum=64, overhead=OVERHEAD)
    assert share_used(server, 64 / (server.latency + OVERHEAD), 120) > 0.4


def in_use(window: CongestionWindow) -> CongestionWindow:
    """The window with every place taken, as only a limit that is used may grow."""
    while window.has_room:
        window.enter()
    return window


def test_it_doubles_until_the_first_refusal_and_stops_at_the_maximum() -> None:
    clock = Clock()
    window = CongestionWindow(100, clock)
    assert window.limit == 8
    for _ in range(8):
        in_use(window).answered(clock.now)
    assert window.limit == 16
    for _ in range(200):
        in_use(window).answered(clock.now)
    assert window.limit == 100


def test_a_limit_that_is_not_used_does_not_grow() -> None:
    window = CongestionWindow(100, Clock())
    window.enter()
    for _ in range(50):
        window.answered(0.0)
    assert window.limit == 8


def test_failures_alone_lower_the_limit_only_where_they_are_many() -> None:
    clock = Clock()
    window = CongestionWindow(64, clock)
    for _ in range(100):
        in_use(window).answered(clock.now)
    full = window.limit
    for _ in range(3):
        window.failed(clock.now)
    assert window.limit == full
    for _ in range(50):
        window.failed(clock.now)
    assert window.limit == pytest.approx(full * 0.7)


def test_it_keeps_the_pause_it_was_asked_for() -> None:
    clock = Clock()
    window = CongestionWindow(8, clock)
    in_use(window)
    window.refused(clock.now, 5.0)
    assert not window.has_room
    clock.now = 4.0
    assert window.pause_seconds == pytest.approx(1.0)
    window.refused(0.0, 2.0)
    assert window.pause_seconds == pytest.approx(1.0), "it was sent before the pause began"


def test_where_all_is_refused_without_a_hint_pauses_grow() -> None:
    clock = Clock()
    window = CongestionWindow(8, clock)
    pauses = []
    for _ in range(6):
        clock.now += window.pause_seconds
        before = window.in_flight
        in_use(window)
        for _ in range(window.in_flight - before):
            window.refused(clock.now, None)
        pauses.append(window.pause_seconds)
        for _ in range(window.in_flight):
            window.leave(was_refused=True)
    assert window.limit == 1
    assert pauses[-1] > 10 > 1 >= pauses[0]


@given(st.integers(1, 60))
def test_a_growing_pause_is_never_longer_than_half_a_minute(times: int) -> None:
    assert 0.5 <= growing_pause(times) <= 30


@given(st.lists(st.sampled_from(["ok", "failed", "refused", "told"]), max_size=200), st.integers(1, 64))
def test_it_stays_between_one_and_the_maximum(outcomes: list[str], maximum: int) -> None:
    clock = Clock()
    window = CongestionWindow(maximum, clock)
    for outcome in outcomes:
        in_use(window)
        sent_at = clock.now
        clock.now += 0.3
        if outcome == "ok":
            window.answered(sent_at)
        elif outcome == "failed":
            window.failed(sent_at)
        else:
            window.refused(sent_at, 1.0 if outcome == "told" else None)
        if window.in_flight:
            window.leave(was_refused=outcome in {"refused", "told"})
        assert 1 <= window.limit <= maximum
