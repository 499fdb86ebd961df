"""Bodies and query of threads: the columns of the mart `card_messages` (docs/names.md) under their own names."""

from datetime import datetime

from pydantic import Field

from core.vocabulary import ChurnIntent, MessageDirection, Sentiment
from serve.paging import MAX_LIMIT
from serve.schemas import Build, Cursor, Query, Schema


class ThreadQuery(Query):
    """Which part of a thread."""

    limit: int = Field(default=100, ge=1, le=MAX_LIMIT)
    """Messages at most."""

    cursor: Cursor | None = None
    """The `next_cursor` of the page before; left out: from the opening."""


class Message(Schema):
    """One message of a ticket: its opening, an email, or a note between colleagues."""

    message_id: str = Field(examples=["opening", "emails/512", "notes/7"])
    message_index: int
    """Its place in the thread, from 0; a gap is where messages are left out."""

    direction: MessageDirection | None
    """From the customer, to them, or between colleagues; null where HubSpot does not say."""

    author_name: str | None = Field(examples=["Ada Lovelace"])
    """Or their address; null where nobody is known, or their data was erased."""

    is_automated: bool
    """An automatic reply, a bounce, a notice."""

    sent_at: datetime
    """Of the opening, when the ticket was created."""

    text: str | None
    """What its author wrote in it, as plain text, without quoted replies and signature. Where it was read, it is what was read, so
    `quote_start` and `quote_end` of its quotes count in it, in Unicode code points. Null: no words, not read yet, or erased."""

    is_truncated: bool
    """Whether the message is longer than this."""

    is_erased: bool
    """Whether its words were erased on request."""

    sentiment: Sentiment | None
    """Null where it was not read."""

    churn_intent: ChurnIntent | None


class Thread(Schema):
    """One page of a ticket's messages."""

    items: list[Message]
    """Oldest first."""

    next_cursor: str | None
    """Null on the last page."""

    total: int
    """Messages on all pages together."""

    build: Build
