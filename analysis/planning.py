"""What is still to be asked about the messages of some tenants: everything that is neither held nor without words.

Messages of customers come from staging page by page: each ticket's opening text, and what the customer wrote on it later. Tone is
asked of every one of them, topics of the opening text only. Whoever reads, estimates or hands in work starts here, so all of them
mean the same questions. Asks nobody; what is held and no longer holds is noted in the page's `Changes`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from analysis import messages as source
from analysis.analyzer import Analyzer, Identity, PaidAnalyzer, Question, Taxonomy, call_key
from analysis.calls import Call, is_key_of
from analysis.changes import Changes
from analysis.destination import Destination
from analysis.erasure import Erased
from analysis.masking import MaskedText
from analysis.messages import Message
from analysis.policy import ReadingPolicy
from analysis.report import EnrichmentReport
from analysis.sending import MaskedPage, Masking
from analysis.text import MessageText, later_text, opening_text, repeats
from analysis.tickets import Months, check_staged
from analysis.topics.nearest import taxonomy_for
from analysis.topics.taxonomy import TenantTaxonomy, read_taxonomies
from core.tenants import TenantId
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

_PAGE_PAID = 500
# Reading here takes seconds a page; a larger page means fewer writes.
_PAGE_EMBEDDED = 2_000


@dataclass(frozen=True, slots=True)
class Job:
    """One task of one message that is not held yet.

    Attributes:
        text: What was written.
        sent: The same as it is asked about.
        key: What the call is known by.
    """

    message: Message
    text: MessageText
    sent: MaskedText
    question: Question
    key: str

    @property
    def task(self) -> AnalysisTask:
        """Which task."""
        return self.question.ticket_task

    @property
    def call(self) -> Call:
        """The job as the driver knows it."""
        return Call(self.key, self.message.tenant_id, self.question, self.message.ticket_id)


class Plan:
    """The questions of one run."""

    def __init__(
        self,
        *,
        warehouse: Warehouse,
        analyzer: Analyzer,
        tenant_ids: Sequence[TenantId],
        months: Months | None,
        erased: Callable[[], Erased] = frozenset,
        policies: Mapping[TenantId, ReadingPolicy] | None = None,
        into: Destination | None = None,
    ) -> None:
        """A plan; the arguments are those of `analysis.enrich`."""
        self.erased = erased
        self.into = into or Destination()
        self.message_count = 0
        """How many messages the pages hold, once prepared."""
        self._warehouse = warehouse
        self._analyzer = analyzer
        self._tenant_ids = tenant_ids
        self._months = months
        self._policies = policies or {}
        self._is_paid = isinstance(analyzer, PaidAnalyzer)
        self._masking = Masking(self._policies, is_sent=self._is_paid)
        self._identities: dict[tuple[AnalysisTask, str], Identity] = {}
        self._taxonomies: dict[str, TenantTaxonomy] = {}

    def prepare(self) -> None:
        """Look at what there is, and make sure there is a place for what is read of it.

        Raises:
            NothingStaged: The staging views are not built yet.
            WarehouseBusy, WarehouseUnavailable: The warehouse cannot be used.
        """
        with self._warehouse.snapshot() as snapshot:
            check_staged(snapshot)
            masked = {one for one in self._tenant_ids if self._is_paid and self._policy(one).is_masked}
            self._taxonomies = read_taxonomies(snapshot, self._tenant_ids, masked=masked)
            self.message_count = source.count_messages(snapshot, self._tenant_ids, self._months)
        self.into.ready(self._warehouse)

    def pages(self) -> Iterator[list[Message]]:
        """The messages, a page at a time; each page is its own short read."""
        size = _PAGE_PAID if self._is_paid else _PAGE_EMBEDDED
        return source.pages(self._warehouse, self._tenant_ids, self._months, size)

    def questions(self) -> Iterator[list[Job]]:
        """What would be asked, a page at a time; notes and writes nothing.

        Raises:
            InvalidPrompt: A version of a prompt cannot be used.
        """
        for page in self.pages():
            found = self.jobs(page, self.erased(), self.into.changes(), EnrichmentReport("(plan)"))
            yield [job for some in found for job in some]

    def jobs(
        self, page: Sequence[Message], erased: Erased, changes: Changes, report: EnrichmentReport
    ) -> Iterator[list[Job]]:
        """What is to be asked about each message of a page; what is held, gone or repeated is counted and noted.

        Args:
            page: The messages.
            erased: Tenant and id of tickets to leave alone.
            changes: Told of what is held and no longer holds.
            report: Counts.
        """
        masked = self._masking.of(self._warehouse, page)
        for one in self.into.chosen(page):
            if one.place[:2] not in erased:
                yield self._jobs(one, masked, changes, report)

    def identity(self, question: Question) -> Identity:
        """Who is said to answer a question."""
        asked = question.ticket_task, question.prompt_version
        if asked not in self._identities:
            self._identities[asked] = self.into.asked_as(self._analyzer.identity(*asked))
        return self._identities[asked]

    def _jobs(self, message: Message, masked: MaskedPage, changes: Changes, report: EnrichmentReport) -> list[Job]:
        if message.is_erased:
            return []
        text = opening_text(message.subject, message.content) if message.is_opening else later_text(message.content)
        if text is None:
            report.messages_without_text += 1
            if message.is_held:
                report.messages_removed += 1
                changes.remove_message(message.place)
            return []
        if message.opening_content and repeats(message.content or "", message.opening_content):
            _pass_over(message, text, changes, report)
            return []
        jobs = []
        sent = masked.sent(message, text.text)
        for task in [task for task in message.tasks if task in self.into.tasks]:
            taxonomy = self._taxonomies.get(message.tenant_id)
            question = self._question(message, task, sent.text, taxonomy.current if taxonomy else Taxonomy())
            if question is None:
                changes.remove_reading(message, task)
                continue
            key = call_key(message.tenant_id, self.identity(question), question)
            self.into.asking(message.tenant_id, question, key)
            job = Job(message, text, sent, question, key)
            if self._is_held(job):
                report.tasks[task].reused += 1
            else:
                jobs.append(job)
        if not jobs and message.is_stale:
            changes.look_at(message)
        return jobs

    def _question(self, message: Message, task: AnalysisTask, text: str, taxonomy: Taxonomy) -> Question | None:
        """What is asked; None where there is nothing to sort by."""
        version = self._policy(message.tenant_id).prompt_version(task)
        if task is not AnalysisTask.TOPICS:
            return Question(task, text, prompt_version=version)
        if not taxonomy.topics:
            return None
        return Question(task, text, taxonomy_for(self._analyzer, taxonomy, text), version)

    def _policy(self, tenant_id: str) -> ReadingPolicy:
        return self._policies.get(TenantId(tenant_id), ReadingPolicy())

    def _is_held(self, job: Job) -> bool:
        if job.task is AnalysisTask.SENTIMENT and job.message.held_input_hash != job.text.input_hash:
            return False
        held = job.message.held_key(job.task)
        if is_key_of(job.call, self.identity(job.question), held):
            return True
        return job.task is AnalysisTask.TOPICS and bool(held) and self._is_held_by_another_name(job)

    def _is_held_by_another_name(self, job: Job) -> bool:
        """Whether the held labels were given by a version of the taxonomy from which only names have changed since."""
        taxonomy = self._taxonomies.get(job.message.tenant_id)
        for before in taxonomy.before if taxonomy else ():
            question = self._question(job.message, job.task, job.sent.text, before)
            if question is None:
                continue
            key = call_key(job.message.tenant_id, self.identity(question), question)
            if is_key_of(
                replace(job, question=question, key=key).call, self.identity(question), job.message.held_topics_key
            ):
                return True
        return False


def _pass_over(message: Message, text: MessageText, changes: Changes, report: EnrichmentReport) -> None:
    """Keep a message that repeats the opening as one that is not read for itself."""
    report.messages_repeated += 1
    changes.remove_reading(message, AnalysisTask.SENTIMENT)
    if not message.is_held_as_repeated or message.held_input_hash != text.input_hash:
        changes.add_text(message, text, datetime.now(UTC), is_repeated=True)
    elif message.is_stale:
        changes.look_at(message)
