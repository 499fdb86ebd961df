"""What a rule may ask about a company: the closed list, and of each fact its unit, its operators and whether it looks back.

What each one is on a given day, and on which days it is unknown, is written in `int_company_fact_steps.sql`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.vocabulary import MappedField

LONGEST_WINDOW_DAYS = 365
"""How far back a rule may look."""

LONGEST_PAIN_DAYS = 90
"""For how long an unhappy ticket is remembered (`int_pain_spells`)."""


class FactKind(StrEnum):
    """What a fact is compared as."""

    COUNT = "count"
    """A whole number that moves when something happens."""
    DAYS = "days"
    """A whole number that moves by one each day."""
    NUMBER = "number"
    """Any number."""
    TEXT = "text"
    """A word, compared letter by letter."""

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers mean something."""
        return self in {FactKind.COUNT, FactKind.DAYS}

    @property
    def operators(self) -> tuple[str, ...]:
        """How such a fact may be compared."""
        return ("=", "!=") if self is FactKind.TEXT else ("<", "<=", ">", ">=", "=", "!=")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that may be asked.

    Attributes:
        name: As a rule spells it.
        kind: What it is compared as.
        unit: What one of it is, for people.
        meaning: What is counted or read, for people.
        longest_days: How far back it may look; None: it does not count what happened within the last days. Else a rule must say
            how many.
        has_topic: Whether it counts tickets on a topic that a rule must name.
        mapped_field: The field a tenant must have mapped for it; None: it is always there.
    """

    name: str
    kind: FactKind
    unit: str
    meaning: str
    longest_days: int | None = None
    has_topic: bool = False
    mapped_field: MappedField | None = None

    @property
    def has_window(self) -> bool:
        """Whether it counts what happened within some days."""
        return self.longest_days is not None


_COUNT, _DAYS, _NUMBER, _TEXT = FactKind.COUNT, FactKind.DAYS, FactKind.NUMBER, FactKind.TEXT

FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact(
            name="ticket_count",
            kind=_COUNT,
            unit="tickets",
            meaning="tickets created",
            longest_days=LONGEST_WINDOW_DAYS,
        ),
        Fact(
            name="topic_ticket_count",
            kind=_COUNT,
            unit="tickets",
            meaning="tickets created that are about a topic or one below it",
            longest_days=LONGEST_WINDOW_DAYS,
            has_topic=True,
        ),
        Fact(
            name="negative_count",
            kind=_COUNT,
            unit="tickets",
            meaning="tickets with an unhappy message, proved and about you, that the customer has not called solved since",
            longest_days=LONGEST_PAIN_DAYS,
        ),
        Fact(
            name="inbound_count",
            kind=_COUNT,
            unit="messages",
            meaning="messages from the customer, a ticket's opening included",
            longest_days=LONGEST_WINDOW_DAYS,
        ),
        Fact(
            name="message_count",
            kind=_COUNT,
            unit="messages",
            meaning="emails of people in both directions; unknown where threads are not read",
            longest_days=LONGEST_WINDOW_DAYS,
        ),
        Fact(name="open_ticket_count", kind=_COUNT, unit="tickets", meaning="tickets open at the end of the day"),
        Fact(
            name="days_since_inbound",
            kind=_DAYS,
            unit="days",
            meaning="days since the customer's last message; unknown for one who never wrote",
        ),
        Fact(name="company_age_days", kind=_DAYS, unit="days", meaning="days since the company was added to HubSpot"),
        Fact(
            name="last_login_age_days",
            kind=_DAYS,
            unit="days",
            meaning="days since the last login",
            mapped_field=MappedField.LAST_LOGIN,
        ),
        Fact(
            name="renewal_in_days",
            kind=_DAYS,
            unit="days",
            meaning="days until the renewal, below zero after it",
            mapped_field=MappedField.RENEWAL,
        ),
        Fact(
            name="mrr",
            kind=_NUMBER,
            unit="the currency you report in, a month",
            meaning="monthly revenue as entered, never an assumed one",
            mapped_field=MappedField.MRR,
        ),
        Fact(
            name="usage_30d",
            kind=_NUMBER,
            unit="as in your HubSpot",
            meaning="usage",
            mapped_field=MappedField.USAGE,
        ),
        Fact(
            name="onboarding_step",
            kind=_NUMBER,
            unit="steps",
            meaning="the onboarding step reached",
            mapped_field=MappedField.ONBOARDING_STEP,
        ),
        Fact(
            name="lifecycle_stage",
            kind=_TEXT,
            unit="HubSpot's internal name",
            meaning="the company's lifecycle stage, for instance customer",
        ),
    )
}
"""Every fact by name."""
