"""A tree as clauses: it is true where all literals of one clause are true.

Negation moves down to the comparisons, then `all` is multiplied out over `any`. Both steps, dropping a repeated literal, and
dropping a clause that another one makes superfluous keep the value in Kleene's three-valued logic; taking `x or not x` for true
would not, and is not done. A comparison of an unknown fact is unknown either way round, so a clause with one never fires.

Comparisons of whole numbers are written with `<=` and `>=`, and of days with nothing else: a fact that moves by one each day then
crosses its threshold on one day, which is what the model works out.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.rules.errors import InvalidRule, Problem
from core.rules.facts import FACTS, FactKind
from core.rules.tree import AllOf, AnyOf, Comparison, Node, Not

MOST_CLAUSES = 50
"""Clauses a rule may be multiplied out to."""


@dataclass(frozen=True)
class Literal:
    """One comparison as the warehouse evaluates it."""

    fact: str
    op: str
    value: float | None
    text_value: str | None = None
    within_days: int | None = None
    topic: str | None = None

    @property
    def measure(self) -> str:
        """What is compared, whatever with: the same fact, window and topic have the same name."""
        looked_back = "" if self.within_days is None else f"_{self.within_days}d"
        return f"{self.fact}{looked_back}" + ("" if self.topic is None else f":{self.topic}")


Clause = tuple[Literal, ...]

_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "=": "!=", "!=": "="}


def clauses(tree: Node, path: str = "when") -> tuple[Clause, ...]:
    """The clauses of a tree, in the order they are met.

    Raises:
        InvalidRule: They are more than `MOST_CLAUSES`.
    """
    return tuple(_clauses(tree, is_negated=False, path=path))


def _clauses(node: Node, *, is_negated: bool, path: str) -> list[Clause]:
    match node:
        case Not():
            return _clauses(node.part, is_negated=not is_negated, path=path)
        case Comparison():
            return _compared(node, _OPPOSITE[node.op] if is_negated else node.op)
        case AllOf() | AnyOf():
            parts = [_clauses(part, is_negated=is_negated, path=path) for part in node.parts]
            is_any = isinstance(node, AnyOf) is not is_negated
            return _either(parts, path) if is_any else _both(parts, path)
    raise AssertionError(f"No such node: {node!r}")


def _compared(one: Comparison, op: str) -> list[Clause]:
    if isinstance(one.value, str):
        return [(_literal(one, op, None, one.value),)]
    kind, value = FACTS[one.fact].kind, float(one.value)
    bounds: list[list[tuple[str, float]]] = [[(op, value)]]
    if kind.is_whole and op == "<":
        bounds = [[("<=", math.ceil(value) - 1)]]
    elif kind.is_whole and op == ">":
        bounds = [[(">=", math.floor(value) + 1)]]
    elif kind is FactKind.DAYS and op == "=":
        bounds = [[(">=", value), ("<=", value)]]
    elif kind is FactKind.DAYS and op == "!=":
        bounds = [[("<=", value - 1)], [(">=", value + 1)]]
    return [tuple(_literal(one, *bound) for bound in clause) for clause in bounds]


def _literal(one: Comparison, op: str, value: float | None, text_value: str | None = None) -> Literal:
    number = None if value is None else float(value)
    return Literal(one.fact, op, number, text_value, one.within_days, one.topic)


def _either(parts: Sequence[list[Clause]], path: str) -> list[Clause]:
    return _few(_without_superfluous(clause for part in parts for clause in part), path)


def _both(parts: Sequence[list[Clause]], path: str) -> list[Clause]:
    product: list[Clause] = [()]
    for part in parts:
        joined = (tuple(dict.fromkeys((*left, *right))) for left in product for right in part)
        product = _few(_without_superfluous(joined), path)
    return product


def _without_superfluous(found: Iterable[Clause]) -> list[Clause]:
    """Each clause once, and none that asks for everything another one asks for and more."""
    sets = {frozenset(clause): clause for clause in reversed(list(found))}
    return [clause for held, clause in reversed(sets.items()) if not any(other < held for other in sets)]


def _few(found: list[Clause], path: str) -> list[Clause]:
    if len(found) > MOST_CLAUSES:
        raise InvalidRule(
            [
                Problem(
                    path,
                    f"Multiplied out, the rule has more than {MOST_CLAUSES} alternatives: make two rules of it, "
                    "or put fewer `any` inside one `all`.",
                )
            ]
        )
    return found
