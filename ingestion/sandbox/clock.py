"""Points in time the way HubSpot writes them, and where the sandbox reads the present from."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the present moment, timezone-aware. Tests hand in one they can move."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def system_clock() -> datetime:
    """The real present, in UTC."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved, for tests of expiry, index lag and modified dates."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The moment the clock was left at."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._now += timedelta(seconds=seconds)


def to_iso(moment: datetime) -> str:
    """Write a moment as HubSpot does: UTC, milliseconds, a trailing ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_millis(moment: datetime) -> int:
    """Milliseconds since the epoch, rounded down, as search filters carry datetimes."""
    return (moment - _EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    """The moment that many milliseconds after the epoch."""
    return _EPOCH + millis * _MILLISECOND


def parse_iso(text: str) -> datetime:
    """Read an ISO 8601 moment or date; one without a zone is taken as UTC.

    Raises:
        ValueError: The text is not ISO 8601.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
