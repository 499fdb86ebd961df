"""A text as it is sent, the original, and the way between their offsets. All offsets count Unicode code points, half open."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from core.vocabulary import PiiKind

PLACEHOLDER: Final = re.compile(rf"\[(?:{'|'.join(kind.name for kind in PiiKind)})_[0-9]+\]")
"""What stands where a detail was taken out."""


@dataclass(frozen=True, slots=True)
class Found:
    """A detail in a text; `value` is the same for every spelling of the same detail."""

    start: int
    end: int
    kind: PiiKind
    value: str


@dataclass(frozen=True, slots=True)
class MaskedSpan:
    """One placeholder: `text[start:end]` as sent stands for `original[original_start:original_end]`."""

    kind: PiiKind
    start: int
    end: int
    original_start: int
    original_end: int


@dataclass(frozen=True)
class MaskedText:
    """What `mask` makes: `text` is sent, `original` never is."""

    text: str
    original: str
    spans: tuple[MaskedSpan, ...] = ()

    def unmask(self) -> str:
        """The original, put together again from the text as sent and what was taken out of it."""
        parts, at = [], 0
        for span in self.spans:
            parts += [self.text[at : span.start], self.original[span.original_start : span.original_end]]
            at = span.end
        return "".join([*parts, self.text[at:]])

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the original; one that cuts through a placeholder widens to the whole detail."""
        return self._start(start), self._end(end)

    def _start(self, at: int) -> int:
        place = bisect_right(self._starts, at) - 1
        if place < 0:
            return at
        span = self.spans[place]
        return span.original_start if at < span.end else span.original_end + at - span.end

    def _end(self, at: int) -> int:
        place = bisect_left(self._starts, at) - 1
        if place < 0:
            return at
        span = self.spans[place]
        return span.original_end if at <= span.end else span.original_end + at - span.end

    @cached_property
    def _starts(self) -> list[int]:
        return [span.start for span in self.spans]


def put_together(original: str, found: Iterable[Found]) -> MaskedText:
    """The original with a placeholder for each detail found; details do not overlap.

    Details of one kind are numbered in their order, the same detail keeps its number, and numbers that already stand in the
    original as written are left out.
    """
    taken = set(PLACEHOLDER.findall(original))
    names: dict[tuple[PiiKind, str], str] = {}
    counts: defaultdict[PiiKind, int] = defaultdict(int)
    parts: list[str] = []
    spans: list[MaskedSpan] = []
    at = length = 0
    for one in sorted(found, key=lambda one: one.start):
        key = one.kind, one.value
        while key not in names:
            counts[one.kind] += 1
            name = f"[{one.kind.name}_{counts[one.kind]}]"
            if name not in taken:
                names[key] = name
        parts += [original[at : one.start], names[key]]
        start = length + one.start - at
        length = start + len(names[key])
        spans.append(MaskedSpan(one.kind, start, length, one.start, one.end))
        at = one.end
    return MaskedText("".join([*parts, original[at:]]), original, tuple(spans))
