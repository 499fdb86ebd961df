"""The embedded analyzer: the same questions, answered by rules and small trained weights; same text, same answer.

English only: other languages read as neutral unless emoji or shared words say otherwise. Irony is read at face value.
"""

import time
from collections.abc import Sequence

from analysis.analyzer import (
    Identity,
    Reading,
    SentimentAnswer,
    Taxonomy,
    TopicsAnswer,
    Usage,
    hashed,
)
from analysis.embedded import levels
from analysis.embedded.features import words
from analysis.embedded.head import load_head
from analysis.embedded.intent import Intent, churn_intent
from analysis.embedded.listening import Heard, listen
from analysis.embedded.resolution import resolution
from analysis.embedded.rules import load_rules
from analysis.embedded.sentences import quotable
from analysis.embedded.target import target
from analysis.embedded.tone import SentenceTone
from analysis.embedded.topics import TopicSorter
from core.vocabulary import AnalysisTask, AnalyzerKind, ChurnIntent

MODELS = {AnalysisTask.SENTIMENT: "embedded-rules-head", AnalysisTask.TOPICS: "embedded-profiles-ridge"}
_MOST_QUOTES = 3


class EmbeddedAnalyzer:
    """See `analysis.analyzer.Analyzer`."""

    def __init__(self) -> None:
        self._rules = load_rules()
        self._head = load_head()
        self._sorter = TopicSorter()

    def identity(self, task: AnalysisTask, prompt_version: str = "") -> Identity:  # noqa: ARG002 - the rules are the prompt
        """See `Analyzer.identity`; the versions of rules and weights stand where a prompt's would, whatever a tenant has pinned."""
        is_sentiment = task is AnalysisTask.SENTIMENT
        answer = SentimentAnswer if is_sentiment else TopicsAnswer
        return Identity(
            kind=AnalyzerKind.EMBEDDED,
            model=MODELS[task],
            prompt_version=f"{self._rules.version}+{self._head.version}" if is_sentiment else self._rules.version,
            schema_hash=hashed(answer.model_json_schema()),
        )

    async def sentiment(self, text: str) -> Reading[SentimentAnswer]:
        """See `Analyzer.sentiment`."""
        started = time.perf_counter()
        answer = self.judge(text)
        return Reading(answer, _usage(started))

    async def topics(self, text: str, taxonomy: Taxonomy) -> Reading[TopicsAnswer]:
        """See `Analyzer.topics`."""
        started = time.perf_counter()
        answer = TopicsAnswer(topics=self._sorter.sort(text, taxonomy))
        return Reading(answer, _usage(started))

    async def close(self) -> None:
        """See `Analyzer.close`; there is nothing to give back."""

    def judge(self, text: str) -> SentimentAnswer:
        """The sentiment answer, for callers without an event loop."""
        heard = listen(text, self._rules)
        above = self._head.above(heard.words, heard.measures)
        level = levels.level(above, heard.tones, heard.asked)
        intent = churn_intent(heard.low, self._rules)
        telling = self._telling(heard, level.level)
        leaving = [span for span in heard.spans if any(span[0] <= start < span[1] for start, _ in intent.spans)]
        return SentimentAnswer(
            quotes=_quotes(text, telling, leaving, intent, heard.spans),
            sentiment=level,
            churn_intent=intent.intent,
            target=target(heard.low, [*(tone.span for tone in telling), *leaving], self._rules),
            resolution=resolution(heard.low, level, self._rules),
        )

    def _telling(self, heard: Heard, level: int) -> list[SentenceTone]:
        """The sentences that decided, strongest first: by the rules, or by the head where the rules heard nothing of that kind."""
        if level == 0:
            return []
        sign = 1 if level > 0 else -1
        told = sorted((tone for tone in heard.tones if tone.balance * sign > 0), key=lambda tone: -tone.balance * sign)
        if told:
            return told[:_MOST_QUOTES]
        leaning = [(self._head.lean(words(heard.low[slice(*tone.span)])) * sign, tone) for tone in heard.tones]
        strongest = max(leaning, key=lambda one: one[0], default=None)
        return [strongest[1]] if strongest and strongest[0] > 0 else []


def _quotes(
    text: str,
    telling: Sequence[SentenceTone],
    leaving: Sequence[tuple[int, int]],
    intent: Intent,
    spans: Sequence[tuple[int, int]],
) -> tuple[str, ...]:
    quotes = [
        quotable(text, span, next((one for one in intent.spans if span[0] <= one[0] < span[1]), None))
        for span in leaving[:_MOST_QUOTES]
    ]
    quotes += [quotable(text, tone.span, tone.centre) for tone in telling]
    if not quotes and intent.intent is ChurnIntent.NONE and spans:
        # Nothing was felt: the sentence that says what it is about, which is the longest of the first few.
        quotes = [quotable(text, max(spans[:4], key=lambda span: span[1] - span[0]))]
    return tuple(dict.fromkeys(quote for quote in quotes if quote))[: _MOST_QUOTES + 1]


def _usage(started: float) -> Usage:
    return Usage(latency_ms=round((time.perf_counter() - started) * 1000))
