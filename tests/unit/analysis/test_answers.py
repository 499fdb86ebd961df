"""What a model wrote becomes an answer, or a reason why not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.analyzer import Question, SentimentAnswer, Taxonomy, Topic, TopicsAnswer, UnreadableAnswer
from analysis.llm.answers import answer_schema, parse_answer
from core.vocabulary import AnalysisTask, Sentiment

SENTIMENT = Question(AnalysisTask.SENTIMENT, "text")
TOPICS = Question(AnalysisTask.TOPICS, "text", Taxonomy((Topic("Login"), Topic("API, webhooks"))))
GOOD = {
    "quotes": ["a, }"],
    "sentiment": "negative",
    "churn_intent": "implied",
    "target": "billing",
    "resolution": "unsolved",
}


def body(content: object, finish_reason: str = "stop") -> str:
    return json.dumps({"choices": [{"finish_reason": finish_reason, "message": {"content": content}}]})


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(GOOD),
        f"```json\n{json.dumps(GOOD)}\n```",
        json.dumps(GOOD)[:-1] + ",}",
        json.dumps(GOOD | {"sentiment": " Negative "}),
        [{"type": "text", "text": json.dumps(GOOD)}],
    ],
)
def test_only_the_wrapping_is_mended(content: object) -> None:
    assert parse_answer(SENTIMENT, body(content)) == SentimentAnswer.model_validate(GOOD)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no object", "no JSON object"),
        ("{'quotes': []}", "malformed"),
        ("", "empty"),
        (None, "empty"),
        (json.dumps(GOOD | {"sentiment": "angry"}), "sentiment"),
        (json.dumps(GOOD | {"target": None}), "target"),
        (json.dumps(GOOD | {"quotes": [1]}), "quotes"),
        (json.dumps({"sentiment": "negative"}), "quotes"),
        ("{" * 100_000 + "}", "malformed"),
    ],
)
def test_what_is_missing_or_outside_the_lists_is_refused(content: object, said: str) -> None:
    with pytest.raises(UnreadableAnswer, match=said):
        parse_answer(SENTIMENT, body(content))


def test_a_cut_off_answer_says_so_and_a_complete_one_does_not_care() -> None:
    with pytest.raises(UnreadableAnswer, match="broken off"):
        parse_answer(SENTIMENT, body('{"quotes": ["a', "length"))
    assert parse_answer(SENTIMENT, body(json.dumps(GOOD), "length"))


@pytest.mark.parametrize(
    ("labels", "topics"),
    [
        (["Login"], ("Login",)),
        (["login ", "Login"], ("Login",)),
        (["none"], ()),
        ([], ()),
        (["none", "Login"], ("Login",)),
    ],
)
def test_topics_are_names_of_the_taxonomy(labels: list[str], topics: tuple[str, ...]) -> None:
    assert parse_answer(TOPICS, body(json.dumps({"topics": labels}))) == TopicsAnswer(topics=topics)


def test_a_topic_nobody_defined_is_refused() -> None:
    with pytest.raises(UnreadableAnswer, match="no topic named 'billing'"):
        parse_answer(TOPICS, body(json.dumps({"topics": ["Billing"]})))


@given(st.text(max_size=200) | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(json.dumps))
def test_anything_a_server_may_send_is_an_answer_or_a_reason(raw: str) -> None:
    for text in (raw, body(raw)):
        with pytest.raises(UnreadableAnswer):
            parse_answer(SENTIMENT, text)


def test_the_schema_is_strict_and_asks_for_quotes_first() -> None:
    schema = answer_schema(SENTIMENT)
    assert next(iter(schema["properties"])) == "quotes"
    assert schema["required"] == list(schema["properties"])
    assert schema["properties"]["sentiment"]["enum"] == [level.value for level in Sentiment]
    assert answer_schema(TOPICS)["properties"]["topics"]["items"]["enum"] == ["Login", "API, webhooks", "none"]
