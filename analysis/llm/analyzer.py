"""The analyzer that asks a model: builds the question, leaves sending to the client and understanding to `answers`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from analysis.analyzer import (
    Answer,
    Identity,
    Question,
    Reading,
    Reply,
    SentimentAnswer,
    Task,
    Taxonomy,
    TopicsAnswer,
    UnreadableAnswer,
    canonical_json,
)
from analysis.breaker import Route
from analysis.llm.answers import answer_schema, parse_answer, schema_hash
from analysis.llm.client import ChatClient
from analysis.llm.price import UNKNOWN_PRICE, Price
from analysis.llm.taxonomy import written_examples, written_rules, written_topics
from analysis.prompts import PromptLibrary
from analysis.text import text_hash
from analysis.topics.nearest import narrowed
from core.vocabulary import AnalysisTask, AnalyzerKind, DiscoveryTask

_MAX_TOKENS = 800
# An answer that was cut off needs room, and a second unreadable one is final, so the second question is generous; a discovery
# answers about many tickets at once.
_MAX_TOKENS_AGAIN = 4_000
_TEMPERATURE = 0


class OpenAICompatibleAnalyzer:
    """See `analysis.analyzer.PaidAnalyzer`."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        model: str,
        fallback_model: str = "",
        providers: Sequence[str] = (),
        timeout_seconds: float = 60,
        prompts: PromptLibrary | None = None,
        price: Price = UNKNOWN_PRICE,
    ) -> None:
        self._prompts = prompts or PromptLibrary()
        self._client = ChatClient(
            base_url=base_url,
            api_key=api_key,
            model=model,
            timeout_seconds=timeout_seconds,
            providers=providers,
            price=price,
        )
        self.fallback_model = fallback_model
        self.providers = tuple(providers)

    def identity(self, task: Task, prompt_version: str = "") -> Identity:
        """See `Analyzer.identity`."""
        prompt = self._prompts.load(task, prompt_version)
        return Identity(
            kind=AnalyzerKind.OPENAI_COMPATIBLE,
            model=self._client.model,
            prompt_version=prompt.version,
            schema_hash=schema_hash(task),
            params=canonical_json(
                {"max_tokens": _max_tokens(task), "prompt": prompt.fingerprint, "temperature": _TEMPERATURE}
            ),
        )

    async def sentiment(self, text: str) -> Reading[SentimentAnswer]:
        """See `Analyzer.sentiment`."""
        reading = await self._read(Question(AnalysisTask.SENTIMENT, text))
        assert isinstance(reading.answer, SentimentAnswer)  # noqa: S101 - the task decides the type
        return Reading(reading.answer, reading.usage)

    async def topics(self, text: str, taxonomy: Taxonomy) -> Reading[TopicsAnswer]:
        """See `Analyzer.topics`."""
        reading = await self._read(Question(AnalysisTask.TOPICS, text, narrowed(taxonomy, text)))
        assert isinstance(reading.answer, TopicsAnswer)  # noqa: S101 - the task decides the type
        return Reading(reading.answer, reading.usage)

    async def ask(self, question: Question, *, complaint: str | None = None, route: Route | None = None) -> Reply:
        """See `PaidAnalyzer.ask`."""
        return await self._client.complete(self._body(question, complaint), route)

    @property
    def model(self) -> str:
        """See `BatchableAnalyzer.model`."""
        return self._client.model

    def request(self, question: Question) -> Mapping[str, Any]:
        """See `BatchableAnalyzer.request`."""
        return {"model": self._client.model, **self._body(question, None)}

    def parse(self, question: Question, raw: str) -> Answer:
        """See `PaidAnalyzer.parse`."""
        return parse_answer(question, raw)

    async def close(self) -> None:
        """See `Analyzer.close`."""
        await self._client.close()

    def _body(self, question: Question, complaint: str | None) -> dict[str, Any]:
        # A mark the writer of the ticket could not know when writing it, nor could those of the examples.
        boundary = text_hash(question.text)[:16]
        messages = self._prompts.load(question.task, question.prompt_version).messages(
            is_again=complaint is not None,
            boundary=boundary,
            text=question.text,
            complaint=complaint or "",
            topics=written_topics(question.taxonomy),
            rules=written_rules(question.taxonomy),
            examples=written_examples(question.taxonomy, boundary),
        )
        schema = {"name": f"{question.task}_answer", "strict": True, "schema": answer_schema(question)}
        return {
            "messages": messages,
            "temperature": _TEMPERATURE,
            "max_tokens": _max_tokens(question.task) if complaint is None else _MAX_TOKENS_AGAIN,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }

    async def _read(self, question: Question) -> Reading[Answer]:
        reply = await self.ask(question)
        try:
            return Reading(self.parse(question, reply.raw), reply.usage)
        except UnreadableAnswer as error:
            again = await self.ask(question, complaint=str(error))
            return Reading(self.parse(question, again.raw), reply.usage + again.usage)


def _max_tokens(task: Task) -> int:
    return _MAX_TOKENS_AGAIN if isinstance(task, DiscoveryTask) else _MAX_TOKENS
