"""Reading side by side: nothing lost, nothing out of order, nothing left running, nothing read far ahead."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.hubspot.ahead import crew, merged


@given(st.lists(st.lists(st.integers(), max_size=20), max_size=4), st.integers(1, 5))
def test_every_item_arrives_once_and_each_source_stays_in_order(sources: list[list[int]], ready: int) -> None:
    numbered = [[(number, item) for item in source] for number, source in enumerate(sources)]
    found = list(merged(numbered, ready=ready))
    for number, source in enumerate(sources):
        assert [item for owner, item in found if owner == number] == source


def test_sources_are_read_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=10)

    def source() -> Iterator[int]:
        meeting.wait()
        yield 1

    assert list(merged([source() for _ in range(3)], ready=1)) == [1, 1, 1]


def test_an_error_arrives_after_what_was_given_before_it_and_stops_the_others() -> None:
    closed = threading.Event()

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "more"
        finally:
            closed.set()

    def broken() -> Iterator[str]:
        yield "last"
        raise ValueError("no")

    found: list[str] = []
    with pytest.raises(ValueError, match="no"), closing(merged([endless(), broken()], ready=2)) as items:
        found.extend(items)
    assert "last" in found
    assert closed.is_set()


def test_who_stops_reading_leaves_no_thread_behind_and_little_was_read_ahead() -> None:
    read = 0

    def counted() -> Iterator[int]:
        nonlocal read
        for number in range(1_000):
            read += 1
            yield number

    before = threading.active_count()
    with closing(merged([counted()], ready=3)) as items:
        assert next(items) == 0
        time.sleep(0.05)
        assert read <= 6
    assert threading.active_count() == before


@given(st.lists(st.integers(), max_size=30), st.integers(1, 6))
def test_a_crew_keeps_the_order(items: list[int], size: int) -> None:
    with crew(size) as hands:
        assert list(hands.map(lambda item: item + 1, items)) == [item + 1 for item in items]


def test_a_crew_works_at_the_same_time_and_looks_only_as_far_ahead_as_it_is_large() -> None:
    meeting = threading.Barrier(3, timeout=10)
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(9):
            taken.append(number)
            yield number

    def work(number: int) -> int:
        meeting.wait()
        return number

    with crew(3) as hands:
        results = hands.map(work, items())
        assert next(results) == 0
        assert len(taken) <= 4
        assert list(results) == list(range(1, 9))


def test_a_crew_passes_errors_on() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    with crew(2) as hands, pytest.raises(ValueError, match="two"):
        list(hands.map(work, range(10)))
