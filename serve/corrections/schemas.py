"""Bodies about one ticket's reading and what people say of it."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator
from pydantic.functional_validators import AfterValidator

from core.vocabulary import ChurnIntent, CorrectedField, Sentiment
from serve.paging import MAX_LIMIT
from serve.schemas import Build, Query, Schema, Text


def _refuse_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("a NUL character is not text")
    return value


Why = Annotated[str, Field(max_length=2_000), AfterValidator(_refuse_nul)]
"""Why, for whoever reads it later."""


class CorrectionView(Schema):
    """What a person says a reading should have been."""

    correction_id: int
    ticket_id: str
    field: CorrectedField
    before: list[str]
    """What the reading said."""

    after: list[str]
    """What it should have said; `none` where no topic fits."""

    why: str | None
    author: str
    created_at: datetime
    withdrawn_at: datetime | None
    is_standing: bool
    """Neither withdrawn nor followed by another."""

    is_erased: bool
    """Whether the words it was made on were erased: it counts, and teaches no more."""


class TicketQuote(Schema):
    """Words of the ticket that show its tone."""

    quote: str
    quote_start: int
    """In code points of `text`, half open."""

    quote_end: int


class TicketCard(Schema):
    """A card the ticket stands behind."""

    card_id: str
    trigger_type: str
    severity: str
    opened_on: str
    is_active: bool


class Ticket(Schema):
    """One ticket as it was read and is sorted in the published build."""

    ticket_id: str
    subject: str | None
    url: str | None
    """Where it stands in HubSpot."""

    company_id: str | None
    company_name: str | None
    ticket_status: str
    created_at: datetime
    text: str | None
    """Subject and content as they were read; null where nothing was, or its words were erased."""

    is_erased: bool
    topics: list[str] | None
    """The strongest first, `none` where no topic fits; null where it was not sorted."""

    corrected_by: str | None
    """Who said so, where a person did and the build knows it."""

    sentiment: Sentiment | None
    """How its opening sounds; null where it was not read."""

    churn_intent: ChurnIntent | None
    quotes: list[TicketQuote]
    analyzer: str | None
    model: str | None
    prompt_version: str | None
    corrections: list[CorrectionView]
    """Every correction of it, newest first. One that stands counts from the next refresh on."""

    cards: list[TicketCard]
    build: Build


class TopicsSaid(Schema):
    """Which topics a ticket is about."""

    model_config = ConfigDict(extra="forbid")

    topics: list[Text] = Field(max_length=20, examples=[["Billing"]])
    """Topics of the draft or in force; empty: no topic fits."""

    why: Why = ""


class ToneSaid(Schema):
    """How a ticket sounds, whether it speaks of leaving, or both."""

    model_config = ConfigDict(extra="forbid")

    sentiment: Sentiment | None = None
    churn_intent: ChurnIntent | None = None
    why: Why = ""

    @model_validator(mode="after")
    def _says_something(self) -> "ToneSaid":
        if self.sentiment is None and self.churn_intent is None:
            raise ValueError("say sentiment or churn_intent")
        return self


class Corrected(Schema):
    """What was written down."""

    items: list[CorrectionView]


class CorrectionQuery(Query):
    """Which corrections."""

    ticket: Text | None = None
    """Only of this ticket."""

    is_standing: bool | None = None
    """Only those that stand, or only those that do not; left out: both."""

    limit: int = Field(default=50, ge=1, le=MAX_LIMIT)
    """Corrections at most."""

    cursor: int | None = Field(default=None, ge=1, le=2**31 - 1)
    """The `next_cursor` of the page before, with the same filters; left out: the first page."""


class CorrectionPage(Schema):
    """One page of corrections, newest first."""

    items: list[CorrectionView]
    next_cursor: int | None
    """Null on the last page."""

    total: int
    """Corrections on all pages together."""
