"""Finds a quote in the text it claims to come from, in code: a model may err about what was said, this may not.

Folding allows for what models and mail clients change without meaning to (runs of white space, HTML entities, typographic quotes
and dashes, letter case, an ellipsis around the quote). Nothing else is allowed: a quote that cannot be located is dropped.
"""

import re
from dataclasses import dataclass
from html import unescape

from analysis.masking import MaskedText

_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    }
)
_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_WRAPPING = " \t\n\"'\u2026"
SHORTEST_QUOTE = 3
"""Letters or digits a quote needs; less is found everywhere and proves nothing."""


@dataclass(frozen=True, slots=True)
class LocatedQuote:
    """A quote as it stands in the text: `text[start:end] == quote`, offsets in Unicode code points."""

    quote: str
    start: int
    end: int


def locate(text: str, quote: str) -> LocatedQuote | None:
    """The first place where `quote` stands in `text` up to folding, or None."""
    return Locator(text).find(quote)


def locate_all(text: str, quotes: list[str] | tuple[str, ...]) -> list[LocatedQuote]:
    """The located ones of `quotes`, in the given order, without repeats."""
    locator = Locator(text)
    found = (locator.find(quote) for quote in quotes)
    return list(dict.fromkeys(one for one in found if one is not None))


def locate_in_original(sent: MaskedText, quotes: list[str] | tuple[str, ...]) -> list[LocatedQuote]:
    """The same in a text that was masked before it was sent: where the quotes stand in the original, in its own words."""
    spans = (sent.original_span(one.start, one.end) for one in locate_all(sent.text, quotes))
    return list(dict.fromkeys(LocatedQuote(sent.original[start:end], start, end) for start, end in spans))


class Locator:
    """Folds a text once and finds any number of quotes in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._folded: _Folded | None = None

    def find(self, quote: str) -> LocatedQuote | None:
        """See `locate`."""
        exact = quote.strip()
        if sum(map(str.isalnum, exact)) < SHORTEST_QUOTE:
            return None
        at = self._text.find(exact)
        if at >= 0:
            return LocatedQuote(exact, at, at + len(exact))
        wanted = fold(exact).strip(_WRAPPING).removesuffix("...").removeprefix("...").strip(_WRAPPING)
        if sum(map(str.isalnum, wanted)) < SHORTEST_QUOTE:
            return None
        if self._folded is None:
            self._folded = _fold(self._text)
        span = self._folded.find(wanted)
        return LocatedQuote(self._text[span[0] : span[1]], *span) if span else None


def fold(text: str) -> str:
    """`text` as it is compared: see the module."""
    return _fold(text).characters.strip()


class _Folded:
    """A folded text and, for each of its characters, the half-open span of the text it stands for."""

    def __init__(self, characters: str, starts: list[int], ends: list[int]) -> None:
        self.characters = characters
        self._starts = starts
        self._ends = ends

    def find(self, wanted: str) -> tuple[int, int] | None:
        at = self.characters.find(wanted)
        while at >= 0:
            last = at + len(wanted) - 1
            # One character may fold to several (a sharp s, an entity); a match may not begin or end inside such a group.
            if self._begins(at) and self._finishes(last):
                return self._starts[at], self._ends[last]
            at = self.characters.find(wanted, at + 1)
        return None

    def _begins(self, at: int) -> bool:
        return at == 0 or self._starts[at - 1] != self._starts[at]

    def _finishes(self, at: int) -> bool:
        return at + 1 == len(self._starts) or self._starts[at + 1] != self._starts[at]


def _fold(text: str) -> _Folded:
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(written: str, start: int, end: int) -> None:
        for character in written:
            is_space = character.isspace()
            if is_space and characters and characters[-1] == " ":
                continue
            characters.append(" " if is_space else character)
            starts.append(start)
            ends.append(end)

    at = 0
    while at < len(text):
        entity = _ENTITY.match(text, at) if text[at] == "&" else None
        end = entity.end() if entity else at + 1
        if entity:
            put(unescape(entity.group()).translate(_SAME).casefold(), at, end)
        elif text[at] not in _UNSEEN:
            put("..." if text[at] == "\u2026" else text[at].translate(_SAME).casefold(), at, end)
        at = end
    return _Folded("".join(characters), starts, ends)
