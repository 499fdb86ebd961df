"""A rule as people write it: a JSON object with a name, how bad it is, and the tree of what must be so."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr, ValidationError
from pydantic_core import from_json

from core.rules.errors import InvalidRule, Problem, step
from core.rules.normal import Clause, clauses
from core.rules.tree import AllOf, AnyOf, Comparison, Not, comparisons, parse_tree
from core.vocabulary import Severity

LONGEST_TEXT = 65_536
"""Characters a rule may be written in."""

LONGEST_NAME = 80
"""Characters of a name, which stands in every sentence the rule makes."""

_RULE_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


class _Head(BaseModel):
    """What stands around the tree."""

    model_config = ConfigDict(extra="forbid")

    rule_id: StrictStr
    name: StrictStr
    severity: Severity = Severity.MEDIUM
    is_notify: StrictBool = False
    when: object


class Rule(BaseModel):
    """A rule that can be evaluated.

    Attributes:
        rule_id: What it is called by; the same id is the same rule, changed.
        name: What people read on the card.
        severity: How bad a company looks for which it fires.
        is_notify: Whether somebody is interrupted for it.
        when: What must be so.
    """

    model_config = ConfigDict(frozen=True)

    rule_id: str
    name: str
    severity: Severity
    is_notify: bool
    when: AllOf | AnyOf | Not | Comparison

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """It fires where all literals of one of these are true."""
        return clauses(self.when)

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it asks for, in the order they are met."""
        return tuple(dict.fromkeys(one.fact for _, one in comparisons(self.when)))

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it names."""
        return tuple(dict.fromkeys(one.topic for _, one in comparisons(self.when) if one.topic is not None))

    @property
    def tree(self) -> dict[str, Any]:
        """The tree as plain JSON values, the way it is written."""
        plain: dict[str, Any] = self.when.model_dump(by_alias=True, mode="json", exclude_none=True)
        return plain

    def as_json(self) -> dict[str, Any]:
        """The whole rule as plain JSON values; `parse_rule` reads it back."""
        return {
            "rule_id": self.rule_id,
            "name": self.name,
            "severity": self.severity.value,
            "is_notify": self.is_notify,
            "when": self.tree,
        }

    @classmethod
    def of(cls, plain: Mapping[str, object]) -> Self:
        """A rule out of plain JSON values.

        Raises:
            InvalidRule: It cannot be used; names every place.
        """
        try:
            head = _Head.model_validate(plain)
        except ValidationError as error:
            raise InvalidRule([_problem(item) for item in error.errors()]) from None
        problems = []
        if not _RULE_ID.fullmatch(head.rule_id):
            problems.append(
                Problem("rule_id", "Small letters, digits and hyphens, at most 40, a hyphen neither first nor last.")
            )
        if not head.name.strip() or len(head.name) > LONGEST_NAME or not head.name.isprintable():
            problems.append(Problem("name", f"A name has 1 to {LONGEST_NAME} characters on one line."))
        if problems:
            raise InvalidRule(problems)
        rule = cls(
            rule_id=head.rule_id,
            name=head.name.strip(),
            severity=head.severity,
            is_notify=head.is_notify,
            when=parse_tree(head.when),
        )
        # Multiplied out now, so that what cannot be is refused before it is stored.
        _ = rule.clauses
        return rule


def parse_rule(text: str) -> Rule:
    """A rule out of its JSON text.

    Raises:
        InvalidRule: It is no JSON, too long, or cannot be used; names every place.
    """
    if len(text) > LONGEST_TEXT:
        raise InvalidRule([Problem("", f"It is longer than {LONGEST_TEXT:,} characters.")])
    try:
        plain = from_json(text, allow_inf_nan=True)
    except ValueError as error:
        raise InvalidRule([Problem("", f"It is no JSON: {error}.")]) from None
    if not isinstance(plain, dict):
        raise InvalidRule([Problem("", "It is no JSON object with rule_id, name, severity, is_notify and when.")])
    return Rule.of(plain)


def _problem(item: Any) -> Problem:
    path = ""
    for part in item["loc"]:
        path = step(path, part)
    match item["type"]:
        case "missing":
            return Problem(path, "This is missing.")
        case "extra_forbidden":
            return Problem(path, "This does not belong here: a rule has rule_id, name, severity, is_notify and when.")
        case "enum":
            return Problem(path, f"Severity is one of {', '.join(Severity)}.")
    return Problem(path, f"{item['msg']}.")
