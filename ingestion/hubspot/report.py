"""How a cell's sync went, stream by stream: what runs show and checks judge."""

from dataclasses import dataclass, field

from core.tenants import Cell
from core.vocabulary import SyncMode


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

    @property
    def is_complete(self) -> bool:
        """Whether as many rows are held as HubSpot counts; true where it does not count."""
        return self.error is None and (self.portal_total is None or self.portal_total == self.held)


@dataclass
class CellReport:
    """How a cell's sync went."""

    cell: Cell
    run_id: str
    streams: list[StreamReport] = field(default_factory=list)

    @property
    def failed_tenants(self) -> dict[str, str]:
        """The first error of each tenant that had one."""
        failed: dict[str, str] = {}
        for stream in self.streams:
            if stream.error:
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
