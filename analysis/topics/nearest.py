"""Which of the examples people made a model is shown beside a ticket: the few whose texts are most like it.

Likeness is the cosine over words and pairs of words, weighed within each text alone. Weighing by rarity among the examples would
read better and is left out on purpose: then every new correction would change which examples every ticket is shown, and with
them every call key; so it changes those of the tickets that are shown the new one.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from analysis.analyzer import Analyzer, PaidAnalyzer, Taxonomy, TopicExample
from analysis.topics.words import weights

MOST_EXAMPLES: Final = 3
LEAST_LIKENESS: Final = 0.25
"""Below it two texts share hardly more than words that many tickets have."""

LONGEST_EXAMPLE: Final = 1_200
"""Characters shown of an example."""


def taxonomy_for(analyzer: Analyzer, taxonomy: Taxonomy, text: str) -> Taxonomy:
    """What an analyzer is given to sort one text by: all of it, or for one that is paid by the word only the nearest examples."""
    return narrowed(taxonomy, text) if isinstance(analyzer, PaidAnalyzer) else taxonomy


def narrowed(taxonomy: Taxonomy, text: str, most: int = MOST_EXAMPLES) -> Taxonomy:
    """The taxonomy with its `most` examples nearest to `text`, cut to what is shown, in an order that depends on nothing else.

    Narrowing twice changes nothing.
    """
    if not taxonomy.examples:
        return taxonomy
    likeness: dict[int, float] = defaultdict(float)
    index = _index(taxonomy.examples)
    for feature, weight in weights(text).items():
        for example, other in index.places.get(feature, ()):
            likeness[example] += weight * other
    shown = index.shown
    near = [example for example, alike in likeness.items() if alike >= LEAST_LIKENESS]
    # Rounded, because a sum's last digit depends on the order of its terms.
    near.sort(key=lambda example: (-round(likeness[example], 9), shown[example].text, shown[example].topics))
    chosen = {shown[example] for example in near[:most]}
    return replace(taxonomy, examples=tuple(sorted(chosen, key=lambda one: (one.text, one.topics))))


@dataclass(frozen=True)
class _Index:
    shown: tuple[TopicExample, ...]
    places: dict[str, list[tuple[int, float]]]


@lru_cache(maxsize=64)
def _index(examples: tuple[TopicExample, ...]) -> _Index:
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    shown = tuple(replace(example, text=example.text[:LONGEST_EXAMPLE].rstrip()) for example in examples)
    for at, example in enumerate(shown):
        for feature, weight in weights(example.text).items():
            places[feature].append((at, weight))
    return _Index(shown, dict(places))
