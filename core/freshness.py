"""When a source is stale, said once: the marts' variable `fresh_hours` is the same number (a test compares the two)."""

from datetime import datetime, timedelta

FRESH_FOR = timedelta(hours=36)
"""A day, which is how often sources are loaded, and half a day to be late."""


def lag(cursor_at: datetime | None, now: datetime) -> timedelta | None:
    """How far behind the present a stream is; None where it was never read to its end."""
    return None if cursor_at is None else max(now - cursor_at, timedelta(0))


def is_stale(cursor_at: datetime | None, now: datetime) -> bool:
    """Whether what was read of a stream no longer says what is missing in it."""
    behind = lag(cursor_at, now)
    return behind is None or behind > FRESH_FOR
