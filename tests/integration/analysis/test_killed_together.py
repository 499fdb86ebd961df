"""Two processes read the same tickets at once and are killed again and again: what is paid twice was in flight at a kill."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from analysis.journal import CallState, open_journal
from core.warehouse import Warehouse, connect
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import enriched, stage, ticket

TICKETS = 60
AT_ONCE = 4
KILLS = 4
LEASE_SECONDS = 2.0


def start(warehouse: Warehouse, journal_url: str, llm: FakeLLM, run_id: str) -> subprocess.Popen[bytes]:
    script = f"""
        from pydantic import SecretStr
        from analysis import enrich, open_journal
        from analysis.llm import OpenAICompatibleAnalyzer
        from core.warehouse import connect
        enrich(warehouse=connect("{warehouse.url}"), journal=open_journal("{journal_url}"),
               analyzer=OpenAICompatibleAnalyzer(base_url="{llm.url}", api_key=SecretStr("k"), model="test/model"),
               tenant_ids=["acme"], months=None, run_id="{run_id}", max_concurrency={AT_ONCE},
               lease_seconds={LEASE_SECONDS})
    """
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "LOG_LEVEL": "ERROR"}
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], env=environment)


def wait_for_calls(llm: FakeLLM, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(llm.history) < count and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.parametrize("journal_on", ["sqlite", "postgres"])
def test_a_kill_costs_at_most_what_that_process_had_in_flight(
    journal_on: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    sqlite = f"sqlite:///{tmp_path / 'journal.db'}"
    journal_url: str = sqlite if journal_on == "sqlite" else request.getfixturevalue("postgres_url")
    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}", lock_timeout_seconds=60)
    stage(warehouse, [ticket(str(number), "Exports", f"Export {number} fails.") for number in range(TICKETS)])
    random_ = random.Random(7)
    with FakeLLM(seconds=0.15) as llm:
        running = [start(warehouse, journal_url, llm, f"run-{number}") for number in range(2)]
        for kill in range(KILLS):
            wait_for_calls(llm, 12 * (kill + 1) + random_.randrange(6))
            victim = random_.randrange(2)
            running[victim].send_signal(signal.SIGKILL)
            assert running[victim].wait() == -signal.SIGKILL, "it was killed at work"
            running[victim] = start(warehouse, journal_url, llm, f"again-{kill}")
        assert [process.wait(timeout=120) for process in running] == [0, 0]
        paid = len(llm.paid)
    assert 2 * TICKETS <= paid <= 2 * TICKETS + KILLS * AT_ONCE
    rows = enriched(warehouse)
    assert len(rows["message_sentiment"]) == TICKETS
    assert len({row["ticket_id"] for row in rows["ticket_topics"]}) == TICKETS
    assert rows["dead_letters"] == []
    journal = open_journal(journal_url)
    keys = [row["call_key"] for table in ("message_sentiment", "ticket_topics") for row in rows[table]]
    held = journal.lookup(sorted(set(keys)))
    journal.close()
    assert len(held) == 2 * TICKETS
    assert {record.state for record in held.values()} == {CallState.ANSWERED}
