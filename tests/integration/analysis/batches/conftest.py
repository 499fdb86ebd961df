"""A batch server for the tests of this folder, a journal on each engine, and a run's backlog over both."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr

from analysis.analyzer import Question, call_key
from analysis.batches import Backlog, BacklogCall, BatchClient
from analysis.batches.openai import OpenAIBatches
from analysis.batches.openrouter import OpenRouterBatches
from analysis.journal import Journal
from analysis.llm import OpenAICompatibleAnalyzer
from core.vocabulary import AnalysisTask
from tests.support.fake_batches import FakeBatches

MODEL = "test/model"


@pytest.fixture(scope="module")
def started() -> Iterator[FakeBatches]:
    with FakeBatches() as started:
        yield started


@pytest.fixture
def server(started: FakeBatches) -> FakeBatches:
    started.reset()
    return started


@pytest.fixture(params=["openrouter", "openai"])
def provider(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def journal_url(database_url: str) -> str:
    return database_url


def client_of(server: FakeBatches) -> Callable[[str], BatchClient]:
    def make(provider: str) -> BatchClient:
        kind = OpenRouterBatches if provider == "openrouter" else OpenAIBatches
        return kind(base_url=server.url, api_key=SecretStr("sk-test"), model=MODEL)

    return make


def analyzer_of(server: FakeBatches) -> OpenAICompatibleAnalyzer:
    return OpenAICompatibleAnalyzer(base_url=server.url, api_key=SecretStr("sk-test"), model=MODEL)


def calls(server: FakeBatches, count: int, *, tenant: str = "acme", start: int = 0) -> list[BacklogCall]:
    identity = analyzer_of(server).identity(AnalysisTask.SENTIMENT)
    made = []
    for number in range(start, start + count):
        question = Question(AnalysisTask.SENTIMENT, f"Ticket {number:04}\n\nThis is unacceptable.")
        key = call_key(tenant, identity, question)
        made.append(BacklogCall(key, tenant, str(number), date(2026, 1 + number % 12, 5), question))
    return made


def backlog(server: FakeBatches, journal: Journal, provider: str | None, **more: Any) -> Backlog:
    settings: dict[str, Any] = {
        "run_id": "run-1",
        "tenant_ids": ["acme"],
        "from_calls": 1,
        "size": 5,
        "wait_seconds": 10.0,
        "first_pause_seconds": 0.05,
    }
    return Backlog(
        journal=journal, analyzer=analyzer_of(server), clients=client_of(server), provider=provider, **settings | more
    )
