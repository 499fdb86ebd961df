"""Corrections as cases: what people said a reading should have been, and which of the two readings says it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.measures import Share
from analysis.messages import OPENING
from analysis.shadow.compare import topic_labels
from analysis.shadow.pairs import Read, Unit
from core.vocabulary import AnalysisTask


@dataclass(frozen=True, slots=True)
class Corrected:
    """What one reading of a ticket has to say.

    Attributes:
        dimension: A name of `analysis.shadow.compare.DIMENSIONS`: `sentiment`, `churn_intent`, or `all_topics`.
        expected: The labels; for topics none where no topic fits, else one.
    """

    ticket_id: str
    dimension: str
    expected: tuple[str, ...]

    @property
    def label(self) -> str:
        """What a reading's label in that dimension then is."""
        return topic_labels(self.expected)[self.dimension] if self.dimension == "all_topics" else self.expected[0]


def passed(
    task: AnalysisTask, cases: Iterable[Corrected], compared: Mapping[Unit, tuple[Read, Read]]
) -> tuple[Share, Share] | None:
    """How many cases (the pinned reading, the candidate) gets right, of those whose ticket was compared; None where none was.

    A correction is of a ticket, so it is the reading of the ticket's opening that is held against it.
    """
    right, count = [0, 0], 0
    for case in cases:
        pair = compared.get((case.ticket_id, "" if task is AnalysisTask.TOPICS else OPENING))
        if pair is None:
            continue
        count += 1
        for side, read in enumerate(pair):
            right[side] += read.labels[case.dimension] == case.label
    return (Share(right[0], count), Share(right[1], count)) if count else None
