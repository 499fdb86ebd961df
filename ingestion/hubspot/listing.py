"""A long list read in several places at once.

HubSpot lists records by ascending id and says with each page where the next one starts: at an id. So a list can be cut at any id,
and each stretch be read on its own. That is observed, not documented; it is therefore tried only on a list that shows it (ids
ascending, a next page that is an id), a stretch that does not begin where it was cut ends the attempt and the list is read
from its beginning page after page, and whether everything arrived is proved by counting, as for every list.

Stretches are cut while the list is read: whoever runs out of work takes the second half of what another still has before it, by
the numbers, so it does not matter how unevenly ids are spread.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise
from typing import Any

from core.logging import get_logger
from ingestion.hubspot.ahead import merged
from ingestion.hubspot.errors import RequestRefused

LISTERS = 4
"""Places at which a list is read at once."""

_READY = 8
_WORTH_CUTTING_PAGES = 3

_log = get_logger(__name__)

Json = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A page of a list.

    Attributes:
        records: Its records, ids ascending.
        after: Where to go on, to be given back as it is; None on the last page.
    """

    records: list[Json]
    after: str | None


@dataclass(frozen=True)
class Stretch:
    """A part of a list that is still to be read.

    Attributes:
        after: Page to go on with, as HubSpot named it, or the id before the first one; None: the list's beginning.
        first: Ids below belong to another stretch.
        end: Ids from here on belong to another stretch; None: to the list's end.
    """

    after: str | None = None
    first: int = 0
    end: int | None = None


class _NotAPlace(Exception):
    """HubSpot does not go on where it was asked to: pages do not start at ids after all, or it has forgotten a checkpoint."""


@dataclass(frozen=True)
class _Step:
    """What one page means for the stretches.

    Attributes:
        key: The stretch it belongs to.
        left: What is left of that stretch; None: nothing.
        cut_off: The stretch that was cut off it, with its key.
    """

    key: int
    records: list[Json]
    left: Stretch | None
    cut_off: tuple[int, Stretch] | None = None


class Listing:
    """One list.

    Args:
        fetch: Gives the page that starts there; called from several threads.
        newest: Gives the highest id there is, once asked for; None where that is not known.
        listers: Places at which it is read at once.
    """

    def __init__(
        self, fetch: Callable[[str | None], Page], newest: Callable[[], int | None], *, listers: int = LISTERS
    ) -> None:
        self._fetch = fetch
        self._newest = newest
        self._listers = listers

    def pages(self, resume: str | None = None) -> Iterator[Page]:
        """All pages, from wherever they come; each page's `after` says how to resume the whole list behind it.

        Args:
            resume: The `after` of a page of an earlier reading.
        """
        stretches = _parsed(resume)
        try:
            yield from self._side_by_side(stretches)
        except _NotAPlace:
            _log.warning("hubspot.list_read_from_the_beginning")
            yield from self._one_by_one()

    def _side_by_side(self, stretches: Sequence[Stretch]) -> Iterator[Page]:
        work = _Work(stretches, self._newest)
        left = dict(work.known)
        for step in merged([self._lister(work) for _ in range(self._listers)], ready=_READY):
            left.pop(step.key)
            if step.left is not None:
                left[step.key] = step.left
            if step.cut_off is not None:
                key, stretch = step.cut_off
                left[key] = stretch
            yield Page(step.records, _written(left.values()))

    def _one_by_one(self) -> Iterator[Page]:
        after: str | None = None
        while True:
            page = self._fetch(after)
            after = page.after
            yield Page(page.records, None if after is None else _written([Stretch(after)]))
            if after is None:
                return

    def _lister(self, work: "_Work") -> Iterator[_Step]:
        while (taken := work.take()) is not None:
            try:
                yield from self._walk(*taken, work)
            finally:
                work.put_down()

    def _walk(self, key: int, stretch: Stretch, work: "_Work") -> Iterator[_Step]:
        page = self._first(stretch)
        while True:
            ids = [int(one["id"]) for one in page.records]
            if stretch.first and (any(one < stretch.first - 1 for one in ids) or not _is_ascending(ids)):
                raise _NotAPlace
            mine = [
                one
                for one, number in zip(page.records, ids, strict=True)
                if number >= stretch.first and (stretch.end is None or number < stretch.end)
            ]
            is_over = page.after is None or (stretch.end is not None and any(one >= stretch.end for one in ids))
            left = None if is_over else replace(stretch, after=page.after)
            cut_off = None
            if left is not None and (cut := work.cut(left, ids)) is not None:
                left, cut_off = cut
            yield _Step(key, mine, left, cut_off)
            if cut_off is not None:
                # Behind the page that tells of it, so that whoever keeps account hears of a stretch before its pages.
                work.offer(*cut_off)
            if left is None:
                return
            stretch, page = left, self._fetch(left.after)

    def _first(self, stretch: Stretch) -> Page:
        try:
            return self._fetch(stretch.after)
        except RequestRefused as refused:
            if stretch.after is None or refused.status != 400:
                raise
            raise _NotAPlace from refused


