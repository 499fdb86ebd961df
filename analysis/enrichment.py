"""Reads the tickets of some tenants and keeps what was read in the schema `enrichment`.

What is to be asked comes from `analysis.planning`, page by page: each question once, unless the warehouse already holds the answer
to exactly that one (same text as sent, analyzer, model, prompt, schema, and for topics the same taxonomy). Paid answers come
through the call journal, so a kill at any moment loses at most the calls in flight and a second run pays nothing; the embedded
analyzer goes around it, because its answers cost nothing, are the same every time, and their keys already stand on the rows: what a
kill loses is the page being read. Both leave the same provenance.

The warehouse is touched page by page, in threads: calls of the next pages are in flight meanwhile.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from analysis import deferred
from analysis import messages as source
from analysis.analyzer import (
    Analyzer,
    BatchableAnalyzer,
    PaidAnalyzer,
    Question,
    SentimentAnswer,
    TopicsAnswer,
    Usage,
    answered,
)
from analysis.batches import Backlog, BacklogCall, Batching, waiting
from analysis.budget import Budget, Deferred
from analysis.calls import Ending, Outcome, Spending
from analysis.changes import Changes, is_final, provenance
from analysis.destination import Destination
from analysis.driver import Driver
from analysis.erasure import Erased, forget
from analysis.journal import Journal
from analysis.messages import Message, Place
from analysis.overlap import overlapping
from analysis.planning import Job, Plan
from analysis.policy import ReadingPolicy
from analysis.progress import Meter, OnProgress
from analysis.report import EnrichmentReport
from analysis.shadow.tidy import remove_gone_from_shadows
from analysis.tickets import Months
from core import chaos
from core.errors import ChurnboardError
from core.logging import get_logger
from core.tenants import TenantId
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

_PAGES_AT_ONCE = 3

_log = get_logger(__name__)


def enrich(
    *,
    warehouse: Warehouse,
    journal: Journal,
    analyzer: Analyzer,
    tenant_ids: Sequence[TenantId],
    months: Months | None,
    run_id: str,
    max_concurrency: int = 16,
    lease_seconds: float = 300,
    patience_seconds: float = 600,
    on_progress: OnProgress | None = None,
    erased: Callable[[], Erased] = frozenset,
    policies: Mapping[TenantId, ReadingPolicy] | None = None,
    into: Destination | None = None,
    batching: Batching | None = None,
    budget: Budget | None = None,
    calls_expected: int | None = None,
) -> EnrichmentReport:
    """Read what is unread of these tenants' tickets.

    Args:
        warehouse: Holds staging (read) and `enrichment` (written).
        journal: Where paid calls are claimed and kept.
        analyzer: Who reads; see `analysis.make_analyzer`.
        tenant_ids: Whose tickets.
        months: First day and first day after, by the creation of the ticket in UTC; None: all tickets.
        run_id: Stands on every row this run pays for.
        max_concurrency: Calls in flight at once, at most.
        lease_seconds: How long a call is left to its claimant before another run may make it.
        patience_seconds: How long the model may answer nothing before the run stops.
        on_progress: Told how far the run is.
        erased: Tenant and id of tickets whose words are erased, asked for around every page. They are not read again, and
            what was read of them stays as it is: a level without a quote.
        policies: How each tenant's tickets are read; as `ReadingPolicy()` says where none is given.
        into: Where readings go; what the marts are made of unless given.
        batching: How a backlog goes through the provider's batches; None: every call is made by itself.
        budget: What paid calls may cost; None: any amount. What it has no room for is put off, in `deferred_readings`.
        calls_expected: Paid calls this will take, as `analysis.preflight` estimates them, for the time left.

    Returns:
        What was done.

    Raises:
        NothingStaged: The staging views are not built yet.
        BatchRefused: The provider takes no batches of this model; nothing was paid for them.
        ModelStopped: The model server needs a person (key, credit, budget, model name); what was read is kept.
        ModelUnavailable: The model server answered nothing for too long; what was read is kept.
        JournalUnavailable, WarehouseBusy, WarehouseUnavailable: A store could not be used; what was read is kept.
    """
    plan = Plan(
        warehouse=warehouse,
        analyzer=analyzer,
        tenant_ids=tenant_ids,
        months=months,
        erased=erased,
        policies=policies,
        into=into,
    )
    backlog = None
    if batching is not None and isinstance(analyzer, BatchableAnalyzer):
        backlog = batching.backlog(
            journal=journal, analyzer=analyzer, run_id=run_id, tenant_ids=tenant_ids, budget=budget
        )
    run = _Run(
        plan=plan,
        warehouse=warehouse,
        journal=journal,
        analyzer=analyzer,
        tenant_ids=tenant_ids,
        report=EnrichmentReport(run_id),
        on_progress=on_progress or (lambda _: None),
        backlog=backlog,
        budget=budget,
        calls_expected=calls_expected,
    )
    return asyncio.run(run.run(max_concurrency, lease_seconds, patience_seconds))


class _Run:
    def __init__(
        self,
        *,
        plan: Plan,
        warehouse: Warehouse,
        journal: Journal,
        analyzer: Analyzer,
        tenant_ids: Sequence[TenantId],
        report: EnrichmentReport,
        on_progress: OnProgress,
        backlog: Backlog | None,
        budget: Budget | None,
        calls_expected: int | None,
    ) -> None:
        self._plan = plan
        self._warehouse = warehouse
        self._journal = journal
        self._analyzer = analyzer
        self._tenant_ids = tenant_ids
        self._report = report
        self._on_progress = on_progress
        self._backlog = backlog
        self._budget = budget
        self._calls_expected = calls_expected
        self._meter = Meter()
        self._driver: Driver | None = None

    async def run(self, max_concurrency: int, lease_seconds: float, patience_seconds: float) -> EnrichmentReport:
        started = time.monotonic()
        self._plan.prepare()
        if isinstance(self._analyzer, PaidAnalyzer):
            self._driver = Driver(
                journal=self._journal,
                analyzer=self._analyzer,
                run_id=self._report.run_id,
                max_concurrency=max_concurrency,
                lease_seconds=lease_seconds,
                patience_seconds=patience_seconds,
                may_fall_back=self._plan.into.may_fall_back,
                on_paid=self._tell,
                budget=self._budget,
            )
        try:
            if self._backlog:
                await asyncio.to_thread(self._backlog.prepare, self._backlog_pages())
            await overlapping(self._plan.pages(), self._read, depth=_PAGES_AT_ONCE if self._driver else 1)
        finally:
            await self._analyzer.close()
        self._settle()
        if self._plan.into.is_tidied:
            self._remove_orphans()
            remove_gone_from_shadows(self._warehouse, self._tenant_ids)
            deferred.forget_gone(self._warehouse, self._tenant_ids)
        self._report.duration_seconds = time.monotonic() - started
        _log.info(
            "analysis.enriched",
            run_id=self._report.run_id,
            messages=self._report.messages_seen,
            read=self._report.read,
            reused=self._report.reused,
            calls_paid=self._report.calls_paid,
            cost_usd=self._report.cost_usd,
            dead_letters=self._report.dead_letters,
            waiting=self._report.waiting,
            deferred=self._report.deferred,
            seconds=round(self._report.duration_seconds, 1),
        )
        return self._report

    async def _read(self, page: list[Message]) -> None:
        changes = self._plan.into.changes()
        erased = self._plan.erased()
        jobs = await self._jobs(page, erased, changes)
        outcomes = await self._outcomes(jobs)
        waited = await asyncio.to_thread(self._put_off, page, jobs)
        chaos.point("enrich.after_deferred")
        texts_kept: set[Place] = set()
        for job in jobs:
            outcome = outcomes.get(job.key)
            if outcome is None or not is_final(outcome):
                self._count_unread(job, outcome)
                continue
            self._keep(job, outcome, changes)
            await asyncio.sleep(0)
            place = job.message.place
            is_new = job.message.held_input_hash != job.text.input_hash or job.message.is_held_as_repeated
            # The text follows the sentiment reading, whose quotes are offsets into it.
            if is_new and job.task is AnalysisTask.SENTIMENT and place not in texts_kept:
                texts_kept.add(place)
                changes.add_text(job.message, job.text, outcome.ended_at)
            elif job.message.is_stale and not is_new:
                changes.look_at(job.message)
        await asyncio.to_thread(changes.write, self._warehouse)
        unread = {_waits(job) for job in jobs if (end := outcomes.get(job.key)) is None or not is_final(end)}
        await asyncio.to_thread(deferred.take_up, self._warehouse, waited - unread)
        # Who was erased while this page was read has been cleared before the page was written.
        for tenant_id, ticket_id in sorted((self._plan.erased() - erased) & {one.place[:2] for one in page}):
            forget(self._warehouse, self._journal, tenant_id, [ticket_id])
        self._report.messages_seen += len(page)
        self._tell()
        if self._driver and self._driver.stopped:
            raise self._told(self._driver.stopped)

    def _put_off(self, page: Sequence[Message], jobs: Sequence[Job]) -> set[deferred.Waiting]:
        """Write down what the budget had no room for; returns what of these tickets waited before."""
        if not self._plan.into.has_waiting_list:
            return set()
        refused: Mapping[str, Deferred] = self._driver.deferred if self._driver else {}
        waited = deferred.waiting_of(self._warehouse, {one.place[:2] for one in page})
        waiting_now = {_waits(job): refused[job.key] for job in jobs if job.key in refused}
        deferred.put_off(self._warehouse, waiting_now, waited, datetime.now(UTC))
        return set(waited)

    def _count_unread(self, job: Job, outcome: Outcome | None) -> None:
        task = self._report.tasks[job.task]
        if outcome is not None and outcome.ending is Ending.WAITING:
            task.waiting += 1
        elif self._driver is not None and job.key in self._driver.deferred:
            task.deferred += 1
        else:
            task.failed += 1

    def _backlog_pages(self) -> Iterator[list[BacklogCall]]:
        """Every call of this run that the warehouse has no answer to, before any of them is made."""
        for jobs in self._plan.questions():
            yield [
                BacklogCall(
                    key=job.key,
                    tenant_id=job.message.tenant_id,
                    ticket_id=job.message.ticket_id,
                    created_on=job.message.ticket_created_at.date(),
                    question=job.question,
                )
                for job in jobs
            ]

    async def _jobs(self, page: Sequence[Message], erased: Erased, changes: Changes) -> list[Job]:
        jobs: list[Job] = []
        for some in self._plan.jobs(page, erased, changes, self._report):
            jobs.extend(some)
            await asyncio.sleep(0)  # Calls of other pages are in flight.
        return jobs

    async def _outcomes(self, jobs: Sequence[Job]) -> dict[str, Outcome]:
        unique = {job.key: job for job in jobs}
        if self._driver is None:
            outcomes = {key: await self._here(job.question) for key, job in unique.items()}
            chaos.point("enrich.after_call")
            return outcomes
        held_back = await asyncio.to_thread(self._backlog.held_back, list(unique)) if self._backlog else set()
        outcomes = await self._driver.answer([job.call for key, job in unique.items() if key not in held_back])
        self._settle()
        waits = Outcome(Ending.WAITING, None, Usage(), self._report.run_id, datetime.now(UTC))
        return outcomes | dict.fromkeys(held_back, waits)

    async def _here(self, question: Question) -> Outcome:
        reading = await answered(self._analyzer, question)
        return Outcome(
            ending=Ending.ANSWERED,
            answer=reading.answer,
            usage=reading.usage,
            run_id=self._report.run_id,
            ended_at=datetime.now(UTC),
        )

    def _keep(self, job: Job, outcome: Outcome, changes: Changes) -> None:
        task = self._report.tasks[job.task]
        key = outcome.call_key or job.key
        if outcome.ending is Ending.DEAD:
            task.dead_letters += 1
            if job.message.dead_key(job.task) != key:
                changes.add_dead_letter(job.message, job.task, key, outcome)
            return
        task.read += 1
        origin = provenance(self._plan.identity(job.question), job.sent, key, outcome)
        if isinstance(outcome.answer, SentimentAnswer):
            changes.add_sentiment(job.message, job.sent, outcome.answer, origin)
        elif isinstance(outcome.answer, TopicsAnswer):
            changes.add_topics(job.message, outcome.answer, origin, job.question.taxonomy.version)

    def _settle(self) -> None:
        for task, report in self._report.tasks.items():
            spending = (self._driver.spent.get(task) if self._driver else None) or Spending()
            usage = spending.usage
            if self._backlog:
                batched = self._backlog.report.usage.get(task, Usage())
                report.batched_calls = self._backlog.report.calls.get(task, 0)
                report.batched_cost_usd = batched.cost_usd
                usage += batched
            report.calls_paid = spending.calls + report.batched_calls
            report.input_tokens = usage.input_tokens
            report.output_tokens = usage.output_tokens
            report.cost_usd = usage.cost_usd
        if self._backlog and self._backlog.report.waiting:
            self._report.batches_waiting = waiting(self._backlog.report.waiting)

    def _remove_orphans(self) -> None:
        changes = Changes()
        for place in source.orphans(self._warehouse, self._tenant_ids):
            self._report.messages_removed += 1
            changes.remove_message(place)
        changes.write(self._warehouse)

    def _tell(self) -> None:
        spent = self._driver.spent.values() if self._driver else ()
        self._on_progress(
            self._meter.progress(
                messages_done=self._report.messages_seen,
                messages_total=self._plan.message_count,
                calls_paid=sum(one.calls for one in spent),
                calls_total=self._calls_expected,
                cost_usd=sum(one.usage.cost_usd for one in spent),
            )
        )

    def _told(self, error: ChurnboardError) -> ChurnboardError:
        tenants = ", ".join(self._tenant_ids[:5]) + (" …" if len(self._tenant_ids) > 5 else "")
        return type(error)(
            f"{error} (Reading tickets of {tenants}: {self._report.messages_seen} of {self._plan.message_count} messages seen, "
            f"{self._report.calls_paid} calls paid.)"
        )


def _waits(job: Job) -> deferred.Waiting:
    return deferred.Waiting(job.message.tenant_id, job.message.ticket_id, job.task)
