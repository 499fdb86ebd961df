"""What can go wrong with a message on its way out."""

from datetime import timedelta

from core.errors import Terminal, Transient


class Undeliverable(Terminal):
    """The other side will never take this message."""


class ChannelGone(Undeliverable):
    """The other side will take no message any more."""


class TryLater(Transient):
    """The other side may take it later; `after` is how long it wants to be left alone, None where it did not say."""

    def __init__(self, message: str, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.after = after


class Unsure(Transient):
    """The message was handed over, and no answer came: it may be out."""
