"""Calendar months as their first days."""

from datetime import UTC, date, datetime


def first_after(day: date) -> date:
    """The first day of the month after the one `day` falls in."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def parse_month(said: str) -> date:
    """The first day of a month written as 2026-10.

    Raises:
        ValueError: It is written otherwise, or is none.
    """
    return datetime.strptime(said, "%Y-%m").replace(tzinfo=UTC).date()
