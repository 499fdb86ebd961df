"""What an analyzer is: two separate questions about one text, answered out of closed lists, with what each answer cost.

Two calls and not one, because a combined call reads measurably worse (neutral swallows the rest). Who answers (rules on this
machine, a model behind an OpenAI-compatible server) is told by `Identity` and stands on every row.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from analysis.breaker import Route
from core.errors import Terminal
from core.vocabulary import AnalysisTask, AnalyzerKind, ChurnIntent, DiscoveryTask, Resolution, Sentiment, Target

MOST_QUOTES = 5
"""Quotes kept of one answer."""

MOST_TOPICS = 3
"""Topic labels a ticket may carry."""


class SentimentAnswer(BaseModel):
    """The answer to: in which tone, leaving or not, about what, is it solved, and where does it say so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quotes: tuple[str, ...] = Field(max_length=20)
    """Verbatim passages the judgement rests on, strongest first; first in the schema, so a model reads before it judges."""

    sentiment: Sentiment
    churn_intent: ChurnIntent
    target: Target
    resolution: Resolution


class TopicsAnswer(BaseModel):
    """The answer to: which topics of the taxonomy, best first; empty where none fits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topics: tuple[str, ...] = Field(max_length=20)


class TicketQuote(BaseModel):
    """A verbatim passage of the ticket of this number in its batch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ticket: int
    quote: str


class ProposedTopic(BaseModel):
    """A topic a model sees in a batch of tickets, with the numbers of those that are about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quotes: tuple[TicketQuote, ...] = Field(max_length=20)
    name: str
    description: str
    tickets: tuple[int, ...]


class ProposalsAnswer(BaseModel):
    """The answer to: which topics are these tickets about that the taxonomy has not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topics: tuple[ProposedTopic, ...] = Field(max_length=40)


class MergedTopic(BaseModel):
    """Proposals, by their numbers, that mean the same, with one name for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: tuple[int, ...]
    name: str
    description: str


class MergeAnswer(BaseModel):
    """The answer to: which of these proposals mean the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topics: tuple[MergedTopic, ...] = Field(max_length=200)


Answer = SentimentAnswer | TopicsAnswer | ProposalsAnswer | MergeAnswer
"""Any of them."""

Task = AnalysisTask | DiscoveryTask
"""What may be asked of a paid analyzer: the two questions about a ticket, and the two that find topics in many."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One active topic of a tenant."""

    name: str
    description: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class TopicRule:
    """What a person told whoever sorts tickets, in their own words; about one topic, or about all of them."""

    text: str
    topic: str | None = None
    example: str = ""
    """A passage the rule was written for."""


@dataclass(frozen=True, slots=True)
class TopicExample:
    """A text whose topics a person decided, the one it is mainly about first; none where it belongs to no topic."""

    text: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """What a tenant's tickets are sorted by, as it stood at one version (0: never versioned)."""

    topics: tuple[Topic, ...] = ()
    rules: tuple[TopicRule, ...] = ()
    examples: tuple[TopicExample, ...] = ()
    version: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the topics, in their order."""
        return tuple(topic.name for topic in self.topics)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer cost. Unknown cost is 0 with the tokens beside it, never a guess."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    latency_ms: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
            self.latency_ms + other.latency_ms,
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers one task: everything that makes two answers comparable."""

    kind: AnalyzerKind
    model: str
    prompt_version: str
    schema_hash: str
    params: str = "{}"
    """What else shapes the answer (temperature, limits), as canonical JSON."""


A_co = TypeVar("A_co", bound=Answer, covariant=True)


