"""Has an analyzer answer labelled texts, and counts with the measures the field uses for ordered labels.

Where labels are ordered, quadratic-weighted kappa and precision and recall of "negative or worse" say more than five-class
accuracy: most errors are off by one, and what opens a card is whether a ticket is negative.

Left out on purpose: no calibration and no significance tests; differences under three points between runs are noise.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from analysis.analyzer import (
    Analyzer,
    Answer,
    Question,
    SentimentAnswer,
    Taxonomy,
    TopicsAnswer,
    UnreadableAnswer,
    Usage,
    answered,
)
from analysis.measures import kappa
from core.topics import NO_TOPIC
from core.vocabulary import AnalysisTask, ChurnIntent, Sentiment

UNREAD = "unread"
"""What stands in the confusion table where the analyzer had no usable answer: always an error, never a guess."""

LEAVING, STAYING = "leaving", "staying"
"""The labels of churn intent: implied and explicit ones are not told apart by those who labelled."""

_BEST = 3

Told = tuple[Answer | None, Usage]
"""An answer, None where there was none to be had, and what it cost."""

Ask = Callable[[Sequence[Question]], Sequence[Told]]
"""Has all these questions answered, in their order."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the label people gave it; for topics, with the taxonomy in force and every topic people saw in it, best first."""

    text: str
    label: str
    taxonomy: Taxonomy = field(default_factory=Taxonomy)
    topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """What came out; all shares between 0 and 1, `kappa` between -1 and 1, None where the measure has no meaning.

    Attributes:
        count: Texts.
        unread_count: Those without a usable answer.
        accuracy: Share whose label was hit; of topics, by the first one named.
        best_three_accuracy: Of topics, share whose label is among the first three named.
        macro_f1: Mean of the labels' F1.
        kappa: Quadratic-weighted kappa (Cohen, 1968) of ordered labels.
        precision: Of what was called negative or worse (or leaving), how much is.
        recall: Of what is negative or worse (or leaving), how much was called so.
        usage: What all answers cost together.
        confusion: (label, answer) to how often.
        claims: (label, what was claimed in full) to how often, without the unread; empty where nothing finer was asked for.
    """

    count: int
    unread_count: int
    accuracy: float
    best_three_accuracy: float | None
    macro_f1: float
    kappa: float | None
    precision: float | None
    recall: float | None
    usage: Usage
    confusion: dict[tuple[str, str], int]
    claims: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def cost_usd_per_1000(self) -> float:
        """US dollars for a thousand texts."""
        return 1000 * self.usage.cost_usd / self.count if self.count else 0.0

    def f1(self, label: str) -> float:
        """Harmonic mean of precision and recall of one label; 0 where nothing was hit."""
        return _f1(self.confusion, {label}, {label})[2]


def level(answer: SentimentAnswer) -> str:
    """The level a sentiment answer gives."""
    return answer.sentiment.value


def intent(answer: SentimentAnswer) -> str:
    """Whether a sentiment answer hears somebody leaving."""
    return STAYING if answer.churn_intent is ChurnIntent.NONE else LEAVING


def three_classes(label: str) -> str:
    """A level without its `very`."""
    return label.removeprefix("very_")


def evaluate(
    task: AnalysisTask,
    rows: Sequence[LabelledText],
    ask: Ask,
    *,
    read: Callable[[SentimentAnswer], str] = level,
    claim: Callable[[SentimentAnswer], str] | None = None,
) -> Evaluation:
    """Have each row's question answered, and compare.

    Args:
        task: Which question. For topics, `none` is what an empty answer says.
        rows: Texts with labels.
        ask: Who answers: `asking` an analyzer here, or `analysis.evals.paid` one through the journal.
        read: What of a sentiment answer is compared with the labels.
        claim: What of it is counted in `Evaluation.claims`; None: nothing.
    """
    told = ask([Question(task, row.text, row.taxonomy) for row in rows])
    said = [_labels(answer, read) for answer, _ in told]
    confusion = Counter((row.label, named[0]) for row, named in zip(rows, said, strict=True))
    return Evaluation(
        count=len(rows),
        unread_count=sum(count for (_, answer), count in confusion.items() if answer == UNREAD),
        best_three_accuracy=_share([row.label in named[:_BEST] for row, named in zip(rows, said, strict=True)])
        if task is AnalysisTask.TOPICS
        else None,
        usage=sum((usage for _, usage in told), Usage()),
        claims=dict(
            Counter(
                (row.label, claim(answer))
                for row, (answer, _) in zip(rows, told, strict=True)
                if claim is not None and isinstance(answer, SentimentAnswer)
            )
        ),
        **_measures(confusion),
    )


