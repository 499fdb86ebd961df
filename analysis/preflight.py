"""What reading would cost, before anything is paid for: what is unread, in tokens, in US dollars, and in time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from analysis.analyzer import PaidAnalyzer
from analysis.costs import Costs
from analysis.erasure import Erased
from analysis.journal import CallState, Journal
from analysis.planning import Plan
from analysis.policy import ReadingPolicy
from analysis.progress import duration
from analysis.report import EnrichmentReport
from analysis.tickets import Months
from core.tenants import TenantId
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

_LEAST_SPREAD: Final = 0.15
_MOST_SPREAD: Final = 0.9


@dataclass
class PayerEstimate:
    """What one tenant would pay."""

    call_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


@dataclass
class Estimate:
    """What a run would do. Counts are of readings: one message, or one ticket for topics, and one question.

    Attributes:
        messages: Messages looked at.
        held: Readings that are there already, by this model and prompt.
        answered: Readings whose answer is in the journal already: written without paying.
        payers: What is to be paid, by tenant.
        is_measured: Whether prices are what this model was measured at, and not the setting.
        spread: How far off the cost may be, as a share of it.
        calls_per_second: What the last run of this model made; None: not known.
    """

    messages: int = 0
    held: int = 0
    answered: int = 0
    payers: dict[str, PayerEstimate] = field(default_factory=dict)
    is_measured: bool = False
    spread: float = _MOST_SPREAD
    calls_per_second: float | None = None

    @property
    def call_count(self) -> int:
        """Calls to be paid."""
        return sum(one.call_count for one in self.payers.values())

    @property
    def input_tokens(self) -> int:
        """Tokens to be sent."""
        return sum(one.input_tokens for one in self.payers.values())

    @property
    def output_tokens(self) -> int:
        """Tokens to be received."""
        return sum(one.output_tokens for one in self.payers.values())

    @property
    def cost_usd(self) -> float:
        """US dollars to be paid."""
        return sum(one.cost_usd for one in self.payers.values())

    @property
    def cost_range(self) -> tuple[float, float]:
        """US dollars, at least and at most. A price that was not measured is on the high side already."""
        above = self.spread if self.is_measured else 0.0
        return self.cost_usd * (1 - self.spread), self.cost_usd * (1 + above)

    @property
    def seconds(self) -> float | None:
        """How long the calls take at the rate of the last run."""
        return self.call_count / self.calls_per_second if self.calls_per_second else None

    @property
    def sentence(self) -> str:
        """All of it in a line."""
        low, high = self.cost_range
        price = "measured" if self.is_measured else "assumed, since this model has answered too little"
        time = f"; about {duration(self.seconds)} at the rate of the last run" if self.seconds else ""
        return (
            f"{self.messages:,} messages: {self.held:,} readings are there, {self.answered:,} more are paid for already, "
            f"{self.call_count:,} calls to be paid, about {self.input_tokens:,} + {self.output_tokens:,} tokens, "
            f"{self.cost_usd:.4f} USD ({low:.4f} to {high:.4f}; price {price}){time}."
        )


def preflight(
    *,
    warehouse: Warehouse,
    journal: Journal,
    analyzer: PaidAnalyzer,
    tenant_ids: Sequence[TenantId],
    months: Months | None,
    assumed_usd_per_million: float,
    erased: Callable[[], Erased] = frozenset,
    policies: Mapping[TenantId, ReadingPolicy] | None = None,
) -> Estimate:
    """Look at everything a run would look at, and ask nobody.

    Args:
        warehouse: Holds staging and what is read already.
        journal: Holds what is paid for already, and what was paid before for the same.
        analyzer: Who would read.
        tenant_ids: Whose tickets.
        months: As for `enrich`.
        assumed_usd_per_million: What a million tokens are taken to cost while the model is not measured.
        erased: As for `enrich`.
        policies: As for `enrich`.

    Raises:
        NothingStaged: The staging views are not built yet.
        JournalUnavailable, WarehouseBusy, WarehouseUnavailable: A store cannot be read.
    """
    costs = Costs(journal, analyzer, assumed_usd_per_million)
    costs.renew()
    found = Estimate(
        is_measured=costs.is_measured(AnalysisTask.SENTIMENT),
        spread=min(_MOST_SPREAD, max(_LEAST_SPREAD, costs.error_share)),
        calls_per_second=journal.last_rate(analyzer.identity(AnalysisTask.SENTIMENT)),
    )
    seen: set[str] = set()
    plan = Plan(
        warehouse=warehouse,
        analyzer=analyzer,
        tenant_ids=tenant_ids,
        months=months,
        erased=erased,
        policies=policies,
    )
    plan.prepare()
    report = EnrichmentReport("(preflight)")
    for page in plan.pages():
        calls = [job.call for jobs in plan.jobs(page, erased(), plan.into.changes(), report) for job in jobs]
        found.messages += len(page)
        found.held = report.reused
        known = journal.lookup([call.key for call in calls])
        for call in calls:
            record = known.get(call.key)
            if call.key in seen or (record is not None and record.state in {CallState.ANSWERED, CallState.DEAD}):
                found.answered += 1
                continue
            seen.add(call.key)
            tokens = costs.tokens(call.question)
            payer = found.payers.setdefault(call.tenant_id, PayerEstimate())
            payer.call_count += 1
            payer.input_tokens += tokens.input
            payer.output_tokens += tokens.output
            payer.cost_usd += tokens.total * costs.usd_per_token(call.question.task)
    return found
