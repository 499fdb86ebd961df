"""What a sync says between the rows it reads; handed back by the loader once those rows are proved."""

from dataclasses import dataclass
from datetime import datetime

from core.vocabulary import SyncMode


@dataclass(frozen=True)
class StreamDone:
    """A stream was read to its end.

    Attributes:
        cursor_at: Up to when it was read; for links, when all of them were read last.
        portal_total: HubSpot's count of what should then be held (live records modified until `cursor_at`; of lists that are
            read whole, what was on them; of links, those of all live tickets); None where it was not counted.
        known_gap: Where it was not counted this time: by how many rows the last count was above ours; it goes on being
            shown until the next count.
    """

    tenant_id: str
    stream: str
    mode: SyncMode
    cursor_at: datetime
    portal_total: int | None = None
    known_gap: int | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A backfill has come this far.

    Attributes:
        resume_after: The page to go on with.
        until: End of the backfill's window, the cursor to be.
    """

    tenant_id: str
    stream: str
    resume_after: str
    until: datetime
