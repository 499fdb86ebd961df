"""Bodies and query of tickets: the columns of the mart `tickets` (docs/names.md) under their own names."""

from datetime import date, datetime

from pydantic import Field

from core.vocabulary import ChurnIntent, Sentiment, TicketStatus
from serve.forms import FormQuery
from serve.paging import MAX_LIMIT
from serve.schemas import Build, Cursor, Day, Schema, Text
from serve.segments import SegmentQuery


class TicketQuery(FormQuery, SegmentQuery):
    """Which tickets; newest first."""

    from_on: Day | None = Field(default=None, alias="from")
    """Created on this day or later."""

    to_on: Day | None = Field(default=None, alias="to")
    """Created on this day or earlier."""

    topic: Text | None = None
    """Counted under this topic, be it of a topic below; `none`: no topic fits; `unread`: not sorted."""

    sentiment: list[Sentiment] = Field(default_factory=list)
    """Read as any of these; repeat the parameter."""

    negative: bool | None = None
    """`true`: counted as negative; `false`: read as anything else; left out: all, unread ones too."""

    company: Text | None = None
    """Id of the company."""

    ticket: list[Text] = Field(default_factory=list, max_length=50)
    """With any of these ids; repeat the parameter."""

    q: Text | None = None
    """Found in the subject or the company's name; case does not matter."""

    limit: int = Field(default=50, ge=1, le=MAX_LIMIT)
    """Tickets at most; CSV has all of them."""

    cursor: Cursor | None = None
    """The `next_cursor` of the page before, with the same filters; left out: the first page."""


class ListedTicket(Schema):
    """One ticket as it counts in the daily figures. Of its words, only the subject is here."""

    ticket_id: str
    """HubSpot's id."""

    company_id: str | None
    """The company it counts for."""

    company_name: str | None = Field(examples=["Northwind GmbH"])
    subject: str | None = Field(examples=["Export fails"])
    """Null where there is none, or it was erased."""

    url: str | None
    """Where it is in HubSpot."""

    created_at: datetime
    created_on: date
    """The day it counts on, UTC."""

    closed_on: date | None
    ticket_status: TicketStatus
    sentiment: Sentiment | None
    """Tone of its strongest message; null where nothing was read."""

    level: int | None
    """The same from -2 to 2."""

    churn_intent: ChurnIntent | None
    is_read: bool
    is_negative: bool
    points: int
    """What it scores as frustration before it fades."""

    topics: list[str] = Field(examples=[["billing"]])
    """What it is about, from A to Z; `none`: no topic fits; `unread`: it was not sorted. Topics above these are left out."""

    card_ids: list[str]
    """Cards that quote it."""


class TicketPage(Schema):
    """One page of tickets."""

    items: list[ListedTicket]
    next_cursor: str | None
    """Null on the last page."""

    total: int
    """Tickets on all pages together."""

    build: Build
