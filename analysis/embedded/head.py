"""The trained head: weights that turn what the rules found, and the words, into five levels. `MODEL_CARD.md` says what it learned.

Cumulative logits (McCullagh, 1980): for each of the four borders between levels, how far a text is above it. Words pull on all
borders alike, what the rules measured on each in its own way.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

BORDERS = 4


@dataclass(frozen=True)
class Head:
    """Weights, by name.

    Attributes:
        version: Changes with every training that changes a weight.
        words: What a word adds, at every border.
        measures: What a measure adds, border by border from the lowest.
        borders: What is taken off.
    """

    version: str
    words: Mapping[str, float]
    measures: Mapping[str, Sequence[float]]
    borders: Sequence[float]

    def above(self, words: Sequence[str], measures: Mapping[str, float]) -> list[float]:
        """How far a text is above each border, in log odds."""
        pull = self.lean(words)
        above = [pull - border for border in self.borders]
        for name, value in measures.items():
            weights = self.measures.get(name)
            if weights is not None and value:
                for border, weight in enumerate(weights):
                    above[border] += weight * value
        return above

    def lean(self, words: Sequence[str]) -> float:
        """What the words say alone: above zero for praise."""
        return sum(self.words.get(word, 0.0) for word in words) / math.sqrt(max(1, len(words)))


@cache
def load_head() -> Head:
    """The head in the package; read once per process."""
    written = json.loads(files(__package__).joinpath("head.json").read_text(encoding="utf-8"))
    return Head(written["version"], written["words"], written["measures"], written["borders"])
