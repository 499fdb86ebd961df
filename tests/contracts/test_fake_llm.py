"""The model server of our tests, driven by OpenAI's own client: what we are tested against is what a real client takes."""

import asyncio
import json
import time
from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel, SecretStr

from analysis.analyzer import Question, Taxonomy, Topic
from analysis.llm import OpenAICompatibleAnalyzer
from core.vocabulary import AnalysisTask, ChurnIntent, Resolution, Sentiment, Target
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM

KEY = "sk-contract"


class Feeling(BaseModel):
    """The sentiment answer, as a client's own class."""

    quotes: list[str]
    sentiment: Sentiment
    churn_intent: ChurnIntent
    target: Target
    resolution: Resolution


@pytest.fixture(scope="module")
def server() -> Iterator[FakeLLM]:
    with FakeLLM(api_key=KEY, provider="Somebody") as started:
        yield started


@pytest.fixture
def llm(server: FakeLLM) -> FakeLLM:
    server.reset()
    return server


def client(llm: FakeLLM, *, key: str = KEY, retries: int = 0) -> OpenAI:
    return OpenAI(base_url=llm.url, api_key=key, max_retries=retries, timeout=20)


MESSAGES: list[dict[str, str]] = [
    {"role": "system", "content": "Read."},
    {"role": "user", "content": "ticket abc\nExports\n\nThis is unacceptable. We cancel.\nend of ticket abc"},
]


def ask(llm: FakeLLM, *, retries: int = 0, key: str = KEY) -> openai.types.chat.ChatCompletion:
    return client(llm, key=key, retries=retries).chat.completions.create(model="test/model", messages=MESSAGES)  # type: ignore[arg-type]


def test_a_schema_is_answered_in_that_schema(llm: FakeLLM) -> None:
    schema = {"name": "sentiment_answer", "strict": True, "schema": Feeling.model_json_schema()}
    made = client(llm).chat.completions.create(
        model="test/model",
        messages=MESSAGES,  # type: ignore[arg-type]
        response_format={"type": "json_schema", "json_schema": schema},  # type: ignore[misc, arg-type]
    )
    [choice] = made.choices
    assert choice.finish_reason == "stop"
    assert Feeling.model_validate_json(choice.message.content or "").churn_intent is ChurnIntent.EXPLICIT
    assert made.usage is not None
    assert (made.usage.prompt_tokens, made.usage.completion_tokens, made.usage.total_tokens) == (100, 20, 120)
    assert made.usage.model_extra == {"cost": 0.0001}
    assert (made.object, made.model) == ("chat.completion", "test/model")
    assert (made.model_extra or {})["provider"] == "Somebody"


def test_the_client_parses_what_is_answered_and_sees_a_refusal(llm: FakeLLM) -> None:
    parse = client(llm).chat.completions.parse
    good = parse(model="test/model", messages=MESSAGES, response_format=Feeling).choices[0].message  # type: ignore[arg-type]
    assert good.parsed is not None
    assert good.parsed.target is Target.SUPPORT
    llm.enqueue(fake.REFUSAL)
    refused = parse(model="test/model", messages=MESSAGES, response_format=Feeling).choices[0].message  # type: ignore[arg-type]
    assert (refused.parsed, refused.refusal) == (None, "I cannot help with that")
    llm.enqueue(fake.TRUNCATED)
    with pytest.raises(openai.LengthFinishReasonError):
        parse(model="test/model", messages=MESSAGES, response_format=Feeling)  # type: ignore[arg-type]
    for bad in (fake.WRONG_ENUM, fake.MALFORMED):
        llm.enqueue(bad)
        with pytest.raises(ValueError, match="validation error"):
            parse(model="test/model", messages=MESSAGES, response_format=Feeling)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (fake.BAD_KEY, openai.AuthenticationError),
        (fake.NO_CREDIT, openai.APIStatusError),
        (fake.BLOCKED, openai.PermissionDeniedError),
        (fake.BAD_REQUEST, openai.BadRequestError),
        (fake.TOO_LONG, openai.BadRequestError),
        (fake.throttled(None), openai.RateLimitError),
        (fake.DOWN, openai.InternalServerError),
        (fake.NOT_JSON, openai.InternalServerError),
        (fake.CUT, openai.APIConnectionError),
    ],
)
def test_each_failure_is_the_error_the_client_has_for_it(
    llm: FakeLLM, script: fake.Scripted, expected: type[openai.APIError]
) -> None:
    llm.enqueue(script)
    with pytest.raises(expected) as raised:
        ask(llm)
    if isinstance(raised.value, openai.APIStatusError) and isinstance(script.body, dict):
        assert raised.value.status_code == script.status
        assert isinstance(raised.value.body, dict)
        assert raised.value.body["message"] == script.body["error"]["message"]


def test_the_client_waits_as_long_as_a_refusal_says_and_asks_again(llm: FakeLLM) -> None:
    llm.storm(calls=2, retry_after="1")
    began = time.monotonic()
    assert ask(llm, retries=2).choices[0].message.content == "Hello."
    assert time.monotonic() - began >= 1.9
    assert len(llm.history) == 3


def test_a_storm_ends_by_the_clock_as_well(llm: FakeLLM) -> None:
    llm.storm(seconds=0.3)
    with pytest.raises(openai.RateLimitError):
        ask(llm)
    time.sleep(0.35)
    assert ask(llm).choices


def test_another_key_is_refused_everywhere(llm: FakeLLM) -> None:
    with pytest.raises(openai.AuthenticationError):
        ask(llm, key="sk-other")
    with pytest.raises(openai.AuthenticationError):
        client(llm, key="sk-other").models.list()


def test_its_models_are_listed(llm: FakeLLM) -> None:
    assert [model.id for model in client(llm).models.list()] == list(fake.MODELS)


def test_a_stream_adds_up_to_the_same_answer(llm: FakeLLM) -> None:
    events = client(llm).chat.completions.create(model="test/model", messages=MESSAGES, stream=True)  # type: ignore[arg-type, call-overload]
    chunks = list(events)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello."
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens == 120


def test_openai_s_client_would_send_what_ours_sends(llm: FakeLLM) -> None:
    ours = OpenAICompatibleAnalyzer(base_url=llm.url, api_key=SecretStr(KEY), model="test/model")
    questions = [
        Question(AnalysisTask.SENTIMENT, "This is unacceptable."),
        Question(AnalysisTask.TOPICS, "Exports fail.", Taxonomy(topics=(Topic("Exports"),))),
    ]

    async def both() -> None:
        for question in questions:
            await ours.ask(question)
        await ours.close()

    asyncio.run(both())
    for received in list(llm.history):
        sent = dict(received.body)
        again = client(llm).chat.completions.create(**sent)
        assert json.loads(again.choices[0].message.content or "")
        assert llm.history[-1].body == received.body
