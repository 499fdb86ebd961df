"""What is wrong with a rule, place by place."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Terminal


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        path: Where in the rule, for instance `when.all[1].not.fact`; empty: the rule as a whole.
        message: What, as a sentence.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidRule(Terminal):
    """A rule that cannot be taken; every problem that was found stands in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        shown = " ".join(str(one) for one in self.problems[:_MOST_SHOWN])
        more = f" And {len(problems) - _MOST_SHOWN} more." if len(problems) > _MOST_SHOWN else ""
        super().__init__(f"The rule cannot be used. {shown}{more}")


_MOST_SHOWN = 5

MOST_RULES = 50
"""Rules of one tenant that may fire at the same time."""


class UnknownRule(Terminal):
    """The tenant has no such rule."""


class TooManyRules(Terminal):
    """The tenant has as many rules as can be evaluated every day."""


def step(path: str, key: str | int) -> str:
    """The path one step further in: a key of an object or an index of a list."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
