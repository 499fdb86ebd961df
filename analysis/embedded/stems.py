"""Words of a ticket as topics compare them: without stopwords, cut to stems, with groups of words that stand for each other."""

import re
from functools import cache, lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

_WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*")
_SUFFIXES = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "s", "ly", "al")


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    stopwords: str
    groups: tuple[str, ...]


def stems(text: str) -> list[str]:
    """The stems of a text's words, in their order."""
    stopwords, _ = _vocabulary()
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in stopwords and len(word) > 1]


def related(stem: str) -> frozenset[str]:
    """The stems that can stand for a stem: invoice, refund."""
    _, groups = _vocabulary()
    return groups.get(stem, frozenset())


@cache
def _vocabulary() -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    sheet = _Sheet.model_validate(
        yaml.safe_load(files(__package__).joinpath("topics.yaml").read_text(encoding="utf-8"))
    )
    groups: dict[str, set[str]] = {}
    for line in sheet.groups:
        alike = {_stem(word) for word in line.split()}
        for stem in alike:
            groups.setdefault(stem, set()).update(alike - {stem})
    return frozenset(sheet.stopwords.split()), {stem: frozenset(others) for stem, others in groups.items()}


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return word[:-1] if word.endswith(("e", "y")) and len(word) > 3 else word
