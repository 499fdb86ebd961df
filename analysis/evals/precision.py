"""How often each answer of an analyzer is right: what the confidence of a reading is told from, never the analyzer's own number.

The smaller the sample, the less its share says; so what counts is the lower bound of the Wilson interval (Wilson, 1927), with 95 %
of the normal distribution. The share also depends on how common a label is among the labelled texts; it is a measure of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analysis.analyzer import SentimentAnswer
from analysis.evals.evaluate import STAYING, three_classes
from analysis.measures import Share
from core.naming import ENRICHMENT
from core.vocabulary import ChurnIntent, EvaluationSubject
from core.warehouse import Column, ColumnType, TableSpec

LABEL_PRECISION: Final = TableSpec(
    schema=ENRICHMENT,
    name="label_precision",
    columns=(
        Column("run_id"),
        Column("label"),
        Column("subject"),
        Column("labelled_set"),
        Column("evaluated_at", ColumnType.TIMESTAMP),
        Column("analyzer"),
        Column("model"),
        Column("prompt_version"),
        Column("schema_hash"),
        Column("answered_count", ColumnType.INTEGER),
        Column("right_count", ColumnType.INTEGER),
        Column("precision_score", ColumnType.FLOAT),
        Column("lower_bound_score", ColumnType.FLOAT),
    ),
    key=("run_id", "label"),
)
"""One row per run and answer it gave."""


@dataclass(frozen=True, slots=True)
class LabelPrecision:
    """How often one answer was given, and how often it was right."""

    label: str
    answered_count: int
    right_count: int

    @property
    def precision(self) -> float:
        """Share of these answers that were right."""
        return self.right_count / self.answered_count

    @property
    def lower_bound(self) -> float:
        """See `wilson_lower_bound`."""
        return wilson_lower_bound(self.right_count, self.answered_count)


def claimed(subject: EvaluationSubject, answer: SentimentAnswer) -> str:
    """What a sentiment answer claims about a subject, in the words that stand in its row."""
    return answer.churn_intent.value if subject is EvaluationSubject.INTENT else answer.sentiment.value


def is_right(subject: EvaluationSubject, label: str, claim: str) -> bool:
    """Whether a claim agrees with people.

    A level agrees where it points the same way: people who label texts twice are one level apart as often as models are, and
    what a card rests on is whether a customer is unhappy, not how much. Whoever labelled intent did not tell implied from
    explicit.
    """
    if subject is EvaluationSubject.INTENT:
        return (claim == ChurnIntent.NONE) == (label == STAYING)
    return three_classes(label) == three_classes(claim)


def label_precision(subject: EvaluationSubject, claims: Mapping[tuple[str, str], int]) -> list[LabelPrecision]:
    """Each claim that was made, by its name; nothing for topics, which are a tenant's own.

    Args:
        subject: Of what.
        claims: How often people's label and the claim were these two.
    """
    if subject not in {EvaluationSubject.SENTIMENT, EvaluationSubject.INTENT}:
        return []
    return [
        LabelPrecision(
            label=name,
            answered_count=sum(count for (_, claim), count in claims.items() if claim == name),
            right_count=sum(
                count for (label, claim), count in claims.items() if claim == name and is_right(subject, label, claim)
            ),
        )
        for name in sorted({claim for _, claim in claims})
    ]


def wilson_lower_bound(right: int, count: int) -> float:
    """The lower end of the 95 % Wilson score interval of a share; 0 where nothing was counted."""
    return Share(right, count).interval[0]
