"""Asks an analyzer about tickets outside of reading: for a trial before shipping, a preview, a discovery.

What is asked about a ticket is what reading asks: masked where its tenant is, with the prompt it is pinned to. A paid analyzer is
asked through the call journal under the keys that reading uses, so an answer is paid for once, wherever it is first needed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.analyzer import Analyzer, Answer, PaidAnalyzer, Question, Taxonomy, UnreadableAnswer, answered, call_key
from analysis.budget import Budget, check_room
from analysis.calls import Call
from analysis.driver import Driver
from analysis.journal import Journal
from analysis.masking import MaskedText
from analysis.policy import ReadingPolicy
from analysis.sending import masked_texts
from analysis.topics.nearest import taxonomy_for
from core.settings import AnalysisSettings
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Asker:
    """Who is asked for one tenant, through which journal, and as which run.

    Attributes:
        policy: How the tenant's tickets are read.
        on_answered: Told after every answer, for a progress bar.
        budget: What paid calls may cost; None: any amount.
    """

    analyzer: Analyzer
    journal: Journal
    settings: AnalysisSettings
    run_id: str
    policy: ReadingPolicy = field(default_factory=ReadingPolicy)
    on_answered: Callable[[], None] = lambda: None
    budget: Budget | None = None

    @property
    def is_masked(self) -> bool:
        """Whether texts lose their personal details on the way."""
        return isinstance(self.analyzer, PaidAnalyzer) and self.policy.is_masked

    def sent(self, warehouse: Warehouse, tenant_id: str, texts: Mapping[str, str]) -> dict[str, MaskedText]:
        """Texts, by ticket, as they are sent.

        Raises:
            NothingStaged: They are to be masked, and the staging views that tell names are not built yet.
        """
        said = {ticket_id: (ticket_id, text) for ticket_id, text in texts.items()}
        with warehouse.snapshot() as snapshot:
            return masked_texts(snapshot, tenant_id, said, is_masked=self.is_masked)

    def about(self, taxonomy: Taxonomy, sent: str) -> Question:
        """The question for the topics of one text."""
        version = self.policy.prompt_version(AnalysisTask.TOPICS)
        return Question(AnalysisTask.TOPICS, sent, taxonomy_for(self.analyzer, taxonomy, sent), version)


def answers(
    asker: Asker, tenant_id: str, questions: Sequence[Question], ticket_ids: Sequence[str | None]
) -> list[Answer | None]:
    """The answers in the order of the questions; None where none was to be had.

    Args:
        asker: How to ask.
        tenant_id: For whom.
        questions: What.
        ticket_ids: About which ticket each is; None: about several.

    Raises:
        ModelStopped, ModelUnavailable, JournalUnavailable: As `analysis.enrich`; what was answered is in the journal.
        BudgetSpent: The tenant's month has no room for the rest; what was answered is in the journal.
    """
    return asyncio.run(_answers(asker, tenant_id, questions, ticket_ids))


async def _answers(
    asker: Asker, tenant_id: str, questions: Sequence[Question], ticket_ids: Sequence[str | None]
) -> list[Answer | None]:
    analyzer = asker.analyzer
    if not isinstance(analyzer, PaidAnalyzer):
        try:
            return [await _here(asker, question) for question in questions]
        finally:
            await analyzer.close()
    keys = [
        call_key(tenant_id, analyzer.identity(question.task, question.prompt_version), question)
        for question in questions
    ]
    calls = {
        key: Call(key, tenant_id, question, ticket_id)
        for key, question, ticket_id in zip(keys, questions, ticket_ids, strict=True)
    }
    driver = Driver(
        journal=asker.journal,
        analyzer=analyzer,
        run_id=asker.run_id,
        max_concurrency=asker.settings.llm_max_concurrency,
        lease_seconds=asker.settings.llm_lease_seconds,
        patience_seconds=_PATIENCE_SECONDS,
        on_paid=asker.on_answered,
        budget=asker.budget,
    )
    outcomes = await driver.answer_all(list(calls.values()))
    check_room(
        driver.deferred,
        what=f"of {len(calls):,} questions about tickets of {tenant_id} were not asked",
        advice=f"Raise it with `churnboard budget set {tenant_id}` and try again",
    )
    return [outcomes[key].answer if key in outcomes else None for key in keys]


async def _here(asker: Asker, question: Question) -> Answer | None:
    try:
        reading = await answered(asker.analyzer, question)
    except UnreadableAnswer:
        return None
    asker.on_answered()
    return reading.answer
