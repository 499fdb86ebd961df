"""Bodies about sources: the columns of `source_health` (docs/names.md) under their own names, and what they add up to."""

from datetime import datetime

from pydantic import Field

from core.vocabulary import StreamStatus
from serve.schemas import Build, Schema


class Source(Schema):
    """One stream of the tenant's HubSpot as it stood when the build was computed."""

    stream: str = Field(examples=["tickets"])
    """Named as its table."""

    status: StreamStatus
    """How the last attempt to read it ended."""

    error_message: str | None
    """What went wrong in it, as a sentence; null where nothing did."""

    attempted_at: datetime | None
    synced_at: datetime | None
    """When the last load was proved; null where none was."""

    cursor_at: datetime | None
    """Changes up to here have been fetched; null where the stream was never read to its end."""

    lag_seconds: int | None
    """From `cursor_at` to the moment of the build."""

    held_count: int | None
    portal_total: int | None
    """How many HubSpot says there are; null where it was not asked."""

    is_complete: bool | None
    """Whether as many are held as HubSpot counts; null where it was not asked."""

    is_fresh: bool
    """Whether what was read is recent enough to trust silence."""

    is_backfilling: bool
    """Whether a first read of everything is under way and not finished."""


class SourceSummary(Schema):
    """What the streams add up to."""

    is_fresh: bool
    """Whether there are streams, and every one that may be read is fresh."""

    worst_lag_seconds: int | None
    """Of the streams that may be read; null where one was never read to its end, or there is none."""

    stale: list[str]
    """Streams that may be read and are not fresh."""

    failed: list[str]
    """Streams whose last attempt failed."""

    missing_scope: list[str]
    """Streams the connection may not read."""

    notices: list[str] = Field(
        examples=[["Tickets were last read 2 days before these cards were computed: what came since is not in them."]]
    )
    """What a reader of the board has to know, worst first, a sentence or two each; empty when all is well."""


class SourceList(Schema):
    """All streams."""

    items: list[Source]
    summary: SourceSummary
    build: Build
