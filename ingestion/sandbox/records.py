"""The records of one object type in one portal: kept by id, listed by ascending id, remembered as search last saw them.

Pure data structure without a lock; the portal that owns it holds the lock. Property values are strings, an empty
property is absent, as HubSpot stores them.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ingestion.sandbox.clock import to_iso
from ingestion.sandbox.ranges import Ranges

_FIRST_FREE_ID = 10_000_000_001


@dataclass(slots=True)
class Record:
    """One CRM record. ``properties`` holds only filled properties, every value a string."""

    id: int
    properties: dict[str, str]
    created_at: datetime
    archived_at: datetime | None = None
    history: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    """Values by property, oldest first, each with the moment it was set; filled from the first change on."""

    def values_of(self, name: str) -> list[tuple[str, datetime]]:
        """All values a property has had, oldest first; one that was never changed is as old as the record."""
        value = self.properties.get(name)
        return self.history.get(name) or ([] if value is None else [(value, self.created_at)])


@dataclass(frozen=True, slots=True)
class Shadow:
    """What the search index still believes about a record: its properties, or None when it does not know it yet."""

    until: datetime
    properties: dict[str, str] | None


class RecordStore:
    """Records of one object type.

    Attributes:
        version: Grows with every change; lets an answer computed from the store be kept until the next change.
    """

    def __init__(self, modified_property: str) -> None:
        self.modified_property = modified_property
        self.version = 0
        self._records: dict[int, Record] = {}
        self._live: MutableSequence[int] = []
        self._archived: MutableSequence[int] = []
        self._shadows: dict[int, list[Shadow]] = {}
        self._departed: dict[int, Record] = {}
        self._highest_id = _FIRST_FREE_ID - 1

    def __len__(self) -> int:
        return len(self._live)

    def find(self, record_id: int) -> Record | None:
        """The record with that id, archived or not."""
        return self._records.get(record_id)

    def ids(self, *, archived: bool = False) -> Sequence[int]:
        """All ids in ascending order; not to be changed by the caller."""
        return self._archived if archived else self._live

    def next_id(self) -> int:
        """An id no record ever had: HubSpot gives none a second time."""
        return self._highest_id + 1

    def page(self, *, start: int, limit: int, archived: bool) -> tuple[list[Record], int | None]:
        """Up to ``limit`` records with id >= ``start``, and the id the next page starts at (None on the last)."""
        ids = self.ids(archived=archived)
        first = bisect_left(ids, start)
        wanted = ids[first : first + limit + 1]
        following = wanted[limit] if len(wanted) > limit else None
        return [self._records[one] for one in wanted[:limit]], following

    def add(self, record: Record, *, hidden_until: datetime | None = None) -> None:
        """Add a live record; search does not know it before ``hidden_until``."""
        self._remember(record.id, None, hidden_until)
        self._records[record.id] = record
        self._departed.pop(record.id, None)
        self._highest_id = max(self._highest_id, record.id)
        if self._live and record.id < self._live[-1]:
            insort(self._live, record.id)
        else:
            self._live.append(record.id)
        self.version += 1

    def change(
        self,
        record: Record,
        values: Mapping[str, str | None],
        *,
        now: datetime,
        bump: bool,
        hidden_until: datetime | None = None,
    ) -> None:
        """Set or empty (None) properties of a record; ``bump`` moves its modified date to ``now``."""
        self._remember(record.id, dict(record.properties), hidden_until)
        for name, value in values.items():
            before = record.properties.get(name)
            if before == value:
                continue
            seen = record.history.setdefault(name, record.values_of(name))
            seen.append((value or "", now))
            if value is None:
                record.properties.pop(name, None)
            else:
                record.properties[name] = value
        if bump:
            record.properties[self.modified_property] = to_iso(now)
        self.version += 1

    def derive(self, record: Record, values: Mapping[str, str | None]) -> None:
        """Set calculated properties: no history, no new modified date, and search knows at once."""
        for name, value in values.items():
            record.history.pop(name, None)
            if value is None:
                record.properties.pop(name, None)
            else:
                record.properties[name] = value
        self.version += 1

    def archive(self, record: Record, *, now: datetime, hidden_until: datetime | None = None) -> None:
        """Move a live record to the recycling bin."""
        self._remember(record.id, dict(record.properties), hidden_until)
        record.archived_at = now
        self._drop(self._live, record.id)
        insort(self._archived, record.id)
        self.version += 1

    def restore(self, record: Record, *, hidden_until: datetime | None = None) -> None:
        """Take a record back out of the recycling bin."""
        self._remember(record.id, None, hidden_until)
        record.archived_at = None
        self._drop(self._archived, record.id)
        insort(self._live, record.id)
        self.version += 1

    def purge(self, record: Record, *, hidden_until: datetime | None = None) -> None:
        """Forget a record altogether; search still finds it before ``hidden_until``, when nothing else does any more."""
        if hidden_until is None:
            self._shadows.pop(record.id, None)
        else:
            self._remember(record.id, dict(record.properties), hidden_until)
            self._departed[record.id] = record
        self._drop(self._archived if record.archived_at else self._live, record.id)
        del self._records[record.id]
        self.version += 1

    def indexed(self, now: datetime) -> Iterator[tuple[Record, dict[str, str]]]:
        """Live records as the search index knows them at ``now``, in ascending id order."""
        if not self._shadows:
            for record_id in self._live:
                record = self._records[record_id]
                yield record, record.properties
            return
        self._expire(now)
        for record_id in sorted({*self._live, *self._shadows}):
            record = self._records.get(record_id) or self._departed[record_id]
            shadows = self._shadows.get(record_id)
            if shadows:
                if shadows[0].properties is not None:
                    yield record, shadows[0].properties
            else:
                yield record, record.properties

    def within(self, ranges: Ranges) -> Sequence[int] | None:  # noqa: ARG002 -- larger stores know
        """Ids, ascending, of the live records whose whole numbers and moments (milliseconds) lie in ranges.

        None where the store cannot tell without a look at each record, which is the rule.
        """
        return None

    @property
    def is_index_behind(self) -> bool:
        """Whether search may currently differ from the records."""
        return bool(self._shadows)

    def _remember(self, record_id: int, properties: dict[str, str] | None, until: datetime | None) -> None:
        if until is not None:
            self._shadows.setdefault(record_id, []).append(Shadow(until, properties))

    def _expire(self, now: datetime) -> None:
        for record_id in list(self._shadows):
            left = [shadow for shadow in self._shadows[record_id] if shadow.until > now]
            if left:
                self._shadows[record_id] = left
            else:
                del self._shadows[record_id]
                self._departed.pop(record_id, None)

    @staticmethod
    def _drop(ids: MutableSequence[int], record_id: int) -> None:
        del ids[bisect_left(ids, record_id)]
