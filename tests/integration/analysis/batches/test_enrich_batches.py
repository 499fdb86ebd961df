"""A run with a backlog reads through batches, says what waits, and a later run finishes it at half the price."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis import EnrichmentReport, enrich
from analysis.batches import Batching
from analysis.budget import Budget
from analysis.costs import Costs
from analysis.journal import Journal, open_journal
from analysis.ledger import reconcile
from analysis.llm.failures import ModelStopped
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse, connect
from tests.integration.analysis.batches.conftest import analyzer_of, client_of
from tests.support import fake_llm as fake
from tests.support.fake_batches import FakeBatches, Plan
from tests.support.tickets import enriched, stage, ticket

S, T = AnalysisTask.SENTIMENT, AnalysisTask.TOPICS
ROOT = Path(__file__).parents[4]
TICKETS = [
    ticket(
        str(number),
        f"Number {number}",
        "This is unacceptable. We need exports.",
        created_at=datetime(2026, 1 + number % 6, 5, tzinfo=UTC),
    )
    for number in range(8)
]
CALLS = 2 * len(TICKETS)


@pytest.fixture
def duck(tmp_path: Path) -> Warehouse:
    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}")
    stage(warehouse, TICKETS)
    return warehouse


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.db'}")
    yield opened
    opened.close()


def run(
    warehouse: Warehouse,
    journal: Journal,
    server: FakeBatches,
    provider: str | None,
    run_id: str = "run-1",
    budget: Budget | None = None,
    **more: Any,
) -> EnrichmentReport:
    settings = {"from_calls": 10, "size": 4, "wait_seconds": 20.0, "first_pause_seconds": 0.05} | more
    return enrich(
        warehouse=warehouse,
        journal=journal,
        analyzer=analyzer_of(server),
        tenant_ids=["acme"],
        months=None,
        run_id=run_id,
        max_concurrency=4,
        lease_seconds=30,
        batching=Batching(client_of(server), provider, **settings),
        budget=budget,
    )


def test_a_backlog_is_read_in_batches_at_half_the_price(
    warehouse: Warehouse, sqlite: Journal, server: FakeBatches
) -> None:
    stage(warehouse, TICKETS)
    report = run(warehouse, sqlite, server, "openrouter")
    assert server.llm.history == []
    assert (report.read, report.waiting, report.failed, report.batches_waiting) == (CALLS, 0, 0, "")
    assert (report.calls_paid, report.batched_calls) == (CALLS, CALLS)
    assert report.cost_usd == report.batched_cost_usd == pytest.approx(CALLS * fake.USAGE["cost"] / 2)
    rows = enriched(warehouse)
    assert len(rows["message_sentiment"]) == len(TICKETS)
    # What a reading cost stands on its rows, and `llm_costs_daily` adds it up from there.
    assert {round(row["cost_usd"], 9) for row in rows["message_sentiment"]} == {fake.USAGE["cost"] / 2}
    assert {row["run_id"] for row in rows["ticket_topics"]} == {"run-1"}
    again = run(warehouse, sqlite, server, "openrouter", "run-2")
    assert (again.calls_paid, again.reused, len(server.batches)) == (0, CALLS, 4)


def test_few_calls_are_asked_live(duck: Warehouse, sqlite: Journal, server: FakeBatches) -> None:
    report = run(duck, sqlite, server, "openrouter", from_calls=CALLS + 1)
    assert (report.read, report.batched_calls, len(server.llm.paid)) == (CALLS, 0, CALLS)
    assert server.batches == {}


def test_what_waits_is_said_asked_by_nobody_else_and_read_by_a_later_run(
    duck: Warehouse, sqlite: Journal, server: FakeBatches, provider: str
) -> None:
    server.seconds = 3600
    first = run(duck, sqlite, server, provider, wait_seconds=0.0)
    assert (first.read, first.waiting, first.failed, first.calls_paid) == (0, CALLS, 0, 0)
    assert first.batches_waiting.startswith(f"4 batches are at the provider, with {CALLS} calls; the oldest since ")
    assert enriched(duck)["message_texts"] == []
    # Somebody turns batches off meanwhile: what waits is left to wait all the same.
    live = run(duck, sqlite, server, None, "run-2")
    assert (live.waiting, live.calls_paid, server.llm.history) == (CALLS, 0, [])
    server.finish()
    last = run(duck, sqlite, server, None, "run-3")
    assert (last.read, last.waiting, last.calls_paid) == (CALLS, 0, CALLS)
    assert server.charged == CALLS


def test_an_unusable_reply_of_a_batch_is_asked_about_once_more_live(
    duck: Warehouse, sqlite: Journal, server: FakeBatches
) -> None:
    server.llm.enqueue(fake.GARBAGE, where="Number 3")
    report = run(duck, sqlite, server, "openrouter")
    assert (report.read, report.dead_letters, report.calls_paid) == (CALLS, 0, CALLS + 1)
    [again] = server.llm.history
    assert "could not be used" in again.body["messages"][-1]["content"]
    assert report.cost_usd == pytest.approx((CALLS * 0.5 + 1) * fake.USAGE["cost"])


def test_a_call_that_failed_within_a_batch_is_asked_live_and_the_rest_is_not(
    duck: Warehouse, sqlite: Journal, server: FakeBatches, provider: str
) -> None:
    server.plan(*[Plan(failing={"Number 3": {"status": 400, "message": "bad request"}})] * 4)
    report = run(duck, sqlite, server, provider)
    assert (report.read, report.failed, report.dead_letters) == (CALLS, 0, 0)
    assert {one.ticket.split("\n")[0] for one in server.llm.history} == {"Number 3"}
    assert server.charged == CALLS


def test_a_text_too_long_for_the_model_is_asked_about_in_a_shorter_version_live(
    sqlite: Journal, server: FakeBatches, provider: str, tmp_path: Path
) -> None:
    warehouse = connect(f"duckdb:///{tmp_path / 'long.duckdb'}")
    stage(warehouse, [*TICKETS, ticket("99", "Long", "This is unacceptable. " * 600)])
    server.plan(*[Plan(failing={"Long": {"status": 400, "message": "maximum context length is 2048 tokens"}})] * 6)
    report = run(warehouse, sqlite, server, provider)
    assert (report.read, report.failed, report.dead_letters) == (CALLS + 2, 0, 0)
    assert {one.ticket.split("\n")[0] for one in server.llm.history} == {"Long"}
    assert max(len(one.ticket) for one in server.llm.history) < 9_000


def test_a_backlog_is_never_asked_live_because_submission_stopped_half_way(
    duck: Warehouse, sqlite: Journal, server: FakeBatches, provider: str
) -> None:
    server.plan(Plan(), Plan(status=502, refusal="bad gateway"))
    first = run(duck, sqlite, server, provider, wait_seconds=1.0)
    assert first.read == 4
    assert first.waiting == CALLS - 4
    assert server.llm.history == []


def test_an_expired_batch_is_handed_in_again_by_the_next_run(
    duck: Warehouse, sqlite: Journal, server: FakeBatches, provider: str
) -> None:
    server.plan(*[Plan(expires_after=1)] * 4)
    first = run(duck, sqlite, server, provider)
    assert (first.read, first.waiting, server.llm.history) == (4, CALLS - 4, [])
    second = run(duck, sqlite, server, provider, "run-2")
    assert (second.read, second.waiting) == (CALLS - 4, 0)
    assert set(server.paid.values()) == {1}


def test_no_credit_ends_the_run_and_nothing_is_lost(duck: Warehouse, sqlite: Journal, server: FakeBatches) -> None:
    server.plan(Plan(), Plan(status=402, refusal="Insufficient credits"))
    with pytest.raises(ModelStopped, match="credit"):
        run(duck, sqlite, server, "openrouter")
    report = run(duck, sqlite, server, "openrouter", "run-2")
    assert (report.read, server.charged) == (CALLS, CALLS)


@pytest.mark.parametrize(
    "point", ["enrich.after_batch_post", "enrich.after_batch_results", "enrich.after_batch_collected"]
)
def test_a_killed_run_is_finished_by_the_next_and_paid_once(
    duck: Warehouse, server: FakeBatches, tmp_path: Path, provider: str, point: str
) -> None:
    script = f"""
        from types import SimpleNamespace
        from analysis import enrich, open_journal
        from analysis.batches import Batching
        from core.warehouse import connect
        from tests.integration.analysis.batches.conftest import analyzer_of, client_of
        server = SimpleNamespace(url={server.url!r})
        enrich(warehouse=connect({duck.url!r}), journal=open_journal("sqlite:///{tmp_path / "journal.db"}"),
               analyzer=analyzer_of(server), tenant_ids=["acme"], months=None, run_id="killed",
               batching=Batching(client_of(server), {provider!r}, 10, 4, 20.0, 0.05))
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "CHAOS_SEED": "1", "CHAOS_POINTS": f"{point}:kill@2", "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.db'}")
    with journal._transaction() as connection:
        # Nobody waits a quarter of an hour for the lease of the killed submission here.
        connection.exec_driver_sql("update llm_batch set lease_until = 0")
    reports = [run(duck, journal, server, provider, f"after-{number}") for number in range(2)]
    journal.close()
    assert reports[-1].waiting == reports[-1].failed == 0
    assert server.charged == CALLS
    assert len(enriched(duck)["message_sentiment"]) == len(TICKETS)


def test_what_a_budget_has_no_room_for_goes_into_no_batch_and_is_put_off(
    duck: Warehouse, sqlite: Journal, server: FakeBatches
) -> None:
    analyzer = analyzer_of(server)
    budget = Budget(Costs(sqlite, analyzer, 1.0), lambda _: 0.0012)
    report = run(duck, sqlite, server, "openrouter", budget=budget)
    assert 0 < report.batched_calls < CALLS
    assert (report.waiting, report.failed) == (0, 0)
    assert report.deferred + report.read == CALLS
    assert len(duck.rows("select * from enrichment.deferred_readings")) == report.deferred > 0
    # What came of the batches is in the ledger like any other reply.
    found = reconcile(sqlite, duck, "acme")
    assert found.unaccounted_usd == 0
    assert found.paid_usd == pytest.approx(report.cost_usd)
    assert sqlite.standing("acme").taken_usd <= 0.0012
