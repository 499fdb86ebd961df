"""Sorts a ticket into a tenant's own topics by the words it shares with their names and descriptions.

A word weighs the more the fewer of the tenant's topics use it; words of one group (invoice, refund) stand for each other at
half their weight; the subject counts more than the content. Below a threshold the answer is none, never the least bad topic.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from analysis.analyzer import MOST_TOPICS, Taxonomy, Topic

_WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*")
_NAME_WEIGHT = 2.0
_DESCRIPTION_WEIGHT = 1.0
_GROUP_SHARE = 0.5
_SUBJECT_WEIGHT = 1.6
_THRESHOLD = 0.6
# A further topic has to be nearly as good as the first.
_FURTHER_SHARE = 0.75
_SUFFIXES = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "s", "ly", "al")


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    stopwords: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class _Profile:
    name: str
    phrase: tuple[str, ...]
    weights: dict[str, float]
    norm: float


def topics(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The names of the topics of `taxonomy` that fit a lowered text, best first; empty where none does."""
    subject, _, _ = text.partition("\n\n")
    words = Counter(_stems(text))
    in_subject = set(_stems(subject)) if subject != text else set()
    heard = {
        stem: (1 + math.log(count)) * (_SUBJECT_WEIGHT if stem in in_subject else 1.0) for stem, count in words.items()
    }
    scored = [(_score(profile, heard), profile.name) for profile in _profiles(taxonomy.topics)]
    best = max((score for score, _ in scored), default=0.0)
    if best < _THRESHOLD:
        return ()
    fitting = [(score, name) for score, name in scored if score >= max(_THRESHOLD, best * _FURTHER_SHARE)]
    return tuple(name for _, name in sorted(fitting, key=lambda one: (-one[0], one[1]))[:MOST_TOPICS])


def _score(profile: _Profile, heard: dict[str, float]) -> float:
    total = sum(weight * heard[stem] for stem, weight in profile.weights.items() if stem in heard)
    if len(profile.phrase) > 1 and all(stem in heard for stem in profile.phrase):
        total *= 1.3
    return total / profile.norm


@lru_cache(maxsize=256)
def _profiles(taxonomy: tuple[Topic, ...]) -> tuple[_Profile, ...]:
    _, groups = _vocabulary()
    raw: list[tuple[Topic, tuple[str, ...], dict[str, float]]] = []
    for topic in taxonomy:
        name = tuple(_stems(topic.name))
        weights: dict[str, float] = {}
        for stem in _stems(topic.description):
            weights[stem] = _DESCRIPTION_WEIGHT
        for stem in name:
            weights[stem] = _NAME_WEIGHT
        for stem, weight in list(weights.items()):
            for other in groups.get(stem, ()):
                weights[other] = max(weights.get(other, 0.0), weight * _GROUP_SHARE)
        raw.append((topic, name, weights))
    spread = Counter(stem for _, _, weights in raw for stem in weights)
    profiles = []
    for topic, name, weights in raw:
        rare = {stem: weight * math.log(1 + len(raw) / spread[stem]) for stem, weight in weights.items()}
        norm = math.sqrt(sum(sorted((weight**2 for weight in rare.values()), reverse=True)[:6])) or 1.0
        profiles.append(_Profile(topic.name, name, rare, norm))
    return tuple(profiles)


@cache
def _vocabulary() -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    sheet = _Sheet.model_validate(
        yaml.safe_load(files(__package__).joinpath("topics.yaml").read_text(encoding="utf-8"))
    )
    groups: dict[str, set[str]] = {}
    for line in sheet.groups:
        stems = {_stem(word) for word in line.split()}
        for stem in stems:
            groups.setdefault(stem, set()).update(stems - {stem})
    return frozenset(sheet.stopwords.split()), {stem: frozenset(others) for stem, others in groups.items()}


def _stems(text: str) -> list[str]:
    stopwords, _ = _vocabulary()
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in stopwords and len(word) > 1]


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return word[:-1] if word.endswith(("e", "y")) and len(word) > 3 else word
