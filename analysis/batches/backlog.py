"""A run's backlog: what is asked now, what waits for a batch, and what the batches of this and earlier runs brought.

The seam between a run that reads tickets and the provider's batches. A run passes every call it has to make through `prepare`,
once, before it makes any; afterwards `held_back` says of each call whether it is to be left alone. Collecting happens whatever the
settings say now, since batches handed in before have been paid for.
"""

import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from analysis.analyzer import BatchableAnalyzer, Question, Usage, canonical_json
from analysis.batches.client import BatchClient
from analysis.batches.collecting import INTENT_SECONDS, Collector
from analysis.batches.submission import Submitter, refusal
from analysis.budget import Budget
from analysis.journal import Allowance, BatchRecord, CallRecord, CallState, Journal
from analysis.journal.batch import BatchCall
from core.logging import get_logger
from core.vocabulary import AnalysisTask

_LONGEST_PAUSE_SECONDS = 60.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BacklogCall:
    """One call a run has to make."""

    key: str
    tenant_id: str
    ticket_id: str | None
    created_on: date
    question: Question


@dataclass
class BatchReport:
    """What batches did for one run."""

    submitted_count: int = 0
    """Batches handed in."""

    collected_count: int = 0
    """Batches that ended and were brought in."""

    calls: dict[AnalysisTask, int] = field(default_factory=dict)
    """Calls answered, by task."""

    usage: dict[AnalysisTask, Usage] = field(default_factory=dict)
    """What they cost, by task."""

    waiting: list[BatchRecord] = field(default_factory=list)
    """Those that are still at the provider."""


class Backlog:
    """The batches of one run.

    Args:
        journal: Where calls are claimed and kept.
        analyzer: Who would be asked.
        clients: The provider's batches, by the name that stands on them.
        provider: Whose batches new calls go into; None: none.
        run_id: Stands on every call.
        tenant_ids: Whose batches are looked after.
        from_calls: How many open calls make a backlog.
        size: Calls in one batch, at most.
        wait_seconds: How long the run waits for batches.
        intent_seconds: How long a submission may take before another process looks after it.
        first_pause_seconds: How long to wait before the first look; every pause is half as long again as the one before.
        budget: What calls may cost. What it has no room for goes into no batch, and is left to whoever makes single calls.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        analyzer: BatchableAnalyzer,
        clients: Callable[[str], BatchClient],
        provider: str | None,
        run_id: str,
        tenant_ids: Collection[str],
        from_calls: int,
        size: int,
        wait_seconds: float,
        intent_seconds: float = INTENT_SECONDS,
        first_pause_seconds: float = 5.0,
        budget: Budget | None = None,
    ) -> None:
        self._journal = journal
        self._budget = budget
        self._left_out: set[str] = set()
        self._analyzer = analyzer
        self._clients = clients
        self._provider = provider
        self._run_id = run_id
        self._tenant_ids = tenant_ids
        self._from_calls = from_calls
        self._size = size
        self._wait_seconds = wait_seconds
        self._intent_seconds = intent_seconds
        self._first_pause_seconds = first_pause_seconds
        self._is_backlog = False
        self._opened: dict[str, BatchClient] = {}
        self.report = BatchReport()

    def prepare(self, pages: Iterable[Sequence[BacklogCall]]) -> None:
        """Bring in what is over, hand in what is a backlog, wait a while for it.

        Args:
            pages: Every call the run has to make, in portions; not looked at where nothing goes into batches.

        Raises:
            BatchRefused: The provider takes no such batches and never did; nothing was paid.
            ModelStopped: The provider needs a person.
            JournalUnavailable: The journal cannot be used; nothing is lost.
        """
        try:
            self._collect()
            if self._provider is not None:
                self._submit(pages, self._provider)
                self._wait()
            self.report.waiting = self._journal.batches.open(self._tenant_ids)
        finally:
            for client in self._opened.values():
                client.close()
            self._opened.clear()

    def held_back(self, keys: Sequence[str]) -> set[str]:
        """Those of these calls that must not be made now: they belong into a batch, and did not get into one yet."""
        if not self._is_backlog:
            return set()
        known = self._journal.lookup(keys)
        return {key for key in keys if key not in self._left_out and _is_open(known.get(key))}

    def _collect(self) -> None:
        names = {batch.provider for batch in self._journal.batches.open(self._tenant_ids)}
        names |= {batch.provider for batch in self._journal.batches.uncleared(self._tenant_ids)}
        for name in sorted(names):
            collector = Collector(self._journal.batches, self._client(name), intent_seconds=self._intent_seconds)
            collected = collector.collect(self._tenant_ids)
            for batch in collected.ended:
                self._count(batch)
            for batch in collected.refused:
                raise refusal(f"Batch {batch.provider_batch_id} was refused: {batch.reason or 'no reason was given'}.")

    def _submit(self, pages: Iterable[Sequence[BacklogCall]], provider: str) -> None:
        if self._budget is not None:
            self._budget.renew()
        submitter = Submitter(
            self._journal.batches,
            self._client(provider),
            model=self._analyzer.model,
            run_id=self._run_id,
            size=self._size,
            intent_seconds=self._intent_seconds,
        )
        # Until it is a backlog the calls are only gathered; few enough to be held in memory.
        gathered: dict[str, BacklogCall] = {}
        try:
            for page in pages:
                known = self._journal.lookup([call.key for call in page])
                gathered |= {call.key: call for call in page if _is_open(known.get(call.key))}
                if not self._is_backlog and len(gathered) < self._from_calls:
                    continue
                self._is_backlog = True
                for call in gathered.values():
                    self._add(submitter, call)
                gathered.clear()
            submitter.flush()
        finally:
            self.report.submitted_count += submitter.batch_count
            self._left_out |= submitter.left_out

    def _add(self, submitter: Submitter, call: BacklogCall) -> None:
        request = self._analyzer.request(call.question)
        submitter.add(
            call.tenant_id,
            canonical_json(request.get("response_format") or {}),
            BatchCall(
                call_key=call.key,
                ticket_id=call.ticket_id,
                created_on=call.created_on,
                identity=self._analyzer.identity(call.question.task, call.question.prompt_version),
                question=call.question,
                line=json.dumps(request, ensure_ascii=False),
                allowance=self._allowance(call),
            ),
        )

    def _allowance(self, call: BacklogCall) -> Allowance:
        # At the price of a single call, twice what a batch costs: more is reserved than needed, and given back when it ends.
        return self._budget.allowance(call.tenant_id, call.question) if self._budget else Allowance(0.0)

    def _wait(self) -> None:
        deadline = time.monotonic() + self._wait_seconds
        pause = self._first_pause_seconds
        while self._journal.batches.open(self._tenant_ids):
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
            self._collect()

    def _count(self, batch: BatchRecord) -> None:
        self.report.collected_count += 1
        calls, usage = self.report.calls, self.report.usage
        calls[batch.task] = calls.get(batch.task, 0) + batch.answered_count
        usage[batch.task] = usage.get(batch.task, Usage()) + batch.usage

    def _client(self, provider: str) -> BatchClient:
        if provider not in self._opened:
            self._opened[provider] = self._clients(provider)
        return self._opened[provider]


def _is_open(record: CallRecord | None) -> bool:
    """Whether a call may go into a batch: nobody made it, holds it, or failed at it."""
    if record is None or record.state is CallState.ERASED:
        return True
    return record.state is CallState.CLAIMED and record.lease_left_seconds <= 0
