"""Two readings of the same words, label against label: what changes, how much of it is noise. Pure.

The pinned reading stands first, the candidate's second; where one of the two has no answer, its label is `unread`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.analyzer import Answer, SentimentAnswer, TopicsAnswer
from analysis.measures import Share, kappa
from core.topics import NO_TOPIC
from core.vocabulary import AnalysisTask, ChurnIntent, Resolution, Sentiment, Target

UNREAD: Final = "unread"
"""Stands where there is no answer: it is a dead letter."""

NOISE_SHARE: Final = 0.03
"""Below three points a difference is noise, whatever two identical runs say (so is one between two evaluations)."""

Labels = Mapping[str, str]
"""What one reading says, by the name of the question; `UNREAD` for each where it says nothing."""

_ORDERED: Final = {one.value: one.level for one in Sentiment}
_LISTED: Final[Mapping[str, Sequence[str]]] = {
    "sentiment": list(Sentiment),
    "churn_intent": list(ChurnIntent),
    "target": list(Target),
    "resolution": list(Resolution),
}
DIMENSIONS: Final[Mapping[AnalysisTask, tuple[str, ...]]] = {
    AnalysisTask.SENTIMENT: tuple(_LISTED),
    AnalysisTask.TOPICS: ("topic", "all_topics"),
}
"""What is compared of each task: a topics reading by its first topic, and by the whole set."""


@dataclass(frozen=True)
class LabelMatrix:
    """How the labels of one dimension moved from one reading to the other."""

    dimension: str
    counts: Mapping[tuple[str, str], int]
    """How often (first reading's label, second reading's label)."""

    @property
    def labels(self) -> list[str]:
        """The labels that occur, in the order of the vocabulary, `unread` last."""
        found = {label for pair in self.counts for label in pair}
        listed = [one for one in _LISTED.get(self.dimension, ()) if one in found]
        return [*listed, *sorted(found - {*listed, UNREAD}), *([UNREAD] if UNREAD in found else [])]

    @property
    def read_by_both(self) -> Mapping[tuple[str, str], int]:
        """The part in which both have an answer."""
        return {pair: count for pair, count in self.counts.items() if UNREAD not in pair}

    @property
    def agreement(self) -> Share:
        """Same label, of those that both have read."""
        both = self.read_by_both
        return Share(sum(count for (one, other), count in both.items() if one == other), sum(both.values()))

    @property
    def changed(self) -> Share:
        """Another label, of those that both have read."""
        return Share(self.agreement.count - self.agreement.hits, self.agreement.count)

    @property
    def kappa(self) -> float | None:
        """Agreement beyond chance; quadratic-weighted for levels."""
        return kappa(self.read_by_both, _ORDERED if self.dimension == "sentiment" else None)

    def is_noise(self, flips: Share | None) -> bool:
        """Whether no more changed than changes between two identical runs, or than three points."""
        return self.changed.value <= max(NOISE_SHARE, flips.value if flips else 0.0)


def labels_of(answer: Answer | None, task: AnalysisTask) -> dict[str, str]:
    """The labels of one answer, by dimension; all `unread` without an answer."""
    if isinstance(answer, SentimentAnswer):
        return {name: getattr(answer, name).value for name in DIMENSIONS[AnalysisTask.SENTIMENT]}
    if isinstance(answer, TopicsAnswer):
        return topic_labels(answer.topics)
    return dict.fromkeys(DIMENSIONS[task], UNREAD)


def topic_labels(topics: Sequence[str]) -> dict[str, str]:
    """The labels of a topics reading, best topic first."""
    return {"topic": topics[0] if topics else NO_TOPIC, "all_topics": ", ".join(sorted(topics)) or NO_TOPIC}


def matrices(task: AnalysisTask, pairs: Iterable[tuple[Labels, Labels]]) -> list[LabelMatrix]:
    """One matrix a dimension of the task, over pairs of readings of the same words."""
    counts = {dimension: Counter[tuple[str, str]]() for dimension in DIMENSIONS[task]}
    for first, second in pairs:
        for dimension, counter in counts.items():
            counter[first[dimension], second[dimension]] += 1
    return [LabelMatrix(dimension, dict(counter)) for dimension, counter in counts.items()]
