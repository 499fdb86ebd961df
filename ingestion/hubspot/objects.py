"""One object type's stream: the live records (all by list, or the changed ones by search), the recycling bin, and who left it.

Everything is read in chunks; a backfill says after each how far it has come, so that one that is killed goes on from there.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from ingestion.hubspot import mapping
from ingestion.hubspot.ahead import merged
from ingestion.hubspot.context import Context
from ingestion.hubspot.links import Links
from ingestion.hubspot.listing import Page
from ingestion.hubspot.marks import Checkpoint, StreamDone
from ingestion.hubspot.plan import Window, window
from ingestion.hubspot.reader import Wanted
from ingestion.hubspot.tables import (
    COMPANIES,
    COMPANY_HISTORY,
    CONTACTS,
    LINK_TYPES,
    RECORD_ALIASES,
    TICKET_STAGES,
    TICKETS,
    ObjectType,
)
from ingestion.hubspot.whereabouts import Place
from ingestion.loader import Chunk, Mark

CHUNK_RECORDS = 5_000
"""Records turned into one Arrow table; bounds how many are in memory as dictionaries."""

CHUNK_SECONDS = 15.0
"""Time after which a chunk is handed over although it is small, so that a slow portal's backfill has checkpoints too."""

_PAGES_READY = 32
_KEPT_ARCHIVED = timedelta(days=91)  # HubSpot keeps archived records for 90.

Json = dict[str, Any]


