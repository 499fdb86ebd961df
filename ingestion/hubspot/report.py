"""How a cell's sync went, stream by stream: what runs show and checks judge."""

from dataclasses import dataclass, field

from core.tenants import Cell
from core.vocabulary import StreamStatus, SyncMode
from ingestion.hubspot.limiter import Counts
from ingestion.hubspot.tables import OPTIONAL_STREAMS


@dataclass
class StreamReport:
    """How one stream of one tenant went.

    Attributes:
        mode: What was read; None when the stream failed before its end.
        extracted: Rows read from HubSpot.
        loaded: Rows that were new or different and are now held, proved.
        held: Rows held afterwards; of object streams the live ones in the window HubSpot counted.
        portal_total: HubSpot's own count of those; None where it was not counted.
        deleted: Rows deleted because HubSpot no longer has them.
        error: What went wrong, as a sentence; the cursor was not moved.
        status: How it ended.
    """

    tenant_id: str
    stream: str
    mode: SyncMode | None = None
    extracted: int = 0
    loaded: int = 0
    held: int = 0
    portal_total: int | None = None
    deleted: int = 0
    error: str | None = None
    status: StreamStatus = StreamStatus.SYNCED

    @property
    def is_failure(self) -> bool:
        """Whether somebody has to do something: not so where a tenant left out a scope it may leave out."""
        is_left_out = self.status is StreamStatus.MISSING_SCOPE and self.stream in OPTIONAL_STREAMS
        return self.error is not None and not is_left_out

    @property
    def is_complete(self) -> bool:
        """Whether as many rows are held as HubSpot counts; true where it does not count."""
        return self.error is None and (self.portal_total is None or self.portal_total == self.held)


@dataclass
class CellReport:
    """How a cell's sync went.

    Attributes:
        ended: Tenants of which nothing more could be read, each with the sentence.
        requests: Requests sent and refused, and time spent waiting for budgets, over all tenants.
    """

    cell: Cell
    run_id: str
    streams: list[StreamReport] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)
    requests: Counts = field(default_factory=Counts)

    @property
    def failed_tenants(self) -> dict[str, str]:
        """The first error of each tenant that had one."""
        failed: dict[str, str] = {}
        for stream in self.streams:
            if stream.is_failure and stream.error:
                failed.setdefault(stream.tenant_id, stream.error)
        return failed

    @property
    def extracted(self) -> int:
        """Rows read."""
        return sum(stream.extracted for stream in self.streams)

    @property
    def loaded(self) -> int:
        """Rows that were new or different."""
        return sum(stream.loaded for stream in self.streams)

    def stream(self, tenant_id: str, stream: str) -> StreamReport:
        """One stream's report, made when there is none yet."""
        for one in self.streams:
            if (one.tenant_id, one.stream) == (tenant_id, stream):
                return one
        self.streams.append(StreamReport(tenant_id, stream))
        return self.streams[-1]
