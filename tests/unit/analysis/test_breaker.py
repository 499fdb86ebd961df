"""Who only fails is left alone for a while, then tried with one call."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.breaker import Breaker, Breakers, Route
from tests.support.congested import Clock

MAIN, OTHER = "main/model", "other/model"


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(5):
        breaker.failed(clock.now)
    return breaker


def test_five_failures_in_a_row_open_it_and_four_do_not() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(3):
        for _ in range(4):
            breaker.failed(clock.now)
        breaker.succeeded(clock.now)
        breaker.succeeded(clock.now)
        breaker.succeeded(clock.now)
        breaker.succeeded(clock.now)
        breaker.succeeded(clock.now)
    assert breaker.is_closed
    for _ in range(5):
        breaker.failed(clock.now)
    assert not breaker.is_closed
    assert not breaker.admit()


def test_half_of_the_last_twenty_open_it() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for number in range(19):
        (breaker.failed if number % 2 == 0 else breaker.succeeded)(clock.now)
    assert breaker.is_closed
    breaker.failed(clock.now)
    assert not breaker.is_closed


def test_half_open_lets_one_probe_through_and_the_probe_decides() -> None:
    clock = Clock()
    breaker = opened(clock)
    sent_before = clock.now
    clock.now = 2.0
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    breaker.succeeded(sent_before)
    assert not breaker.is_closed, "an answer to an earlier call decides nothing"
    breaker.failed(2.0)
    assert 3.9 < breaker.wait_seconds <= 4.0, "twice as long as before"
    clock.now = 6.0
    assert breaker.admit()
    breaker.succeeded(6.0)
    assert breaker.is_closed
    assert breaker.admit()


def test_a_probe_that_was_not_made_leaves_the_way_free() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 2.0
    assert breaker.admit()
    breaker.undecided()
    assert breaker.admit()


def test_it_stays_open_for_as_long_as_the_server_asks() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(5):
        breaker.failed(clock.now, 30.0)
    assert breaker.wait_seconds == 30.0


@given(st.lists(st.sampled_from(["ok", "failed", "admit", "wait"]), max_size=300))
def test_it_never_stays_open_for_good(steps: list[str]) -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for step in steps:
        if step == "ok":
            breaker.succeeded(clock.now)
        elif step == "failed":
            breaker.failed(clock.now)
        elif step == "admit":
            breaker.admit()
        else:
            clock.now += 1
    clock.now += 400
    assert breaker.admit()
    breaker.succeeded(clock.now)
    assert breaker.is_closed


def test_the_fallback_is_taken_while_the_main_model_is_down() -> None:
    clock = Clock()
    breakers = Breakers(clock=clock)
    for _ in range(5):
        breakers.failed(Route(MAIN), None, clock.now)
    assert breakers.route([MAIN]) is None
    assert breakers.wait_seconds([MAIN]) == 2.0
    assert breakers.wait_seconds([MAIN, OTHER]) == 0.0
    assert breakers.route([MAIN, OTHER]) == Route(OTHER)
    clock.now = 2.0
    assert breakers.route([MAIN, OTHER]) == Route(MAIN)


def test_a_provider_that_fails_is_left_out_and_then_tried_first_once() -> None:
    clock = Clock()
    breakers = Breakers(clock=clock)
    for _ in range(5):
        breakers.failed(Route(MAIN), "Bad", clock.now)
    assert breakers.route([MAIN]) == Route(MAIN, avoided=("Bad",))
    breakers.succeeded(Route(MAIN, avoided=("Bad",)), "Good", clock.now)
    clock.now = 2.0
    assert breakers.route([MAIN]) == Route(MAIN, preferred="Bad")
    assert breakers.route([MAIN]) == Route(MAIN, avoided=("Bad",)), "one probe"
    breakers.succeeded(Route(MAIN, preferred="Bad"), "Good", clock.now)
    assert breakers.route([MAIN]) == Route(MAIN, avoided=("Bad",)), (
        "it was asked first, and somebody else had to answer"
    )
    clock.now = 6.0
    assert breakers.route([MAIN]) == Route(MAIN, preferred="Bad")
    breakers.succeeded(Route(MAIN, preferred="Bad"), "Bad", clock.now)
    assert breakers.route([MAIN]) == Route(MAIN)


def test_where_every_pinned_provider_is_down_the_model_is() -> None:
    clock = Clock()
    breakers = Breakers(["One", "Two"], clock)
    for provider in ("One", "Two"):
        assert breakers.wait_seconds([MAIN]) == 0.0
        for _ in range(5):
            breakers.failed(Route(MAIN), provider, clock.now)
    assert breakers.route([MAIN]) is None
    assert breakers.wait_seconds([MAIN]) == 2.0