class Objects:
    """The stream of one object type."""

    def __init__(self, context: Context, kind: ObjectType, links: Links) -> None:
        self._context = context
        self._kind = kind
        self._links = links

    def items(self) -> Iterator[Chunk | Mark]:
        """Everything that may have changed since the cursor."""
        context, kind = self._context, self._kind
        wanted_fields = Wanted(kind.name, context.names[kind.name], context.history(kind))
        reach = window(context.cursors.get(kind.name), context.now, context.pace)
        yield from self._live(wanted_fields, reach)
        in_bin: set[str] = set()
        archived = context.portal.pages(wanted_fields, archived=True)
        yield from self._chunks(_noting_ids(archived, in_bin))
        yield from self._left_the_bin(wanted_fields, in_bin)
        if kind is COMPANIES and reach.since is not None:
            yield from self._untold(wanted_fields.history)
        total = context.portal.total(kind.name, kind.modified, reach.until)
        yield Mark(StreamDone(context.tenant_id, kind.name, reach.mode, reach.until, total))
        # The part of a backfill that an earlier sync read may have been read without links we may see now.
        if kind is TICKETS and reach.since is None and reach.resume_after is None:
            readable = [links for links in LINK_TYPES if links.table not in context.errors]
            yield from (self._links.done_with_tickets(links, reach.until) for links in readable)

    def wherever(self, ids: Sequence[str]) -> Iterator[Chunk | Mark]:
        """The records with these ids as they are now: live, archived, or what they were merged into; who is nowhere is noted."""
        context, kind = self._context, self._kind
        wanted_fields = Wanted(kind.name, context.names[kind.name], context.history(kind))
        found: set[str] = set()
        for is_archived in (False, True):
            left = [one for one in ids if one not in found]
            records = context.portal.records(wanted_fields, left, archived=is_archived)
            yield from self._chunks(_noting_ids((Page(some, None) for some in records), found))
        places = context.portal.whereabouts(kind.name, [one for one in ids if one not in found])
        aliases = {one: place.record_id for one, place in places.items() if place.record_id is not None}
        if aliases:
            rows = mapping.alias_rows(context.tenant_id, kind.name, aliases, context.clock())
            yield Chunk(RECORD_ALIASES.name, context.tenant_id, rows)
            survivors = sorted(set(aliases.values()) - found)
            left_over = context.portal.records(wanted_fields, survivors, archived=False)
            yield from self._chunks(Page(some, None) for some in left_over)
        nowhere = [one for one, place in places.items() if place.place is Place.NOWHERE]
        self._note_nowhere(nowhere)

    def _note_nowhere(self, ids: Sequence[str]) -> None:
        if self._kind is CONTACTS:
            self._links.nowhere(ids)
        else:
            self._context.note_vanished(self._kind, ids)

    def _live(self, wanted_fields: Wanted, reach: Window) -> Iterator[Chunk | Mark]:
        portal, kind = self._context.portal, self._kind
        if reach.since is not None:
            # Only ids are taken from search: the index may hold an older version, and leaves calculated properties out.
            pages = portal.changed_ids(kind.name, kind.modified, reach.since, reach.until)
            changed = (one for page in pages for one in page)
            found = portal.records(wanted_fields, changed, archived=False)
            yield from self._chunks(Page(records, None) for records in found)
            return
        yield from self._chunks(portal.everything(wanted_fields, resume=reach.resume_after), reach)

    def _left_the_bin(self, wanted_fields: Wanted, in_bin: set[str]) -> Iterator[Chunk | Mark]:
        """Records held as archived that are not in the bin any more: live again, out of time, or erased before it was up."""
        context, kind = self._context, self._kind
        rows = context.held_rows(
            f"select id from raw_hubspot.{kind.name} where tenant_id = :tenant_id and archived and archived_at > :since",
            since=context.now - _KEPT_ARCHIVED,
        )
        missing = sorted({row["id"] for row in rows} - in_bin)
        live: set[str] = set()
        found = context.portal.records(wanted_fields, missing, archived=False) if missing else iter(())
        yield from self._chunks(_noting_ids((Page(records, None) for records in found), live))
        self._note_nowhere([one for one in missing if one not in live])

    def _untold(self, names: Sequence[str]) -> Iterator[Chunk]:
        """What mapped properties were before, of all companies held, where one was mapped since they were read."""
        context = self._context
        rows = context.held_rows(
            f"select distinct property_name from {COMPANY_HISTORY.spec.qualified} where tenant_id = :tenant_id"
        )
        if not set(names) - {row["property_name"] for row in rows}:
            return
        held = context.held_rows(
            "select id from raw_hubspot.companies where tenant_id = :tenant_id and not archived order by id"
        )
        bare = Wanted(self._kind.name, (), names)
        for records in context.portal.records(bare, [row["id"] for row in held], archived=False):
            fetched = [context.clock()] * len(records)
            history = mapping.company_history_rows(context.tenant_id, records, fetched, names)
            yield Chunk(COMPANY_HISTORY.name, context.tenant_id, history)

    def _chunks(self, pages: Iterable[Page], reach: Window | None = None) -> Iterator[Chunk | Mark]:
        """Chunks of these pages; with a backfill's window, each followed by the checkpoint behind it."""
        records: list[Json] = []
        fetched = []
        opened_at = time.monotonic()
        after: str | None = None
        # The next pages come in while a chunk's links are asked for.
        for page in merged([pages], ready=_PAGES_READY):
            records += page.records
            fetched += [self._context.clock()] * len(page.records)
            after = page.after
            if len(records) >= CHUNK_RECORDS or time.monotonic() - opened_at >= CHUNK_SECONDS:
                yield from self._chunk(records, fetched)
                if reach is not None and after is not None:
                    yield Mark(Checkpoint(self._context.tenant_id, self._kind.name, after, reach.until))
                records, fetched, opened_at = [], [], time.monotonic()
        if records:
            yield from self._chunk(records, fetched)

    def _chunk(self, records: list[Json], fetched: list[Any]) -> Iterator[Chunk]:
        context, kind = self._context, self._kind
        if not records:
            return
        yield Chunk(kind.name, context.tenant_id, context.object_rows(kind, records, fetched))
        if aliases := {loser: str(one["id"]) for one in records for loser in mapping.merged_ids(one)}:
            rows = mapping.alias_rows(context.tenant_id, kind.name, aliases, context.clock())
            yield Chunk(RECORD_ALIASES.name, context.tenant_id, rows)
        if kind is COMPANIES and (names := context.history(kind)):
            history = mapping.company_history_rows(context.tenant_id, records, fetched, names)
            yield Chunk(COMPANY_HISTORY.name, context.tenant_id, history)
        if kind is TICKETS:
            history = mapping.stage_history_rows(kind, context.tenant_id, records, fetched)
            yield Chunk(TICKET_STAGES.name, context.tenant_id, history)
            # An archived ticket shows no links any more; those held from before stay.
            yield from self._links.of([str(one["id"]) for one in records if one.get("archived") is not True])


def _noting_ids(pages: Iterable[Page], into: set[str]) -> Iterator[Page]:
    for page in pages:
        into.update(str(one["id"]) for one in page.records)
        yield page
