"""A portal of any size that starts at once: records and links are made when they are asked for, and kept when they are changed.

What a million tickets cost is eight bytes each for the list of ids, and eight more once somebody searches by modified date.
Lists, batch reads, links, and searches by id and modified date take no longer than in a small portal; any other search makes and
looks at every record, which takes some twenty seconds for a million.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, KINDS, LINK_TYPES, TICKETS, PropertyDefinition
from ingestion.sandbox.clock import Clock, parse_iso, system_clock, to_millis
from ingestion.sandbox.links import LinkTable
from ingestion.sandbox.made import Made
from ingestion.sandbox.ranges import Range, Ranges
from ingestion.sandbox.records import Record, RecordStore
from ingestion.sandbox.stream import Bulk
from ingestion.sandbox.world import TenantProfile, World

_FILLED = (TICKETS, COMPANIES, CONTACTS)
_EVERYTHING = Range()


class BulkStore(RecordStore):
    """Records of one object type, made on demand."""

    def __init__(self, bulk: Bulk, object_type: str) -> None:
        super().__init__(KINDS[object_type].modified_property)
        self._bulk, self._object_type = bulk, object_type
        self._made: Made[Record] = Made(partial(bulk.find, object_type))
        self._records = self._made
        self._live = bulk.numbering[object_type].ids()
        self._highest_id = max([self._highest_id, *self._live[-1:]])
        self._modified_at: Sequence[int] | None = None
        self._window: tuple[int, Range, Sequence[int]] | None = None

    def change(self, record: Record, values: Mapping[str, str | None], **how: Any) -> None:
        """As in any store; the record is kept from now on."""
        self._made[record.id] = record
        super().change(record, values, **how)

    def derive(self, record: Record, values: Mapping[str, str | None]) -> None:
        """As in any store; the record is kept from now on."""
        self._made[record.id] = record
        super().derive(record, values)

    def archive(self, record: Record, **when: Any) -> None:
        """As in any store; the record is kept from now on."""
        self._made[record.id] = record
        super().archive(record, **when)

    def within(self, ranges: Ranges) -> Sequence[int] | None:
        """Answers ranges of ids and modified dates."""
        if self.is_index_behind or not ranges.keys() <= {"hs_object_id", self.modified_property}:
            return None
        found = self._modified_within(ranges.get(self.modified_property, _EVERYTHING))
        wanted = ranges.get("hs_object_id", _EVERYTHING)
        return found[bisect_left(found, wanted.low) : bisect_right(found, wanted.high)]

    def _modified_within(self, wanted: Range) -> Sequence[int]:
        """Live ids by modified date; the latest answer is kept, because a window is walked page by page."""
        if wanted == _EVERYTHING:
            return self._live
        if self._window is None or self._window[:2] != (self.version, wanted):
            if self._modified_at is None:
                self._modified_at = self._bulk.modified_at(self._object_type)
            numbering, kept = self._bulk.numbering[self._object_type], self._made
            found = array("q", (
                numbering[place] for place, at in enumerate(self._modified_at) if wanted.low <= at <= wanted.high
            ))  # fmt: skip
            gone = {*kept.kept(), *kept.departed()}
            if gone:
                changed = [one for one in kept.kept() if kept[one].archived_at is None and self._is_within(one, wanted)]
                found = array("q", sorted([*(one for one in found if one not in gone), *changed]))
            self._window = (self.version, wanted, found)
        return self._window[2]

    def _is_within(self, record_id: int, wanted: Range) -> bool:
        at = to_millis(parse_iso(self._made[record_id].properties[self.modified_property]))
        return wanted.low <= at <= wanted.high


class BulkLinks(LinkTable):
    """Links of a bulk portal, made on demand."""

    def __init__(self, bulk: Bulk) -> None:
        super().__init__()
        for from_type, to_type in LINK_TYPES:
            if from_type in _FILLED and to_type in _FILLED:
                self._links[from_type, to_type] = Made(partial(bulk.links, from_type, to_type))

    def remove(self, from_type: str, from_id: int, to_type: str, to_id: int) -> bool:
        """As in any table; what is left of both ends' links is kept from now on."""
        self._side(from_type, to_type).setdefault(from_id, {})
        self._side(to_type, from_type).setdefault(to_id, {})
        return super().remove(from_type, from_id, to_type, to_id)


def bulk_world(
    tickets: int,
    *,
    companies: int = 2_000,
    contacts: int = 0,
    custom_properties: int = 0,
    seed: int = 7,
    tenant_id: str = "bulk",
    clock: Clock = system_clock,
) -> World:
    """A world with one portal that holds so many records (see ``Bulk``), as ``generate_tickets`` gives them."""
    bulk = Bulk(tickets, companies=companies, contacts=contacts, custom_properties=custom_properties, seed=seed)
    world = World(clock=clock)
    portal = world.add_portal(TenantProfile(tenant_id, tenant_id.capitalize()))
    for object_type in _FILLED:
        for number, name in enumerate(bulk.custom_names):
            portal.add_property(object_type, PropertyDefinition(name, name, "number" if number % 2 else "string"))
    portal.fill({object_type: BulkStore(bulk, object_type) for object_type in _FILLED}, BulkLinks(bulk))
    return world
