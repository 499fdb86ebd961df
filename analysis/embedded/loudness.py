"""A text as a vector of its words: how often they are said against how rare they are among the texts learned from (tf-idf)."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.embedded.stems import stems

_MOST_STEMS = 4096
"""The most frequent are kept: memory stays bounded, and what is said once in a thousand texts teaches little."""


def loudness(text: str) -> dict[str, float]:
    """Each stem of a text to one plus the logarithm of how often it is said."""
    return {stem: 1 + math.log(count) for stem, count in Counter(stems(text)).items()}


@dataclass(frozen=True)
class Vocabulary:
    """The stems of a set of texts, each with its place and its rarity."""

    _places: Mapping[str, int]
    _rarity: Mapping[str, float]
    _unknown_rarity: float

    def __len__(self) -> int:
        return len(self._places)

    @classmethod
    def of(cls, heard: Sequence[Mapping[str, float]]) -> "Vocabulary":
        """The vocabulary of texts given as `loudness` has them."""
        spread = Counter(stem for one in heard for stem in one)
        kept = sorted(spread, key=lambda stem: (-spread[stem], stem))[:_MOST_STEMS]
        rarity = {stem: 1 + math.log((1 + len(heard)) / (1 + spread[stem])) for stem in kept}
        return cls({stem: place for place, stem in enumerate(kept)}, rarity, 1 + math.log(1 + len(heard)))

    def vector(self, heard: Mapping[str, float]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        """Places and values of a text; unknown words have no place but make the others quieter, as in a vector of length one."""
        known = [stem for stem in heard if stem in self._places]
        length = math.sqrt(
            sum((loud * self._rarity.get(stem, self._unknown_rarity)) ** 2 for stem, loud in sorted(heard.items()))
        )
        values = [heard[stem] * self._rarity[stem] / length for stem in known]
        return np.array([self._places[stem] for stem in known], dtype=np.intp), np.array(values, dtype=np.float64)
