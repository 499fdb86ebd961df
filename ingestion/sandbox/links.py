"""Which records are associated, in both directions, in the order the links were made.

Pure data structure without a lock; the portal that owns it holds the lock.
"""

from collections.abc import Iterator

from ingestion.sandbox.catalogue import LINK_TYPES, LinkType


class LinkTable:
    """Associations of one portal, held from both ends; at most one primary company per record."""

    def __init__(self) -> None:
        self._links: dict[tuple[str, str], dict[int, dict[int, bool]]] = {}
        self._labels: dict[tuple[str, int, str, int], list[LinkType]] = {}

    def add(self, from_type: str, from_id: int, to_type: str, to_id: int, *, primary: bool) -> None:
        """Link two records. A new primary takes the place of the old one, which stays linked without the label."""
        forward = self._side(from_type, to_type).setdefault(from_id, {})
        if primary:
            for other in forward:
                self._set(from_type, from_id, to_type, other, primary=False)
        self._set(from_type, from_id, to_type, to_id, primary=primary)

    def remove(self, from_type: str, from_id: int, to_type: str, to_id: int) -> bool:
        """Unlink two records; False when they were not linked."""
        there = self._side(from_type, to_type).get(from_id, {}).pop(to_id, None)
        self._labels.pop((from_type, from_id, to_type, to_id), None)
        self._labels.pop((to_type, to_id, from_type, from_id), None)
        self._side(to_type, from_type).get(to_id, {}).pop(from_id, None)
        return there is not None

    def remove_all(self, object_type: str, record_id: int) -> list[tuple[str, int]]:
        """Unlink a record from everything; gives (type, id) of what it was linked to."""
        gone: list[tuple[str, int]] = []
        for from_type, to_type in LINK_TYPES:
            if from_type == object_type:
                for other in list(self._side(from_type, to_type).get(record_id, {})):
                    self.remove(from_type, record_id, to_type, other)
                    gone.append((to_type, other))
        return gone

    def of(self, from_type: str, from_id: int, to_type: str) -> dict[int, bool]:
        """Linked record ids and whether each is the primary one; not to be changed by the caller."""
        return self._side(from_type, to_type).get(from_id, {})

    def label(self, from_type: str, from_id: int, to_type: str, to_id: int, labels: list[LinkType]) -> None:
        """Put labels on a link, as seen from one side, in place of those it had."""
        self._labels[from_type, from_id, to_type, to_id] = labels

    def labels_of(self, from_type: str, from_id: int, to_type: str, to_id: int) -> list[LinkType]:
        """The labels of a link, as seen from one side."""
        return self._labels.get((from_type, from_id, to_type, to_id), [])

    def primary_of(self, from_type: str, from_id: int, to_type: str) -> int | None:
        """The primary linked record, if there is one."""
        return next((to_id for to_id, primary in self.of(from_type, from_id, to_type).items() if primary), None)

    def typed(self, from_type: str, from_id: int, to_type: str) -> Iterator[tuple[int, list[LinkType]]]:
        """Linked record ids by ascending id, each with its association types: a primary link has two, a labelled one more."""
        types = LINK_TYPES[from_type, to_type]
        for to_id, primary in sorted(self.of(from_type, from_id, to_type).items()):
            both = [types.primary, types.unlabelled] if primary and types.primary else [types.unlabelled]
            yield to_id, both + self.labels_of(from_type, from_id, to_type, to_id)

    def _side(self, from_type: str, to_type: str) -> dict[int, dict[int, bool]]:
        return self._links.setdefault((from_type, to_type), {})

    def _set(self, from_type: str, from_id: int, to_type: str, to_id: int, *, primary: bool) -> None:
        self._side(from_type, to_type).setdefault(from_id, {})[to_id] = primary
        self._side(to_type, from_type).setdefault(to_id, {})[from_id] = primary
