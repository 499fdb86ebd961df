"""Bodies of notifications, of what people want to be told, and of the tenant's channels."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr
from pydantic.functional_validators import AfterValidator

from core.vocabulary import DeliveryChannel, NotificationKind, Severity
from serve.paging import MAX_LIMIT
from serve.schemas import Cursor, Query, Schema, Text, refuse_nul


class NotificationQuery(Query):
    """Which of yours."""

    is_unread: bool = False
    """Only those you have not read."""

    limit: int = Field(default=20, ge=1, le=MAX_LIMIT)
    cursor: Cursor | None = None


class ToldCard(Schema):
    """A card that is told of."""

    card_id: str
    trigger_type: str = Field(examples=["frustrated"])
    severity: Severity
    """As it was then."""

    is_risen: bool
    """Whether it was told before, and got worse."""


class ToldCompany(Schema):
    """A company that is told of, with its cards, the most urgent first."""

    company_id: str
    company_name: str = Field(examples=["Acme Robotics"])
    severity: Severity
    """Of its worst card."""

    priority: float | None
    """Expected loss a month; null where unknown."""

    cards: list[ToldCard]


class Notification(Schema):
    """Something you are told."""

    notification_id: str
    kind: NotificationKind
    actor: str | None
    """Subject of whoever caused it; null: the pipeline."""

    card_id: str | None
    """The card it leads to; null: several."""

    seq: int | None
    """Number of the card's event it is about."""

    severity: Severity | None
    comment: str | None
    """How the comment begins that mentions you; null where it is about none."""

    companies: list[ToldCompany]
    company_count: int
    """Of a digest there may be more than are listed."""

    made_at: datetime
    read_at: datetime | None


class NotificationPage(Schema):
    """What you are told, the latest first."""

    items: list[Notification]
    next_cursor: str | None
    unread_count: int
    """Of all of yours, whatever was asked for."""


class Reading(Schema):
    """What you have read."""

    model_config = ConfigDict(extra="forbid")

    notification_ids: list[Text] | None = Field(default=None, max_length=MAX_LIMIT)
    """Null: all of it."""


class Unread(Schema):
    """What is left."""

    unread_count: int


class Wish(Schema):
    """What you want to be told of one kind."""

    model_config = ConfigDict(extra="forbid")

    kind: NotificationKind
    is_in_app: bool
    """Whether the bell tells of it."""

    is_email: bool
    """Whether a mail is sent."""


class Wishes(Schema):
    """What you want to be told where; kinds you leave out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    items: list[Wish] = Field(max_length=20)


class Preferences(Schema):
    """What you are told where, every kind there is."""

    items: list[Wish]
    email: str | None
    """Where mails go; null: an API key gets none."""

    is_mail_set: bool
    """Whether this installation has a mail server."""

    email_error: str | None
    """Why the last mail to you did not get out, as a sentence; null: it did, or there was none."""

    slack_name: str | None
    """The channel your company is told things in; null: there is none."""


def _said(value: str) -> str:
    if not value.strip():
        raise ValueError("a name is text of one character or more")
    return refuse_nul(value.strip())


class NewSlack(Schema):
    """A Slack channel, or one of a chat that takes the same messages."""

    model_config = ConfigDict(extra="forbid")

    url: SecretStr | None = Field(default=None, max_length=2_000)
    """Of its incoming webhook; null: the one that is kept. It is never told again."""

    name: Annotated[str, Field(max_length=80, examples=["#churn"]), AfterValidator(_said)]
    """How you call the channel."""

    kinds: list[NotificationKind] = Field(max_length=20)
    """What is told there."""


class NewChannels(Schema):
    """How your company is told things."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0, le=2**31 - 1)
    """As you saw it."""

    weekly_budget: int = Field(ge=0, le=1_000)
    """Notifications of cards that one person, or the channel, gets at once within seven days; the rest is told in digests."""

    slack: NewSlack | None
    """Null: there is no channel, and what was kept of one goes."""


class Slack(Schema):
    """The channel."""

    name: str | None
    kinds: list[NotificationKind]
    error: str | None
    """Why nothing is sent there any more, as a sentence; null: it works."""


class Failure(Schema):
    """Something that was not sent."""

    notification_id: str
    channel: DeliveryChannel
    recipient_name: str | None
    """Null: the channel, or somebody who has left."""

    error_message: str
    is_final: bool
    """Whether it is not tried again."""

    attempt_count: int
    queued_at: datetime


class Channels(Schema):
    """How your company is told things, and what could not be sent lately."""

    version: int
    weekly_budget: int
    default_weekly_budget: int
    slack: Slack | None
    is_mail_set: bool
    updated_by: str | None
    """Subject of the admin who set it last; null: nobody has."""

    updated_at: datetime | None
    failures: list[Failure]
    """The latest first, twenty at most."""


class Trial(Schema):
    """A test message."""

    model_config = ConfigDict(extra="forbid")

    channel: DeliveryChannel
    """`email`: to you."""
