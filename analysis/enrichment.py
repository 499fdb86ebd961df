"""Reads the tickets of some tenants and keeps what was read in the schema `enrichment`.

Messages of customers come from staging page by page: each ticket's opening text, and what the customer wrote on it later. Tone is
asked of every one of them, topics of the opening text only, each once unless the warehouse already holds the answer to exactly
that question (same text, analyzer, model, prompt, schema, and for topics the same taxonomy). Paid answers come through the call
journal, so a kill at any moment loses at most the calls in flight and a second run pays nothing; the embedded analyzer goes around
it, because its answers cost nothing, are the same every time, and their keys already stand on the rows: what a kill loses is the
page being read. Both leave the same provenance.

The warehouse is touched between pages only, never while calls are in flight.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from analysis import messages as source
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
from analysis.masking import MaskedText
from analysis.messages import Message, Place
from analysis.policy import ReadingPolicy
from analysis.report import EnrichmentReport, OnProgress, Progress
from analysis.sending import Masking
from analysis.tables import ensure_enrichment_tables
from analysis.text import MessageText, later_text, opening_text, repeats
from analysis.tickets import Months, check_staged, taxonomies
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
    """One task of one message that is not held yet."""

    message: Message
    text: MessageText
    sent: MaskedText
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
    policies: Mapping[TenantId, ReadingPolicy] | None = None,
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
            policies=policies or {},
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
        policies: Mapping[TenantId, ReadingPolicy],
    ) -> None:
        self._warehouse = warehouse
        self._journal = journal
        self._analyzer = analyzer
        self._tenant_ids = tenant_ids
        self._months = months
        self._report = report
        self._on_progress = on_progress
        self._erased = erased
        self._masking = Masking(policies, is_sent=isinstance(analyzer, PaidAnalyzer))
        self._identities = {task: analyzer.identity(task) for task in AnalysisTask}
        self._taxonomies: dict[str, Taxonomy] = {}
        self._total = 0
        self._driver: Driver | None = None

    async def run(self, max_concurrency: int, lease_seconds: float, patience_seconds: float) -> EnrichmentReport:
        started = time.monotonic()
        with self._warehouse.snapshot() as snapshot:
            check_staged(snapshot)
            self._taxonomies = taxonomies(snapshot, self._tenant_ids)
            self._total = source.count_messages(snapshot, self._tenant_ids, self._months)
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
            messages=self._report.messages_seen,
            read=self._report.read,
            reused=self._report.reused,
            calls_paid=self._report.calls_paid,
            cost_usd=self._report.cost_usd,
            dead_letters=self._report.dead_letters,
            seconds=round(self._report.duration_seconds, 1),
        )
        return self._report

    async def _read(self, page: list[Message]) -> None:
        changes = Changes()
        erased = self._erased()
        self._masking.meet(self._warehouse, page)
        jobs = [job for one in page if one.place[:2] not in erased for job in self._jobs(one, changes)]
        outcomes = await self._outcomes(jobs)
        texts_kept: set[Place] = set()
        for job in jobs:
            outcome = outcomes.get(job.key)
            if outcome is None or not is_final(outcome):
                self._report.tasks[job.question.task].failed += 1
                continue
            self._keep(job, outcome, changes)
            place = job.message.place
            is_new = job.message.held_input_hash != job.text.input_hash or job.message.is_held_as_repeated
            # The text follows the sentiment reading, whose quotes are offsets into it.
            if is_new and (job.question.task is AnalysisTask.SENTIMENT) and place not in texts_kept:
                texts_kept.add(place)
                changes.add_text(job.message, job.text, outcome.ended_at)
            elif job.message.is_stale and not is_new:
                changes.look_at(job.message)
        changes.write(self._warehouse)
        # Who was erased while this page was read has been cleared before the page was written.
        for tenant_id, ticket_id in sorted((self._erased() - erased) & {one.place[:2] for one in page}):
            forget(self._warehouse, self._journal, tenant_id, [ticket_id])
        self._report.messages_seen += len(page)
        if self._driver and self._driver.stopped:
            raise self._told(self._driver.stopped)

    def _jobs(self, message: Message, changes: Changes) -> list[_Job]:
        """What is still to be asked about a message; what is held and no longer holds is marked for removal."""
        if message.is_erased:
            return []
        text = opening_text(message.subject, message.content) if message.is_opening else later_text(message.content)
        if text is None:
            self._report.messages_without_text += 1
            if message.is_held:
                self._report.messages_removed += 1
                changes.remove_message(message.place)
            return []
        if message.opening_content and repeats(message.content or "", message.opening_content):
            self._pass_over(message, text, changes)
            return []
        jobs = []
        sent = self._masking.sent(message, text.text)
        taxonomy = self._taxonomies.get(message.tenant_id, Taxonomy())
        for task in message.tasks:
            if task is AnalysisTask.TOPICS and not taxonomy.topics:
                changes.remove_reading(message, task)
                continue
            question = Question(task, sent.text, taxonomy if task is AnalysisTask.TOPICS else Taxonomy())
            key = call_key(message.tenant_id, self._identities[task], question)
            if self._is_held(message, text, task, key):
                self._report.tasks[task].reused += 1
            else:
                jobs.append(_Job(message, text, sent, question, key))
        if not jobs and message.is_stale:
            changes.look_at(message)
        return jobs

    def _pass_over(self, message: Message, text: MessageText, changes: Changes) -> None:
        """Keep a message that repeats the opening as one that is not read for itself."""
        self._report.messages_repeated += 1
        changes.remove_reading(message, AnalysisTask.SENTIMENT)
        if not message.is_held_as_repeated or message.held_input_hash != text.input_hash:
            changes.add_text(message, text, datetime.now(UTC), is_repeated=True)
        elif message.is_stale:
            changes.look_at(message)

    def _is_held(self, message: Message, text: MessageText, task: AnalysisTask, key: str) -> bool:
        if task is AnalysisTask.TOPICS:
            return message.held_topics_key == key
        return message.held_sentiment_key == key and message.held_input_hash == text.input_hash

    async def _outcomes(self, jobs: Sequence[_Job]) -> dict[str, Outcome]:
        unique = {job.key: job for job in jobs}
        if self._driver is None:
            outcomes = {key: await self._here(job.question) for key, job in unique.items()}
            chaos.point("enrich.after_call")
            return outcomes
        outcomes = await self._driver.answer(
            [Call(key, job.message.tenant_id, job.question, job.message.ticket_id) for key, job in unique.items()]
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
            if job.message.dead_key(job.question.task) != job.key:
                changes.add_dead_letter(job.message, job.question.task, job.key, outcome)
            return
        task.read += 1
        origin = provenance(self._identities[job.question.task], job.sent, job.key, outcome)
        if isinstance(outcome.answer, SentimentAnswer):
            changes.add_sentiment(job.message, job.sent, outcome.answer, origin)
        elif isinstance(outcome.answer, TopicsAnswer):
            changes.add_topics(job.message, outcome.answer, origin)

    def _settle(self) -> None:
        for task, spending in self._driver.spent.items() if self._driver else ():
            report = self._report.tasks[task]
            report.calls_paid = spending.calls
            report.input_tokens = spending.usage.input_tokens
            report.output_tokens = spending.usage.output_tokens
            report.cost_usd = spending.usage.cost_usd

    def _remove_orphans(self) -> None:
        changes = Changes()
        for place in source.orphans(self._warehouse, self._tenant_ids):
            self._report.messages_removed += 1
            changes.remove_message(place)
        changes.write(self._warehouse)

    def _tell(self) -> None:
        paid = sum(spending.calls for spending in self._driver.spent.values()) if self._driver else 0
        self._on_progress(Progress(self._report.messages_seen, self._total, paid))

    def _told(self, error: ChurnboardError) -> ChurnboardError:
        tenants = ", ".join(self._tenant_ids[:5]) + (" …" if len(self._tenant_ids) > 5 else "")
        return type(error)(
            f"{error} (Reading tickets of {tenants}: {self._report.messages_seen} of {self._total} messages seen, "
            f"{self._report.calls_paid} calls paid.)"
        )
