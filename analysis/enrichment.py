"""Reads the tickets of some tenants and keeps what was read in the schema `enrichment`.

Tickets come from staging page by page; each is asked about once per task unless the warehouse already holds the answer to exactly
that question (same text, analyzer, model, prompt, schema, and for topics the same taxonomy). Paid answers come through the call
journal, so a kill at any moment loses at most the calls in flight and a second run pays nothing; the embedded analyzer goes around
it, because its answers cost nothing, are the same every time, and their keys already stand on the rows: what a kill loses is the
page being read. Both leave the same provenance.

The warehouse is touched between pages only, never while calls are in flight.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from analysis import tickets as source
from analysis.analyzer import (
    Analyzer,
    PaidAnalyzer,
    Question,
    SentimentAnswer,
    Taxonomy,
    TopicsAnswer,
    answered,
    call_key,
)
from analysis.changes import Changes, is_final, provenance
from analysis.driver import Call, Driver, Ending, Outcome
from analysis.erasure import Erased, forget
from analysis.journal import Journal
from analysis.report import EnrichmentReport, OnProgress, Progress
from analysis.tables import ensure_enrichment_tables
from analysis.text import TicketText, ticket_text
from analysis.tickets import Months, Ticket
from core import chaos
from core.errors import ChurnboardError
from core.logging import get_logger
from core.tenants import TenantId
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

_PAGE_PAID = 500
# Reading here takes seconds a page; a larger page means fewer writes.
_PAGE_EMBEDDED = 2_000

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """One task of one ticket that is not held yet."""

    ticket: Ticket
    text: TicketText
    question: Question
    key: str


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
) -> EnrichmentReport:
    """Read what is unread of these tenants' tickets.

    Args:
        warehouse: Holds staging (read) and `enrichment` (written).
        journal: Where paid calls are claimed and kept.
        analyzer: Who reads; see `analysis.make_analyzer`.
        tenant_ids: Whose tickets.
        months: First day and first day after, by the ticket's creation in UTC; None: all tickets.
        run_id: Stands on every row this run pays for.
        max_concurrency: Calls in flight at once, at most.
        lease_seconds: How long a call is left to its claimant before another run may make it.
        patience_seconds: How long the model may answer nothing before the run stops.
        on_progress: Told how far the run is.
        erased: Tenant and id of tickets whose words are erased, asked for around every page. They are not read again, and
            what was read of them stays as it is: a level without a quote.

    Returns:
        What was done.

    Raises:
        NothingStaged: The staging views are not built yet.
        ModelStopped: The model server needs a person (key, credit, budget, model name); what was read is kept.
        ModelUnavailable: The model server answered nothing for too long; what was read is kept.
        JournalUnavailable, WarehouseBusy, WarehouseUnavailable: A store could not be used; what was read is kept.
    """
    return asyncio.run(
        _Run(
            warehouse=warehouse,
            journal=journal,
            analyzer=analyzer,
            tenant_ids=tenant_ids,
            months=months,
            report=EnrichmentReport(run_id),
            on_progress=on_progress or (lambda _: None),
            erased=erased,
        ).run(max_concurrency, lease_seconds, patience_seconds)
    )


class _Run:
    def __init__(
        self,
        *,
        warehouse: Warehouse,
        journal: Journal,
        analyzer: Analyzer,
        tenant_ids: Sequence[TenantId],
        months: Months | None,
        report: EnrichmentReport,
        on_progress: OnProgress,
        erased: Callable[[], Erased],
    ) -> None:
        self._warehouse = warehouse
        self._journal = journal
        self._analyzer = analyzer
        self._tenant_ids = tenant_ids
        self._months = months
        self._report = report
        self._on_progress = on_progress
        self._erased = erased
        self._identities = {task: analyzer.identity(task) for task in AnalysisTask}
        self._taxonomies: dict[str, Taxonomy] = {}
        self._total = 0
        self._driver: Driver | None = None

    async def run(self, max_concurrency: int, lease_seconds: float, patience_seconds: float) -> EnrichmentReport:
        started = time.monotonic()
        with self._warehouse.snapshot() as snapshot:
            source.check_staged(snapshot)
            self._taxonomies = source.taxonomies(snapshot, self._tenant_ids)
            self._total = source.count_tickets(snapshot, self._tenant_ids, self._months)
        ensure_enrichment_tables(self._warehouse)
        if isinstance(self._analyzer, PaidAnalyzer):
            self._driver = Driver(
                journal=self._journal,
                analyzer=self._analyzer,
                run_id=self._report.run_id,
                max_concurrency=max_concurrency,
                lease_seconds=lease_seconds,
                patience_seconds=patience_seconds,
                on_paid=self._tell,
            )
        size = _PAGE_PAID if self._driver else _PAGE_EMBEDDED
        try:
            for page in source.pages(self._warehouse, self._tenant_ids, self._months, size):
                await self._read(page)
                self._tell()
        finally:
            await self._analyzer.close()
        self._remove_orphans()
        self._report.duration_seconds = time.monotonic() - started
        _log.info(
            "analysis.enriched",
            run_id=self._report.run_id,
            tickets=self._report.tickets_seen,
            read=self._report.read,
            reused=self._report.reused,
            calls_paid=self._report.calls_paid,
            cost_usd=self._report.cost_usd,
            dead_letters=self._report.dead_letters,
            seconds=round(self._report.duration_seconds, 1),
        )
        return self._report

    async def _read(self, page: list[Ticket]) -> None:
        changes = Changes()
        erased = self._erased()
        jobs = [job for ticket in page if ticket.place not in erased for job in self._jobs(ticket, changes)]
        outcomes = await self._outcomes(jobs)
        texts_kept: set[tuple[str, str]] = set()
        for job in jobs:
            outcome = outcomes.get(job.key)
            if outcome is None or not is_final(outcome):
                self._report.tasks[job.question.task].failed += 1
                continue
            self._keep(job, outcome, changes)
            place = job.ticket.place
            # The text follows the sentiment reading, whose quotes are offsets into it.
            is_new = job.ticket.held_input_hash != job.text.input_hash
            if is_new and (job.question.task is AnalysisTask.SENTIMENT) and place not in texts_kept:
                texts_kept.add(place)
                changes.add_text(job.ticket, job.text, outcome)
        changes.write(self._warehouse)
        # Who was erased while this page was read has been cleared before the page was written.
        for tenant_id, ticket_id in sorted((self._erased() - erased) & {ticket.place for ticket in page}):
            forget(self._warehouse, self._journal, tenant_id, [ticket_id])
        self._report.tickets_seen += len(page)
        if self._driver and self._driver.stopped:
            raise self._told(self._driver.stopped)

    def _jobs(self, ticket: Ticket, changes: Changes) -> list[_Job]:
        """What is still to be asked about a ticket; what is held and no longer holds is marked for removal."""
        text = ticket_text(ticket.subject, ticket.content)
        if text is None:
            self._report.tickets_without_text += 1
            if ticket.is_held:
                self._report.tickets_removed += 1
                changes.remove_ticket(ticket.tenant_id, ticket.ticket_id)
            return []
        jobs = []
        taxonomy = self._taxonomies.get(ticket.tenant_id, Taxonomy())
        for task in AnalysisTask:
            if task is AnalysisTask.TOPICS and not taxonomy.topics:
                if ticket.held_topics_key or ticket.dead_topics_key:
                    changes.remove_reading(ticket, task)
                continue
            question = Question(task, text.text, taxonomy if task is AnalysisTask.TOPICS else Taxonomy())
            key = call_key(ticket.tenant_id, self._identities[task], question)
            if self._is_held(ticket, text, task, key):
                self._report.tasks[task].reused += 1
            else:
                jobs.append(_Job(ticket, text, question, key))
        return jobs

    def _is_held(self, ticket: Ticket, text: TicketText, task: AnalysisTask, key: str) -> bool:
        if task is AnalysisTask.TOPICS:
            return ticket.held_topics_key == key
        return ticket.held_sentiment_key == key and ticket.held_input_hash == text.input_hash

    async def _outcomes(self, jobs: Sequence[_Job]) -> dict[str, Outcome]:
        unique = {job.key: job for job in jobs}
        if self._driver is None:
            outcomes = {key: await self._here(job.question) for key, job in unique.items()}
            chaos.point("enrich.after_call")
            return outcomes
        outcomes = await self._driver.answer(
            [Call(key, job.ticket.tenant_id, job.question, job.ticket.ticket_id) for key, job in unique.items()]
        )
        self._settle()
        return outcomes

    async def _here(self, question: Question) -> Outcome:
        reading = await answered(self._analyzer, question)
        return Outcome(
            ending=Ending.ANSWERED,
            answer=reading.answer,
            usage=reading.usage,
            run_id=self._report.run_id,
            ended_at=datetime.now(UTC),
        )

    def _keep(self, job: _Job, outcome: Outcome, changes: Changes) -> None:
        task = self._report.tasks[job.question.task]
        if outcome.ending is Ending.DEAD:
            task.dead_letters += 1
            dead = job.ticket.dead_topics_key
            if job.question.task is AnalysisTask.SENTIMENT:
                dead = job.ticket.dead_sentiment_key
            if dead != job.key:
                changes.add_dead_letter(job.ticket, job.question.task, job.key, outcome)
            return
        task.read += 1
        origin = provenance(self._identities[job.question.task], job.text, job.key, outcome)
        if isinstance(outcome.answer, SentimentAnswer):
            changes.add_sentiment(job.ticket, job.text, outcome.answer, origin)
        elif isinstance(outcome.answer, TopicsAnswer):
            changes.add_topics(job.ticket, outcome.answer, origin)

    def _settle(self) -> None:
        for task, spending in self._driver.spent.items() if self._driver else ():
            report = self._report.tasks[task]
            report.calls_paid = spending.calls
            report.input_tokens = spending.usage.input_tokens
            report.output_tokens = spending.usage.output_tokens
            report.cost_usd = spending.usage.cost_usd

    def _remove_orphans(self) -> None:
        changes = Changes()
        for tenant_id, ticket_id in source.orphans(self._warehouse, self._tenant_ids):
            self._report.tickets_removed += 1
            changes.remove_ticket(tenant_id, ticket_id)
        changes.write(self._warehouse)

    def _tell(self) -> None:
        paid = sum(spending.calls for spending in self._driver.spent.values()) if self._driver else 0
        self._on_progress(Progress(self._report.tickets_seen, self._total, paid))

    def _told(self, error: ChurnboardError) -> ChurnboardError:
        tenants = ", ".join(self._tenant_ids[:5]) + (" …" if len(self._tenant_ids) > 5 else "")
        return type(error)(
            f"{error} (Reading tickets of {tenants}: {self._report.tickets_seen} of {self._total} seen, "
            f"{self._report.calls_paid} calls paid.)"
        )
