"""A rule's tree: all, any and not over comparisons of facts. Reading it refuses what cannot be meant, and says where.

pydantic sees to the shape, `_meaning` to what the shape cannot say: whether the fact exists, fits the operator and has its window.
Size and depth are looked at before either, on the plain JSON, so that a hostile tree costs nothing.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    ValidationError,
)
from pydantic_core import ErrorDetails

from core.rules.errors import InvalidRule, Problem, step
from core.rules.facts import FACTS, FactKind

DEEPEST = 8
"""Levels a tree may have."""

MOST_NODES = 100
"""Comparisons and groups a tree may have, all together."""

LARGEST_VALUE = 1e12
"""Amounts from here on are typing errors, as they are for MRR."""

MOST_DAYS = 36_500
"""Days a number of days may be compared with: a hundred years."""

LONGEST_WORD = 200
"""Characters a word or a topic in a comparison may have."""

Operator = Literal["<", "<=", ">", ">=", "=", "!="]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Comparison(_Strict):
    """One fact against a value. Unknown where the fact is unknown."""

    fact: StrictStr
    op: Operator
    value: StrictInt | StrictFloat | StrictStr
    within_days: StrictInt | None = None
    """How many days a count looks back, today included."""
    topic: StrictStr | None = None


class AllOf(_Strict):
    """True where every part is."""

    parts: tuple["Node", ...] = Field(alias="all", min_length=1)


class AnyOf(_Strict):
    """True where one part is."""

    parts: tuple["Node", ...] = Field(alias="any", min_length=1)


class Not(_Strict):
    """True where the part is false; unknown where it is unknown, which is the point."""

    part: "Node" = Field(alias="not")


def _kind(value: object) -> str:
    if isinstance(value, _Strict):
        return _TAGS[type(value)]
    keys = value if isinstance(value, dict) else {}
    return next((f"({name})" for name in ("all", "any", "not") if name in keys), "(comparison)")


_TAGS: dict[type, str] = {AllOf: "(all)", AnyOf: "(any)", Not: "(not)", Comparison: "(comparison)"}


Node = Annotated[
    Annotated[AllOf, Tag("(all)")]
    | Annotated[AnyOf, Tag("(any)")]
    | Annotated[Not, Tag("(not)")]
    | Annotated[Comparison, Tag("(comparison)")],
    Discriminator(_kind),
]
AllOf.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()


class _Root(_Strict):
    when: Node


def parse_tree(plain: object, path: str = "when") -> AllOf | AnyOf | Not | Comparison:
    """A tree out of plain JSON values.

    Args:
        plain: What a JSON reader gives.
        path: Where the tree stands in what it was read from.

    Raises:
        InvalidRule: It is no tree, is too large, or asks what nobody can answer; names every place.
    """
    _check_size(plain, path)
    try:
        tree = _Root.model_validate({"when": plain}).when
    except ValidationError as error:
        found = [_problem(item, path) for item in error.errors() if not _is_consequence(item)]
        raise InvalidRule(list(dict.fromkeys(found))) from None
    problems = [problem for where, one in comparisons(tree, path) for problem in _meaning(one, where)]
    if problems:
        raise InvalidRule(problems)
    return tree


def comparisons(node: AllOf | AnyOf | Not | Comparison, path: str = "") -> Iterator[tuple[str, Comparison]]:
    """Every comparison of a tree with its path, in the order they are written."""
    match node:
        case Comparison():
            yield path, node
        case Not():
            yield from comparisons(node.part, step(path, "not"))
        case AllOf() | AnyOf():
            name = "all" if isinstance(node, AllOf) else "any"
            for index, part in enumerate(node.parts):
                yield from comparisons(part, step(step(path, name), index))


def _check_size(plain: object, path: str) -> None:
    """Counts the groups and comparisons without recursion: a tree made to exhaust the stack is the case."""
    waiting: list[tuple[object, str, int]] = [(plain, path, 1)]
    count = 0
    while waiting:
        value, where, depth = waiting.pop()
        count += 1
        if depth > DEEPEST:
            raise InvalidRule([Problem(where, f"A rule may be {DEEPEST} levels deep, not deeper.")])
        if count > MOST_NODES:
            raise InvalidRule([Problem(path, f"A rule may have {MOST_NODES} groups and comparisons, not more.")])
        if isinstance(value, dict):
            for name in ("all", "any"):
                inside = value.get(name)
                if isinstance(inside, list):
                    if len(inside) > MOST_NODES:
                        where_list = step(where, name)
                        raise InvalidRule(
                            [Problem(where_list, f"A rule may have {MOST_NODES} groups and comparisons, not more.")]
                        )
                    waiting += [(one, step(step(where, name), index), depth + 1) for index, one in enumerate(inside)]
            if "not" in value:
                waiting.append((value["not"], step(where, "not"), depth + 1))


_SENTENCES = {
    "missing": "This is missing: a comparison has fact, op and value; a group has all, any or not.",
    "extra_forbidden": "This does not belong here: write all, any or not, or fact with op, value and, where it counts, "
    "within_days.",
    "too_short": "This is empty: a group needs at least one part.",
    "literal_error": "This is no operator: use <, <=, >, >=, = or !=.",
    **dict.fromkeys(
        ("model_type", "model_attributes_type", "tuple_type"), "A group is a list of parts, a part an object."
    ),
}


def _problem(item: ErrorDetails, path: str) -> Problem:
    # The first part is the field of _Root; parts in brackets are pydantic's names of the four shapes.
    kept = [part for part in item["loc"][1:] if not str(part).startswith("(")]
    if kept and kept[-1] in {"int", "float", "str"}:
        kept.pop()
    where = path
    for part in kept:
        where = step(where, part)
    if item["type"] in {"int_type", "float_type", "string_type"}:
        return Problem(where, f"{_short(item['input'])} is of the wrong type here.")
    return Problem(where, _SENTENCES.get(item["type"], f"{item['msg']}."))


def _is_consequence(item: ErrorDetails) -> bool:
    """A list is also called too short where its parts could not be read, which has been said of them."""
    return item["type"] == "too_short" and bool(item["input"])


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _meaning(one: Comparison, path: str) -> Iterator[Problem]:
    fact = FACTS.get(one.fact)
    if fact is None:
        yield Problem(step(path, "fact"), f"There is no fact {_short(one.fact)}. There are {', '.join(FACTS)}.")
        return
    if one.op not in fact.kind.operators:
        yield Problem(step(path, "op"), f"{fact.name} is compared with {' or '.join(fact.kind.operators)}.")
    yield from _value_meaning(one, path)
    if fact.has_window and one.within_days is None:
        yield Problem(step(path, "within_days"), f"{fact.name} needs the number of days it looks back.")
    if not fact.has_window and one.within_days is not None:
        yield Problem(step(path, "within_days"), f"{fact.name} looks back over no days.")
    if one.within_days is not None and fact.longest_days and not 1 <= one.within_days <= fact.longest_days:
        yield Problem(step(path, "within_days"), f"{fact.name} looks back over 1 to {fact.longest_days} days.")
    if fact.has_topic and not _is_word(one.topic):
        yield Problem(step(path, "topic"), f"{fact.name} needs a topic: a name of up to {LONGEST_WORD} characters.")
    if not fact.has_topic and one.topic is not None:
        yield Problem(step(path, "topic"), f"{fact.name} has nothing to do with a topic.")


def _value_meaning(one: Comparison, path: str) -> Iterator[Problem]:
    fact, value, where = FACTS[one.fact], one.value, step(path, "value")
    if isinstance(value, str):
        if "<" in fact.kind.operators:
            yield Problem(where, f"{fact.name} is a number, and {_short(value)} is a text.")
        elif not _is_word(value):
            yield Problem(where, f"{fact.name} is compared with a word of up to {LONGEST_WORD} characters.")
    elif "<" not in fact.kind.operators:
        yield Problem(where, f"{fact.name} is a text, and {_short(value)} is a number.")
    elif abs(value) >= LARGEST_VALUE or not math.isfinite(value):
        yield Problem(where, f"{_short(value)} is no number to compare with: it must lie below a million millions.")
    elif fact.kind is FactKind.DAYS and abs(value) > MOST_DAYS:
        yield Problem(where, f"{fact.name} is compared with at most {MOST_DAYS:,} days.")
    elif fact.kind.is_whole and value != int(value):
        yield Problem(where, f"{fact.name} is a whole number of {fact.unit}, and {_short(value)} is not.")


def _is_word(value: object) -> bool:
    # A zero byte cannot be stored as text on Postgres, and no printable word has one.
    return isinstance(value, str) and len(value.strip()) > 0 and len(value) <= LONGEST_WORD and value.isprintable()