class _Work:
    """The stretches nobody reads yet, and who waits for one."""

    def __init__(self, stretches: Sequence[Stretch], newest: Callable[[], int | None]) -> None:
        self._keys = count()
        self.known = [(next(self._keys), stretch) for stretch in stretches]
        self._waiting = list(self.known)
        self._newest = newest
        self._last_id: int | None = None
        self._is_last_asked = False
        self._busy = 0
        self._idle = 0
        self._changed = threading.Condition()

    def take(self) -> tuple[int, Stretch] | None:
        """A stretch to read; waits for one as long as somebody reads and may cut one off. None: the list is read."""
        with self._changed:
            self._idle += 1
            while not self._waiting and self._busy:
                self._changed.wait()
            self._idle -= 1
            if not self._waiting:
                return None
            self._busy += 1
            return self._waiting.pop(0)

    def put_down(self) -> None:
        """A stretch is read, or its reader gives up."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def offer(self, key: int, stretch: Stretch) -> None:
        """A stretch to be read by whoever waits."""
        with self._changed:
            self._waiting.append((key, stretch))
            self._changed.notify()

    def cut(self, left: Stretch, ids: Sequence[int]) -> tuple[Stretch, tuple[int, Stretch]] | None:
        """What is left of a stretch after the page with these ids, in two halves; None where it is not to be cut."""
        if not self._idle or not _shows_ids(left.after, ids):
            return None
        with self._changed:
            if len(self._waiting) >= self._idle:
                return None
            end = left.end if left.end is not None else self._end_of_list()
            page = ids[-1] - ids[0] + 1
            if end is None or end - ids[-1] < _WORTH_CUTTING_PAGES * page:
                return None
            middle = (ids[-1] + end) // 2
            # Whether the page that starts "after" an id contains that id is not known; what is read twice is dropped.
            second = Stretch(str(middle - 1), middle, left.end)
            return replace(left, end=middle), (next(self._keys), second)

    def _end_of_list(self) -> int | None:
        if not self._is_last_asked:
            self._is_last_asked = True
            self._last_id = self._newest()
        return self._last_id


def _shows_ids(after: str | None, ids: Sequence[int]) -> bool:
    return bool(after and ids and after.isdecimal() and int(after) >= ids[-1]) and _is_ascending(ids)


def _is_ascending(ids: Sequence[int]) -> bool:
    return all(one < other for one, other in pairwise(ids))


def _written(stretches: Iterable[Stretch]) -> str | None:
    left = [[one.after, one.first, one.end] for one in stretches]
    return json.dumps(left) if left else None


def _parsed(resume: str | None) -> list[Stretch]:
    if resume is None:
        return [Stretch()]
    try:
        return [
            Stretch(after, int(first), None if end is None else int(end)) for after, first, end in json.loads(resume)
        ]
    except (ValueError, TypeError):
        _log.warning("hubspot.checkpoint_unreadable")
        return [Stretch()]
