"""Rules for tests: a direct evaluator in three-valued logic that knows nothing of clauses or SQL, and random trees and facts."""

import operator
from collections.abc import Mapping
from random import Random
from typing import Any

from core.rules import FACTS, AllOf, AnyOf, Comparison, FactKind, Not, Rule

Value = float | str | None

_COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
NASTY = (
    "customer",
    "",
    "it's",
    'say "hi"',
    "'; drop table cards; --",
    "{{ x }}",
    "%s",
    "Größe 🎉",
    "\\",
    ":name",
    "a:b",
)
"""Words that would do harm where a value became part of a statement, a path or a template."""


def measure_of(one: Comparison) -> str:
    """What is compared, by the name the warehouse has for it."""
    return (
        one.fact
        + ("" if one.within_days is None else f"_{one.within_days}d")
        + ("" if one.topic is None else f":{one.topic}")
    )


def verdict(node: AllOf | AnyOf | Not | Comparison, facts: Mapping[str, Value]) -> bool | None:
    """True, false or, with None, unknown."""
    if isinstance(node, Comparison):
        held = facts.get(measure_of(node))
        return None if held is None else bool(_COMPARED[node.op](held, node.value))
    if isinstance(node, Not):
        inner = verdict(node.part, facts)
        return None if inner is None else not inner
    parts = [verdict(part, facts) for part in node.parts]
    decisive = isinstance(node, AnyOf)
    return decisive if decisive in parts else None if None in parts else not decisive


def random_comparison(random: Random) -> dict[str, Any]:
    """A comparison over few facts and values, so that trees hit and miss."""
    fact = random.choice(list(FACTS.values()))
    words = [word for word in NASTY if word]
    plain: dict[str, Any] = {"fact": fact.name, "op": random.choice(fact.kind.operators)}
    if fact.kind is FactKind.TEXT:
        plain["value"] = random.choice(words)
    elif fact.kind.is_whole:
        plain["value"] = random.randint(-2, 4)
    else:
        plain["value"] = random.choice([-1.5, 0, 0.1, 0.30000000000000004, 2, 1e11])
    if fact.has_window:
        plain["within_days"] = random.choice([1, 7])
    if fact.has_topic:
        plain["topic"] = random.choice(words[:6])
    return plain


def random_tree(random: Random, depth: int = 4) -> dict[str, Any]:
    """A tree as people might write it."""
    shape = random.choice(["all", "any", "not", "comparison"]) if depth > 1 else "comparison"
    if shape == "comparison":
        return random_comparison(random)
    if shape == "not":
        return {"not": random_tree(random, depth - 1)}
    return {shape: [random_tree(random, depth - 1) for _ in range(random.randint(1, 3))]}


def random_value(random: Random, fact: str) -> Value:
    """What the fact might be, unknown a third of the time."""
    kind = FACTS[fact].kind
    if random.random() < 1 / 3:
        return None
    if kind is FactKind.TEXT:
        return random.choice(NASTY)
    if kind.is_whole:
        return random.randint(-3, 5)
    return random.choice([-1.5, 0.0, 0.1, 0.30000000000000004, 2.0, 1e11, 7.25])


def rule(when: Mapping[str, Any], *, rule_id: str = "a-rule", name: str = "A rule", **more: Any) -> Rule:
    """A rule with this tree."""
    return Rule.of({"rule_id": rule_id, "name": name, "when": when, **more})
