"""Sorts a ticket into a tenant's own topics: by their names and descriptions, and by what people's corrections taught.

Below a threshold the answer is none, never the least bad topic. A text that a person sorted is of what that person said.
"""

from collections import OrderedDict

from analysis.analyzer import MOST_TOPICS, Taxonomy, taxonomy_fingerprint
from analysis.embedded.lessons import Lessons, folded, learn

_FURTHER_SHARE = 0.7
"""A further topic has to be so nearly as good as the first."""

_MOST_LEARNED = 64


class TopicSorter:
    """Sorts texts; what a taxonomy teaches is learned at the first text and kept."""

    def __init__(self) -> None:
        self._learned: OrderedDict[str, Lessons] = OrderedDict()
        self._last: tuple[Taxonomy, Lessons] | None = None

    def scores(self, text: str, taxonomy: Taxonomy) -> dict[str, float]:
        """Topic to how far `text` is of it, from 0 to 1; 1 where a person said so."""
        lessons = self._lessons(taxonomy)
        decided = lessons.decided.get(folded(text), ())
        return lessons.scores(text) | dict.fromkeys(decided, 1.0)

    def sort(self, text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
        """The names of the topics that fit, best first; empty where none does."""
        lessons = self._lessons(taxonomy)
        decided = lessons.decided.get(folded(text))
        if decided is not None:
            return decided[:MOST_TOPICS]
        scores = lessons.scores(text)
        enough = max(lessons.threshold, max(scores.values(), default=0.0) * _FURTHER_SHARE)
        fitting = [(score, name) for name, score in scores.items() if score >= enough]
        return tuple(name for _, name in sorted(fitting, key=lambda one: (-one[0], one[1]))[:MOST_TOPICS])

    def _lessons(self, taxonomy: Taxonomy) -> Lessons:
        """What a taxonomy teaches; the same object is not even looked at twice, an equal one is not learned twice."""
        if self._last is not None and self._last[0] is taxonomy:
            return self._last[1]
        fingerprint = taxonomy_fingerprint(taxonomy)
        lessons = self._learned.get(fingerprint)
        if lessons is None:
            lessons = self._learned[fingerprint] = learn(taxonomy)
            if len(self._learned) > _MOST_LEARNED:
                self._learned.popitem(last=False)
        self._last = (taxonomy, lessons)
        return lessons
