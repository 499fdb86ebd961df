"""The embedded analyzer: the same questions, answered by rules; the same text always gets the same answer.

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
from analysis.embedded.intent import Intent, churn_intent
from analysis.embedded.patterns import first_span, lowered
from analysis.embedded.resolution import resolution
from analysis.embedded.rules import load_rules
from analysis.embedded.sentences import quotable, sentences
from analysis.embedded.target import target
from analysis.embedded.tone import SentenceTone, tones
from analysis.embedded.topics import topics
from core.vocabulary import AnalysisTask, AnalyzerKind, ChurnIntent

MODEL = "embedded-rules"
_MOST_QUOTES = 3


class EmbeddedAnalyzer:
    """See `analysis.analyzer.Analyzer`."""

    def __init__(self) -> None:
        self._rules = load_rules()

    def identity(self, task: AnalysisTask, prompt_version: str = "") -> Identity:  # noqa: ARG002 - the rules are the prompt
        """See `Analyzer.identity`; the version of the rules stands where a prompt's would, whatever a tenant has pinned."""
        answer = SentimentAnswer if task is AnalysisTask.SENTIMENT else TopicsAnswer
        return Identity(
            kind=AnalyzerKind.EMBEDDED,
            model=MODEL,
            prompt_version=self._rules.version,
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
        answer = TopicsAnswer(topics=topics(text, taxonomy))
        return Reading(answer, _usage(started))

    async def close(self) -> None:
        """See `Analyzer.close`; there is nothing to give back."""

    def judge(self, text: str) -> SentimentAnswer:
        """The sentiment answer, for callers without an event loop."""
        low = lowered(text)
        spans = sentences(text)
        question_end = self._question_end(low)
        toned = tones(text, low, [span for span in spans if span[0] >= question_end], self._rules)
        level = levels.level(toned, self._survey_shift(low[:question_end]))
        intent = churn_intent(low, self._rules)
        telling = _telling(toned, level.level)
        leaving = [span for span in spans if any(span[0] <= start < span[1] for start, _ in intent.spans)]
        return SentimentAnswer(
            quotes=_quotes(text, telling, leaving, intent, spans),
            sentiment=level,
            churn_intent=intent.intent,
            target=target(low, [*(tone.span for tone in telling), *leaving], self._rules),
            resolution=resolution(low, level, self._rules),
        )

    def _question_end(self, low: str) -> int:
        """Where the subject ends when it is a question: a question has no tone of its own. 0 otherwise."""
        subject, blank, _ = low.partition("\n\n")
        return len(subject) if blank and subject.endswith("?") else 0

    def _survey_shift(self, subject: str) -> float:
        return sum(shift for pattern, shift in self._rules.survey_questions if first_span([pattern], subject))


def _telling(toned: Sequence[SentenceTone], level: int) -> list[SentenceTone]:
    """The sentences that decided, strongest first."""
    if level < 0:
        return sorted((tone for tone in toned if tone.balance < 0), key=lambda tone: tone.balance)[:_MOST_QUOTES]
    if level > 0:
        return sorted((tone for tone in toned if tone.balance > 0), key=lambda tone: -tone.balance)[:_MOST_QUOTES]
    return []


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
