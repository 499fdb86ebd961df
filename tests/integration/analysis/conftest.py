"""A language model server for the tests below this folder, one a module and forgetful between tests, and a journal.

Whoever wants another server, or a journal elsewhere, overrides `server_class` or `journal_url`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.journal import Journal, open_journal
from tests.support.fake_llm import FakeLLM


@pytest.fixture(scope="module")
def server_class() -> type[FakeLLM]:
    return FakeLLM


@pytest.fixture(scope="module")
def server(server_class: type[FakeLLM]) -> Iterator[FakeLLM]:
    with server_class() as started:
        yield started


@pytest.fixture
def llm(server: FakeLLM) -> FakeLLM:
    server.reset()
    return server


@pytest.fixture
def journal_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    opened = open_journal(journal_url)
    yield opened
    opened.close()
