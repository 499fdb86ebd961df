"""Ranges of days, as laws."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.metrics.service import DEFAULT_DAYS, MAX_DAYS, InvalidRange, resolve_range

days = st.dates(date(1970, 1, 1), date(9999, 12, 31))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(first=st.none() | days, last=st.none() | days, as_of_at=moments)
def test_a_range_is_what_was_asked_or_an_error(first: date | None, last: date | None, as_of_at: datetime) -> None:
    try:
        found = resolve_range(first, last, as_of_at)
    except InvalidRange:
        assert first is not None
        span = ((last or as_of_at.date()) - first).days
        assert span < 0 or span >= MAX_DAYS
        return
    assert found.first <= found.last
    assert (found.last - found.first).days < MAX_DAYS
    assert found.last == (last or as_of_at.date())
    assert found.first == (first or found.last - timedelta(days=DEFAULT_DAYS - 1))


@pytest.mark.parametrize(("span", "is_allowed"), [(MAX_DAYS - 1, True), (MAX_DAYS, False)])
def test_the_longest_range(span: int, is_allowed: bool) -> None:
    last = date(2026, 1, 1)
    if is_allowed:
        assert resolve_range(last - timedelta(days=span), last, datetime(2026, 1, 1, tzinfo=UTC)).last == last
    else:
        with pytest.raises(InvalidRange, match="shorter"):
            resolve_range(last - timedelta(days=span), last, datetime(2026, 1, 1, tzinfo=UTC))