@dataclass(frozen=True)
class Reading(Generic[A_co]):
    """An answer and what it cost."""

    answer: A_co
    usage: Usage


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask about one text; for topics, with the taxonomy the answer has to come from.

    For a discovery the text is a batch of tickets or a list of proposals, and the taxonomy what there is already.
    """

    task: Task
    text: str
    taxonomy: Taxonomy = field(default_factory=Taxonomy)
    prompt_version: str = ""
    """Which version of the task's prompt to ask with; empty: the newest."""

    @property
    def ticket_task(self) -> AnalysisTask:
        """The task of a question about one ticket or message; not for a discovery."""
        assert isinstance(self.task, AnalysisTask)  # noqa: S101 - who asks this is not discovering
        return self.task


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from a paid call, before anybody tried to understand it."""

    raw: str
    usage: Usage
    generation_id: str | None = None
    provider: str | None = None
    """Who served it, where the server stands in front of several."""


class UnreadableAnswer(Terminal):
    """What came back is not an answer to what was asked; the message says why, in words fit for a second question."""


class Analyzer(Protocol):
    """Whoever reads tickets."""

    def identity(self, task: AnalysisTask, prompt_version: str = "") -> Identity:
        """Who answers this task, asked with this version of its prompt (empty: the newest).

        Raises:
            InvalidPrompt: There is no such version.
        """
        ...

    async def sentiment(self, text: str) -> Reading[SentimentAnswer]:
        """The tone of `text`, whether it speaks of leaving, what it is about, and the quotes that say so.

        Raises:
            UnreadableAnswer: No usable answer was to be had.
        """
        ...

    async def topics(self, text: str, taxonomy: Taxonomy) -> Reading[TopicsAnswer]:
        """The topics of `taxonomy` that fit `text`, best first, none where none fits.

        Raises:
            UnreadableAnswer: No usable answer was to be had.
        """
        ...

    async def close(self) -> None:
        """Give back connections; a later call opens new ones."""
        ...


async def answered(analyzer: Analyzer, question: Question) -> Reading[SentimentAnswer] | Reading[TopicsAnswer]:
    """The question put to the analyzer, whichever task it is.

    Raises:
        UnreadableAnswer: No usable answer was to be had.
    """
    if question.task is AnalysisTask.TOPICS:
        return await analyzer.topics(question.text, question.taxonomy)
    return await analyzer.sentiment(question.text)


@runtime_checkable
class PaidAnalyzer(Analyzer, Protocol):
    """An analyzer whose calls cost money, so the call and the understanding of what came back are two steps."""

    fallback_model: str
    """The model that is asked where the main one cannot be, or twice gave no usable answer; empty: none."""

    providers: tuple[str, ...]
    """Who may serve behind the server, in the order of preference; empty: whoever it chooses."""

    def identity(self, task: Task, prompt_version: str = "") -> Identity:
        """See `Analyzer.identity`."""
        ...

    async def ask(self, question: Question, *, complaint: str | None = None, route: Route | None = None) -> Reply:
        """Make one paid call; with `complaint` (why the last answer was unusable), a fresh and shorter one.

        `route` says which model is asked, and through whom; the main one where there is none.

        Raises:
            ModelCallError: A subclass says what to do, see `analysis.llm.failures`.
        """
        ...

    def request(self, question: Question) -> Mapping[str, Any]:
        """The body that `ask` would send."""
        ...

    def parse(self, question: Question, raw: str) -> Answer:
        """The answer in a stored reply; the same reply always gives the same answer.

        Raises:
            UnreadableAnswer: There is none in it.
        """
        ...


@runtime_checkable
class BatchableAnalyzer(PaidAnalyzer, Protocol):
    """A paid analyzer whose calls can also be made many at a time, by the provider, hours later."""

    @property
    def model(self) -> str:
        """The model as the provider spells it."""
        ...

    def request(self, question: Question) -> Mapping[str, Any]:
        """The body that `ask` would send, model included; the name of the answer's schema under `response_format`."""
        ...


def call_key(tenant_id: str, identity: Identity, question: Question) -> str:
    """What one call is known by: the same key is never paid for twice.

    SHA-256 over tenant, task, prompt version, model, parameters, schema and text; for topics the taxonomy as it stood is one of
    the parameters, since another list of labels is another question.
    """
    parts = [
        tenant_id,
        question.task.value,
        identity.kind.value,
        identity.prompt_version,
        identity.model,
        identity.params,
        "" if question.task is AnalysisTask.SENTIMENT else taxonomy_fingerprint(question.taxonomy),
        identity.schema_hash,
        question.text,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


@lru_cache(maxsize=256)
def taxonomy_fingerprint(taxonomy: Taxonomy) -> str:
    """SHA-256 over topics, rules and examples, whatever order they came in; not over the version, which asks nothing."""
    parts = [
        sorted([topic.name, topic.description, topic.parent or ""] for topic in taxonomy.topics),
        sorted([rule.text, rule.topic or "", rule.example] for rule in taxonomy.rules),
        sorted([example.text, *example.topics] for example in taxonomy.examples),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def hashed(schema: Mapping[str, object]) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a JSON schema."""
    return hashlib.sha256(canonical_json(schema).encode()).hexdigest()[:16]


def canonical_json(value: Mapping[str, object]) -> str:
    """JSON with sorted keys and no white space, so equal values are equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
