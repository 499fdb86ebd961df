"""Which days a question is about."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from serve.errors import Unprocessable

MAX_DAYS = 400
"""Days one answer may span: a year with its neighbours, never the whole table."""

DEFAULT_DAYS = 90
"""Days of an answer that was not told any."""


IMPACT_DAYS = 90
"""Days back that `topic_impact` looks."""


class InvalidRange(Unprocessable):
    """The range of days is empty or too long."""


@dataclass(frozen=True)
class DayRange:
    """Days from `first` to `last`; both count."""

    first: date
    last: date


def resolve_range(first: date | None, last: date | None, as_of_at: datetime) -> DayRange:
    """The range asked for, with what was left out filled in from the moment the build describes.

    Raises:
        InvalidRange: It ends before it starts, or spans more than `MAX_DAYS`.
    """
    ends = last or as_of_at.date()
    begins = first or ends - timedelta(days=DEFAULT_DAYS - 1)
    if begins > ends:
        raise InvalidRange(f"The range starts on {begins}, after it ends on {ends}: swap `from` and `to`, or move one.")
    if (ends - begins).days >= MAX_DAYS:
        raise InvalidRange(f"From {begins} to {ends} is more than {MAX_DAYS} days: ask for a shorter range.")
    return DayRange(begins, ends)


def last_days(count: int, as_of_at: datetime) -> DayRange:
    """So many days, the last of them the one the build describes."""
    return DayRange(as_of_at.date() - timedelta(days=count - 1), as_of_at.date())


def month_of(as_of_at: datetime) -> DayRange:
    """The days of the month so far."""
    return DayRange(as_of_at.date().replace(day=1), as_of_at.date())
