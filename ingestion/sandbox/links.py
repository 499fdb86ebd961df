"""Which records are associated and how, in both directions, in the order the links were made.

Pure data structure without a lock; the portal that owns it holds the lock. A link always has the unlabelled type; it may be
primary, and may carry labels of the tenant's own. Linking again adds to what a link is and takes nothing away.
"""

from collections.abc import Iterable, Iterator, Mapping

from ingestion.sandbox.catalogue import COMPANIES, LINK_TYPES, LinkType

_Labels = tuple[LinkType, ...]


class LinkTable:
    """Associations of one portal, held from both ends; at most one primary company per record."""

    def __init__(self) -> None:
        self._links: dict[tuple[str, str], dict[int, dict[int, bool]]] = {}
        self._labels: dict[tuple[str, int, str, int], _Labels] = {}
        self._defined: dict[tuple[str, str], list[LinkType]] = {}
        self._inverse: dict[int, LinkType] = {}

    def define(self, from_type: str, to_type: str, label: str, inverse_label: str) -> LinkType:
        """A label of the tenant's own; it gets a type id for each direction.

        The ids count from 1, as in HubSpot, and so are also those of types HubSpot defined: only id and category together
        say which type is meant.
        """
        number = 1 + len(self._inverse)
        there, back = (
            LinkType(number + place, text, text.lower().replace(" ", "_"), "USER_DEFINED")
            for place, text in enumerate((label, inverse_label))
        )
        self._inverse |= {there.type_id: back, back.type_id: there}
        self._defined.setdefault((from_type, to_type), []).append(there)
        self._defined.setdefault((to_type, from_type), []).append(back)
        return there

    def defined(self, from_type: str, to_type: str) -> list[LinkType]:
        """The tenant's own labels, as read from one side; not to be changed by the caller."""
        return self._defined.get((from_type, to_type), [])

    def add(
        self, from_type: str, from_id: int, to_type: str, to_id: int, *, primary: bool, labels: Iterable[LinkType] = ()
    ) -> None:
        """Link two records. A new primary takes the place of the old one, which stays linked without being primary.

        Raises:
            KeyError: A label is none of this direction's.
        """
        added = tuple(labels)
        if not set(added) <= set(self.defined(from_type, to_type)):
            raise KeyError(next(one.label for one in added if one not in self.defined(from_type, to_type)))
        if primary:
            owner_type, owner_id, company_id = _whose_primary(from_type, from_id, to_type, to_id)
            if (held := self.primary_of(owner_type, owner_id, COMPANIES)) not in {None, company_id}:
                self._set(owner_type, owner_id, COMPANIES, int(held or 0), primary=False)
        is_primary = primary or self.of(from_type, from_id, to_type).get(to_id, False)
        self._set(from_type, from_id, to_type, to_id, primary=is_primary)
        if added:
            every = dict.fromkeys((*self.labels_of(from_type, from_id, to_type, to_id), *added))
            self._put_labels(from_type, from_id, to_type, to_id, tuple(every))

    def unlabel(self, from_type: str, from_id: int, to_type: str, to_id: int, labels: Iterable[LinkType]) -> None:
        """Take labels off a link, which stays. The primary type may be among them."""
        gone = set(labels)
        if LINK_TYPES[from_type, to_type].primary in gone:
            self._set(from_type, from_id, to_type, to_id, primary=False)
        held = self.labels_of(from_type, from_id, to_type, to_id)
        self._put_labels(from_type, from_id, to_type, to_id, tuple(one for one in held if one not in gone))

    def remove(self, from_type: str, from_id: int, to_type: str, to_id: int) -> bool:
        """Unlink two records; False when they were not linked."""
        there = self._side(from_type, to_type).get(from_id, {}).pop(to_id, None)
        self._side(to_type, from_type).get(to_id, {}).pop(from_id, None)
        self._put_labels(from_type, from_id, to_type, to_id, ())
        return there is not None

    def remove_all(self, object_type: str, record_id: int) -> list[tuple[str, int]]:
        """Unlink a record from everything; gives (type, id) of what it was linked to."""
        gone = [
            (to_type, other)
            for from_type, to_type in LINK_TYPES
            if from_type == object_type
            for other in self.of(object_type, record_id, to_type)
        ]
        for to_type, other in gone:
            self.remove(object_type, record_id, to_type, other)
        return gone

    def move(self, object_type: str, record_id: int, new_id: int) -> list[tuple[str, int]]:
        """Give a record's links with all they are to another; gives (type, id) of what is linked.

        A primary company the other has already stays its primary one.
        """
        moved: list[tuple[str, int, bool, _Labels]] = [
            (to_type, other, is_primary, self.labels_of(object_type, record_id, to_type, other))
            for from_type, to_type in LINK_TYPES
            if from_type == object_type
            for other, is_primary in self.of(object_type, record_id, to_type).items()
        ]
        for to_type, other, is_primary, labels in moved:
            self.remove(object_type, record_id, to_type, other)
            is_free = is_primary and (
                self.primary_of(*_whose_primary(object_type, new_id, to_type, other)[:2], COMPANIES) is None
            )
            self.add(object_type, new_id, to_type, other, primary=is_free, labels=labels)
        return [(to_type, other) for to_type, other, _is_primary, _labels in moved]

    def of(self, from_type: str, from_id: int, to_type: str) -> Mapping[int, bool]:
        """Linked record ids and whether each is the primary one."""
        return self._side(from_type, to_type).get(from_id, {})

    def labels_of(self, from_type: str, from_id: int, to_type: str, to_id: int) -> _Labels:
        """The tenant's own labels of a link, as read from one side."""
        return self._labels.get((from_type, from_id, to_type, to_id), ())

    def primary_of(self, from_type: str, from_id: int, to_type: str) -> int | None:
        """The primary linked record, if there is one."""
        return next((to_id for to_id, primary in self.of(from_type, from_id, to_type).items() if primary), None)

    def typed(self, from_type: str, from_id: int, to_type: str) -> Iterator[tuple[int, list[LinkType]]]:
        """Linked record ids by ascending id, each with its association types: a primary link has two, a label adds one."""
        types = LINK_TYPES[from_type, to_type]
        for to_id, primary in sorted(self.of(from_type, from_id, to_type).items()):
            both = [types.primary, types.unlabelled] if primary and types.primary else [types.unlabelled]
            yield to_id, [*both, *self.labels_of(from_type, from_id, to_type, to_id)]

    def _side(self, from_type: str, to_type: str) -> dict[int, dict[int, bool]]:
        return self._links.setdefault((from_type, to_type), {})

    def _set(self, from_type: str, from_id: int, to_type: str, to_id: int, *, primary: bool) -> None:
        self._side(from_type, to_type).setdefault(from_id, {})[to_id] = primary
        self._side(to_type, from_type).setdefault(to_id, {})[from_id] = primary

    def _put_labels(self, from_type: str, from_id: int, to_type: str, to_id: int, labels: _Labels) -> None:
        there, back = (from_type, from_id, to_type, to_id), (to_type, to_id, from_type, from_id)
        if labels:
            self._labels |= {there: labels, back: tuple(self._inverse[one.type_id] for one in labels)}
        else:
            self._labels.pop(there, None)
            self._labels.pop(back, None)


def _whose_primary(from_type: str, from_id: int, to_type: str, to_id: int) -> tuple[str, int, int]:
    """Type and id of the record a link may give a primary company, and that company's id, whichever end it is read from."""
    return (to_type, to_id, from_id) if from_type == COMPANIES else (from_type, from_id, to_id)
