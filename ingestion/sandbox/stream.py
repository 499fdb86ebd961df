"""Records in bulk, for measuring what reads them: plausible, without a plot and without truth, each made from its place alone.

Equal arguments give equal records, in whatever order they are asked for, so a portal of a million tickets need not hold them.
Tickets come from the companies in turn; a company's contacts write its tickets in turn.
"""

import random
from array import array
from collections.abc import Iterator, MutableSequence, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from ingestion.sandbox import phrases
from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, KINDS, TICKETS
from ingestion.sandbox.clock import from_millis, to_iso, to_millis
from ingestion.sandbox.records import Record
from ingestion.sandbox.vendors import VENDORS
from ingestion.sandbox.writing import Intent, Sender, Writer

TEXT_POOL = 3_000
"""Texts written in full; every ticket takes one of them and its own number."""

CUSTOM_PROPERTY = "custom_property_{}"

_MOODS = ("neutral", "neutral", "neutral", "positive", "very_positive", "negative", "very_negative")
_END = datetime(2026, 11, 1, tzinfo=UTC)
_KNOWN_FOR = timedelta(days=900)
_SHARE_CLOSED = 0.95
_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Numbering:
    """Ids of one object type: ``count`` of them at equal distances."""

    first: int
    step: int
    count: int

    def __getitem__(self, place: int) -> int:
        """The id at a place."""
        return self.first + self.step * place

    def place(self, record_id: int) -> int | None:
        """Where an id stands; None for one that is not among them."""
        place, rest = divmod(record_id - self.first, self.step)
        return place if rest == 0 and 0 <= place < self.count else None

    def ids(self) -> MutableSequence[int]:
        """All ids, ascending, in eight bytes each."""
        return array("q", range(self.first, self.first + self.step * self.count, self.step))


