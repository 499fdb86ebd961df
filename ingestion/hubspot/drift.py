"""How a portal's property catalogue differs from the one we hold: what was added, retyped, archived, restored. Pure.

A property that is gone altogether counts as archived: HubSpot keeps archived properties for 90 days and then forgets them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.vocabulary import PropertyChangeKind

Row = Mapping[str, Any]
"""A row of `raw_hubspot.properties`."""


@dataclass(frozen=True, order=True)
class PropertyChange:
    """One thing that happened to one property.

    Attributes:
        before: What it was: for `retyped` the types (`type/field_type`), otherwise None.
        after: What it is now; likewise.
    """

    object_type: str
    name: str
    change: PropertyChangeKind
    before: str | None = None
    after: str | None = None


def property_changes(held: Iterable[Row], found: Iterable[Row]) -> list[PropertyChange]:
    """The changes from `held` to `found`, which must hold every property, archived and vanished ones included.

    Of an object type of which nothing was held nothing has changed: it is seen for the first time.
    """
    before = {(row["object_type"], row["name"]): row for row in held}
    known_types = {object_type for object_type, _ in before}
    return sorted(
        change
        for row in found
        if row["object_type"] in known_types
        for change in _changes(before.get((row["object_type"], row["name"])), row)
    )


def _changes(held: Row | None, found: Row) -> Iterator[PropertyChange]:
    def happened(change: PropertyChangeKind, before: str | None = None, after: str | None = None) -> PropertyChange:
        return PropertyChange(found["object_type"], found["name"], change, before, after)

    if held is None:
        yield happened(PropertyChangeKind.ADDED, after=_kind(found))
        if found["archived"]:
            yield happened(PropertyChangeKind.ARCHIVED)
        return
    if _kind(held) != _kind(found):
        yield happened(PropertyChangeKind.RETYPED, _kind(held), _kind(found))
    if found["archived"] and not held["archived"]:
        yield happened(PropertyChangeKind.ARCHIVED)
    if held["archived"] and not found["archived"]:
        yield happened(PropertyChangeKind.RESTORED)


def _kind(row: Row) -> str:
    return f"{row['type'] or ''}/{row['field_type'] or ''}"
