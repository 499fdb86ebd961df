"""A language model server for the tests of this folder, one a module and forgetful between tests."""

from collections.abc import Iterator

import pytest

from tests.support.fake_llm import FakeLLM


@pytest.fixture(scope="module")
def server() -> Iterator[FakeLLM]:
    with FakeLLM() as started:
        yield started


@pytest.fixture
def llm(server: FakeLLM) -> FakeLLM:
    server.reset()
    return server
