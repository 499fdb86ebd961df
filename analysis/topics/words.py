"""What a text is about, as words: folded, without those that say nothing, and cut to a stem so that forms of a word meet.

For comparing texts with each other; how the embedded analyzer reads is its own affair. English stop words and endings; words of
other languages are compared as they are written.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

import yaml

_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_BREAK: Final = re.compile(r"[.!?;:,()\[\]\n\"]")
_SUFFIXES: Final = ("ings", "ing", "edly", "ed", "ies", "es", "s")
_SHORTEST_STEM: Final = 3
_PAIR_WEIGHT: Final = 1.5


class Word(NamedTuple):
    """A word of a text that says something: how it is written, its stem, and whether it follows the one before at once."""

    written: str
    stem: str
    is_next: bool


def words(text: str) -> list[Word]:
    """The words of a text that say something, in their order."""
    found: list[Word] = []
    end_of_last: int | None = None
    for match in _WORD.finditer(text):
        written = match.group().replace("\u2019", "'")
        folded = written.casefold()
        if folded in _stopwords() or len(folded) < 2 or folded.isdecimal():
            end_of_last = None
            continue
        is_next = end_of_last is not None and not _BREAK.search(text, end_of_last, match.start())
        found.append(Word(written, _stem(folded), is_next))
        end_of_last = match.end()
    return found


@lru_cache(maxsize=4_096)
def features(text: str) -> Mapping[str, int]:
    """How often each stem, and each pair of stems that stand together, occurs; a pair is written `one two`."""
    counted: Counter[str] = Counter()
    before = ""
    for word in words(text):
        counted[word.stem] += 1
        if word.is_next:
            counted[f"{before} {word.stem}"] += 1
        before = word.stem
    return counted


def weights(text: str, rarity: Mapping[str, float] | None = None) -> dict[str, float]:
    """The features of a text as a vector of length one; with `rarity`, only of those it names, each weighed by it."""
    raw = {
        feature: (1 + math.log(count))
        * (_PAIR_WEIGHT if " " in feature else 1.0)
        * (1 if rarity is None else rarity[feature])
        for feature, count in features(text).items()
        if rarity is None or feature in rarity
    }
    length = math.sqrt(sum(weight**2 for weight in raw.values()))
    return {feature: weight / length for feature, weight in raw.items()} if length else {}


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How alike two vectors of length one are, from 0 to 1."""
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other[feature] for feature, weight in one.items() if feature in other)


@cache
def _stopwords() -> frozenset[str]:
    sheet = yaml.safe_load(files(__package__).joinpath("words.yaml").read_text(encoding="utf-8"))
    return frozenset(sheet["stopwords"].split())


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    if word.endswith("ss"):
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word[: -len(suffix)] + ("y" if suffix == "ies" else "")
    return word.removesuffix("e") if len(word) > _SHORTEST_STEM + 1 else word
