"""How well a ticket fits a topic by the words it shares with the topic's name and description, before anybody taught anything.

A word weighs the more the fewer of the tenant's topics use it; words of one group (invoice, refund) stand for each other at
half their weight; the subject counts more than the content.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.analyzer import Topic
from analysis.embedded.stems import related, stems

_NAME_WEIGHT = 2.0
_DESCRIPTION_WEIGHT = 1.0
_GROUP_SHARE = 0.5
_SUBJECT_WEIGHT = 1.6
_WHOLE_NAME = 1.3
_TELLING_WORDS = 6
MOST = 4.0
"""No text fits better than this, however often it repeats a name."""


@dataclass(frozen=True)
class Profile:
    """A topic's name, and what each stem says for it."""

    name: str
    phrase: tuple[str, ...]
    weights: Mapping[str, float]
    norm: float

    def score(self, heard: Mapping[str, float]) -> float:
        """How well a text fits, 0 to `MOST`; `heard` as `hear` gives it."""
        total = sum(weight * heard[stem] for stem, weight in self.weights.items() if stem in heard)
        if len(self.phrase) > 1 and all(stem in heard for stem in self.phrase):
            total *= _WHOLE_NAME
        return min(MOST, total / self.norm)


def hear(text: str) -> dict[str, float]:
    """The stems of a ticket's text and how loud each is."""
    subject, _, _ = text.partition("\n\n")
    in_subject = set(stems(subject)) if subject != text else set()
    return {
        stem: (1 + math.log(count)) * (_SUBJECT_WEIGHT if stem in in_subject else 1.0)
        for stem, count in Counter(stems(text)).items()
    }


def profiles(topics: Sequence[Topic]) -> tuple[Profile, ...]:
    """One profile a topic, in their order."""
    raw: list[tuple[Topic, tuple[str, ...], dict[str, float]]] = []
    for topic in topics:
        name = tuple(stems(topic.name))
        weights = dict.fromkeys(stems(topic.description), _DESCRIPTION_WEIGHT)
        weights.update(dict.fromkeys(name, _NAME_WEIGHT))
        for stem, weight in list(weights.items()):
            for other in sorted(related(stem)):
                weights[other] = max(weights.get(other, 0.0), weight * _GROUP_SHARE)
        raw.append((topic, name, weights))
    spread = Counter(stem for _, _, weights in raw for stem in weights)
    found = []
    for topic, name, weights in raw:
        rare = {stem: weight * math.log(1 + len(raw) / spread[stem]) for stem, weight in weights.items()}
        norm = math.sqrt(sum(sorted((weight**2 for weight in rare.values()), reverse=True)[:_TELLING_WORDS])) or 1.0
        found.append(Profile(topic.name, name, rare, norm))
    return tuple(found)
