"""Proposed topics, each with its proof. Pure; stored by `core.appdb.proposals`."""

from dataclasses import dataclass
from datetime import datetime

from core.errors import Terminal
from core.vocabulary import ProposalStatus

PROVISIONAL_BELOW = 200
"""Tickets a discovery must have looked at, for its proposals not to be called provisional."""


class UnknownProposal(Terminal):
    """No open proposal of that number."""


@dataclass(frozen=True, slots=True)
class ProposalQuote:
    """A passage as it stands in a ticket's text."""

    ticket_id: str
    quote: str
    quote_start: int
    quote_end: int


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A proposed topic with its proof.

    Attributes:
        ticket_count: Tickets it would have labelled, out of `looked_at_count`.
        company_count: Companies that wrote them.
        mrr_touched: Known MRR of those companies, each counted once; None where none is known.
        model: Who proposed it.
    """

    name: str
    description: str
    ticket_count: int
    looked_at_count: int
    company_count: int
    mrr_touched: float | None
    model: str
    quotes: tuple[ProposalQuote, ...] = ()
    proposal_id: int = 0
    status: ProposalStatus = ProposalStatus.OPEN
    proposed_at: datetime | None = None
    decided_by: str | None = None

    @property
    def is_provisional(self) -> bool:
        """Whether it comes from too few tickets to rely on."""
        return self.looked_at_count < PROVISIONAL_BELOW

    @property
    def share(self) -> float:
        """Of the tickets looked at, how many it is about."""
        return self.ticket_count / self.looked_at_count if self.looked_at_count else 0.0