class Bulk:
    """What a bulk portal holds.

    Args:
        tickets: How many.
        companies: How many companies they belong to, at least one.
        contacts: How many people write them; with fewer people than companies, some companies' tickets have no contact.
        custom_properties: How many filled properties of the tenant's own each record has besides.
        seed: Decides everything left to chance.
        until: No record is newer.
        days: Tickets are spread evenly over this many days, ids and create dates ascending.
    """

    def __init__(
        self,
        tickets: int,
        *,
        companies: int = 2_000,
        contacts: int = 0,
        custom_properties: int = 0,
        seed: int = 7,
        until: datetime = _END,
        days: int = 270,
    ) -> None:
        self.numbering = {
            TICKETS: Numbering(30_115_207_000, 17, tickets),
            COMPANIES: Numbering(20_400_118_000, 37, companies),
            CONTACTS: Numbering(61_300_450_000, 3, contacts),
        }
        self.custom_names = [CUSTOM_PROPERTY.format(number) for number in range(custom_properties)]
        self._seed, self._until = seed, until
        self._newest, self._span = to_millis(until), to_millis(until) - to_millis(until - timedelta(days=days))
        self._known_since = until - _KNOWN_FOR

    def find(self, object_type: str, record_id: int) -> Record | None:
        """The record with that id; None when there is none."""
        place = self.numbering[object_type].place(record_id)
        return None if place is None else self.record(object_type, place)

    def record(self, object_type: str, place: int) -> Record:
        """The record at a place."""
        record_id = self.numbering[object_type][place]
        if object_type == TICKETS:
            created, modified = (from_millis(one) for one in self._moments(place))
            about = self._ticket(place, to_iso(modified))
        else:
            created = modified = self._known_since
            about = self._company(place) if object_type == COMPANIES else self._contact(place)
        about |= {
            "hs_object_id": str(record_id),
            "createdate": to_iso(created),
            KINDS[object_type].modified_property: to_iso(modified),
        }
        about.update((name, str(record_id % 997 + number)) for number, name in enumerate(self.custom_names))
        return Record(record_id, about, created)

    def modified_at(self, object_type: str) -> Sequence[int]:
        """When each record was modified, by place, in milliseconds since the epoch."""
        count = self.numbering[object_type].count
        if object_type == TICKETS:
            return array("q", (self._moments(place)[1] for place in range(count)))
        return array("q", [to_millis(self._known_since)]) * count

    def links(self, from_type: str, to_type: str, record_id: int) -> dict[int, bool] | None:
        """Ids linked to a record, and whether each link is primary; None when there is no such record."""
        place = self.numbering[from_type].place(record_id)
        if place is None:
            return None
        others, is_primary = self.numbering[to_type], COMPANIES in {from_type, to_type}
        return {others[one]: is_primary for one in self._linked(from_type, to_type, place)}

    def _linked(self, from_type: str, to_type: str, place: int) -> range:
        """Places of what is linked to the record at a place; of a company everything in its turn."""
        companies = self.numbering[COMPANIES].count
        if to_type == COMPANIES:
            return range(place % companies, place % companies + 1)
        if from_type == COMPANIES:
            return range(place, self.numbering[to_type].count, companies)
        people = len(range(place % companies, self.numbering[CONTACTS].count, companies))
        turn, company = divmod(place, companies)
        if from_type == CONTACTS:
            return range(place, self.numbering[TICKETS].count, companies * people)
        writer = company + turn % people * companies if people else 0
        return range(writer, writer + bool(people))

    def _ticket(self, place: int, modified_at: str) -> dict[str, str]:
        subject, content, category = self._texts[self._chance(place, 1) % len(self._texts)]
        company_place = place % self.numbering[COMPANIES].count
        is_closed = place < self.numbering[TICKETS].count * _SHARE_CLOSED
        return {
            "content": f"{content}\n\nReference {place:07d}",
            "hs_pipeline": "0",
            "hs_primary_company_id": str(self.numbering[COMPANIES][company_place]),
            "hs_primary_company_name": _company_name(company_place),
            "hs_ticket_category": category,
            "hs_ticket_priority": "MEDIUM",
            "source_type": "EMAIL",
            "subject": subject,
            **({"hs_pipeline_stage": "4", "closed_date": modified_at} if is_closed else {"hs_pipeline_stage": "1"}),
        }

    @staticmethod
    def _company(place: int) -> dict[str, str]:
        return {
            "name": _company_name(place),
            "domain": f"customer-{place:05d}.example",
            "lifecyclestage": "customer",
        }

    def _contact(self, place: int) -> dict[str, str]:
        company = place % self.numbering[COMPANIES].count
        return {
            "email": f"person-{place:06d}@customer-{company:05d}.example",
            "firstname": phrases.FIRST_NAMES[place % len(phrases.FIRST_NAMES)],
            "lastname": phrases.LAST_NAMES[place % len(phrases.LAST_NAMES)],
        }

    def _moments(self, place: int) -> tuple[int, int]:
        """When a ticket was created and last modified, in milliseconds since the epoch."""
        created = self._newest - self._span + self._span * place // self.numbering[TICKETS].count
        return created, min(self._newest, created + self._chance(place, 0) % 20_000 * 60_000)

    def _chance(self, place: int, which: int) -> int:
        """Sixty-four bits that look random and depend on the seed, the place and the purpose (SplitMix64)."""
        bits = (self._seed * 0xD1342543DE82EF95 + (2 * place + which + 1) * 0x9E3779B97F4A7C15) & _WORD
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _WORD
        return bits ^ (bits >> 31)

    @cached_property
    def _texts(self) -> list[tuple[str, str, str]]:
        """Subjects, contents and categories, the vendors in turn."""
        rng = random.Random(self._seed)  # noqa: S311 -- filler, not a secret
        writers = [Writer(vendor, rng) for vendor in VENDORS]
        texts = []
        for place in range(min(self.numbering[TICKETS].count, TEXT_POOL)):
            vendor, writer = VENDORS[place % len(VENDORS)], writers[place % len(VENDORS)]
            topic = rng.choice(vendor.topics)
            sender = Sender(
                rng.choice(phrases.FIRST_NAMES), rng.choice(phrases.LAST_NAMES), rng.choice(phrases.JOB_TITLES), ""
            )
            texts.append((*writer.write(topic, Intent(rng.choice(_MOODS)), sender, self._until), topic.category))
        return texts


def generate_tickets(
    n: int, *, seed: int = 7, until: datetime = _END, days: int = 270, companies: int = 2_000
) -> Iterator[dict[str, Any]]:
    """Ticket records as the list endpoint returns them, with their company inline.

    Args:
        n: How many.
        seed: Decides everything; equal arguments give equal records.
        until: No ticket is newer.
        days: They are spread evenly over this many days, ids and create dates ascending.
        companies: How many companies they belong to.

    Yields:
        ``id``, ``properties`` (strings or null), ``createdAt``, ``updatedAt``, ``archived`` and ``associations``.
    """
    bulk = Bulk(n, companies=companies, seed=seed, until=until, days=days)
    for place in range(n):
        record = bulk.record(TICKETS, place)
        properties = record.properties
        company_id = properties["hs_primary_company_id"]
        yield {
            "id": str(record.id),
            "properties": {"closed_date": None, **properties},
            "createdAt": properties["createdate"],
            "updatedAt": properties["hs_lastmodifieddate"],
            "archived": False,
            "associations": {
                "companies": {
                    "results": [
                        {"id": company_id, "type": "ticket_to_company"},
                        {"id": company_id, "type": "ticket_to_company_unlabeled"},
                    ]
                }
            },
        }


def _company_name(place: int) -> str:
    return f"Customer {place:05d}"
