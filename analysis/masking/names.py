"""Finds names that are known beforehand, those of the people a ticket is linked to, whole or in parts, however they are spelt.

What is masked, and what is not:

- each word of a name of at least two letters, between word borders; a possessive 's stays behind the placeholder;
- one placeholder a person, whether the whole name stands there or a part of it, so that a reader can follow who is meant;
- accents make no difference, and ü may be written ue;
- a name that is an ordinary word too (Will, May, Mark; `words.yaml`), or has two letters only, counts where it is spelt like a
  name (a capital, also at the beginning of a sentence, where rather one word too many is masked; all capitals where the line is
  not), stands alone on its line or behind a greeting, or beside another word of the name;
- grammar, particles, titles and names of shared mailboxes (an, van, Dr, Support) count only beside another part of the same name.

Left out on purpose: nicknames, initials alone, and people nobody linked to the ticket.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analysis.masking.masked import Found
from analysis.masking.words import words
from core.vocabulary import PiiKind

_SHORTEST: Final = 2
_NAME_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_APOSTROPHES: Final = str.maketrans("\u2019\u2018\u02bc`\u00b4", "'''''")
# Letters that carry their accent inside, and how names are spelt without it.
_SPELT: Final = {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th", "ð": "d"}
_DIGRAPHS: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_AROUND: Final = " \t,;.!-\u2013\u2014()"
_BETWEEN: Final = r"[\s,.\-]{1,3}"


@dataclass(frozen=True)
class _Person:
    value: str
    pattern: re.Pattern[str]
    """A run of words of the name, in folded text."""


def names(text: str, people: Sequence[str]) -> Iterator[Found]:
    """Where these people, given by their full names, are named; earlier ones take precedence where two share a word."""
    known = [person for full in people if (person := _person(full)) is not None]
    if not known:
        return
    folded, places = _fold(text)
    taken: list[tuple[int, int]] = []
    for person in known:
        for match in person.pattern.finditer(folded):
            start, end = places[match.start()], places[match.end()]
            is_free = all(end <= other_start or other_end <= start for other_start, other_end in taken)
            if is_free and _counts(match, text, start, end):
                taken.append((start, end))
                yield Found(start, end, PiiKind.NAME, person.value)


def _counts(match: re.Match[str], text: str, start: int, end: int) -> bool:
    """Whether a run of words of a name, `text[start:end]` as it is written, is meant as that name."""
    sheet = words()
    run = {word for word in _NAME_WORD.findall(match.group()) if word not in sheet.never_alone}
    if len(run) != 1:
        return bool(run)
    [word] = run
    if word not in sheet.ordinary and len(word) > _SHORTEST:
        return True
    written = text[start:end]
    before, after = _rest_of_line(text, start, end)
    if not (before + after).strip(_AROUND) or _greets(before):
        return True
    if written.isupper():
        return any(map(str.islower, before + after))
    return written[0].isupper()


def _rest_of_line(text: str, start: int, end: int) -> tuple[str, str]:
    return text[text.rfind("\n", 0, start) + 1 : start], text[end:].partition("\n")[0]


def _greets(before: str) -> bool:
    last = before.rstrip(" ,.:").rpartition(" ")[2].lower()
    return last in words().greeting


@lru_cache(maxsize=4096)
def _person(full: str) -> _Person | None:
    parts = [word for word in _NAME_WORD.findall(unicodedata.normalize("NFC", full)) if len(word) >= _SHORTEST]
    spellings = sorted({one for word in parts for one in _spellings(word)}, key=lambda one: (-len(one), one))
    if all(one in words().never_alone for one in spellings):
        return None
    one = "|".join(map(re.escape, spellings))
    pattern = rf"(?<![^\W_])(?:{one})(?:{_BETWEEN}(?:{one})(?![^\W_]))*(?![^\W_])"
    return _Person(" ".join(_fold(word)[0] for word in parts), re.compile(pattern))


def _spellings(word: str) -> Iterator[str]:
    yield _fold(word)[0]
    lower = word.lower()
    if any(letter in _DIGRAPHS for letter in lower):
        yield _fold("".join(_DIGRAPHS.get(letter, letter) for letter in lower))[0]


def _fold(text: str) -> tuple[str, list[int]]:
    """The text without case and accents, and where each of its characters, and its end, stands in the text."""
    if text.isascii():
        return text.lower().translate(_APOSTROPHES), list(range(len(text) + 1))
    characters: list[str] = []
    places: list[int] = []
    for at, letter in enumerate(text.translate(_APOSTROPHES)):
        plain = _plain(letter)
        characters.append(plain)
        places.extend([at] * len(plain))
    return "".join(characters), [*places, len(text)]


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    lower = letter.casefold()
    apart = unicodedata.normalize("NFD", _SPELT.get(lower, lower))
    return "".join(part for part in apart if not unicodedata.combining(part)).casefold()
