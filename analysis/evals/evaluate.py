"""Runs an analyzer over labelled texts and counts, with the measures the field uses for ordered labels.

Where labels are ordered, quadratic-weighted kappa and precision and recall of "negative or worse" say more than five-class
accuracy: most errors are off by one, and what opens a card is whether a ticket is negative.

Left out on purpose: no calibration and no significance tests; differences under three points between runs are noise.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.analyzer import NO_TOPIC, Analyzer, SentimentAnswer, Topic, UnreadableAnswer
from core.vocabulary import AnalysisTask, Sentiment

UNREAD = "unread"
"""What stands in the confusion table where the analyzer had no usable answer: always an error, never a guess."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the label people gave it; for topics, with the taxonomy in force."""

    text: str
    label: str
    taxonomy: tuple[Topic, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """What came out; all shares between 0 and 1, `kappa` between -1 and 1, None where the measure has no meaning."""

    count: int
    accuracy: float
    macro_f1: float
    kappa: float | None
    negative_precision: float | None
    negative_recall: float | None
    confusion: dict[tuple[str, str], int]
    """(label, answer) to how often."""

    def f1(self, label: str) -> float:
        """Harmonic mean of precision and recall of one label; 0 where nothing was hit."""
        return _f1(self.confusion, {label}, {label})[2]


def evaluate(
    task: AnalysisTask,
    rows: Sequence[LabelledText],
    analyzer: Analyzer,
    *,
    read: Callable[[SentimentAnswer], str] = lambda answer: answer.sentiment.value,
) -> Evaluation:
    """Have `analyzer` answer `task` for each row and compare.

    Args:
        task: Which question. For topics, the first label counts, `none` where there is none.
        rows: Texts with labels.
        analyzer: Who reads; closed afterwards.
        read: What of a sentiment answer is compared with the labels; the level, unless told otherwise.
    """
    answers = asyncio.run(_answers(task, rows, analyzer, read))
    confusion = Counter(zip((row.label for row in rows), answers, strict=True))
    labels = sorted({row.label for row in rows})
    hits = sum(count for (label, answer), count in confusion.items() if label == answer)
    is_ordered = set(labels) <= set(_LEVELS)
    precision, recall = (None, None)
    if is_ordered:
        precision, recall, _ = _f1(confusion, _NEGATIVE, _NEGATIVE)
    return Evaluation(
        count=len(rows),
        accuracy=hits / max(1, len(rows)),
        macro_f1=sum(_f1(confusion, {label}, {label})[2] for label in labels) / max(1, len(labels)),
        kappa=_kappa(confusion) if is_ordered else None,
        negative_precision=precision,
        negative_recall=recall,
        confusion=dict(confusion),
    )


def three_classes(label: str) -> str:
    """A level without its `very`."""
    return label.removeprefix("very_")


_LEVELS = {level.value: level.level for level in Sentiment}
_NEGATIVE = {Sentiment.NEGATIVE.value, Sentiment.VERY_NEGATIVE.value}


async def _answers(
    task: AnalysisTask, rows: Sequence[LabelledText], analyzer: Analyzer, read: Callable[[SentimentAnswer], str]
) -> list[str]:
    answers = []
    try:
        for row in rows:
            try:
                if task is AnalysisTask.TOPICS:
                    found = (await analyzer.topics(row.text, row.taxonomy)).answer.topics
                    answers.append(found[0] if found else NO_TOPIC)
                else:
                    answers.append(read((await analyzer.sentiment(row.text)).answer))
            except UnreadableAnswer:
                answers.append(UNREAD)
    finally:
        await analyzer.close()
    return answers


def _f1(confusion: dict[tuple[str, str], int], wanted: set[str], said: set[str]) -> tuple[float, float, float]:
    hit = sum(count for (label, answer), count in confusion.items() if label in wanted and answer in said)
    all_said = sum(count for (_, answer), count in confusion.items() if answer in said)
    all_wanted = sum(count for (label, _), count in confusion.items() if label in wanted)
    precision = hit / all_said if all_said else 0.0
    recall = hit / all_wanted if all_wanted else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _kappa(confusion: dict[tuple[str, str], int]) -> float | None:
    """Quadratic-weighted kappa over the levels (Cohen, 1968), without the unread, which have no place in the order."""
    read = {pair: count for pair, count in confusion.items() if pair[1] in _LEVELS}
    total = sum(read.values())
    labels, answers = Counter[str](), Counter[str]()
    for (label, answer), count in read.items():
        labels[label] += count
        answers[answer] += count
    observed = sum(count * (_LEVELS[label] - _LEVELS[answer]) ** 2 for (label, answer), count in read.items())
    expected = sum(
        one * other * (_LEVELS[label] - _LEVELS[answer]) ** 2
        for label, one in labels.items()
        for answer, other in answers.items()
    )
    return 1 - observed * total / expected if expected else None
