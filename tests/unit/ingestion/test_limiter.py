"""A portal's budgets through the limiter, on a clock that only waiting moves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.warehouse import connect
from ingestion.hubspot.errors import DailyLimitReached, RateLimited
from ingestion.hubspot.limiter import Limits, PortalLimiter
from ingestion.hubspot.limits.shared import SharedLimits, open_limits
from ingestion.hubspot.limits.state import Budget, day_ends_at
from ingestion.hubspot.limits.store import MemoryStore, PortalKey

KEY = PortalKey("acme", "https://api.example")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.store = MemoryStore(lambda: self.now, lambda: NOON + timedelta(seconds=self.now))

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def limiter(self, limits: Limits | None = None) -> PortalLimiter:
        return PortalLimiter(limits or Limits(), store=self.store, key=KEY, sleep=self.sleep)


@pytest.fixture
def time() -> Time:
    return Time()


def call(limiter: PortalLimiter, budget: Budget = Budget.BURST, **headers: str) -> None:
    with limiter.take(budget) as slot:
        slot.answered({f"x-hubspot-ratelimit-{name.replace('_', '-')}": value for name, value in headers.items()})


def test_nobody_waits_while_there_is_room(time: Time) -> None:
    limiter = time.limiter()
    for _ in range(110):
        call(limiter)
    assert time.now == 0
    call(limiter)
    assert time.now == pytest.approx(10, abs=0.01)
    assert (limiter.counts.sent, limiter.counts.refused) == (111, 0)
    assert limiter.counts.waited_seconds == pytest.approx(10, abs=0.01)


def test_searches_have_a_budget_of_their_own(time: Time) -> None:
    limiter = time.limiter()
    for _ in range(20):
        call(limiter, Budget.SEARCH)
    assert time.now == pytest.approx(3, abs=0.01)
    call(limiter)
    assert time.now == pytest.approx(3, abs=0.01)


def test_two_limiters_of_one_portal_share_its_budget_and_others_do_not(time: Time) -> None:
    one, other = time.limiter(), time.limiter()
    for _ in range(55):
        call(one)
        call(other)
    call(PortalLimiter(store=time.store, key=PortalKey("globex", KEY.base_url), sleep=time.sleep))
    assert time.now == 0
    call(other)
    assert time.now == pytest.approx(10, abs=0.01)


def test_hubspots_limit_is_believed_and_remembered(time: Time) -> None:
    call(time.limiter(), max="190", remaining="189", interval_milliseconds="10000")
    limiter = time.limiter()
    for _ in range(189):
        call(limiter)
    assert time.now == 0
    call(limiter)
    assert time.now == pytest.approx(10, abs=0.01)


def test_nonsense_in_headers_changes_nothing(time: Time) -> None:
    limiter = time.limiter()
    call(limiter, max="many", remaining="")
    call(limiter, max="0", remaining="-1")
    call(limiter, max="5", interval_milliseconds="999999999")
    for _ in range(107):
        call(limiter)
    assert time.now == 0


@pytest.mark.parametrize(("remaining", "more"), [("0", 0), ("4", 4), ("109", 109)])
def test_a_stranger_who_spends_the_same_budget_is_made_room_for(time: Time, remaining: str, more: int) -> None:
    limiter = time.limiter()
    call(limiter, max="110", remaining=remaining)
    for _ in range(more):
        call(limiter)
    assert time.now == 0
    call(limiter)
    assert time.now == pytest.approx(10, abs=0.01)


def test_an_answer_that_counts_only_our_own_requests_costs_no_room(time: Time) -> None:
    limiter = time.limiter()
    for number in range(1, 111):
        call(limiter, max="110", remaining=str(110 - number))
    assert time.now == 0


def test_headers_on_a_search_do_not_speak_of_searches(time: Time) -> None:
    limiter = time.limiter()
    call(limiter, Budget.SEARCH, max="110", remaining="100")
    for _ in range(5):
        call(limiter, Budget.SEARCH)
    assert time.now == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("refused", "free"), [(Budget.BURST, Budget.SEARCH), (Budget.SEARCH, Budget.BURST)])
@pytest.mark.parametrize("limits", [Limits(), Limits(burst=None, searches=None)])
def test_a_refusal_shuts_one_budget_for_everybody(time: Time, refused: Budget, free: Budget, limits: Limits) -> None:
    with time.limiter(limits).take(refused) as slot:
        slot.answered({}, RateLimited("no", 4, refused))
    other = time.limiter(limits)
    call(other, free)
    assert time.now == 0
    call(other, refused)
    assert time.now == pytest.approx(4, abs=0.01)


def test_no_refusal_shuts_a_budget_for_longer_than_a_minute(time: Time) -> None:
    with time.limiter().take(Budget.BURST) as slot:
        slot.answered({}, RateLimited("no", 1e9, Budget.BURST))
    call(time.limiter())
    assert time.now == pytest.approx(60, abs=0.01)


def test_a_used_up_day_stops_everybody_with_the_same_sentence_until_it_is_over(time: Time) -> None:
    reached = DailyLimitReached.told("HubSpot of tenant acme, reading tickets: no", "acme", NOON + timedelta(hours=3))
    with time.limiter().take(Budget.BURST) as slot:
        slot.answered({}, reached)
    for budget in Budget:
        with pytest.raises(DailyLimitReached) as refused:
            time.limiter().take(budget)
        assert str(refused.value) == str(reached)
        assert refused.value.resume_at == reached.resume_at
    assert time.now == 0
    time.now = 3 * 3600 - 1
    with pytest.raises(DailyLimitReached):
        time.limiter().take(Budget.SEARCH)
    time.now += 1
    call(time.limiter())


@pytest.mark.parametrize("budget", list(Budget))
def test_the_last_call_of_a_day_says_so_itself(time: Time, budget: Budget) -> None:
    time.limiter().note_time_zone("America/New_York")
    call(time.limiter(), budget, daily_remaining="0")
    with pytest.raises(DailyLimitReached, match=r"tenant acme .*2026-05-02 04:00 UTC.*limits clear acme"):
        time.limiter().take(Budget.BURST)


def test_a_stop_longer_than_a_day_was_written_by_a_wrong_clock(time: Time) -> None:
    with time.limiter().take(Budget.BURST) as slot:
        slot.answered({}, DailyLimitReached("no", NOON + timedelta(days=2)))
    call(time.limiter())


def test_a_person_sees_how_a_portal_stands_and_lifts_its_stop(time: Time) -> None:
    limits = SharedLimits(time.store)
    held = time.limiter().take(Budget.BURST)
    with time.limiter().take(Budget.SEARCH) as slot:
        slot.answered({}, RateLimited("no", 4, Budget.SEARCH))
    call(time.limiter(), daily_remaining="0")
    (standing,) = limits.standing()
    assert standing.key == KEY
    burst, search = standing.budgets[Budget.BURST], standing.budgets[Budget.SEARCH]
    assert (burst.used, burst.limit, burst.in_flight, burst.closed_until) == (2, 110, 1, None)
    assert (search.used, search.limit, search.closed_until) == (1, 5, NOON + timedelta(seconds=4))
    assert standing.stop is not None
    assert standing.stop.resume_at == datetime(2026, 5, 2, tzinfo=UTC)

    assert limits.clear("globex") == 0
    assert limits.clear("acme") == 2
    assert limits.clear("acme") == 0
    held.answered({})
    call(time.limiter(), Budget.SEARCH)
    assert time.now == 0


def test_a_request_that_never_left_costs_nothing(time: Time) -> None:
    limiter = time.limiter()
    for _ in range(200):
        with limiter.take(Budget.BURST) as slot:
            slot.unsent()
    assert (time.now, limiter.counts.sent) == (0, 0)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", datetime(2026, 5, 1, 22, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 5, 2, 7, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 5, 2, 12, tzinfo=UTC)),
        (None, datetime(2026, 5, 2, tzinfo=UTC)),
        ("Nowhere/At all", datetime(2026, 5, 2, tzinfo=UTC)),
        ("../../etc", datetime(2026, 5, 2, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_the_accounts_midnight(zone: str | None, expected: datetime) -> None:
    assert day_ends_at(NOON, zone) == expected


def test_limits_live_with_the_warehouse(warehouse_url: str, tmp_path: Path) -> None:
    with open_limits(connect(warehouse_url), tmp_path) as limits:
        call(limits.portal("https://api.example/", "acme"))
    with open_limits(connect(warehouse_url), tmp_path) as limits:
        (standing,) = limits.standing()
    assert standing.key == KEY
    assert standing.budgets[Budget.BURST].used == 1
    assert (tmp_path / "limits.db").exists() == warehouse_url.startswith("duckdb")
