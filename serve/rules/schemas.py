"""Bodies of the tenant's own rules."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from core.rules import FactKind
from core.vocabulary import MappedField, Severity
from serve.schemas import Schema, Text

_EXAMPLE = {
    "all": [
        {"fact": "ticket_count", "op": ">=", "value": 5, "within_days": 30},
        {"not": {"fact": "lifecycle_stage", "op": "=", "value": "opportunity"}},
    ]
}


class RuleFact(Schema):
    """One thing a rule may ask of a company."""

    name: str
    kind: FactKind
    unit: str
    meaning: str
    operators: list[str]
    longest_days: int | None
    """How far back it may look; null: it looks back over no days. Otherwise a comparison must say `within_days`."""

    has_topic: bool
    """Whether a comparison must name a topic."""

    mapped_field: MappedField | None
    """The field that must be mapped for it; null: it is always there."""


class RuleFacts(Schema):
    """What may be asked, and how large a rule may be."""

    items: list[RuleFact]
    topics: list[str]
    """Topics that may be named."""

    deepest: int
    """Levels a tree may have."""

    most_nodes: int
    """Comparisons and groups a tree may have, all together."""

    most_rules: int
    """Rules that may fire at the same time."""


class RuleBody(Schema):
    """A rule: a name, how bad it is, and the tree of what must be so."""

    model_config = ConfigDict(extra="forbid")

    rule_id: Text = Field(examples=["many-tickets"])
    """What it is called by: small letters, digits and hyphens. The same id is the same rule, changed."""

    name: Text = Field(examples=["Many tickets"])
    """What people read on the card."""

    severity: Severity = Severity.MEDIUM
    is_notify: bool = False
    """Whether somebody is interrupted for it."""

    when: dict[str, Any] = Field(examples=[_EXAMPLE])
    """`all`, `any` or `not` over comparisons of `fact`, `op`, `value` and, where it counts, `within_days` and `topic`."""


class RuleCheck(Schema):
    """A rule to try out."""

    model_config = ConfigDict(extra="forbid")

    rule: RuleBody


class NewRule(Schema):
    """A rule to save, and the check that says what it would have done."""

    model_config = ConfigDict(extra="forbid")

    rule: RuleBody
    check_id: Text
    """The task of a finished check of the very same tree, not older than a day."""

    version: int = Field(ge=0, le=2**31 - 1)
    """The rule's version you saw; 0: there was none of this id. Where there is a later one by now, nothing is done: 409."""


class RuleSwitch(Schema):
    """Whether a rule fires from now on."""

    model_config = ConfigDict(extra="forbid")

    is_active: bool
    version: int = Field(ge=1, le=2**31 - 1)
    """The rule's version you saw."""


class RuleDryRun(Schema):
    """What a rule would have done when its tree was checked."""

    days: int
    as_of_at: datetime
    card_count: int
    flagged_count: int
    """Companies with such a card."""

    active_count: int
    """Companies for which it held on the last day."""

    company_count: int
    """Companies the tenant has."""


class RuleVersion(Schema):
    """A rule as somebody saved it."""

    rule_id: str
    version: int
    name: str
    severity: Severity
    is_notify: bool
    when: dict[str, Any]
    is_active: bool
    """Whether it fires."""

    dry_run: RuleDryRun | None
    """Null: nothing was kept of its check."""

    valid_from_at: datetime
    author: str
    """Name of the user, where it is known."""


class RuleList(Schema):
    """The tenant's rules."""

    items: list[RuleVersion]


class RuleHistory(Schema):
    """Every version of one rule."""

    items: list[RuleVersion]
    """The newest first."""


class SavedRule(Schema):
    """Where a rule stands after what was done to it."""

    rule_id: str
    version: int
    is_active: bool


class WouldOpen(Schema):
    """A card the rule would have opened."""

    company_id: str
    company_name: str | None
    opened_on: date
    last_signal_on: date
    closed_on: date | None
    """Null: its signal has not been off for long enough to end it."""

    severity: Severity
    why: str


RuleId = Annotated[Text, Field(examples=["many-tickets"])]
"""What a rule is called by."""
