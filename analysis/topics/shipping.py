"""What stands before a version: a trial of every correction."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.analyzer import TopicsAnswer
from analysis.topics.asking import Asker, answers
from analysis.topics.regression import RegressionCase, regression_cases
from analysis.topics.taxonomy import candidate_taxonomy
from core.appdb.topics import Topics
from core.topics.draft import Candidate, ShippedVersion
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
