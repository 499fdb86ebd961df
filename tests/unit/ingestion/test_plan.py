"""Windows and sweeps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary import SyncMode
from ingestion.hubspot.plan import CHEAP_LIST, Cursor, Pace, is_listing_due, is_sweep_due, window

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PACE = Pace(overlap=timedelta(minutes=10), lag=timedelta(seconds=30))


def cursor(at: datetime | None, synced_at: datetime | None = NOW, **resume: object) -> Cursor:
    return {"cursor_at": at, "synced_at": synced_at, "resume_after": None, "resume_until_at": None, **resume}


def test_without_a_cursor_everything_is_read_and_the_cursor_is_behind_the_start() -> None:
    reach = window(None, NOW, PACE)
    assert (reach.mode, reach.since, reach.until) == (SyncMode.BACKFILL, None, NOW - timedelta(seconds=30))


def test_an_increment_reaches_back_and_stays_behind() -> None:
    reach = window(cursor(NOW - timedelta(hours=1)), NOW, PACE)
    assert reach.mode is SyncMode.INCREMENT
    assert (reach.since, reach.until) == (NOW - timedelta(minutes=70), NOW - timedelta(seconds=30))


@pytest.mark.parametrize("at", [None, NOW + timedelta(seconds=1), NOW + timedelta(days=300)])
def test_a_cursor_that_cannot_be_right_means_reading_everything(at: datetime | None) -> None:
    assert window(cursor(at), NOW, PACE).mode is SyncMode.BACKFILL


@given(st.lists(st.integers(-30, 7_200), min_size=2, max_size=20))
def test_windows_that_follow_each_other_leave_no_gap(gaps: list[int]) -> None:
    """Also when the clock goes back a little between two syncs."""
    now, held = NOW, None
    for gap in gaps:
        reach = window(held, now, PACE)
        if held is not None and reach.since is not None:
            assert reach.since <= held["cursor_at"] - PACE.overlap
        held = cursor(reach.until)
        now += timedelta(seconds=gap)


def test_a_backfill_that_broke_off_goes_on_with_the_window_it_began_with() -> None:
    began = NOW - timedelta(hours=5)
    reach = window(cursor(None, None, resume_after="4711", resume_until_at=began), NOW, PACE)
    assert (reach.mode, reach.until, reach.resume_after) == (SyncMode.BACKFILL, began, "4711")
    later = cursor(None, None, resume_after="4711", resume_until_at=NOW + timedelta(hours=1))
    assert window(later, NOW, PACE).resume_after is None, "a checkpoint from the future is none"


def test_listing_all_ids_is_worth_it() -> None:
    assert not is_listing_due(5, 5, is_sweeping=True)
    assert is_listing_due(5, 4, is_sweeping=False)
    assert is_listing_due(4, 5, is_sweeping=False), "missing records too are found by listing"
    assert not is_listing_due(CHEAP_LIST, CHEAP_LIST + 1, is_sweeping=False), "a large portal waits for the sweep"
    assert is_listing_due(CHEAP_LIST, CHEAP_LIST + 1, is_sweeping=True)


def test_sweeps() -> None:
    fresh, old = cursor(NOW - timedelta(hours=19)), cursor(NOW - timedelta(hours=21))
    assert not is_sweep_due(fresh, cursor(NOW), NOW, PACE)
    assert is_sweep_due(old, cursor(NOW), NOW, PACE)
    assert is_sweep_due(None, cursor(NOW), NOW, PACE)
    assert is_sweep_due(cursor(NOW + timedelta(hours=1)), cursor(NOW), NOW, PACE), "a sweep in the future never was"
    missed = cursor(NOW - timedelta(hours=2), synced_at=NOW - timedelta(hours=2))
    assert is_sweep_due(missed, cursor(NOW), NOW, PACE), "tickets were synced without their links"
