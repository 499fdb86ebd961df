"""A real model behind a real server reads fifty tickets the way production reads them (`make test-llm`).

Asserted is what must hold with any model: every answer that ended is of the asked-for form, every quote stands in its text, what
could not be read is a dead letter with a reason, and a second run pays nothing. How well this small one reads is printed.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from analysis import enrich, open_journal
from analysis.llm import OpenAICompatibleAnalyzer
from core.vocabulary import AnalysisTask
from core.warehouse import connect
from ingestion.sandbox.generate import generate_world
from tests.support.tickets import enriched, stage, ticket

pytestmark = [pytest.mark.llm, pytest.mark.timeout(3600)]

TICKETS = 50


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """The address of the model server."""
    python = os.environ["TEST_LLM_PYTHON"]
    script = Path(__file__).with_name("server.py")
    model = Path(python).parent.parent / "model.gguf"
    with subprocess.Popen(
        [python, str(script), str(model)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = next((line.strip() for line in server.stdout if line.startswith("http")), "")
            assert address, "the model server ended before it listened"
            yield f"{address}/v1"
        finally:
            server.kill()


def test_fifty_tickets_are_read_by_a_real_model(
    base_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = generate_world(seed=11, tenants=1, tickets=400, months=6, until=datetime(2026, 11, 20, tzinfo=UTC))
    planted = {truth.ticket_id: truth for truth in world.ticket_truth if truth.sentiment}
    portal = world.portal(world.ticket_truth[0].tenant_id)
    with portal.reading() as (stores, _):
        records = [(one, stores["tickets"].find(int(one))) for one in sorted(planted)[:TICKETS]]
    staged = [
        ticket(one, record.properties.get("subject"), record.properties.get("content"))
        for one, record in records
        if record
    ]
    assert len(staged) == TICKETS
    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}", lock_timeout_seconds=30)
    stage(warehouse, staged, dict(portal.tenant.topics))
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.db'}")

    def read(run_id: str) -> tuple[int, int]:
        report = enrich(
            warehouse=warehouse,
            journal=journal,
            analyzer=OpenAICompatibleAnalyzer(
                base_url=base_url, api_key=SecretStr(""), model="small", timeout_seconds=280
            ),
            tenant_ids=["acme"],
            months=None,
            run_id=run_id,
            max_concurrency=2,
        )
        return report.calls_paid, report.failed

    paid, failed = read("run-1")
    assert failed == 0
    again, _ = read("run-2")
    assert again == 0

    rows = enriched(warehouse)
    letters = rows["dead_letters"]
    for task, read_rows in (
        (AnalysisTask.SENTIMENT, rows["message_sentiment"]),
        (AnalysisTask.TOPICS, rows["ticket_topics"]),
    ):
        read_ids = {row["ticket_id"] for row in read_rows}
        dead_ids = {row["ticket_id"] for row in letters if row["task"] == task}
        assert read_ids | dead_ids == {row["ticket_id"] for row in staged}
        assert not read_ids & dead_ids
    assert all(row["reason"] for row in letters)
    # The server holds answers to the schema, so all that can go wrong is one that does not end in time, twice.
    assert 2 * TICKETS <= paid <= 4 * TICKETS
    assert all("broken off" in row["reason"] for row in letters)
    assert len(letters) <= 0.1 * 2 * TICKETS

    texts = {row["ticket_id"]: row["text"] for row in rows["message_texts"]}
    for row in rows["message_evidence"]:
        assert texts[row["ticket_id"]][row["quote_start"] : row["quote_end"]] == row["quote"]
    sentiment = rows["message_sentiment"]
    verified = sum(row["is_evidence_ok"] for row in sentiment)
    right = sum((row["level"] < 0) == ("negative" in (planted[row["ticket_id"]].sentiment or "")) for row in sentiment)
    topics = Counter(
        row["topic"] == planted[row["ticket_id"]].topic for row in rows["ticket_topics"] if row["topic_rank"] == 1
    )
    with capsys.disabled():
        sys.stdout.write(
            json.dumps(
                {
                    "tickets": TICKETS,
                    "calls": paid,
                    "dead_letters": len(letters),
                    "readings_with_a_located_quote": verified,
                    "negative_or_not_as_planted": right,
                    "topic_as_planted": topics[True],
                    "output_tokens": sum(row["output_tokens"] for row in sentiment),
                },
                indent=1,
            )
        )
