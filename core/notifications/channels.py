"""The tenant's Slack channel, and how often anybody is interrupted."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from core.errors import Terminal
from core.vocabulary import NotificationKind

WEEKLY_BUDGET = 10
"""Immediate notifications of cards that one recipient gets in seven days, where the tenant says nothing else."""

CHANNEL_KINDS = (NotificationKind.CARD, NotificationKind.DIGEST)
"""What a channel is told where nobody said otherwise."""


class NoSuchChannel(Terminal):
    """The tenant has no channel."""


@dataclass(frozen=True, kw_only=True)
class SlackChannel:
    """Where a tenant's channel is.

    Attributes:
        url: Of its incoming webhook; None: the one that is kept.
        name: How people call it.
        kinds: What is told there.
    """

    url: SecretStr | None
    name: str
    kinds: Sequence[NotificationKind] = CHANNEL_KINDS
