"""What a run would ask, and what that would cost, before anybody is asked."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.analyzer import Identity
from analysis.journal import CallState, Journal
from analysis.planning import Job
from analysis.shadow.tables import SHADOW_SENTIMENT, SHADOW_TOPICS
from analysis.tables import MESSAGE_SENTIMENT, TICKET_TOPICS
from core.vocabulary import AnalysisTask, AnalyzerKind
from core.warehouse import Warehouse

_PAID_TABLES = {
    AnalysisTask.SENTIMENT: (MESSAGE_SENTIMENT, SHADOW_SENTIMENT),
    AnalysisTask.TOPICS: (TICKET_TOPICS, SHADOW_TOPICS),
}
_SMALL_USD = 0.1


@dataclass(frozen=True, slots=True)
class Estimate:
    """One run before it is made.

    Attributes:
        message_count: Messages asked about.
        call_count: Calls they come to: the same words of one tenant are asked about once.
        unpaid_count: Of these, those no answer is stored of.
        usd_per_call: What a call of this task cost on average with this model; None where none was paid yet.
    """

    message_count: int
    call_count: int
    unpaid_count: int
    usd_per_call: float | None

    @property
    def cost_usd(self) -> float | None:
        """What is to be paid; None where the price is not known."""
        if not self.unpaid_count:
            return 0.0
        return None if self.usd_per_call is None else self.unpaid_count * self.usd_per_call

    @property
    def cost(self) -> str:
        """The same in words."""
        if self.cost_usd is None:
            return "not known"
        digits = 2 if self.cost_usd >= _SMALL_USD or not self.cost_usd else 4
        return f"{self.cost_usd:.{digits}f} USD"

    def __str__(self) -> str:
        said = f"{self.message_count:,} messages, {self.call_count:,} calls, {self.unpaid_count:,} of them to be paid"
        if not self.unpaid_count:
            return f"{said}."
        if self.cost_usd is None:
            return f"{said}; what one costs is not known, since this model was never paid for this task."
        return f"{said}, about {self.cost}."


def estimate(
    pages: Iterable[list[Job]], journal: Journal, warehouse: Warehouse, identity: Identity, task: AnalysisTask
) -> Estimate:
    """Count what is asked, and look up what was paid before.

    Args:
        pages: What would be asked, see `analysis.planning.Plan.questions`.
        journal: Knows what was paid.
        warehouse: Knows what calls cost.
        identity: Who would answer.
        task: What is asked.
    """
    messages, keys, stored = 0, set[str](), 0
    is_paid = identity.kind is not AnalyzerKind.EMBEDDED
    for page in pages:
        messages += len(page)
        new = {job.key for job in page} - keys
        keys |= new
        if is_paid:
            found = journal.lookup(sorted(new)).values()
            stored += sum(record.state in {CallState.ANSWERED, CallState.DEAD} for record in found)
    if not is_paid:
        return Estimate(messages, len(keys), 0, 0.0)
    return Estimate(messages, len(keys), len(keys) - stored, _usd_per_call(warehouse, identity.model, task))


def _usd_per_call(warehouse: Warehouse, model: str, task: AnalysisTask) -> float | None:
    with warehouse.snapshot() as snapshot:
        there = [table for table in _PAID_TABLES[task] if snapshot.has_table(table.schema, table.name)]
        if not there:
            return None
        of_model = [f"select call_key, cost_usd from {table.qualified} where model = :model" for table in there]  # noqa: S608
        [row] = snapshot.rows(f"select avg(cost_usd) as usd from ({' union '.join(of_model)}) as paid", model=model)  # noqa: S608
    return None if row["usd"] is None else float(row["usd"])
