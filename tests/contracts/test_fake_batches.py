"""The batch server of the tests speaks as OpenAI's own client expects: what passes here is what our client is tested against."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import NotFoundError, OpenAI

from tests.support.fake_batches import FakeBatches, Plan


@pytest.fixture
def server() -> Iterator[FakeBatches]:
    with FakeBatches() as started:
        yield started


@pytest.fixture
def client(server: FakeBatches) -> Iterator[OpenAI]:
    with OpenAI(api_key="sk-test", base_url=server.url, max_retries=0) as opened:
        yield opened


def line(custom_id: str, text: str) -> str:
    schema: dict[str, Any] = {"properties": {"quotes": {}, "sentiment": {}}}
    body = {
        "model": "gpt-test",
        "messages": [{"role": "user", "content": f"ticket 0\n{text}\nend of ticket 0"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "sentiment_answer", "schema": schema}},
    }
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}) + "\n"


def submit(client: OpenAI, *texts: str) -> str:
    content = "".join(line(str(number), text) for number, text in enumerate(texts))
    file = client.files.create(file=("batch.jsonl", content.encode()), purpose="batch")
    assert (file.purpose, file.filename, file.bytes) == ("batch", "batch.jsonl", len(content))
    created = client.batches.create(
        input_file_id=file.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"churnboard_batch": "k"},
    )
    assert (created.status, created.metadata) == ("validating", {"churnboard_batch": "k"})
    return created.id


def test_a_batch_from_file_to_results(server: FakeBatches, client: OpenAI) -> None:
    server.plan(Plan(failing={"Second": {"status": 400, "message": "bad"}}))
    batch = client.batches.retrieve(submit(client, "First", "Second"))
    assert batch.status == "completed"
    assert batch.request_counts is not None
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (2, 1, 1)
    assert batch.output_file_id is not None
    assert batch.error_file_id is not None
    [good] = [json.loads(one) for one in client.files.content(batch.output_file_id).text.splitlines()]
    [bad] = [json.loads(one) for one in client.files.content(batch.error_file_id).text.splitlines()]
    assert (good["custom_id"], good["response"]["status_code"]) == ("0", 200)
    assert "cost" not in good["response"]["body"]["usage"]
    assert (bad["custom_id"], bad["response"]["status_code"]) == ("1", 400)
    assert client.files.delete(batch.output_file_id).deleted
    with pytest.raises(NotFoundError):
        client.files.content(batch.output_file_id)


def test_batches_and_files_are_listed_newest_first(server: FakeBatches, client: OpenAI) -> None:
    made = [submit(client, "Text") for _ in range(3)]
    assert [one.id for one in client.batches.list(limit=2)] == made[::-1]
    assert next(iter(client.files.list(purpose="batch"))).filename == "batch.jsonl"


def test_a_cancelled_batch_keeps_what_it_finished(server: FakeBatches, client: OpenAI) -> None:
    server.seconds = 3600
    batch = client.batches.cancel(submit(client, "First", "Second"))
    assert batch.status in {"cancelling", "cancelled"}
    batch = client.batches.retrieve(batch.id)
    assert (batch.status, batch.output_file_id is not None) == ("cancelled", True)


@pytest.mark.parametrize(
    ("plan", "status"), [(Plan(expires_after=1), "expired"), (Plan(refusal="no such model"), "failed")]
)
def test_a_batch_that_ends_badly(server: FakeBatches, client: OpenAI, plan: Plan, status: str) -> None:
    server.plan(plan)
    batch = client.batches.retrieve(submit(client, "First", "Second"))
    assert batch.status == status
    if plan.refusal:
        assert batch.errors is not None
        assert batch.errors.data is not None
        assert batch.errors.data[0].message == "no such model"
