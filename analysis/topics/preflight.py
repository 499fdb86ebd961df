"""What a trial, a preview or a discovery would cost, before anybody is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.analyzer import PaidAnalyzer, Question, call_key
from analysis.journal import CallState
from analysis.topics.asking import Asker


@dataclass(frozen=True, slots=True)
class Preflight:
    """Questions before they are asked.

    Attributes:
        is_paid: Whether whoever would answer costs money.
        call_count: Calls they come to: the same words are asked about once.
        unpaid_count: Of these, those no answer is stored of.
        cost_usd: What those are taken to cost; 0 for an analyzer that costs nothing.
    """

    is_paid: bool
    call_count: int
    unpaid_count: int
    cost_usd: float


def preflight(asker: Asker, tenant_id: str, questions: Sequence[Question]) -> Preflight:
    """Count what is asked, look up what was paid before, and add up what the rest is taken to cost.

    Raises:
        JournalUnavailable: The journal cannot be used.
    """
    analyzer = asker.analyzer
    if not isinstance(analyzer, PaidAnalyzer):
        return Preflight(is_paid=False, call_count=len(questions), unpaid_count=0, cost_usd=0.0)
    by_key = {call_key(tenant_id, analyzer.identity(one.task, one.prompt_version), one): one for one in questions}
    known = {
        key
        for key, record in asker.journal.lookup(sorted(by_key)).items()
        if record.state in {CallState.ANSWERED, CallState.DEAD}
    }
    unpaid = [question for key, question in by_key.items() if key not in known]
    cost = 0.0
    if unpaid and asker.budget is not None:
        asker.budget.renew()
        cost = sum(asker.budget.allowance(tenant_id, question).estimate_usd for question in unpaid)
    return Preflight(is_paid=True, call_count=len(by_key), unpaid_count=len(unpaid), cost_usd=cost)
