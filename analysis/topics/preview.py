"""What a draft would do to the newest tickets, ticket by ticket; writes nothing.

Prepared first and asked later, so that what it would cost can be told in between. What it pays is not paid again when the draft
is shipped and tickets are read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.analyzer import Question, TopicsAnswer
from analysis.topics.asking import Asker, answers
from analysis.topics.changes import LabelChanges, label_changes, relabelled
from analysis.topics.taxonomy import candidate_taxonomy
from analysis.topics.texts import TicketWords, latest_tickets
from core.appdb.topics import Topics
from core.topics import NO_TOPIC, Edit, edited
from core.topics.draft import Candidate
from core.warehouse import Warehouse


@dataclass(frozen=True)
class Prepared:
    """What would be asked, about which tickets, for which candidate."""

    candidate: Candidate
    tickets: Sequence[TicketWords]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Moved:
    """One ticket that would be labelled otherwise."""

    ticket_id: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What the candidate would do.

    Attributes:
        changes: The matrix.
        moved: The tickets that change, newest first.
        covered_before: Tickets with a topic, of those compared.
        covered_after: The same with the candidate.
        unanswered_count: Tickets nobody could answer for; they are not compared.
    """

    changes: LabelChanges
    moved: Sequence[Moved]
    covered_before: int
    covered_after: int
    unanswered_count: int


def prepared(
    asker: Asker, warehouse: Warehouse, topics: Topics, tenant_id: str, *, sample: int, edit: Edit | None = None
) -> Prepared:
    """What is asked about the newest tickets that were sorted.

    Args:
        asker: Who would be asked.
        warehouse: Has the tickets.
        topics: Has the draft.
        tenant_id: Whose.
        sample: How many tickets.
        edit: One more edit of the draft, tried and not made.

    Raises:
        NothingRead: No ticket was read yet.
        InvalidEdit: The draft does not allow the edit.
    """
    candidate = topics.candidate(tenant_id)
    if edit is not None:
        content = edited(candidate.content, edit)
        candidate = replace(candidate, content=content, is_relabelling=False, has_changes=True)
    tickets = [ticket for ticket in latest_tickets(warehouse, tenant_id, sample) if ticket.labels]
    taxonomy = candidate_taxonomy(asker, warehouse, tenant_id, candidate)
    sent = asker.sent(warehouse, tenant_id, {ticket.ticket_id: ticket.text for ticket in tickets})
    return Prepared(candidate, tickets, [asker.about(taxonomy, sent[ticket.ticket_id].text) for ticket in tickets])


def previewed(asker: Asker, tenant_id: str, asked: Prepared) -> Preview:
    """Ask, and compare with how the tickets are labelled now.

    Raises:
        ModelStopped, ModelUnavailable, JournalUnavailable, BudgetSpent: What was answered is in the journal.
    """
    given = answers(asker, tenant_id, asked.questions, [ticket.ticket_id for ticket in asked.tickets])
    after = {
        ticket.ticket_id: answer.topics or (NO_TOPIC,)
        for ticket, answer in zip(asked.tickets, given, strict=True)
        if isinstance(answer, TopicsAnswer)
    }
    before = {one: labels for one, labels in _labels_now(asked).items() if one in after}
    moved = [
        Moved(ticket.ticket_id, tuple(before[ticket.ticket_id]), after[ticket.ticket_id])
        for ticket in asked.tickets
        if ticket.ticket_id in after and set(before[ticket.ticket_id]) != set(after[ticket.ticket_id])
    ]
    return Preview(
        changes=label_changes(before, after),
        moved=moved,
        covered_before=sum(NO_TOPIC not in labels for labels in before.values()),
        covered_after=sum(NO_TOPIC not in labels for labels in after.values()),
        unanswered_count=len(asked.tickets) - len(after),
    )


def _labels_now(asked: Prepared) -> dict[str, Sequence[str]]:
    """Labels as they count in the version in force."""
    labels = {ticket.ticket_id: ticket.labels for ticket in asked.tickets}
    base = asked.candidate.draft.base
    return relabelled(labels, base.content) if base else dict(labels)
