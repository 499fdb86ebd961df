"""Masks a text: e-mail addresses, IBANs, card and phone numbers by their form, names because they are known.

A finder sees one stretch of text between two details at a time, and all of them are asked again until none finds anything. So
what is left between placeholders holds nothing any finder knows: masking what is masked changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from analysis.masking.accounts import cards, ibans
from analysis.masking.emails import emails
from analysis.masking.masked import PLACEHOLDER, Found, MaskedText, put_together
from analysis.masking.names import names
from analysis.masking.phones import phones

_Finder = Callable[[str], Iterable[Found]]


def mask(text: str, people: Sequence[str] = ()) -> MaskedText:
    """The text without the details that tell who wrote it.

    Args:
        text: Any text.
        people: Full names of whoever the text is by or about, as `Ana Müller`.
    """
    finders: tuple[_Finder, ...] = (emails, ibans, cards, phones, partial(names, people=tuple(people)))
    found: list[Found] = []
    stretches = _between(text, 0, [match.span() for match in PLACEHOLDER.finditer(text)])
    while True:
        before = len(found)
        for finder in finders:
            left: list[tuple[int, int]] = []
            for start, end in stretches:
                here = list(finder(text[start:end]))
                found += [Found(start + one.start, start + one.end, one.kind, one.value) for one in here]
                left += _between(text[start:end], start, [(one.start, one.end) for one in here])
            stretches = left
        if len(found) == before:
            return put_together(text, found)


def _between(text: str, offset: int, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of the text no span covers, moved by `offset`; the spans do not overlap."""
    left, at = [], 0
    for start, end in sorted(spans):
        left.append((offset + at, offset + start))
        at = end
    return [span for span in [*left, (offset + at, offset + len(text))] if span[0] < span[1]]
