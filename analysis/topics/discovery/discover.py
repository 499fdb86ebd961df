"""One discovery: which tickets are looked at, who looks, what it is worth, and what of it is proposed."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.analyzer import PaidAnalyzer, Question
from analysis.topics.asking import Asker
from analysis.topics.changes import relabelled
from analysis.topics.discovery.asked import asked, batches
from analysis.topics.discovery.clusters import MODEL, clustered
from analysis.topics.discovery.found import FoundTopic, shown_quotes
from analysis.topics.taxonomy import candidate_taxonomy
from analysis.topics.texts import TicketWords, latest_tickets, money_by_ticket
from core.appdb.proposals import Proposals
from core.appdb.topics import Topics
from core.topics import NO_TOPIC, TaxonomyContent
from core.topics.draft import Candidate
from core.topics.proposals import Proposal, ProposalQuote
from core.vocabulary import DiscoveryTask
from core.warehouse import Warehouse

FEWEST_TICKETS = 3
"""Tickets without a topic that are worth looking at."""


@dataclass(frozen=True)
class Discovery:
    """What a discovery came to; `looked_at_count` tickets out of the newest `latest_count`."""

    proposals: Sequence[Proposal]
    looked_at_count: int
    latest_count: int


def discover(
    asker: Asker,
    warehouse: Warehouse,
    topics: Topics,
    proposals: Proposals,
    tenant_id: str,
    *,
    latest: int = 1000,
    is_all: bool = False,
) -> Discovery:
    """Look for topics in the newest tickets, and store what is found in the place of proposals nobody has decided on.

    Args:
        asker: Who looks: the embedded analyzer groups texts here, a paid one is asked.
        warehouse: Has the tickets as they were read.
        topics: Has the taxonomy; what it covers is not proposed.
        proposals: Where to.
        tenant_id: Whose tickets.
        latest: How many of the newest.
        is_all: Look at all of them, and not only at those no topic fits.

    Raises:
        NothingRead: No ticket was read yet.
        ModelStopped, ModelUnavailable, JournalUnavailable, WarehouseBusy, WarehouseUnavailable: Nothing was stored; try again.
    """
    candidate, newest, tickets = _looked_at(warehouse, topics, tenant_id, latest=latest, is_all=is_all)
    found: list[FoundTopic] = []
    if len(tickets) >= FEWEST_TICKETS:
        found = _found(asker, warehouse, tenant_id, tickets, newest, candidate)
    money = money_by_ticket(warehouse, tenant_id, [ticket.ticket_id for ticket in tickets])
    model = _model(asker)
    new = [
        _proposal(topic, money, looked_at=len(tickets), model=model)
        for topic in found
        if _is_new(candidate.content, topic.name)
    ]
    return Discovery(proposals.replace_open(tenant_id, new), len(tickets), len(newest))


def asked_for(
    asker: Asker, warehouse: Warehouse, topics: Topics, tenant_id: str, *, latest: int = 1000, is_all: bool = False
) -> list[Question]:
    """What a discovery asks a paid analyzer about tickets, before it joins what was said; nothing where none is paid.

    Raises:
        NothingRead: No ticket was read yet.
    """
    candidate, _, tickets = _looked_at(warehouse, topics, tenant_id, latest=latest, is_all=is_all)
    if not isinstance(asker.analyzer, PaidAnalyzer) or len(tickets) < FEWEST_TICKETS:
        return []
    sent = asker.sent(warehouse, tenant_id, {ticket.ticket_id: ticket.text for ticket in tickets})
    return [question for _, question in batches(sent, candidate_taxonomy(asker, warehouse, tenant_id, candidate))]


def _looked_at(
    warehouse: Warehouse, topics: Topics, tenant_id: str, *, latest: int, is_all: bool
) -> tuple[Candidate, list[TicketWords], list[TicketWords]]:
    candidate = topics.candidate(tenant_id)
    newest = latest_tickets(warehouse, tenant_id, latest)
    return candidate, newest, [one for one in newest if is_all or _is_unsorted(candidate.content, one)]


def _found(
    asker: Asker,
    warehouse: Warehouse,
    tenant_id: str,
    tickets: Sequence[TicketWords],
    newest: Sequence[TicketWords],
    candidate: Candidate,
) -> list[FoundTopic]:
    if not isinstance(asker.analyzer, PaidAnalyzer):
        return clustered(tickets, newest)
    sent = asker.sent(warehouse, tenant_id, {ticket.ticket_id: ticket.text for ticket in tickets})
    return asked(asker, tenant_id, sent, candidate_taxonomy(asker, warehouse, tenant_id, candidate))


def _is_unsorted(content: TaxonomyContent, ticket: TicketWords) -> bool:
    [labels] = relabelled({ticket.ticket_id: ticket.labels}, content).values()
    return list(labels) == [NO_TOPIC]


def _is_new(content: TaxonomyContent, name: str) -> bool:
    ever = [*(topic.name for topic in content.topics), *content.successors]
    return name.casefold() not in {one.casefold() for one in ever}


def _proposal(topic: FoundTopic, money: dict[str, tuple[str, float | None]], *, looked_at: int, model: str) -> Proposal:
    companies = dict(money[ticket_id] for ticket_id in topic.ticket_ids if ticket_id in money)
    known = [mrr for mrr in companies.values() if mrr is not None]
    quotes = tuple(
        ProposalQuote(quote.ticket_id, quote.located.quote, quote.located.start, quote.located.end)
        for quote in shown_quotes(list(topic.quotes))
    )
    return Proposal(
        name=topic.name,
        description=topic.description,
        ticket_count=len(topic.ticket_ids),
        looked_at_count=looked_at,
        company_count=len(companies),
        mrr_touched=round(sum(known), 2) if known else None,
        model=model,
        quotes=quotes,
    )


def _model(asker: Asker) -> str:
    if isinstance(asker.analyzer, PaidAnalyzer):
        return asker.analyzer.identity(DiscoveryTask.PROPOSE).model
    return MODEL
