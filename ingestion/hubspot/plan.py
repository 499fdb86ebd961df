"""Which part of a stream a sync reads: pure decisions from cursors and the clock.

An increment reads the closed window from the cursor minus an overlap to the present minus a lag. The overlap is there because
HubSpot's search index learns of changes late; the lag because its newest part is the least certain. The next cursor is the
window's end, not the newest date seen: a record that changes again while the window is read leaves it, and is in the next one.

A backfill that broke off goes on at its last checkpoint, with the window's end it began with: what changed meanwhile in the part
that had been read belongs to the increment after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.vocabulary import SyncMode

CHEAP_LIST = 10_000
"""Records whose ids are listed without a second thought: a hundred requests, ten seconds."""


@dataclass(frozen=True)
class Pace:
    """How a sync treats time.

    Attributes:
        overlap: How far an increment reaches back behind its cursor.
        lag: How far it stays behind the present.
        sweep_every: How often the links of all tickets are read, since a changed link moves no ticket's modified date.
    """

    overlap: timedelta
    lag: timedelta
    sweep_every: timedelta = timedelta(hours=20)


@dataclass(frozen=True)
class Window:
    """What to read of one stream.

    Attributes:
        mode: Everything by list, or what changed by search.
        since: Start of an increment; None for a backfill.
        until: End; what changes later belongs to the next sync. It becomes the cursor.
        resume_after: Page of the list where an earlier backfill broke off; None to begin at the beginning.
    """

    mode: SyncMode
    since: datetime | None
    until: datetime
    resume_after: str | None = None


Cursor = Mapping[str, Any]
"""A row of `sync_cursors`."""


def window(cursor: Cursor | None, now: datetime, pace: Pace) -> Window:
    """The window of an object stream.

    A cursor in the future (a clock was wrong when it was written) tells nothing about what has been read: the stream is
    read from the beginning again.
    """
    until = now - pace.lag
    if cursor is None:
        return Window(SyncMode.BACKFILL, None, until)
    began_at = cursor["resume_until_at"]
    if cursor["resume_after"] and began_at is not None and began_at <= now:
        return Window(SyncMode.BACKFILL, None, began_at, cursor["resume_after"])
    if cursor["cursor_at"] is None or cursor["cursor_at"] > now:
        return Window(SyncMode.BACKFILL, None, until)
    return Window(SyncMode.INCREMENT, min(cursor["cursor_at"], until) - pace.overlap, until)


def is_sweep_due(links: Cursor | None, tickets: Cursor | None, now: datetime, pace: Pace) -> bool:
    """Whether the links of all tickets have to be read.

    So it is when the last sweep is too long ago, or its time cannot be right, or tickets were synced since without links.
    """
    if links is None or tickets is None or links["cursor_at"] is None:
        return True
    swept_at: datetime = links["cursor_at"]
    is_behind: bool = tickets["synced_at"] is not None and links["synced_at"] < tickets["synced_at"]
    return is_behind or not timedelta(0) <= now - swept_at < pace.sweep_every


def is_listing_due(held: int, portal_total: int, *, is_sweeping: bool) -> bool:
    """Whether all ids have to be listed to find out why we do not hold as many records as HubSpot counts.

    A large portal's list waits for the next sweep: most differences are the search index being late, and pass by themselves.
    """
    return held != portal_total and (is_sweeping or portal_total <= CHEAP_LIST)
