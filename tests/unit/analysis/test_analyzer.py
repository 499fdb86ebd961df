"""A call is known by everything that makes its answer what it is, and by nothing else."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from analysis import make_analyzer
from analysis.analyzer import Identity, PaidAnalyzer, Question, Taxonomy, Topic, TopicExample, TopicRule, call_key
from analysis.embedded import EmbeddedAnalyzer
from analysis.llm import OpenAICompatibleAnalyzer
from analysis.make import AnalyzerNotConfigured
from core.settings import AnalysisSettings
from core.vocabulary import AnalysisTask, AnalyzerKind

IDENTITY = Identity(AnalyzerKind.OPENAI_COMPATIBLE, "m", "2026-11-a", "s", "{}")
TAXONOMY = Taxonomy(
    (Topic("A", "first"), Topic("B")), (TopicRule("r", "A"), TopicRule("s")), (TopicExample("e", ("A",)),)
)
QUESTION = Question(AnalysisTask.TOPICS, "text", TAXONOMY)


def test_the_same_question_has_the_same_key() -> None:
    other = Taxonomy(TAXONOMY.topics[::-1], TAXONOMY.rules[::-1], TAXONOMY.examples, version=7)
    shuffled = replace(QUESTION, taxonomy=other)
    assert call_key("acme", IDENTITY, QUESTION) == call_key("acme", IDENTITY, shuffled)


def test_whatever_changes_the_answer_changes_the_key() -> None:
    keys = [
        call_key("acme", IDENTITY, QUESTION),
        call_key("globex", IDENTITY, QUESTION),
        call_key("acme", replace(IDENTITY, model="n"), QUESTION),
        call_key("acme", replace(IDENTITY, prompt_version="2026-11-b"), QUESTION),
        call_key("acme", replace(IDENTITY, schema_hash="t"), QUESTION),
        call_key("acme", replace(IDENTITY, params='{"temperature":1}'), QUESTION),
        call_key("acme", replace(IDENTITY, kind=AnalyzerKind.EMBEDDED), QUESTION),
        call_key("acme", IDENTITY, replace(QUESTION, text="text ")),
        call_key("acme", IDENTITY, replace(QUESTION, task=AnalysisTask.SENTIMENT)),
        *(
            call_key("acme", IDENTITY, replace(QUESTION, taxonomy=replace(TAXONOMY, **changed)))
            for changed in (
                {"topics": (Topic("A", "other"), Topic("B"))},
                {"topics": (Topic("A", "first"),)},
                {"rules": ()},
                {"rules": (TopicRule("r", "A"), TopicRule("s", "B"))},
                {"examples": ()},
                {"examples": (TopicExample("e", ("B",)),)},
            )
        ),
    ]
    assert len(set(keys)) == len(keys)


def test_without_a_key_the_embedded_analyzer_reads() -> None:
    chosen = make_analyzer(AnalysisSettings())
    assert isinstance(chosen, EmbeddedAnalyzer)
    assert not isinstance(chosen, PaidAnalyzer)


def test_with_a_key_the_model_reads() -> None:
    chosen = make_analyzer(AnalysisSettings(llm_api_key=SecretStr("k"), llm_model="some/model"))
    assert isinstance(chosen, OpenAICompatibleAnalyzer)
    assert isinstance(chosen, PaidAnalyzer)
    identity = chosen.identity(AnalysisTask.SENTIMENT)
    assert (identity.kind, identity.model, identity.prompt_version) == (
        AnalyzerKind.OPENAI_COMPATIBLE,
        "some/model",
        "2026-11-b",
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"llm_model": ""}, "LLM_MODEL"),
        ({"llm_base_url": "openrouter.ai"}, "LLM_BASE_URL"),
        ({"llm_lease_seconds": 30}, "LLM_LEASE_SECONDS"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(AnalyzerNotConfigured, match=said):
        make_analyzer(AnalysisSettings(analyzer="openai_compatible", **settings))
