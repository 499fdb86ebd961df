"""What people's corrections teach: which words of a ticket speak for which topic, beyond its name and description.

Kernel ridge regression in closed form, one column a topic, on what the profiles leave unexplained: the mean of the answer is the
profile's score times a trust in names, which is estimated from the examples too, and examples correct it word by word. Each
topic's own name and description is one more example of it. With no example the profiles decide; with few they are corrected near
these; with many the words decide. docs/decisions/0010 has the measurements.

Left out on purpose: no sentence embeddings, which add one to five points of accuracy at a hundred times the computing, see there.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.analyzer import Taxonomy, Topic, TopicExample
from analysis.embedded.loudness import Vocabulary, loudness
from analysis.embedded.profiles import Profile, hear, profiles

_Array = npt.NDArray[np.float64]

_RIDGE = 1.0
_BIAS = 0.5
_TRUST_IN_NAMES = 0.4
"""How far names and descriptions are trusted before any example."""

_FIRST_BELIEF = 30.0
"""With how many examples' weight that is believed, and the first threshold is."""

_FURTHER_TOPIC = 0.5
"""How much of a topic a text is that was named after the first."""

_THRESHOLD, _NAMED_SHARE = 0.2, 10
"""Below this nothing fits, until examples show how high the right topics score here: all but so many percent are to be named."""

_DIGITS = 6
"""Scores are rounded to this, so that the last bits of another machine's arithmetic decide nothing."""


@dataclass(frozen=True)
class Lessons:
    """A taxonomy as it was learned.

    Attributes:
        names: Its topics, in alphabetical order.
        decided: Texts whose topics a person decided, folded, to these topics.
        threshold: The score below which nothing fits.
    """

    names: tuple[str, ...]
    decided: Mapping[str, tuple[str, ...]]
    threshold: float
    _profiles: tuple[Profile, ...]
    _trust: float
    _vocabulary: Vocabulary
    _weights: _Array

    def scores(self, text: str) -> dict[str, float]:
        """Topic to how far `text` is of it, from 0 to less than 1: the regression's answer, squeezed so that its order is kept."""
        by_name = _by_name(self._profiles, text)
        rows, values = self._vocabulary.vector(loudness(text))
        learned = values @ self._weights[rows] + _BIAS * self._weights[-1]
        found = np.tanh(np.maximum(0.0, self._trust * by_name + learned))
        return {name: round(float(score), _DIGITS) for name, score in zip(self.names, found, strict=True)}


def learn(taxonomy: Taxonomy) -> Lessons:
    """Fit a taxonomy's topics to its examples: half a second for 1,000, more than proportionally longer for more.

    A rule that names a topic adds its words to the description, and teaches like two examples: its words and its passage. A rule
    about all topics is meant for readers of prose and changes nothing here. What is said of a topic that is gone is left out.
    """
    ruled = (_ruled(topic, taxonomy) for topic in taxonomy.topics)
    topics = sorted(ruled, key=lambda topic: (topic.name, topic.description))
    names = tuple(topic.name for topic in topics)
    examples = sorted(_examples(taxonomy, frozenset(names)), key=lambda one: (one.text, one.topics))
    by_name = profiles(topics)
    texts = [one.text for one in examples]
    own = [f"{topic.name} {topic.description}" for topic in topics]
    wanted = _wanted(examples, names)
    said = _all_by_name(by_name, texts)
    trust = float(((wanted * said).sum() + _FIRST_BELIEF * _TRUST_IN_NAMES) / ((said**2).sum() + _FIRST_BELIEF))
    unexplained = np.vstack(
        [wanted - trust * said, np.maximum(0.0, np.eye(len(names)) - trust * _all_by_name(by_name, own))]
    )
    heard = [loudness(text) for text in (*texts, *own)]
    vocabulary = Vocabulary.of(heard)
    matrix = np.zeros((len(heard), len(vocabulary) + 1))
    matrix[:, -1] = _BIAS
    for row, one in enumerate(heard):
        columns, values = vocabulary.vector(one)
        matrix[row, columns] = values
    # The dual form: as many unknowns as texts, which are fewer than words.
    inverse = np.linalg.inv(matrix @ matrix.T + _RIDGE * np.eye(len(heard)))
    pulls = inverse @ unexplained
    left_out = (unexplained - pulls / np.diag(inverse)[:, None])[: len(texts)] + trust * said
    threshold = _threshold([math.tanh(row.max()) for row, one in zip(left_out, examples, strict=True) if one.topics])
    return Lessons(names, _decided(examples), threshold, by_name, trust, vocabulary, matrix.T @ pulls)


def _threshold(best: Sequence[float]) -> float:
    """From the best score of each example, had it not been there (the closed form of leaving one out): never above the first."""
    if not best:
        return _THRESHOLD
    shown = min(_THRESHOLD, float(np.percentile(best, _NAMED_SHARE)))
    return round((len(best) * shown + _FIRST_BELIEF * _THRESHOLD) / (len(best) + _FIRST_BELIEF), _DIGITS)


def folded(text: str) -> str:
    """A text as it is recognised again: letter case and white space do not matter."""
    return " ".join(text.split()).casefold()


def _ruled(topic: Topic, taxonomy: Taxonomy) -> Topic:
    said = sorted(rule.text for rule in taxonomy.rules if rule.topic == topic.name)
    return Topic(topic.name, " ".join([topic.description, *said]), topic.parent)


def _examples(taxonomy: Taxonomy, names: frozenset[str]) -> Iterator[TopicExample]:
    for one in taxonomy.examples:
        known = tuple(name for name in one.topics if name in names)
        if known or not one.topics:
            yield TopicExample(one.text, known)
    for rule in taxonomy.rules:
        if rule.topic is not None and rule.topic in names:
            yield from (TopicExample(text, (rule.topic,)) for text in (rule.text, rule.example) if text)


def _decided(examples: Sequence[TopicExample]) -> dict[str, tuple[str, ...]]:
    """People who disagree about one text are all heard."""
    decided: dict[str, tuple[str, ...]] = {}
    for one in examples:
        text = folded(one.text)
        decided[text] = tuple(dict.fromkeys((*decided.get(text, ()), *one.topics)))
    return decided


def _wanted(examples: Sequence[TopicExample], names: Sequence[str]) -> _Array:
    wanted = np.zeros((len(examples), len(names)))
    for row, one in enumerate(examples):
        for rank, name in enumerate(one.topics):
            wanted[row, names.index(name)] = _FURTHER_TOPIC if rank else 1.0
    return wanted


def _by_name(by_name: Sequence[Profile], text: str) -> _Array:
    heard = hear(text)
    return np.array([profile.score(heard) for profile in by_name])


def _all_by_name(by_name: Sequence[Profile], texts: Sequence[str]) -> _Array:
    return np.array([_by_name(by_name, text) for text in texts]).reshape(len(texts), len(by_name))
