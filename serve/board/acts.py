"""Bodies of what people do to cards."""

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from core.cards import Act
from core.vocabulary import CardEventType, CardOutcome, CardStatus, MrrSource, Severity
from serve.board.schemas import TimelineEntry
from serve.errors import ErrorBody
from serve.schemas import Day, Schema, Text


def _said(value: str) -> str:
    if "\0" in value:
        raise ValueError("a NUL character is not text")
    if not value.strip():
        raise ValueError("there is nothing in it")
    return value


Words = Annotated[str, Field(max_length=10_000), AfterValidator(_said)]
"""What a person writes; Postgres does not take NUL."""


class _Act(Schema):
    model_config = ConfigDict(extra="forbid")

    seq: int = Field(ge=0, le=2**31 - 1)
    """The card's `seq` as you saw it. Where the card has a later one by now, nothing is done: 409, with where it stands."""

    def act(self) -> Act:
        """The same for `core.cards`."""
        return Act(CardEventType(self.type), self.model_dump(exclude={"type", "seq"}))  # type: ignore[attr-defined]


class Assign(_Act):
    """Give the card to somebody, or take it from everybody."""

    type: Literal["assigned"]
    assignee: Text | None
    """Subject of a user of your company; null: nobody."""


class Move(_Act):
    """Take the card up: from new, or from waiting. The other columns are reached by `snoozed`, `completed` and `reopened`."""

    type: Literal["status_changed"]
    status: CardStatus


class Comment(_Act):
    """Say something about the card."""

    type: Literal["commented"]
    text: Words
    mentions: list[Text] = Field(default_factory=list, max_length=50)
    """Subjects of users of your company."""


class Snooze(_Act):
    """Let the card wait; for a day, for the customer's reply, or for whichever comes first."""

    type: Literal["snoozed"]
    until_on: Day | None = Field(default=None, examples=[date(2026, 12, 1)])
    """A day after today, in UTC."""

    is_for_reply: bool = False


class Complete(_Act):
    """Say what came of it. What the company pays at this moment is kept with it."""

    type: Literal["completed"]
    outcome: CardOutcome
    """`expired` is not for people to say."""

    note: Words | None = None


class Reopen(_Act):
    """Put a completed card back to new."""

    type: Literal["reopened"]
    note: Words | None = None


class OverrideSeverity(_Act):
    """Say how bad it is; the computed severity stays beside it."""

    type: Literal["severity_overridden"]
    severity: Severity | None
    """Null: as computed."""

    note: Words | None = None


CardAct = Annotated[
    Assign | Move | Comment | Snooze | Complete | Reopen | OverrideSeverity, Field(discriminator="type")
]
"""What can be done to a card."""


class State(Schema):
    """Where a card stands after everything that was done to it."""

    card_id: str
    seq: int
    """Number of the last event."""

    status: CardStatus
    assignee: str | None
    severity_override: Severity | None
    """What a person said it is; null: as computed."""

    waiting_until_on: date | None
    is_waiting_for_reply: bool
    outcome: CardOutcome | None
    outcome_mrr: float | None
    outcome_mrr_source: MrrSource | None
    reopen_count: int


class Done(Schema):
    """What was written down, and where the card stands now."""

    event: TimelineEntry
    state: State


class CardChangedBody(ErrorBody):
    """Somebody was faster; what they did, and where the card stands now."""

    state: State | None = None
    """Null where the error is another one of this status."""

    changes: list[TimelineEntry] = Field(default_factory=list)
    """What was done to the card since you saw it, oldest first."""
