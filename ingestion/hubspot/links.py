"""Links of tickets: read with every ticket that is read, and swept over all tickets once in a while.

A changed link moves no modified date, so increments cannot see it: the sweep can. A ticket's link set is always read whole and
replaced whole, its pages and all its labels included. Two things show up here first: a ticket whose company changed has
other calculated properties now, and a contact that a ticket has lost may be lost altogether.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from core.vocabulary import SyncMode
from ingestion.hubspot import mapping
from ingestion.hubspot.context import STREAM_ONLY, Context
from ingestion.hubspot.marks import StreamDone
from ingestion.hubspot.messages import Messages
from ingestion.hubspot.plan import is_sweep_due
from ingestion.hubspot.reader import Wanted
from ingestion.hubspot.tables import (
    COMPANY_LINKS,
    CONTACT_LINKS,
    CONTACTS,
    LINK_TABLES,
    LINK_TYPES,
    RECORD_ALIASES,
    TICKETS,
    LinkType,
)
from ingestion.hubspot.whereabouts import Place, Whereabouts
from ingestion.loader import Chunk, Mark
from ingestion.loader.among import AMONG, wanted

_SWEEP_PAGE = 10_000
_IN_BIN, _MARGIN = timedelta(days=90), timedelta(days=1)


@dataclass(frozen=True)
class _Lost:
    """Where a contact is now that tickets had and have no more."""

    where: Whereabouts
    ticket_ids: list[str]


class Links:
    """The link streams of one tenant."""

    def __init__(self, context: Context, messages: Sequence[Messages]) -> None:
        self._context = context
        self._messages = {one.kind.links.table: one for one in messages}
        self._counted: Counter[str] = Counter()
        self._is_first = {links.table: context.cursors.get(links.table) is None for links in LINK_TYPES}

    def is_due(self, links: LinkType) -> bool:
        """Whether the links of all tickets have to be read."""
        context = self._context
        cursors = context.cursors
        if links.table in self._messages and self._messages[links.table].is_first:
            return True
        return is_sweep_due(cursors.get(links.table), cursors.get(TICKETS.name), context.now, context.pace)

    def of(self, ticket_ids: Sequence[str]) -> Iterator[Chunk]:
        """The links of these live tickets, of every type we may read; a type that cannot be read is noted and left out."""
        for links in LINK_TYPES:
            if ticket_ids and links.table not in self._context.errors:
                try:
                    yield from self._read(links, ticket_ids)
                except STREAM_ONLY as error:
                    self._context.errors[links.table] = error

    def done_with_tickets(self, links: LinkType, cursor_at: datetime) -> Mark:
        """The mark of a stream whose tickets were all just read from the list, each with its links."""
        total = self._counted[links.table] if self._is_first[links.table] else None
        return Mark(StreamDone(self._context.tenant_id, links.table, SyncMode.BACKFILL, cursor_at, total))

    def rest(self, links: LinkType) -> Iterator[Chunk | Mark]:
        """What is left of a stream after an increment: the sweep where it is due."""
        context = self._context
        if not self.is_due(links):
            held = context.cursors[links.table]
            counted, had = held["portal_total"], held["held_count"]
            gap = None if counted is None or had is None else counted - had
            yield Mark(StreamDone(context.tenant_id, links.table, SyncMode.INCREMENT, held["cursor_at"], known_gap=gap))
            return
        self._counted[links.table] = 0
        for ticket_ids in self._held_tickets():
            yield from self._read(links, ticket_ids)
        total = self._counted[links.table]
        yield Mark(StreamDone(context.tenant_id, links.table, SyncMode.BACKFILL, context.now, total))

    def again(self, links: LinkType, ticket_ids: Sequence[str]) -> Iterator[Chunk]:
        """The links of tickets that are known to have changed."""
        if ticket_ids and links.table not in self._context.errors:
            yield from self._read(links, ticket_ids)

    def _read(self, links: LinkType, ticket_ids: Sequence[str]) -> Iterator[Chunk]:
        context = self._context
        for found in context.portal.links(TICKETS.name, links.to, ticket_ids):
            rows = mapping.link_rows(links, context.tenant_id, found, context.clock())
            # Before the new set replaces the held one, which is the only place where the difference can be seen.
            if links is COMPANY_LINKS and not self._is_first[links.table]:
                yield from self._reread(self._relinked(found))
            elif links is CONTACT_LINKS and not self._is_first[links.table]:
                lost = self._lost(found)
                yield from self._moved(lost)
                rows = pa.concat_tables([rows, self._kept(links, self._nowhere(lost))])
            self._counted[links.table] += rows.num_rows
            yield Chunk(links.table, context.tenant_id, rows)
            if links.table in self._messages:
                yield from self._bodies(self._messages[links.table], found)

    def _bodies(self, messages: Messages, found: mapping.Links) -> Iterator[Chunk]:
        """The messages behind these links that are not held; where they may not be read, the links are kept all the same."""
        if messages.kind.name in self._context.errors:
            return
        linked = (str(link["toObjectId"]) for links in found.values() for link in links)
        try:
            yield from messages.read(messages.unheld(linked))
        except STREAM_ONLY as error:
            self._context.errors[messages.kind.name] = error

    def _held_tickets(self) -> Iterator[list[str]]:
        last = ""
        while True:
            rows = self._context.held_rows(
                "select id from raw_hubspot.tickets where tenant_id = :tenant_id and not archived and id > :last "
                "order by id limit :size",
                last=last,
                size=_SWEEP_PAGE,
            )
            if not rows:
                return
            last = rows[-1]["id"]
            yield [row["id"] for row in rows]

    def _held(self, links: LinkType, ticket_ids: Iterable[str], *columns: str) -> dict[str, set[tuple[object, ...]]]:
        held: dict[str, set[tuple[object, ...]]] = {}
        names = ", ".join(("ticket_id", *columns))
        for row in self._context.held_rows(
            f"select {names} from {LINK_TABLES[links.table].spec.qualified} "
            f"where tenant_id = :tenant_id and ticket_id {AMONG}",
            wanted=wanted(ticket_ids),
        ):
            held.setdefault(row["ticket_id"], set()).add(tuple(row[name] for name in columns))
        return held

    def _relinked(self, found: mapping.Links) -> list[str]:
        """Tickets whose companies are not the ones we hold: their calculated properties have changed with them, silently."""
        context = self._context
        columns = ("company_id", "is_primary")
        held = self._held(COMPANY_LINKS, found, *columns)
        fresh: dict[str, set[tuple[object, ...]]] = {}
        rows = mapping.link_rows(COMPANY_LINKS, context.tenant_id, found, context.now)
        for ticket_id, *values in zip(
            *(rows.column(name).to_pylist() for name in ("ticket_id", *columns)), strict=True
        ):
            fresh.setdefault(ticket_id, set()).add(tuple(values))
        return sorted(
            ticket_id for ticket_id, linked in fresh.items() if ticket_id in held and linked != held[ticket_id]
        )

    def _reread(self, ticket_ids: Sequence[str]) -> Iterator[Chunk]:
        context = self._context
        wanted_fields = Wanted(TICKETS.name, context.names[TICKETS.name])
        for records in context.portal.records(wanted_fields, ticket_ids, archived=False):
            fetched = [context.clock()] * len(records)
            yield Chunk(TICKETS.name, context.tenant_id, context.object_rows(TICKETS, records, fetched))

    def nowhere(self, contact_ids: Sequence[str]) -> None:
        """Note contacts that are nowhere any more, with the tickets that are held as theirs."""
        tickets_of: dict[str, list[str]] = {one: [] for one in contact_ids}
        for row in self._context.held_rows(
            "select contact_id, ticket_id from raw_hubspot.ticket_contacts "
            f"where tenant_id = :tenant_id and contact_id {AMONG} order by ticket_id",
            wanted=wanted(contact_ids),
        ):
            tickets_of[row["contact_id"]].append(row["ticket_id"])
        self._note(tickets_of)

    def _note(self, tickets_of: Mapping[str, Sequence[str]]) -> None:
        """Whoever was in the bin for as long as HubSpot keeps anybody there ran out of time; the others were erased."""
        if not tickets_of:
            return
        context = self._context
        rows = context.held_rows(
            "select id from raw_hubspot.contacts "
            f"where tenant_id = :tenant_id and archived and archived_at <= :before and id {AMONG}",
            before=context.now - _IN_BIN + _MARGIN,
            wanted=wanted(tickets_of),
        )
        out_of_time = {row["id"] for row in rows}
        context.note_vanished(CONTACTS, out_of_time)
        context.note_erased({one: tickets for one, tickets in tickets_of.items() if one not in out_of_time})

    def _lost(self, found: mapping.Links) -> dict[str, _Lost]:
        """Contacts that tickets had and have no more, and where these contacts are now."""
        tickets_of: dict[str, list[str]] = {}
        for ticket_id, held in self._held(CONTACT_LINKS, found, "contact_id").items():
            fresh = {str(one["toObjectId"]) for one in found.get(ticket_id, ())}
            for (contact_id,) in held:
                if contact_id is not None and contact_id not in fresh:
                    tickets_of.setdefault(str(contact_id), []).append(ticket_id)
        if not tickets_of:
            return {}
        places = self._context.portal.whereabouts(CONTACTS.name, sorted(tickets_of))
        return {one: _Lost(place, tickets_of[one]) for one, place in places.items()}

    def _moved(self, lost: Mapping[str, _Lost]) -> Iterator[Chunk]:
        context = self._context
        if aliases := {one: gone.where.record_id for one, gone in lost.items() if gone.where.record_id is not None}:
            rows = mapping.alias_rows(context.tenant_id, CONTACTS.name, aliases, context.clock())
            yield Chunk(RECORD_ALIASES.name, context.tenant_id, rows)

    def _nowhere(self, lost: Mapping[str, _Lost]) -> dict[str, list[str]]:
        nowhere = {one: gone.ticket_ids for one, gone in lost.items() if gone.where.place is Place.NOWHERE}
        self._note(nowhere)
        return nowhere

    def _kept(self, links: LinkType, tickets_of: Mapping[str, Sequence[str]]) -> pa.Table:
        """Links to erased contacts, held until the contact itself is deleted: they alone say which tickets were theirs."""
        found: dict[str, list[mapping.Json]] = {}
        for contact_id, ticket_ids in tickets_of.items():
            for ticket_id in ticket_ids:
                found.setdefault(ticket_id, []).append({"toObjectId": contact_id})
        return mapping.link_rows(links, self._context.tenant_id, found, self._context.clock())