def compare(pairs: Iterable[tuple[str, str]]) -> Evaluation:
    """Labels with answers that were come by elsewhere, and cost nothing."""
    confusion = Counter(pairs)
    return Evaluation(
        count=confusion.total(), unread_count=0, best_three_accuracy=None, usage=Usage(), **_measures(confusion)
    )


def coarser(found: Evaluation, name: Callable[[str], str]) -> Evaluation:
    """The same answers under fewer labels: both sides of the comparison renamed."""
    confusion = Counter[tuple[str, str]]()
    for (label, answer), count in found.confusion.items():
        confusion[name(label), name(answer)] += count
    return Evaluation(
        count=found.count,
        unread_count=found.unread_count,
        best_three_accuracy=None,
        usage=found.usage,
        **_measures(confusion),
    )


def asking(analyzer: Analyzer) -> Ask:
    """Ask an analyzer one text after the other, and close it."""

    async def tell(question: Question) -> Told:
        try:
            reading = await answered(analyzer, question)
        except UnreadableAnswer:
            return None, Usage()
        return reading.answer, reading.usage

    async def tell_all(questions: Sequence[Question]) -> list[Told]:
        try:
            return [await tell(question) for question in questions]
        finally:
            await analyzer.close()

    return lambda questions: asyncio.run(tell_all(questions))


class _Measures(TypedDict):
    accuracy: float
    macro_f1: float
    kappa: float | None
    precision: float | None
    recall: float | None
    confusion: dict[tuple[str, str], int]


_LEVELS = {one.value: one.level for one in Sentiment}
_NEGATIVE = {Sentiment.NEGATIVE.value, Sentiment.VERY_NEGATIVE.value}


def _labels(answer: Answer | None, read: Callable[[SentimentAnswer], str]) -> Sequence[str]:
    if isinstance(answer, SentimentAnswer):
        return (read(answer),)
    if isinstance(answer, TopicsAnswer):
        return answer.topics or (NO_TOPIC,)
    return (UNREAD,)


def _measures(confusion: Counter[tuple[str, str]]) -> _Measures:
    labels = sorted({label for label, _ in confusion})
    total = max(1, confusion.total())
    is_ordered = set(labels) <= set(_LEVELS)
    wanted = _NEGATIVE if is_ordered else {LEAVING}
    has_wanted = is_ordered or LEAVING in labels
    precision, recall, _ = _f1(confusion, wanted, wanted)
    return {
        "accuracy": sum(count for (label, answer), count in confusion.items() if label == answer) / total,
        "macro_f1": sum(_f1(confusion, {label}, {label})[2] for label in labels) / max(1, len(labels)),
        "kappa": _kappa(confusion) if is_ordered else None,
        "precision": precision if has_wanted else None,
        "recall": recall if has_wanted else None,
        "confusion": dict(confusion),
    }


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / max(1, len(hits))


def _f1(confusion: dict[tuple[str, str], int], wanted: set[str], said: set[str]) -> tuple[float, float, float]:
    hit = sum(count for (label, answer), count in confusion.items() if label in wanted and answer in said)
    all_said = sum(count for (_, answer), count in confusion.items() if answer in said)
    all_wanted = sum(count for (label, _), count in confusion.items() if label in wanted)
    precision = hit / all_said if all_said else 0.0
    recall = hit / all_wanted if all_wanted else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _kappa(confusion: dict[tuple[str, str], int]) -> float | None:
    """Quadratic-weighted kappa over the levels, without the unread, which have no place in the order."""
    return kappa({pair: count for pair, count in confusion.items() if pair[1] in _LEVELS}, _LEVELS)
