"""Trains the head that ships with the embedded analyzer; `churnboard train` runs it, reading needs neither it nor scipy.

Penalised cumulative logits, fitted with L-BFGS: words share one weight for all borders between levels, measures have one for all
and a deviation for each. Rows, features and arithmetic are in a fixed order, so the same rows give the same file, byte for byte.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.embedded import levels
from analysis.embedded.head import BORDERS, Head
from analysis.embedded.listening import Heard, listen
from analysis.embedded.rules import load_rules
from core.vocabulary import Sentiment

HEAD_FILE = Path(__file__).with_name("head.json")

_Array = npt.NDArray[np.float64]

_LEAST_TEXTS = 3
"""A word has to be in so many texts: what one person wrote is not learned, nor can it be read off the file."""

_WORD_PENALTY, _MEASURE_PENALTY, _DEVIATION_PENALTY = 0.5, 0.1, 1.0
"""Of squared weights, halved; chosen in cross-validation."""

_FOLDS = 5
_DIGITS = 4
_MOST_STEPS = 1000


@dataclass(frozen=True)
class Lesson:
    """A text as the rules hear it, and the level people gave it."""

    heard: Heard
    label: Sentiment
    fold: int


@dataclass(frozen=True)
class _Design:
    """The features of a set of lessons: `words` sparse, `measures` dense, one row a lesson."""

    word_names: Sequence[str]
    measure_names: Sequence[str]
    words: Any
    measures: _Array


def lessons(texts: Sequence[tuple[str, str]]) -> list[Lesson]:
    """Texts with the names of their levels, as lessons; a text's fold is decided by the text alone."""
    rules = load_rules()
    return [Lesson(listen(text, rules), Sentiment(label), _fold(text)) for text, label in texts]


def train(learned: Sequence[Lesson]) -> Head:
    """The head that fits the lessons."""
    design = _design(learned)
    shared_words, measures, borders = _fit(design, [one.label.level + 2 for one in learned])
    words = {
        name: weight
        for name, value in zip(design.word_names, shared_words, strict=True)
        if (weight := round(float(value), _DIGITS))
    }
    by_measure = {
        name: [round(float(value), _DIGITS) for value in row]
        for name, row in zip(design.measure_names, measures, strict=True)
    }
    at = [round(float(value), _DIGITS) for value in borders]
    content = json.dumps([words, by_measure, at], sort_keys=True)
    return Head(f"head-{hashlib.sha256(content.encode()).hexdigest()[:8]}", words, by_measure, at)


def cross_validated(learned: Sequence[Lesson]) -> Iterator[tuple[Lesson, Sentiment]]:
    """Each lesson with the level given to it by a head that was trained without its fold."""
    for fold in range(_FOLDS):
        head = train([one for one in learned if one.fold != fold])
        for one in learned:
            if one.fold == fold:
                yield one, level_of(one.heard, head)


def level_of(heard: Heard, head: Head) -> Sentiment:
    """The level of a heard text."""
    above = head.above(heard.words, heard.measures)
    return levels.level(above, heard.tones, heard.asked)


def written(head: Head) -> str:
    """A head as `head.json` has it."""
    return f"{json.dumps(head.__dict__, ensure_ascii=False, indent=0, sort_keys=True)}\n"


def _fold(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % _FOLDS


def _design(learned: Sequence[Lesson]) -> _Design:
    from scipy.sparse import csr_matrix

    heard = [one.heard.words for one in learned]
    spread = Counter(word for words in heard for word in words)
    matters = load_rules().matters
    word_names = sorted(word for word, count in spread.items() if count >= _LEAST_TEXTS and word not in matters)
    places = {word: place for place, word in enumerate(word_names)}
    columns, values, ends = [], [], [0]
    for words in heard:
        known = [places[word] for word in words if word in places]
        columns += known
        values += [max(1, len(words)) ** -0.5] * len(known)
        ends.append(len(columns))
    measured = [one.heard.measures for one in learned]
    measure_names = sorted({name for one in measured for name in one})
    return _Design(
        word_names,
        measure_names,
        csr_matrix((values, columns, ends), shape=(len(learned), len(word_names))),
        np.array([[one.get(name, 0.0) for name in measure_names] for one in measured]),
    )


def _fit(design: _Design, labels: Sequence[int]) -> tuple[_Array, _Array, _Array]:
    """Weights of the words, of the measures border by border, and the borders."""
    from scipy.optimize import minimize

    word_count, measure_count = len(design.word_names), len(design.measure_names)
    ends = np.cumsum([word_count, measure_count, measure_count * BORDERS])
    sides = np.where(np.array(labels)[:, None] > np.arange(BORDERS), 1.0, -1.0)

    def parts(point: _Array) -> tuple[_Array, _Array, _Array, _Array]:
        words, shared, own, borders = np.split(point, ends)
        return words, shared, own.reshape(measure_count, BORDERS), borders

    def loss(point: _Array) -> tuple[float, _Array]:
        words, shared, own, borders = parts(point)
        above = (design.words @ words + design.measures @ shared)[:, None] + design.measures @ own - borders
        penalty = (
            _WORD_PENALTY * words @ words + _MEASURE_PENALTY * shared @ shared + _DEVIATION_PENALTY * (own**2).sum()
        )
        wrong = -sides / (1 + np.exp(np.clip(sides * above, -500, 500)))
        total = wrong.sum(axis=1)
        slope = np.concatenate(
            [
                design.words.T @ total + _WORD_PENALTY * words,
                design.measures.T @ total + _MEASURE_PENALTY * shared,
                (design.measures.T @ wrong + _DEVIATION_PENALTY * own).ravel(),
                -wrong.sum(axis=0),
            ]
        )
        return float(np.logaddexp(0, -sides * above).sum() + penalty / 2), slope

    start = np.concatenate([np.zeros(int(ends[-1])), np.arange(BORDERS) - 1.5])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _MOST_STEPS})
    words, shared, own, borders = parts(found.x)
    return words, shared[:, None] + own, borders
