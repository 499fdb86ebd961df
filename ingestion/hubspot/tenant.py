"""What one tenant's portal has that the warehouse may not have yet, as a stream of chunks and marks.

Every stream ends with a mark that says up to when it was read; the mark comes back once its rows are proved (`sync` then writes
the cursor). An error ends the stream it happened in without a mark. A missing scope, or an answer that cannot be read, ends
only that stream; anything else ends the tenant, and in neither case anybody else.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.errors import ChurnboardError
from core.logging import get_logger
from core.vocabulary import SyncMode
from core.warehouse import Warehouse
from ingestion.hubspot import mapping
from ingestion.hubspot.catalogue import Catalogue
from ingestion.hubspot.errors import MissingScope, UnexpectedAnswer
from ingestion.hubspot.plan import Cursor, Pace, Window, is_sweep_due, window
from ingestion.hubspot.reader import Portal
from ingestion.hubspot.tables import COMPANY_LINKS, LINK_TABLES, LINK_TYPES, OBJECT_TYPES, TICKETS, LinkType, ObjectType
from ingestion.loader import Chunk, Mark
from ingestion.loader.among import AMONG, wanted

CHUNK_RECORDS = 10_000
"""Records turned into one Arrow table; bounds how many are in memory as dictionaries."""

_SWEEP_PAGE = 10_000
_BIN_DAYS = timedelta(days=91)  # HubSpot keeps archived records for 90.

_log = get_logger(__name__)


@dataclass(frozen=True)
class StreamDone:
    """A stream was read to its end.

    Attributes:
        cursor_at: Up to when it was read; for links, when all of them were read last.
        portal_total: HubSpot's count of live records modified until `cursor_at`; None where it has none.
    """

    tenant_id: str
    stream: str
    mode: SyncMode
    cursor_at: datetime
    portal_total: int | None = None


class TenantSync:
    """One tenant's part of a cell's sync.

    Attributes:
        errors: What went wrong, by stream.
        gone: Ids of archived records that have left the recycling bin without coming back, by object type.
        is_sweep_due: Whether this sync reads the links of all tickets.
    """

    def __init__(
        self,
        portal: Portal,
        tenant_id: str,
        warehouse: Warehouse,
        cursors: dict[str, Cursor],
        pace: Pace,
        clock: Callable[[], datetime],
        on_extracted: Callable[[str, str, int], None],
    ) -> None:
        self.portal = portal
        self.tenant_id = tenant_id
        self.errors: dict[str, ChurnboardError] = {}
        self.gone: dict[str, list[str]] = {}
        self._warehouse = warehouse
        self._cursors = cursors
        self._pace = pace
        self._clock = clock
        self._on_extracted = on_extracted
        self._catalogue = Catalogue(portal, tenant_id, warehouse, clock)
        self._linked: set[str] = set()
        self._binned: dict[str, set[str]] = {}
        self._is_over = False
        self._now = clock()
        self.is_sweep_due = any(
            is_sweep_due(cursors.get(links.table), cursors.get(TICKETS.name), self._now, pace) for links in LINK_TYPES
        )

    def items(self) -> Iterator[Chunk | Mark]:
        """Everything, stream by stream."""
        for stream in ("portals", "properties", "owners", "pipelines"):
            yield from self._guarded(stream, getattr(self._catalogue, stream)(), SyncMode.BACKFILL)
        # HubSpot's clock, as the first answers told it; see `HubSpotClient.server_time`.
        self._now = self._clock()
        self.errors.update(self._catalogue.closed)
        for kind in OBJECT_TYPES:
            if kind.name in self._catalogue.names:
                yield from self._guarded(kind.name, self._objects(kind))
        if TICKETS.name not in self.errors:
            for links in LINK_TYPES:
                yield from self._guarded(links.table, self._links(links))

    def _guarded(
        self, stream: str, items: Iterable[Chunk | Mark], mode: SyncMode | None = None
    ) -> Iterator[Chunk | Mark]:
        if self._is_over or stream in self.errors:
            return
        try:
            for item in items:
                if isinstance(item, Chunk):
                    self._on_extracted(self.tenant_id, item.table, item.rows.num_rows)
                yield item
        except ChurnboardError as error:
            self._failed(stream, error)
            return
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._failed(
                stream,
                UnexpectedAnswer(
                    f"HubSpot of tenant {self.tenant_id} sent {stream} in a form that cannot be read: "
                    f"{type(error).__name__} {error}. The stream stands still; report this with the run's log."
                ),
            )
            _log.exception("ingest.unexpected_answer", tenant=self.tenant_id, stream=stream)
            return
        if mode is not None:
            yield Mark(StreamDone(self.tenant_id, stream, mode, self._now))

    def _failed(self, stream: str, error: ChurnboardError) -> None:
        self.errors[stream] = error
        self._is_over = not isinstance(error, MissingScope | UnexpectedAnswer)
        _log.warning("ingest.stream_failed", tenant=self.tenant_id, stream=stream, error=str(error))

    def _objects(self, kind: ObjectType) -> Iterator[Chunk | Mark]:
        names = self._catalogue.names[kind.name]
        reach = window(self._cursors.get(kind.name), self._now, self._pace)
        yield from self._chunks(kind, self._live(kind, reach, names))
        in_bin: set[str] = set()
        yield from self._chunks(kind, _noting_ids(self.portal.pages(kind.name, names, archived=True), in_bin))
        yield from self._restored(kind, names, in_bin)
        total = self.portal.total(kind.name, kind.modified, reach.until)
        yield Mark(StreamDone(self.tenant_id, kind.name, reach.mode, reach.until, total))

    def _live(self, kind: ObjectType, reach: Window, names: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
        if reach.since is None:
            yield from self.portal.pages(kind.name, names, archived=False)
            return
        # Only ids are taken from search: the index may hold an older version, and leaves calculated properties out.
        for ids in self.portal.changed_ids(kind.name, kind.modified, reach.since, reach.until):
            yield self.portal.batch(kind.name, ids, names, archived=False)

    def _restored(self, kind: ObjectType, names: Sequence[str], in_bin: set[str]) -> Iterator[Chunk]:
        """Records we hold as archived that are not in the bin any more: live again, or gone."""
        held = self._binned or self._read_binned()
        missing = sorted(held[kind.name] - in_bin)
        live: set[str] = set()
        found = self.portal.batch(kind.name, missing, names, archived=False) if missing else []
        yield from self._chunks(kind, _noting_ids([found], live))
        self.gone[kind.name] = [one for one in missing if one not in live]

    def _read_binned(self) -> dict[str, set[str]]:
        with self._warehouse.snapshot() as snapshot:
            for kind in OBJECT_TYPES:
                rows = snapshot.rows(
                    f"select id from raw_hubspot.{kind.name} "  # noqa: S608 - a name of ours
                    f"where tenant_id = :tenant_id and archived and archived_at > :since",
                    tenant_id=self.tenant_id,
                    since=self._now - _BIN_DAYS,
                )
                self._binned[kind.name] = {row["id"] for row in rows}
        return self._binned

    def _chunks(self, kind: ObjectType, pages: Iterable[list[dict[str, Any]]]) -> Iterator[Chunk]:
        records: list[dict[str, Any]] = []
        fetched: list[datetime] = []
        for page in pages:
            records += page
            fetched += [self._clock()] * len(page)
            if len(records) >= CHUNK_RECORDS:
                yield from self._chunk(kind, records, fetched)
                records, fetched = [], []
        if records:
            yield from self._chunk(kind, records, fetched)

    def _chunk(self, kind: ObjectType, records: list[dict[str, Any]], fetched: list[datetime]) -> Iterator[Chunk]:
        yield Chunk(kind.name, self.tenant_id, mapping.object_rows(kind, self.tenant_id, records, fetched))
        if kind is not TICKETS:
            return
        # An archived ticket shows no links any more; those held from before stay.
        ids = [str(one["id"]) for one in records if one.get("archived") is not True]
        self._linked.update(ids)
        for links in LINK_TYPES:
            if ids and links.table not in self.errors:
                try:
                    found = self.portal.links(links.to, ids)
                except MissingScope as error:
                    self.errors[links.table] = error
                    continue
                yield self._link_chunk(links, found)

    def _links(self, links: LinkType) -> Iterator[Chunk | Mark]:
        """The rest of a link stream: tickets read in this sync have had their links read with them."""
        if not self.is_sweep_due:
            swept_at = self._cursors[links.table]["cursor_at"]
            yield Mark(StreamDone(self.tenant_id, links.table, SyncMode.INCREMENT, swept_at))
            return
        for ids in self._held_tickets():
            found = self.portal.links(links.to, ids)
            yield self._link_chunk(links, found)
            if links is COMPANY_LINKS:
                yield from self._reread(self._relinked(found))
        yield Mark(StreamDone(self.tenant_id, links.table, SyncMode.BACKFILL, self._now))

    def _held_tickets(self) -> Iterator[list[str]]:
        last = ""
        while True:
            rows = self._warehouse.rows(
                "select id from raw_hubspot.tickets where tenant_id = :tenant_id and not archived and id > :last "
                "order by id limit :size",
                tenant_id=self.tenant_id,
                last=last,
                size=_SWEEP_PAGE,
            )
            if not rows:
                return
            last = rows[-1]["id"]
            ids = [row["id"] for row in rows if row["id"] not in self._linked]
            if ids:
                yield ids

    def _relinked(self, found: mapping.Links) -> list[str]:
        """Tickets whose companies are not the ones we hold: their calculated properties have changed with them, silently."""
        table = LINK_TABLES[COMPANY_LINKS.table]
        held: dict[str, set[tuple[str | None, bool]]] = {}
        for row in self._warehouse.rows(
            f"select ticket_id, company_id, is_primary from {table.spec.qualified} "  # noqa: S608 - name from TableSpec
            f"where tenant_id = :tenant_id and ticket_id {AMONG}",
            tenant_id=self.tenant_id,
            wanted=wanted(found),
        ):
            held.setdefault(row["ticket_id"], set()).add((row["company_id"], row["is_primary"]))
        fresh: dict[str, set[tuple[str | None, bool]]] = {}
        rows = mapping.link_rows(COMPANY_LINKS, self.tenant_id, found, self._now)
        for ticket_id, company_id, is_primary in zip(
            *(rows.column(name).to_pylist() for name in ("ticket_id", "company_id", "is_primary")), strict=True
        ):
            fresh.setdefault(ticket_id, set()).add((company_id, is_primary))
        return sorted(ticket_id for ticket_id, companies in fresh.items() if companies != held.get(ticket_id))

    def _reread(self, ids: list[str]) -> Iterator[Chunk]:
        if ids:
            names = self._catalogue.names[TICKETS.name]
            records = self.portal.batch(TICKETS.name, ids, names, archived=False)
            fetched = [self._clock()] * len(records)
            yield Chunk(TICKETS.name, self.tenant_id, mapping.object_rows(TICKETS, self.tenant_id, records, fetched))

    def _link_chunk(self, links: LinkType, found: mapping.Links) -> Chunk:
        return Chunk(links.table, self.tenant_id, mapping.link_rows(links, self.tenant_id, found, self._clock()))


def _noting_ids(pages: Iterable[list[dict[str, Any]]], into: set[str]) -> Iterator[list[dict[str, Any]]]:
    for page in pages:
        into.update(str(one["id"]) for one in page)
        yield page
