"""The state machine on a simulated clock, with requests that arrive and are answered whenever they like."""

import heapq
import json
from bisect import bisect_left
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.hubspot.limits.window import LONGEST_CLOSURE_MS, PATIENCE_MS, Window

LEASE = 5_000


@dataclass
class Simulation:
    """Workers that send one request after another through one window, for a while.

    Attributes:
        latencies: Cycled through: how long a request takes, and which part of it before HubSpot counts it (0 to 1).
        lateness: Cycled through: by how much a worker comes back too late.
        killed: Ordinals of grants whose holder dies without a word.
        is_stored: Whether the state is written and read back before each step.
    """

    limit: int
    span: int
    latencies: list[tuple[int, float]]
    lateness: list[int] = field(default_factory=lambda: [0])
    killed: frozenset[int] = frozenset()
    is_stored: bool = False
    arrivals: list[float] = field(default_factory=list)
    served: dict[int, int] = field(default_factory=dict)
    asked: int = 0
    longest_wait: int = 0

    def run(self, workers: int, until: int) -> "Simulation":
        window = Window(self.limit, self.span)
        events: list[tuple[int, int, str, int]] = [(0, worker, "ask", 0) for worker in range(workers)]
        heapq.heapify(events)
        since: dict[int, int] = {}
        grants = 0
        while events and events[0][0] <= until:
            now, worker, kind, number = heapq.heappop(events)
            if self.is_stored:
                window = Window.from_json(json.loads(json.dumps(window.as_json())))
            if kind == "answer":
                window.answer(f"{worker}-{number}", now)
                heapq.heappush(events, (now, worker, "ask", number + 1))
                continue
            self.asked += 1
            asked_at = since.setdefault(worker, now)
            wait = window.ask(f"{worker}-{number}", now, LEASE)
            if wait:
                late = self.lateness[self.asked % len(self.lateness)]
                heapq.heappush(events, (now + wait + late, worker, "ask", number))
                continue
            self.longest_wait = max(self.longest_wait, now - asked_at)
            del since[worker]
            latency, part = self.latencies[grants % len(self.latencies)]
            self.arrivals.append(now + latency * part)
            self.served[worker] = self.served.get(worker, 0) + 1
            if grants not in self.killed:
                heapq.heappush(events, (now + latency, worker, "answer", number))
            grants += 1
        return self

    def most_in_a_window(self) -> int:
        ordered = sorted(self.arrivals)
        return max(bisect_left(ordered, start + self.span) - index for index, start in enumerate(ordered))


latencies = st.lists(st.tuples(st.integers(0, 4_000), st.floats(0, 1)), min_size=1, max_size=30)


@given(
    limit=st.integers(1, 12),
    workers=st.integers(1, 20),
    latencies=latencies,
    lateness=st.lists(st.integers(0, 900), min_size=1, max_size=10),
    killed=st.frozensets(st.integers(0, 60), max_size=8),
)
def test_hubspot_never_counts_more_than_the_limit(
    limit: int, workers: int, latencies: list[tuple[int, float]], lateness: list[int], killed: frozenset[int]
) -> None:
    run = Simulation(limit, 1_000, latencies, lateness, killed).run(workers, until=10_000)
    assert run.most_in_a_window() <= limit


@given(limit=st.integers(1, 12), workers=st.integers(1, 30), latencies=latencies)
def test_everybody_is_served_in_turn(limit: int, workers: int, latencies: list[tuple[int, float]]) -> None:
    # Whoever asks has at most all others ahead, and in each cycle of the slowest request every slot is given once.
    patience = (max(latency for latency, _ in latencies) + 1_000) * (workers // limit + 2)
    run = Simulation(limit, 1_000, latencies).run(workers, until=2 * patience)
    assert run.longest_wait <= patience
    assert set(run.served) == set(range(workers))


@given(limit=st.integers(1, 12), latencies=latencies)
def test_as_much_is_sent_as_the_answers_allow(limit: int, latencies: list[tuple[int, float]]) -> None:
    until = 20_000
    slowest = max(latency for latency, _ in latencies) + 1_000
    run = Simulation(limit, 1_000, latencies).run(workers=limit * 6, until=until)
    assert len(run.arrivals) >= limit * (until // slowest)


def test_what_was_stored_goes_on_as_if_nothing_had_happened() -> None:
    given: tuple[int, int, list[tuple[int, float]]] = (5, 1_000, [(30, 0.5), (700, 0.1)])
    kept, stored = Simulation(*given).run(9, 10_000), Simulation(*given, is_stored=True).run(9, 10_000)
    assert kept.arrivals == stored.arrivals


@settings(max_examples=30)
@given(latency=st.integers(0, 900), limit=st.integers(1, 40))
def test_nobody_asks_more_than_a_few_times_a_window(latency: int, limit: int) -> None:
    windows, workers = 10, limit + 5
    run = Simulation(limit, 1_000, [(latency, 0.5)]).run(workers, until=windows * 1_000)
    assert run.asked <= len(run.arrivals) + 3 * workers * windows


@given(st.integers(1, 20), st.data())
def test_killed_holders_cost_their_slots_only_for_the_lease(limit: int, data: st.DataObject) -> None:
    window = Window(limit, 1_000)
    for holder in range(limit):
        assert window.ask(f"dead-{holder}", data.draw(st.integers(0, 0)), LEASE) == 0
    now, waits = 0, 0
    while (wait := window.ask("live", now, LEASE)) != 0:
        now, waits = now + wait, waits + 1
    assert now == LEASE + 1_000
    assert waits <= 7


def test_a_killed_waiter_costs_its_place_for_a_moment() -> None:
    window = Window(1, 1_000)
    window.ask("first", 0, LEASE)
    window.answer("first", 0)
    assert window.ask("dead", 1, LEASE) == 999
    now = 2
    while wait := window.ask("live", now, LEASE):
        now += wait
    assert 1_000 <= now <= 1_000 + PATIENCE_MS + 1


@given(
    now=st.integers(0, 10**9),
    answered=st.lists(st.integers(0, 10**13), max_size=20),
    in_flight=st.lists(st.integers(0, 10**13), max_size=10),
    waiting=st.lists(st.integers(0, 10**13), max_size=10),
    closed_until=st.integers(0, 10**13),
)
def test_a_clock_that_was_set_back_locks_nobody_out(
    now: int, answered: list[int], in_flight: list[int], waiting: list[int], closed_until: int
) -> None:
    window = Window(
        5,
        10_000,
        sorted(answered),
        {f"f{one}": (one, one + LEASE + 10_000) for one in in_flight},
        {f"w{one}": one for one in waiting},
        closed_until,
    )
    start = now
    while wait := window.ask("me", now, LEASE):
        now += wait
    # A closure that may be real, or leases that may be; then a window, and the patience for everybody ahead.
    assert now - start <= LONGEST_CLOSURE_MS + LEASE + 30_000 + (len(waiting) + 1) * (PATIENCE_MS + 1_000)


def test_an_answer_nobody_remembers_is_counted() -> None:
    window = Window(2, 1_000)
    window.answer("forgotten", 5)
    assert window.used(6) == 1


@pytest.mark.parametrize("lower", [1, 3])
def test_a_lower_limit_holds_at_once(lower: int) -> None:
    window = Window(5, 1_000)
    for one in range(5):
        assert window.ask(str(one), one * 10, LEASE) == 0
        window.answer(str(one), one * 10)
    window.limit = lower
    now = 50
    while wait := window.ask("next", now, LEASE):
        now += wait
    assert now == 1_000 + (5 - lower) * 10
