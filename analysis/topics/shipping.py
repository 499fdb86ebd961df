"""What stands before a version: a trial of every correction, and a preview of what it would do to tickets."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.analyzer import Taxonomy, TopicsAnswer
from analysis.topics.asking import Asker, answers
from analysis.topics.changes import LabelChanges, label_changes, relabelled
from analysis.topics.regression import RegressionCase, regression_cases
from analysis.topics.taxonomy import as_taxonomy, example_texts
from analysis.topics.texts import TicketWords, latest_tickets
from core.appdb.topics import Candidate, ShippedVersion, Topics
from core.topics import NO_TOPIC
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class FailedCase:
    """A correction the candidate does not heed; `given` is None where no answer was to be had."""

    case: RegressionCase
    given: tuple[str, ...] | None


@dataclass(frozen=True)
class Trial:
    """A candidate, held against every correction.

    Attributes:
        cases: Those that were asked.
        failures: Those of them that were answered otherwise.
        dropped_count: Corrections that could not be asked: erased, gone, or of a topic that is no more.
    """

    candidate: Candidate
    cases: Sequence[RegressionCase]
    failures: Sequence[FailedCase]
    dropped_count: int


def tried(asker: Asker, warehouse: Warehouse, topics: Topics, tenant_id: str) -> Trial:
    """Ask the analyzer about every correction of topics, as it would be asked once the draft were shipped.

    Where only names were changed nobody is asked: the answers with which the version in force passed hold under the new names.

    Raises:
        ModelStopped, ModelUnavailable, JournalUnavailable, WarehouseBusy, WarehouseUnavailable: Nothing was shipped; try again.
    """
    candidate = topics.candidate(tenant_id)
    cases = regression_cases(warehouse, candidate.corrections, tenant_id, AnalysisTask.TOPICS, candidate.content)
    dropped = len(candidate.corrections) - len(cases)
    if candidate.is_relabelling:
        return Trial(candidate, cases, (), dropped)
    taxonomy = candidate_taxonomy(asker, warehouse, tenant_id, candidate)
    sent = asker.sent(warehouse, tenant_id, {case.ticket_id: case.text for case in cases})
    questions = [asker.about(taxonomy, sent[case.ticket_id].text) for case in cases]
    given = answers(asker, tenant_id, questions, [case.ticket_id for case in cases])
    labels = [answer.topics if isinstance(answer, TopicsAnswer) else None for answer in given]
    failures = [
        FailedCase(case, said)
        for case, said in zip(cases, labels, strict=True)
        if said is None or set(said) != set(case.expected)
    ]
    return Trial(candidate, cases, failures, dropped)


def ship(
    asker: Asker,
    warehouse: Warehouse,
    topics: Topics,
    tenant_id: str,
    *,
    author: str,
    note: str = "",
) -> tuple[Trial, ShippedVersion | None]:
    """Try the draft and, where every correction is heeded, make it the version in force; None where one is not.

    Raises:
        NothingToShip: The draft says what is in force already.
        DraftChanged: Somebody changed it meanwhile.
        ModelStopped, ModelUnavailable, JournalUnavailable, WarehouseBusy, WarehouseUnavailable: As `tried`.
    """
    topics.check_changed(tenant_id)
    trial = tried(asker, warehouse, topics, tenant_id)
    if trial.failures:
        return trial, None
    return trial, topics.ship(tenant_id, trial.candidate, author=author, note=note)


def preview(asker: Asker, warehouse: Warehouse, topics: Topics, tenant_id: str, *, sample: int) -> LabelChanges:
    """What the draft would do to the newest tickets; writes nothing, and what it pays is not paid again when they are re-read.

    Raises:
        NothingRead: No ticket was read yet.
        ModelStopped, ModelUnavailable, JournalUnavailable, WarehouseBusy, WarehouseUnavailable: As `tried`.
    """
    candidate = topics.candidate(tenant_id)
    tickets = [ticket for ticket in latest_tickets(warehouse, tenant_id, sample) if ticket.labels]
    taxonomy = candidate_taxonomy(asker, warehouse, tenant_id, candidate)
    sent = asker.sent(warehouse, tenant_id, {ticket.ticket_id: ticket.text for ticket in tickets})
    questions = [asker.about(taxonomy, sent[ticket.ticket_id].text) for ticket in tickets]
    given = answers(asker, tenant_id, questions, [ticket.ticket_id for ticket in tickets])
    after = {
        ticket.ticket_id: answer.topics or (NO_TOPIC,)
        for ticket, answer in zip(tickets, given, strict=True)
        if isinstance(answer, TopicsAnswer)
    }
    return label_changes(_labels_now(candidate, tickets), after)


def candidate_taxonomy(asker: Asker, warehouse: Warehouse, tenant_id: str, candidate: Candidate) -> Taxonomy:
    """What an analyzer would be given once the candidate were shipped."""
    said = {one.correction_id: (one.ticket_id, one.text) for one in candidate.corrections if one.text is not None}
    with warehouse.snapshot() as snapshot:
        texts = example_texts(snapshot, tenant_id, said, is_masked=asker.is_masked)
    return as_taxonomy(candidate.content, texts, version=candidate.version)


def _labels_now(candidate: Candidate, tickets: Sequence[TicketWords]) -> dict[str, Sequence[str]]:
    labels = {ticket.ticket_id: ticket.labels for ticket in tickets}
    return relabelled(labels, candidate.draft.base.content) if candidate.draft.base else dict(labels)
