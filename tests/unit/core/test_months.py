"""The month after any day begins on its first day, over the turn of the year too."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.months import first_after


@given(st.dates(max_value=date(9998, 12, 31)))
def test_the_month_after_begins_where_this_one_ends(day: date) -> None:
    after = first_after(day)
    before = after - timedelta(days=1)
    assert after.day == 1
    assert (before.year, before.month) == (day.year, day.month)
