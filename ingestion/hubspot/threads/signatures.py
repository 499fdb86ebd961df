"""What stands under a message and is not part of it: sign-off and signature, disclaimer, a phone's advertisement.

Looked for at the end only, again and again until there is none, a bounded number of lines at a time.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ingestion.hubspot.threads import phrases

HAS_WORD: Final = re.compile(r"[^\s\u00ad\u200b-\u200f\u2060\ufeff]")
"""A character that can be seen."""

_RULE_LINE = re.compile(r"[-_=*~# \u00b7\u2013\u2014\u2022]{2,}")
_NAME_WORD = re.compile(r"(?:[^\W\d_][\w.'\u2019-]*|&|\([^)]{1,20}\))")
_BULLET = re.compile(r"(?:[-*\u2022\u2013]\s|\d{1,3}[.)]\s)")
_PARTICLES = frozenset(
    {"&", "de", "del", "della", "den", "der", "di", "du", "la", "le", "los", "van", "von", "zu", "y", "e", "et", "und"}
)
_SIGNATURE_LINES: Final = 15
_PARAGRAPH_LINES: Final = 25


def unsigned(lines: Sequence[str], kept: Sequence[int]) -> list[int]:
    """`kept` without the signature, disclaimer and phone's advertisement at its end."""
    rest: list[int | None] = []
    for index in kept:
        if rest and rest[-1] is not None and index != rest[-1] + 1:
            _leave_gap(lines, rest)
        if lines[index] or (rest and rest[-1] is not None):
            rest.append(index)
    first_words = next(at for at, index in enumerate(rest) if HAS_WORD.search(_line(lines, index)))
    while True:
        while not _line(lines, rest[-1]):
            rest.pop()
        held = len(rest)
        # A cut that would leave nothing is not made; behind one is a postscript, or nothing.
        cut = next((one for one in _cuts(_window(lines, rest)) if held - one[0] > first_words or one[1]), None)
        if cut is None:
            return [index for index in rest if index is not None]
        start, end = held - cut[0], held - cut[1]
        behind = rest[end:]
        del rest[start:]
        if behind:
            _leave_gap(lines, rest)
            rest += behind


def _leave_gap(lines: Sequence[str], rest: list[int | None]) -> None:
    """A gap counts as one blank line whatever was around it, as it does in `own_text`; so stripping twice changes nothing."""
    while rest and not _line(lines, rest[-1]):
        rest.pop()
    if rest:
        rest.append(None)


def _line(lines: Sequence[str], index: int | None) -> str:
    return "" if index is None else lines[index]


def _window(lines: Sequence[str], rest: Sequence[int | None]) -> list[str]:
    return [_line(lines, index) for index in rest[-_PARAGRAPH_LINES - 1 :]]


def _cuts(last: Sequence[str]) -> Iterator[tuple[int, int]]:
    """What may be cut at the end of these lines, as (start, end) counted from their end."""
    if not last:
        return
    line = last[-1]
    if _RULE_LINE.fullmatch(line) or (len(line) <= 120 and phrases.MOBILE.fullmatch(line)):
        yield 1, 0
    paragraph = _last_paragraph(last)
    if paragraph and phrases.DISCLAIMER.match(" ".join(last[-paragraph:])[:400]):
        yield paragraph, 0
    yield from _delimited(last)
    yield from _signed_off(last)
    if paragraph and paragraph < len(last) and _is_business_card(last[-paragraph:]):
        yield paragraph, 0


def _last_paragraph(last: Sequence[str]) -> int:
    """How many lines it has; 0 when it is longer than the window."""
    for count, line in enumerate(reversed(last)):
        if not line:
            return count
    return len(last) if len(last) <= _PARAGRAPH_LINES else 0


def _delimited(last: Sequence[str]) -> Iterator[tuple[int, int]]:
    for count, line in enumerate(reversed(last[-_SIGNATURE_LINES:]), start=1):
        if line in {"--", "\u2014"}:
            if sum(_is_prose(one) for one in last[len(last) - count + 1 :] if one) < 2:
                yield count, 0
            return


def _signed_off(last: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From the last closing phrase to the end, or to a postscript; what a signature cannot hold must not stand in between."""
    written = postscript = 0
    for count, line in enumerate(reversed(last), start=1):
        if not line:
            continue
        below = next((one for one in last[len(last) - count + 1 : len(last) - postscript] if one), None)
        if _is_closing(phrases.SIGN_OFF, line):
            if below is None or _starts_signature(below):
                yield count, postscript
            return
        if _is_closing(phrases.GRATITUDE, line):
            if below is not None and _starts_signature(below):
                yield count - 1, postscript
            return
        if phrases.POSTSCRIPT.match(line):
            postscript, written = count, 0
            continue
        written += 1
        if written > _SIGNATURE_LINES or (_is_prose(line) and not _is_below_postscript(last, count)):
            return


def _is_below_postscript(last: Sequence[str], count: int) -> bool:
    return any(phrases.POSTSCRIPT.match(line) for line in last[: len(last) - count][-_SIGNATURE_LINES:])


def _is_closing(pattern: re.Pattern[str], line: str) -> bool:
    """Whether the line is a closing phrase, alone or with a name behind a comma."""
    found = pattern.match(line) if len(line) <= 80 else None
    if found is None:
        return False
    behind = line[found.end() :]
    name = behind.lstrip(" ,.!;:/\u2013-")
    if not name:
        return True
    is_apart = behind.lstrip()[:1] in {",", "/", "\u2013", "-"}
    return is_apart and (_is_name(name) or pattern.match(name) is not None)


def _starts_signature(line: str) -> bool:
    return _is_name(line) or phrases.CONTACT.match(line) is not None or ("|" in line and not _is_prose(line))


def _is_name(line: str) -> bool:
    words = [word.rstrip(",") for word in line.split()]
    return (
        1 <= len(words) <= 4
        and line[-1] not in "!?:"
        and all(_NAME_WORD.fullmatch(word) for word in words)
        and (len(words) == 1 or all(not word[0].islower() or word in _PARTICLES for word in words))
    )


def _is_prose(line: str) -> bool:
    words = line.count(" ") + 1
    return (
        len(line) > 160
        or line[-1] in "?:"
        or _BULLET.match(line) is not None
        or (words >= 5 and line[-1] in ".!…")
        or (words >= 9 and not any(mark in "|@,/+\u2022\u00b7" or mark.isdigit() for mark in line))
    )


def _is_business_card(paragraph: Sequence[str]) -> bool:
    return (
        2 <= len(paragraph) <= 10
        and " " in paragraph[0]
        and _is_name(paragraph[0])
        and not any(_is_prose(line) for line in paragraph)
        and any(phrases.CONTACT.match(line) for line in paragraph[1:])
    )
