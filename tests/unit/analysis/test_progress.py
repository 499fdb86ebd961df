"""How far a run is, in figures: rates over the last minute, time left, and words for a person."""

from io import StringIO

import pytest
from rich.console import Console

from analysis.progress import Meter, Progress, duration
from analysis.watching import shown_of, watched_reading


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_of_calls_is_that_of_the_last_minute() -> None:
    clock = Clock()
    meter = Meter(clock)

    def at(seconds: float, calls: int) -> Progress:
        clock.now = 100 + seconds
        return meter.progress(
            messages_done=calls, messages_total=5_000, calls_paid=calls, calls_total=4_000, cost_usd=calls / 1e4
        )

    assert at(0, 0).seconds_left is None
    for second in range(1, 301):
        at(second, second)
    # One a second for five minutes, then ten a second for two.
    for second in range(1, 121):
        last = at(300 + second, 300 + 10 * second)
    assert last.calls_per_second == pytest.approx(10, rel=0.02)
    assert last.seconds_left == pytest.approx((4_000 - 1_500) / 10, rel=0.02)
    assert last.messages_per_second == pytest.approx(1_500 / 420)
    assert last.share == pytest.approx(1_500 / 4_000)


def test_without_paid_calls_messages_tell_how_far_it_is() -> None:
    clock = Clock()
    meter = Meter(clock)
    clock.now += 10
    progress = meter.progress(messages_done=2_000, messages_total=10_000, calls_paid=0, calls_total=None, cost_usd=0)
    assert (progress.share, progress.seconds_left) == (0.2, pytest.approx(40))
    assert progress.sentence == "2,000 of 10,000 messages, 200 messages/s, 40 s left"
    assert shown_of(progress).done == "2,000/10,000 messages"
    assert shown_of(progress).told == "200 messages/s, 40 s left"


def test_more_calls_than_expected_are_not_more_than_everything() -> None:
    over = Progress(10, 10, 12, 10, cost_usd=0.5, calls_per_second=2)
    assert (over.share, over.seconds_left) == (1.0, 0.0)
    assert over.sentence == "10 of 10 messages, 12 of about 10 paid calls, 0.5000 USD so far, 2.0 calls/s"


def test_words_beside_the_bar_have_rate_cost_and_time_left() -> None:
    shown = shown_of(Progress(3, 9, 600, 1_800, cost_usd=0.25, calls_per_second=10))
    assert (shown.done, shown.told) == ("600/1,800 calls", "10.0 calls/s, 0.2500 USD so far, 2 min left")


def test_an_empty_run_is_over() -> None:
    assert (Progress(0, 0, 0).share, Progress(0, 0, 0).seconds_left) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "5 s"), (89, "89 s"), (120, "2 min"), (5_000, "83 min"), (7_200, "2.0 h"), (3 * 86_400, "3 days")],
)
def test_a_duration_is_said_as_a_person_would(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_terminal_shows_the_bar_and_anything_else_shows_nothing() -> None:
    progress = Progress(3, 9, 600, 1_800, cost_usd=0.25, calls_per_second=10)
    shown, piped = (Console(file=StringIO(), force_terminal=is_terminal, width=120) for is_terminal in (True, False))
    for console in (shown, piped):
        with watched_reading(console) as on_progress:
            on_progress(progress)
    assert isinstance(shown.file, StringIO)
    assert isinstance(piped.file, StringIO)
    assert "600/1,800 calls 10.0 calls/s, 0.2500 USD so far, 2 min left" in shown.file.getvalue()
    assert piped.file.getvalue() == ""
