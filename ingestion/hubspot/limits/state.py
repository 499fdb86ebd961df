"""What is known of one portal's budgets: two rolling windows, and whether the account's day is used up. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestion.hubspot.limits.window import Window

_LONGEST_DAY = timedelta(hours=26)
"""A stop that lasts longer was written by a clock that was ahead; the longest day of any time zone has 25 hours."""


class Budget(StrEnum):
    """The two short budgets of a portal."""

    BURST = "burst"
    SEARCH = "search"


@dataclass(frozen=True)
class DailyStop:
    """The account's calls of the day are used up.

    Attributes:
        resume_at: When they are full again.
        reason: The sentence for whoever asks meanwhile.
    """

    resume_at: datetime
    reason: str

    def is_on(self, now: datetime) -> bool:
        """Whether it still holds."""
        return now < self.resume_at <= now + _LONGEST_DAY


class PortalState:
    """Everything that is shared about one portal.

    Attributes:
        windows: Those of the budgets that have been used.
        told: What HubSpot's answers said about the burst budget: requests and milliseconds. Outranks what we assume.
        stop: The daily stop, also one that is over.
        time_zone: The account's, as HubSpot names it; its days end at midnight there.
    """

    def __init__(self) -> None:
        self.windows: dict[Budget, Window] = {}
        self.told: tuple[int, int] | None = None
        self.stop: DailyStop | None = None
        self.time_zone: str | None = None

    def window(self, budget: Budget, limit: int | None, span_ms: int) -> Window:
        """The window of a budget under these limits, or under those HubSpot told."""
        if budget is Budget.BURST and self.told:
            limit, span_ms = self.told
        window = self.windows.setdefault(budget, Window(limit, span_ms))
        window.limit, window.span_ms = limit, span_ms
        return window

    def as_json(self) -> dict[str, Any]:
        """What `from_json` takes."""
        return {
            "windows": {budget.value: window.as_json() for budget, window in self.windows.items()},
            "told": self.told,
            "stop": self.stop and {"resume_at": self.stop.resume_at.isoformat(), "reason": self.stop.reason},
            "time_zone": self.time_zone,
        }

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "PortalState":
        """The state that was stored."""
        state = cls()
        state.windows = {Budget(name): Window.from_json(window) for name, window in given["windows"].items()}
        state.told = tuple(given["told"]) if given["told"] else None
        if given["stop"]:
            state.stop = DailyStop(datetime.fromisoformat(given["stop"]["resume_at"]), given["stop"]["reason"])
        state.time_zone = given["time_zone"]
        return state


def day_ends_at(now: datetime, time_zone: str | None) -> datetime:
    """The next midnight of an account's time zone, of UTC where that is not known; HubSpot's days end there."""
    try:
        zone: tzinfo = ZoneInfo(time_zone) if time_zone else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = UTC
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)
