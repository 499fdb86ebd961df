"""Whether the problem a customer writes about looks solved to them: what is said last wins, a tone below neutral is a problem."""

from collections.abc import Sequence

from analysis.embedded.intent import is_conditional
from analysis.embedded.patterns import Pattern, first_span
from analysis.embedded.rules import Rules
from core.vocabulary import Resolution, Sentiment


def resolution(low: str, sentiment: Sentiment, rules: Rules) -> Resolution:
    """The resolution in a lowered text of this tone; "let me know if it works now" leaves it unclear."""
    solved = _starts(low, rules.solved)
    firm = [at for at in solved if not is_conditional(low, at)]
    unsolved = _starts(low, rules.unsolved)
    if firm and firm[-1] > max(unsolved, default=-1):
        return Resolution.SOLVED
    if unsolved or (sentiment.level < 0 and not solved):
        return Resolution.UNSOLVED
    if solved:
        return Resolution.UNCLEAR
    return Resolution.UNSOLVED if first_span(rules.problem, low) else Resolution.NO_PROBLEM


def _starts(low: str, patterns: Sequence[Pattern]) -> list[int]:
    """Where the patterns begin to match, in order; a match inside another counts with its own place."""
    return sorted({start for pattern in patterns for start, _ in pattern.spans(low)})
