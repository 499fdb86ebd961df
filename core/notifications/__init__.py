"""Who is told what, when, and in which words: rules alone, without a store and without a network.

The board is for recall, a notification for precision. What people write to each other (mentions, assignments) is told at once and
counts for no budget. What the machine finds is told once per card and again only when it got worse, at once within a budget, and
beyond that in a ranked digest. Kept by `core.appdb.notifications`; sent by `orchestration.notifying`.
"""

from core.notifications.addressing import CHANNEL, Crew, addressees
from core.notifications.channels import CHANNEL_KINDS, WEEKLY_BUDGET, NoSuchChannel, SlackChannel
from core.notifications.digests import digest_of, is_due, last_cut, weekly_cut
from core.notifications.planning import About, CardNow, Planned, Told, planned_for_build, told_after, written
from core.notifications.preferences import DEFAULT, Preference
from core.notifications.webhooks import UnsafeWebhook, checked_webhook, is_public
from core.notifications.wording import Worded, one_line, trial_message, worded

__all__ = [
    "CHANNEL",
    "CHANNEL_KINDS",
    "DEFAULT",
    "WEEKLY_BUDGET",
    "About",
    "CardNow",
    "Crew",
    "NoSuchChannel",
    "Planned",
    "Preference",
    "SlackChannel",
    "Told",
    "UnsafeWebhook",
    "Worded",
    "addressees",
    "checked_webhook",
    "digest_of",
    "is_due",
    "is_public",
    "last_cut",
    "one_line",
    "planned_for_build",
    "told_after",
    "trial_message",
    "weekly_cut",
    "worded",
    "written",
]
