"""Whether a ticket speaks of leaving, in so many words or between the lines, and which sentence does.

Separate from tone on purpose: most customers who leave stay polite. A condition ("what if we cancel?", "unless this works we might
switch") is read as implied; an announcement stays one under a condition ("if this is not solved we will cancel").
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.embedded.patterns import Pattern
from analysis.embedded.rules import Rules
from core.vocabulary import ChurnIntent

_CONDITION = re.compile(r"(?<![a-z])(?:if|unless|in case|should (?:this|it|the)|otherwise)(?![a-z])")
_ANNOUNCED = re.compile(r"(?<![a-z])(?:will|we'll|i'll|shall|going to|have to|no choice)(?![a-z])")


@dataclass(frozen=True, slots=True)
class Intent:
    """What was found; `spans` is where, empty for none."""

    intent: ChurnIntent
    spans: tuple[tuple[int, int], ...] = ()


def churn_intent(low: str, rules: Rules) -> Intent:
    """The strongest intent in a lowered text."""
    seen = _without(low, rules.never_leaving)
    explicit = _spans(seen, rules.explicit)
    firm = [span for span in explicit if not is_conditional(seen, span[0])]
    if firm:
        return Intent(ChurnIntent.EXPLICIT, tuple(firm))
    implied = sorted({*explicit, *_spans(seen, rules.implied)})
    return Intent(ChurnIntent.IMPLIED, tuple(implied)) if implied else Intent(ChurnIntent.NONE)


def _spans(low: str, patterns: Sequence[Pattern]) -> list[tuple[int, int]]:
    return sorted({span for pattern in patterns for span in pattern.spans(low)})


def _without(low: str, patterns: Sequence[Pattern]) -> str:
    """`low` with what the patterns cover replaced by a character no rule matches, offsets unchanged."""
    for start, end in _spans(low, patterns):
        low = f"{low[:start]}{'|' * (end - start)}{low[end:]}"
    return low


def is_conditional(low: str, at: int) -> bool:
    """Whether what stands at `at` hangs on a condition before it in its sentence; an announcement does not."""
    start = max(low.rfind(stop, 0, at) for stop in ".!?\n") + 1
    condition = _CONDITION.search(low, start, at)
    return condition is not None and _ANNOUNCED.search(low, condition.end(), at + 8) is None
