"""What a ticket is mainly about, by weighing words; the sentences that carry the tone count double."""

from collections.abc import Sequence

from analysis.embedded.rules import Rules
from core.vocabulary import Target

_TELLING = 2.0
_MOST_OF_ONE_PATTERN = 3


def target(low: str, telling: Sequence[tuple[int, int]], rules: Rules) -> Target:
    """The target of a lowered text; `telling` are the sentences tone or intent were read from. Product when nothing speaks."""
    scores = {}
    for name, patterns in rules.targets.items():
        total = 0.0
        for pattern, weight in patterns:
            hits = sorted((_weight(span, telling) for span in pattern.spans(low)), reverse=True)
            total += weight * sum(hits[:_MOST_OF_ONE_PATTERN])
        scores[Target(name)] = total
    best = max(scores, key=lambda one: scores[one])
    return best if scores[best] > 0 else Target.PRODUCT


def _weight(span: tuple[int, int], telling: Sequence[tuple[int, int]]) -> float:
    return _TELLING if any(start <= span[0] < end for start, end in telling) else 1.0
