"""A list read in several places: every record once, from any checkpoint, however ids are spread and however pages are named."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.hubspot.errors import RequestRefused
from ingestion.hubspot.listing import Listing, Page

PAGE = 3


class Fake:
    """A list as HubSpot gives it: the next page is named by its own first id, or by the last one of the page before."""

    def __init__(self, ids: list[int], *, is_after_inclusive: bool = True) -> None:
        self.ids = sorted(ids)
        self.is_after_inclusive = is_after_inclusive
        self.asked: list[str | None] = []
        self._lock = threading.Lock()

    def fetch(self, after: str | None) -> Page:
        with self._lock:
            self.asked.append(after)
        start = int(after) if after is not None else 0
        left = (
            [one for one in self.ids if one >= start]
            if self.is_after_inclusive
            else [one for one in self.ids if one > start or after is None]
        )
        page, rest = left[:PAGE], left[PAGE:]
        following = None
        if rest:
            following = str(rest[0] if self.is_after_inclusive else page[-1])
        return Page([{"id": str(one)} for one in page], following)

    def newest(self) -> int | None:
        return self.ids[-1] if self.ids else None


class Opaque(Fake):
    """Pages are named by tokens, and a token nobody gave out is refused, or, worse, taken for a position."""

    def __init__(self, ids: list[int], *, is_refusing: bool) -> None:
        super().__init__(ids)
        self.is_refusing = is_refusing
        self.given: set[str] = set()

    def fetch(self, after: str | None) -> Page:
        if after is not None and after not in self.given:
            if self.is_refusing:
                raise RequestRefused("no such page", 400)
            return super().fetch(None)
        page = super().fetch(after)
        if page.after is not None:
            self.given.add(page.after)
        return page


def read(source: Fake, resume: str | None = None, *, listers: int = 3) -> list[int]:
    pages = Listing(source.fetch, source.newest, listers=listers).pages(resume)
    return [int(one["id"]) for page in pages for one in page.records]


IDS = st.lists(st.integers(1, 10**12) | st.integers(5_000, 5_200), max_size=120, unique=True)


@given(IDS, st.integers(1, 5), st.booleans())
@settings(max_examples=60)
def test_every_record_comes_once(ids: list[int], listers: int, is_after_inclusive: bool) -> None:
    assert sorted(read(Fake(ids, is_after_inclusive=is_after_inclusive), listers=listers)) == sorted(ids)


@given(IDS, st.integers(0, 30), st.booleans())
@settings(max_examples=60)
def test_what_was_read_and_what_is_read_from_a_checkpoint_is_everything_once(
    ids: list[int], stop: int, is_after_inclusive: bool
) -> None:
    source = Fake(ids, is_after_inclusive=is_after_inclusive)
    pages = Listing(source.fetch, source.newest, listers=3).pages()
    found: list[int] = []
    resume: str | None = None
    for number, page in enumerate(pages):
        found += [int(one["id"]) for one in page.records]
        resume = page.after
        if number == stop:
            break
    pages.close()  # type: ignore[attr-defined]
    if resume is not None:
        found += read(source, resume)
    assert sorted(found) == sorted(ids)


@pytest.mark.parametrize("is_refusing", [True, False])
def test_a_list_that_cannot_be_cut_is_read_from_its_beginning(is_refusing: bool) -> None:
    ids = list(range(1, 400, 3))
    assert set(read(Opaque(ids, is_refusing=is_refusing))) == set(ids)


def test_an_error_of_the_portal_is_the_callers() -> None:
    def refuse(_after: str | None) -> Page:
        raise RequestRefused("no", 400)

    with pytest.raises(RequestRefused):
        list(Listing(refuse, lambda: None).pages())


def test_a_checkpoint_nobody_can_read_means_the_beginning() -> None:
    assert read(Fake([1, 2, 3]), "{") == [1, 2, 3]


def test_a_list_is_read_in_several_places_at_once() -> None:
    source = Fake(list(range(10, 10_000, 7)))
    under_way, most = 0, 0
    counting = threading.Lock()

    def slow(after: str | None) -> Page:
        nonlocal under_way, most
        with counting:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.002)
        page = source.fetch(after)
        with counting:
            under_way -= 1
        return page

    pages = Listing(slow, source.newest, listers=3).pages()
    assert sum(len(page.records) for page in pages) == len(source.ids)
    assert most == 3
    assert len(source.asked) < len(source.ids) / PAGE * 1.3, "cutting costs few requests"
