"""Emails and notes of tickets. Only those: whatever else a portal's people write to each other is never asked for.

A ticket's links say which messages are its own. The body of one that is not held comes with the link; the body of one that changed
is found by search, like any other change, and kept if some ticket has it. A message no ticket is linked to any more is
deleted after the next sweep.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from core.vocabulary import SyncMode
from core.warehouse import Warehouse
from ingestion.hubspot.context import Context
from ingestion.hubspot.marks import StreamDone
from ingestion.hubspot.plan import window
from ingestion.hubspot.reader import Wanted
from ingestion.hubspot.tables import EMAIL_LINKS, NOTE_LINKS, TICKETS, LinkType
from ingestion.hubspot.threads.messages import email_rows, note_rows
from ingestion.hubspot.threads.tables import EMAIL_PROPERTIES, EMAILS, MODIFIED, NOTE_PROPERTIES, NOTES
from ingestion.hubspot.words import without_words
from ingestion.loader import Chunk, Mark, RawTable
from ingestion.loader.among import AMONG, wanted

_ROWS_AT_ONCE = 1_000

Rows = Callable[[str, Sequence[dict[str, Any]], Sequence[datetime]], pa.Table]


@dataclass(frozen=True)
class MessageType:
    """A kind of message.

    Attributes:
        table: Where its rows go; named as the object type.
        links: The links by which tickets have it.
        properties: What to ask for.
        rows: Records as rows.
    """

    table: RawTable
    links: LinkType
    properties: Sequence[str]
    rows: Rows

    @property
    def name(self) -> str:
        """The object type, the table, the stream."""
        return self.table.name


MESSAGE_TYPES = (
    MessageType(EMAILS, EMAIL_LINKS, EMAIL_PROPERTIES, email_rows),
    MessageType(NOTES, NOTE_LINKS, NOTE_PROPERTIES, note_rows),
)


class Messages:
    """The stream of one kind of message."""

    def __init__(self, context: Context, kind: MessageType) -> None:
        self.kind = kind
        self._context = context

    @property
    def is_first(self) -> bool:
        """Whether none were ever read to the end: they then come with the links of all tickets."""
        return window(self._context.cursors.get(self.kind.name), self._context.now, self._context.pace).since is None

    def changed(self, links_again: Callable[[LinkType, Sequence[str]], Iterator[Chunk]]) -> Iterator[Chunk | Mark]:
        """Messages that changed since the cursor and belong to a ticket, and the link sets of those tickets."""
        context, kind = self._context, self.kind
        reach = window(context.cursors.get(kind.name), context.now, context.pace)
        if reach.since is None:
            return
        pages = context.portal.changed_ids(kind.name, MODIFIED, reach.since, reach.until)
        for found in context.portal.links(kind.name, TICKETS.name, (one for page in pages for one in page)):
            tickets_of = {one: [str(link["toObjectId"]) for link in links] for one, links in found.items() if links}
            yield from self.read(tickets_of)
            yield from links_again(kind.links, self._held_tickets(one for ids in tickets_of.values() for one in ids))
        yield Mark(StreamDone(context.tenant_id, kind.name, SyncMode.INCREMENT, reach.until))

    def unheld(self, ids: Iterable[str]) -> list[str]:
        """Those of these messages that are not held yet."""
        asked = dict.fromkeys(ids)
        if not asked:
            return []
        held = self._context.held_rows(
            f"select id from {self.kind.table.spec.qualified} where tenant_id = :tenant_id and id {AMONG}",
            wanted=wanted(asked),
        )
        return sorted(set(asked) - {row["id"] for row in held})

    def read(self, ids: Iterable[str]) -> Iterator[Chunk]:
        """These messages, those that exist."""
        context, kind = self._context, self.kind
        records: list[dict[str, Any]] = []
        for some in context.portal.records(Wanted(kind.name, kind.properties), ids, archived=False):
            records += some
            if len(records) >= _ROWS_AT_ONCE:
                yield self._chunk(records)
                records = []
        if records:
            yield self._chunk(records)

    def done(self) -> Mark:
        """The mark of a stream whose messages all came with the links of all tickets: read since those began to be."""
        context = self._context
        until = window(context.cursors.get(TICKETS.name), context.now, context.pace).until
        return Mark(StreamDone(context.tenant_id, self.kind.name, SyncMode.BACKFILL, until))

    def _chunk(self, records: list[dict[str, Any]]) -> Chunk:
        context = self._context
        if hidden := self._suppressed(records):
            records = [without_words(self.kind.name, one) if str(one["id"]) in hidden else one for one in records]
        rows = self.kind.rows(context.tenant_id, records, [context.clock()] * len(records))
        return Chunk(self.kind.name, context.tenant_id, rows)

    def _suppressed(self, records: list[dict[str, Any]]) -> set[str]:
        """Those that belong to a ticket whose person was erased. HubSpot is asked: the links may not be held yet."""
        tickets = self._context.suppressed.get(TICKETS.name)
        if not tickets:
            return set()
        pages = self._context.portal.links(self.kind.name, TICKETS.name, [str(one["id"]) for one in records])
        return {
            str(one)
            for found in pages
            for one, links in found.items()
            if any(str(link["toObjectId"]) in tickets for link in links)
        }

    def _held_tickets(self, ids: Iterable[str]) -> list[str]:
        rows = self._context.held_rows(
            f"select id from raw_hubspot.tickets where tenant_id = :tenant_id and not archived and id {AMONG} order by id",
            wanted=wanted(dict.fromkeys(ids)),
        )
        return [row["id"] for row in rows]


def delete_unlinked(tenant_id: str, kind: MessageType, warehouse: Warehouse) -> None:
    """Delete the messages that no ticket has any more; for when the links of all tickets have just been read."""
    warehouse.execute(
        f"delete from {kind.table.spec.qualified} where tenant_id = :tenant_id and id not in "
        f"(select {kind.links.id_column} from raw_hubspot.{kind.links.table} "
        f"where tenant_id = :tenant_id and {kind.links.id_column} is not null)",
        tenant_id=tenant_id,
    )
