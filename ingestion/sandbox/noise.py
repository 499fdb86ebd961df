"""What gets between a plot and its reader: the ways in which real customers and real portals are untidy.

A noise of 0 leaves a world as it was planned. At 1, of ten calm customers three grumble, two have a busy fortnight and two are on
holiday, none of which is a sign of leaving; and of ten tickets and facts of every customer three are lost: a ticket has no company,
a bad mood is put politely, a field of the CRM is empty.
"""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from ingestion.sandbox.planning import Account, PlannedTicket, Planner
from ingestion.sandbox.writing import Intent

_GRUMBLING, _BUSY, _AWAY = 0.3, 0.2, 0.2
_LOST = 0.3
_AWAY_DAYS = 32
_MILDER = {"very_negative": "negative", "negative": "neutral"}


class Noise:
    """Disturbs the accounts of one tenant.

    Args:
        rng: Decides everything; another one than the plot's, so that more noise disturbs the same plot.
        level: From 0 (none) to 1.
        planner: Chooses moments and topics of what is added, with the same `rng`.
        until: The present of the world.
    """

    def __init__(self, rng: random.Random, level: float, planner: Planner, until: datetime) -> None:
        self._rng, self._level, self._planner, self._until = rng, level, planner, until

    def disturb(self, account: Account) -> None:
        """Give a healthy account a harmless episode, or put what a planted one says more politely; in place."""
        if account.role == "healthy":
            self._live(account)
        elif account.reason:
            account.tickets = [self._milder(one) if self._happens(_LOST) else one for one in account.tickets]

    def is_unlinked(self) -> bool:
        """Whether the company of the next ticket is not known."""
        return self._happens(_LOST)

    def is_unfilled(self) -> bool:
        """Whether nobody filled the next field in."""
        return self._happens(_LOST)

    def _live(self, account: Account) -> None:
        drawn = self._rng.random()
        if drawn < _GRUMBLING * self._level:
            account.tickets.append(self._ticket(self._rng.uniform(1, 20), Intent("negative")))
        elif drawn < (_GRUMBLING + _BUSY) * self._level:
            account.tickets += [self._ticket(self._rng.uniform(1, 13), Intent("neutral")) for _ in range(3)]
        elif drawn < (_GRUMBLING + _BUSY + _AWAY) * self._level:
            since = self._until - timedelta(days=_AWAY_DAYS)
            account.tickets = [one for one in account.tickets if one.at < since]

    def _ticket(self, days_ago: float, intent: Intent) -> PlannedTicket:
        return PlannedTicket(self._planner.moment(days_ago), self._planner.any_topic(), intent)

    def _milder(self, ticket: PlannedTicket) -> PlannedTicket:
        milder = _MILDER.get(ticket.intent.sentiment)
        return ticket if milder is None else replace(ticket, intent=replace(ticket.intent, sentiment=milder))

    def _happens(self, share: float) -> bool:
        return self._rng.random() < share * self._level
