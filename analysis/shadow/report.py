"""What a shadow says, in one value: made of pairs of readings, and of the cards of two builds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from analysis.measures import Share
from analysis.shadow.cards import CardChanges
from analysis.shadow.compare import LabelMatrix, matrices
from analysis.shadow.pairs import Pairs, Read
from core.vocabulary import AnalysisTask


@dataclass(frozen=True)
class Side:
    """One of the two readings, over the messages that are compared.

    Figures per call are over different calls: a text that many customers sent counts once, as it was paid once.

    Attributes:
        unread_count: Dead letters.
        evidence: Of the readings, those with a quote that stands in the text; of nothing where no quotes are asked for.
        cost_usd_per_1000: Of a thousand calls.
        tokens_per_call: There and back.
        latency_ms: The middle one.
    """

    name: str
    unread_count: int
    evidence: Share
    cost_usd_per_1000: float
    tokens_per_call: float
    latency_ms: float


@dataclass(frozen=True)
class ShadowReport:
    """One candidate beside the pinned reading.

    Attributes:
        flips: By dimension, how often the candidate, asked the same twice, answered differently; empty where it was not.
        cards: What would become of the cards; None where that was not asked for.
        corrections: What people corrected, among the tickets compared: how often (the pinned reading, the candidate) says what they
            said; None where nothing was corrected.
    """

    tenant_id: str
    shadow_id: str
    task: AnalysisTask
    pinned: Side
    candidate: Side
    compared_count: int
    not_comparable_count: int
    matrices: Sequence[LabelMatrix]
    flips: Mapping[str, Share]
    cards: CardChanges | None = None
    corrections: tuple[Share, Share] | None = None


def make_report(
    shadow: Mapping[str, Any],
    pairs: Pairs,
    *,
    cards: CardChanges | None = None,
    corrections: tuple[Share, Share] | None = None,
) -> ShadowReport:
    """Put a report together.

    Args:
        shadow: The row of the shadow in `enrichment.shadows`.
        pairs: Its readings beside the pinned ones.
        cards: See `ShadowReport`.
        corrections: See `ShadowReport`.
    """
    task = AnalysisTask(shadow["task"])
    compared = list(pairs.compared.values())
    return ShadowReport(
        tenant_id=shadow["tenant_id"],
        shadow_id=shadow["shadow_id"],
        task=task,
        pinned=_side(f"{shadow['pinned_model']} {shadow['pinned_prompt_version']}", [one for one, _ in compared]),
        candidate=_side(f"{shadow['model']} {shadow['prompt_version']}", [other for _, other in compared]),
        compared_count=len(compared),
        not_comparable_count=pairs.not_comparable_count,
        matrices=matrices(task, ((one.labels, other.labels) for one, other in compared)),
        flips={
            matrix.dimension: matrix.changed
            for matrix in matrices(task, ((one.labels, other.labels) for one, other in pairs.repeated.values()))
            if pairs.repeated
        },
        cards=cards,
        corrections=corrections,
    )


def _side(name: str, reads: Iterable[Read]) -> Side:
    held = list(reads)
    read = [one for one in held if not one.is_unread]
    calls = list({one.call_key: one.row for one in read}.values())
    located = [one.is_evidence_ok for one in read if one.is_evidence_ok is not None]
    return Side(
        name=name,
        unread_count=len(held) - len(read),
        evidence=Share(sum(located), len(located)),
        cost_usd_per_1000=1000 * _mean(float(row["cost_usd"] or 0) for row in calls),
        tokens_per_call=_mean(float((row["input_tokens"] or 0) + (row["output_tokens"] or 0)) for row in calls),
        latency_ms=float(median([row["latency_ms"] or 0 for row in calls])) if calls else 0.0,
    )


def _mean(values: Iterable[float]) -> float:
    held = list(values)
    return sum(held) / len(held) if held else 0.0
