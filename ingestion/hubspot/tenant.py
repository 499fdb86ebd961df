"""What one tenant's portal has that the warehouse may not have yet, as a stream of chunks and marks.

Streams are read side by side, and each ends with a mark that says up to when it was read; the mark comes back once its rows are
proved (`sync` then writes the cursor). An error ends the stream it happened in without a mark. A missing scope, an answer in part
or one that cannot be read ends only that stream; anything else ends the tenant, and in neither case anybody else.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence

from core.errors import ChurnboardError
from core.logging import get_logger
from core.vocabulary import SyncMode
from ingestion.hubspot import gone
from ingestion.hubspot.ahead import merged
from ingestion.hubspot.catalogue import Catalogue
from ingestion.hubspot.context import STREAM_ONLY, Context
from ingestion.hubspot.errors import UnexpectedAnswer
from ingestion.hubspot.links import Links
from ingestion.hubspot.marks import StreamDone
from ingestion.hubspot.messages import MESSAGE_TYPES, Messages, MessageType
from ingestion.hubspot.objects import Objects
from ingestion.hubspot.tables import (
    LINK_TYPES,
    OBJECT_TYPES,
    RECORD_ALIASES,
    TICKETS,
    LinkType,
    ObjectType,
)
from ingestion.loader import Chunk, Mark
from ingestion.loader.among import AMONG, wanted

STREAMS = (
    "portals",
    "properties",
    "owners",
    "pipelines",
    "pipeline_stages",
    *(kind.name for kind in OBJECT_TYPES),
    *(kind.name for kind in MESSAGE_TYPES),
    *(links.table for links in LINK_TYPES),
)
"""Every stream that has a cursor."""

_READY = 8
"""Chunks that may wait for the loader, over all streams."""

_log = get_logger(__name__)

Items = Generator[Chunk | Mark]

Hints = Mapping[str, Collection[str]]
"""By object type, ids of records that somebody says have changed."""


class TenantSync:
    """One tenant's part of a cell's sync.

    Attributes:
        context: What its streams share.
        failure: The error that ended the whole tenant; None while it goes on.
        is_sweeping: Whether this sync reads the links of all tickets.
        listed: Live records on HubSpot's list, by object type, where all ids were listed.
    """

    def __init__(self, context: Context, on_extracted: Callable[[str, str, int], None]) -> None:
        self.context = context
        self.failure: ChurnboardError | None = None
        self._on_extracted = on_extracted
        self._catalogue = Catalogue(context)
        self._messages = [Messages(context, kind) for kind in MESSAGE_TYPES]
        self._links = Links(context, self._messages)
        self._objects = {kind.name: Objects(context, kind, self._links) for kind in OBJECT_TYPES}
        self._finished: set[str] = set()
        self._swept: set[str] = set()
        self.listed: dict[str, int] = {}
        self.is_sweeping = any(self._links.is_due(links) for links in LINK_TYPES)

    def items(self) -> Items:
        """Everything: the catalogue, then the records with their links, then what is left of the links."""
        context, catalogue = self.context, self._catalogue
        small = ("portals", "properties", "owners", "pipelines")
        yield from self._together((name, getattr(catalogue, name)()) for name in small)
        # HubSpot's clock, as the first answers told it; see `HubSpotClient.server_time`.
        context.now = context.clock()
        context.errors.update(catalogue.closed)
        readable = [kind for kind in OBJECT_TYPES if kind.name in context.names]
        changed = ((one.kind.name, one.changed(self._links.again)) for one in self._messages)
        yield from self._together([*((kind.name, self._objects[kind.name].items()) for kind in readable), *changed])
        if TICKETS.name in self._finished:
            rest = [links for links in LINK_TYPES if links.table not in self._finished]
            yield from self._together((links.table, self._links.rest(links)) for links in rest)
        for one in self._messages:
            links = one.kind.links.table
            if links in self._finished and one.is_first:
                yield from self._guarded(one.kind.name, [one.done()])
            elif links in context.errors and one.kind.name not in self._finished:
                # Messages are found by their links; without these none is read.
                context.errors.setdefault(one.kind.name, context.errors[links])

    def unlinked(self) -> list[MessageType]:
        """Kinds of message whose links were read for all tickets in this sync."""
        return [one.kind for one in self._messages if one.kind.links.table in self._swept]

    def hinted(self, hints: Hints) -> Items:
        """The records with these ids, wherever they are now."""
        known = self._known_names()
        self.context.names.update(known)
        for kind in OBJECT_TYPES:
            if hints.get(kind.name) and known.get(kind.name):
                yield from self._guarded(kind.name, self._objects[kind.name].wherever(sorted(hints[kind.name])))

    def repairs(self, kind: ObjectType) -> Items:
        """What a comparison of all ids brings to light, once everything else is loaded."""
        yield from self._guarded(kind.name, self._compared(kind))

    def relinks(self) -> Items:
        """Links of tickets that point at records merged into others or gone: HubSpot has changed them, and told nobody."""
        for links in LINK_TYPES:
            yield from self._guarded(links.table, self._links.again(links, self._misled(links)))

    def _compared(self, kind: ObjectType) -> Items:
        found = gone.compare(self.context, kind)
        yield from self._objects[kind.name].wherever([*found.listed_only, *found.held_only])
        self.listed[kind.name] = found.listed_count

    def _known_names(self) -> dict[str, list[str]]:
        """Property names as of the last sync: a hint is not worth reading the catalogue for."""
        names: dict[str, list[str]] = {}
        for row in self.context.held_rows(
            "select object_type, name from raw_hubspot.properties where tenant_id = :tenant_id and not archived order by name"
        ):
            names.setdefault(row["object_type"], []).append(row["name"])
        return names

    def _misled(self, links: LinkType) -> list[str]:
        context = self.context
        rows = context.held_rows(
            f"select distinct links.ticket_id from raw_hubspot.{links.table} as links "
            "inner join raw_hubspot.tickets as tickets "
            "on tickets.tenant_id = links.tenant_id and tickets.id = links.ticket_id and not tickets.archived "
            f"left join {RECORD_ALIASES.spec.qualified} as aliases "
            f"on aliases.tenant_id = links.tenant_id and aliases.alias_id = links.{links.id_column} "
            "and aliases.object_type = :object_type "
            f"where links.tenant_id = :tenant_id and (aliases.alias_id is not null or links.{links.id_column} {AMONG}) "
            "order by links.ticket_id",
            object_type=links.to,
            wanted=wanted(context.vanished.get(links.to, ())),
        )
        return [row["ticket_id"] for row in rows]

    def _together(self, streams: Iterable[tuple[str, Iterable[Chunk | Mark]]]) -> Items:
        guarded: Sequence[Items] = [self._guarded(name, items) for name, items in streams]
        yield from merged(guarded, ready=_READY)

    def _guarded(self, stream: str, items: Iterable[Chunk | Mark]) -> Items:
        if stream in self.context.errors:
            return
        try:
            for item in items:
                if self.failure is not None:
                    return
                if isinstance(item, Chunk):
                    self._on_extracted(self.context.tenant_id, item.table, item.rows.num_rows)
                elif isinstance(item.value, StreamDone):
                    self._finished.add(item.value.stream)
                    if item.value.mode is SyncMode.BACKFILL:
                        self._swept.add(item.value.stream)
                yield item
        except ChurnboardError as error:
            self._failed(stream, error)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._failed(
                stream,
                UnexpectedAnswer(
                    f"HubSpot of tenant {self.context.tenant_id} sent {stream} in a form that cannot be read: "
                    f"{type(error).__name__} {error}. The stream stands still; report this with the run's log."
                ),
            )
            _log.exception("ingest.unexpected_answer", tenant=self.context.tenant_id, stream=stream)

    def _failed(self, stream: str, error: ChurnboardError) -> None:
        self.context.errors[stream] = error
        if not isinstance(error, STREAM_ONLY) and self.failure is None:
            self.failure = error
        _log.warning("ingest.stream_failed", tenant=self.context.tenant_id, stream=stream, error=str(error))
