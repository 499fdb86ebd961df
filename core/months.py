"""Calendar months as their first days."""

from datetime import date


def first_after(day: date) -> date:
    """The first day of the month after the one `day` falls in."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
