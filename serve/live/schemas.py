"""What a stream says. The name of a message is the `event` of its frame, these are the `data`."""

from datetime import datetime

from core.vocabulary import CardEventType
from serve.board.acts import State
from serve.schemas import Schema


class BuildAnnounced(Schema):
    """`build`: a build was put in front of readers."""

    build_id: str
    published_at: datetime


class Doing(Schema):
    """Something that happened to a card, without the words that were said."""

    seq: int
    """Number of the event."""

    type: CardEventType
    actor: str
    """Subject of the user; `churnboard` for the pipeline."""

    occurred_at: datetime


class CardAnnounced(Schema):
    """`card`: somebody did something to a card."""

    card_id: str
    event: Doing
    state: State
    """Where the card stands after it."""


class NotificationAnnounced(Schema):
    """`notification`: there is something new for you, or you have read something elsewhere; ask for what it is."""

    recipients: list[str]
    """You."""


class Started(Schema):
    """`started`: the first message; from its `id` on nothing is missed. `reload`: something was, so read anew what you show."""


LiveMessage = BuildAnnounced | CardAnnounced | NotificationAnnounced | Started
"""What `data` may be."""
