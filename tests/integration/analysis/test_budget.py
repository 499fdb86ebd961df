"""A budget stops what it cannot pay, and nothing else: no failure, no dead letter, and what waits is read once there is room."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from analysis import EnrichmentReport, enrich, open_journal, pending_months
from analysis.budget import Budget
from analysis.costs import Costs
from analysis.deferred import deferred_tickets
from analysis.journal import Journal
from analysis.ledger import Use, reconcile
from analysis.limiter import AdaptiveLimit
from analysis.llm import OpenAICompatibleAnalyzer
from analysis.preflight import Estimate, preflight
from core.tenants import tenant_id
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse, connect
from tests.support import fake_llm as fake
from tests.support.fake_account import FakeAccount
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import enriched, stage, ticket

ACME = tenant_id("acme")
COST = 0.0001
ASSUMED = 0.05
"""US dollars a million tokens: one call of these tests is then taken to cost a little less than it does."""

TICKETS = [ticket(f"{number}", "Login", f"Cannot sign in since {number} o'clock.") for number in range(1, 6)]
CALLS = 10
WIDTH = 2


@pytest.fixture(scope="module")
def server_class() -> type[FakeLLM]:
    return FakeAccount


@pytest.fixture
def journal_url(warehouse: Warehouse, tmp_path: Path) -> str:
    if warehouse.dialect == "postgres":
        return warehouse.secret_url.get_secret_value()
    return f"sqlite:///{tmp_path / 'journal.db'}"


def reader(llm: FakeAccount) -> OpenAICompatibleAnalyzer:
    return OpenAICompatibleAnalyzer(base_url=llm.url, api_key=SecretStr("sk-test"), model="test/model")


def run(
    warehouse: Warehouse,
    journal: Journal,
    llm: FakeAccount,
    limit_of: Callable[[str], float | None],
    run_id: str = "run-1",
    **more: Any,
) -> EnrichmentReport:
    analyzer = reader(llm)
    settings = {"max_concurrency": 3, "lease_seconds": 30, "patience_seconds": 60} | more
    return enrich(
        warehouse=warehouse,
        journal=journal,
        analyzer=analyzer,
        tenant_ids=[ACME],
        months=None,
        run_id=run_id,
        budget=Budget(Costs(journal, analyzer, ASSUMED), limit_of),
        **settings,
    )


def estimated(warehouse: Warehouse, journal: Journal, llm: FakeAccount) -> Estimate:
    return preflight(
        warehouse=warehouse,
        journal=journal,
        analyzer=reader(llm),
        tenant_ids=[ACME],
        months=None,
        assumed_usd_per_million=ASSUMED,
    )


def waiting(warehouse: Warehouse) -> set[tuple[str, str]]:
    rows = warehouse.rows("select ticket_id, task from enrichment.deferred_readings")
    return {(row["ticket_id"], row["task"]) for row in rows}


def test_what_does_not_fit_waits_where_everybody_sees_it_and_is_read_after_a_raise(
    warehouse: Warehouse, journal: Journal, llm: FakeAccount
) -> None:
    stage(warehouse, TICKETS)
    limit = 4.5 * COST
    first = run(warehouse, journal, llm, lambda _: limit)
    assert 0 < len(llm.paid) < CALLS
    assert journal.standing(ACME).spent_usd == pytest.approx(llm.usage_usd)
    # Beyond the limit there is at most what the last calls cost above their estimates.
    assert llm.usage_usd <= limit + 3 * COST
    assert (first.failed, first.dead_letters) == (0, 0)
    assert first.deferred == CALLS - len(llm.paid) == len(waiting(warehouse))
    assert enriched(warehouse)["dead_letters"] == []
    held = deferred_tickets(warehouse)[ACME]
    assert 0 < held.least_usd <= held.estimated_usd
    assert all(
        "is used up" in row["reason"] for row in warehouse.rows("select reason from enrichment.deferred_readings")
    )
    # Looking again without room pays nothing and changes nothing; with room, everything that waited is read and paid for once.
    since = warehouse.rows("select * from enrichment.deferred_readings order by ticket_id, task")
    paid = len(llm.paid)
    assert run(warehouse, journal, llm, lambda _: limit, "run-2").calls_paid == 0
    again = warehouse.rows("select * from enrichment.deferred_readings order by ticket_id, task")
    assert [row["deferred_at"] for row in again] == [row["deferred_at"] for row in since]
    assert pending_months(warehouse, [ACME], [ACME]) is None
    assert pending_months(warehouse, [ACME]) is not None
    third = run(warehouse, journal, llm, lambda _: None, "run-3")
    assert (third.calls_paid, third.deferred) == (CALLS - paid, 0)
    assert len(llm.paid) == CALLS
    assert waiting(warehouse) == set()
    assert pending_months(warehouse, [ACME]) is None


def test_a_new_month_has_room_again(warehouse: Warehouse, journal: Journal, llm: FakeAccount) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, journal, llm, lambda _: 4.5 * COST)
    paid = len(llm.paid)
    with journal._engine.begin() as connection:
        connection.exec_driver_sql("update llm_spend set month = '2020-01'")
        connection.exec_driver_sql("update llm_charge set month = '2020-01'")
    run(warehouse, journal, llm, lambda _: 4.5 * COST, "run-2")
    assert len(llm.paid) > paid
    assert journal.ledger.paid_usd(ACME, "2020-01") == pytest.approx(paid * COST)
    assert journal.standing(ACME).spent_usd == pytest.approx((len(llm.paid) - paid) * COST)


def test_a_budget_of_nothing_asks_nobody(warehouse: Warehouse, journal: Journal, llm: FakeAccount) -> None:
    stage(warehouse, TICKETS)
    report = run(warehouse, journal, llm, lambda _: 0.0)
    assert (llm.history, report.deferred, report.read) == ([], CALLS, 0)
    assert journal.lookup([row["call_key"] for row in enriched(warehouse)["message_sentiment"]]) == {}


def test_what_is_answered_already_is_read_without_room(
    warehouse: Warehouse, journal: Journal, llm: FakeAccount
) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, journal, llm, lambda _: None)
    for table in ("message_texts", "message_sentiment", "message_evidence", "ticket_topics"):
        warehouse.execute(f"delete from enrichment.{table}")
    report = run(warehouse, journal, llm, lambda _: 0.0, "run-2")
    assert (report.read, report.deferred, len(llm.paid)) == (CALLS, 0, CALLS)


def test_a_ticket_that_is_gone_waits_no_longer(warehouse: Warehouse, journal: Journal, llm: FakeAccount) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, journal, llm, lambda _: 0.0)
    warehouse.execute("delete from staging.stg_hubspot__tickets where ticket_id = '1'")
    run(warehouse, journal, llm, lambda _: 0.0, "run-2")
    assert {ticket_id for ticket_id, _ in waiting(warehouse)} == {"2", "3", "4", "5"}


def test_a_stopped_run_takes_nothing_off_the_list(warehouse: Warehouse, journal: Journal, llm: FakeAccount) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, journal, llm, lambda _: 0.0)
    llm.enqueue(*[fake.NO_CREDIT] * 20)
    with pytest.raises(Exception, match="then run again"):
        run(warehouse, journal, llm, lambda _: None, "run-2")
    assert len(waiting(warehouse)) == CALLS


def test_what_it_will_cost_is_what_it_costs(warehouse: Warehouse, journal: Journal, llm: FakeAccount) -> None:
    stage(warehouse, [*TICKETS, ticket("6", "Login", "Cannot sign in since 1 o'clock."), ticket("7", "", "")])
    before = estimated(warehouse, journal, llm)
    assert (before.messages, before.held, before.call_count, before.answered) == (7, 0, CALLS, 2)
    assert not before.is_measured
    assert llm.history == []
    run(warehouse, journal, llm, lambda _: None)
    after = estimated(warehouse, journal, llm)
    assert (after.held, after.call_count, after.cost_usd) == (2 * 6, 0, 0)
    # Twice as many again: now the price is one that was paid.
    more = [ticket(f"{number}", "Login", f"Cannot sign in since {number} o'clock.") for number in range(11, 31)]
    stage(warehouse, more)
    run(warehouse, journal, llm, lambda _: None, "run-2")
    stage(warehouse, [ticket(f"{number}", "Login", f"Cannot sign in since {number}.") for number in range(41, 61)])
    third = estimated(warehouse, journal, llm)
    assert third.is_measured
    assert third.calls_per_second is not None
    assert "measured" in third.sentence
    paid = len(llm.paid)
    report = run(warehouse, journal, llm, lambda _: None, "run-3", calls_expected=third.call_count)
    assert report.calls_paid == third.call_count == 40
    low, high = third.cost_range
    assert (len(llm.paid) - paid) * COST == pytest.approx(report.cost_usd)
    assert third.cost_usd == pytest.approx(report.cost_usd, rel=0.1)
    assert low <= third.cost_usd <= high


SCRIPT = """
    from pydantic import SecretStr
    from analysis import enrich, open_journal
    from analysis.budget import Budget
    from analysis.costs import Costs
    from analysis.llm import OpenAICompatibleAnalyzer
    from core.warehouse import connect
    journal = open_journal("{journal}")
    analyzer = OpenAICompatibleAnalyzer(base_url="{llm}", api_key=SecretStr("k"), model="test/model")
    enrich(warehouse=connect("{warehouse}"), journal=journal, analyzer=analyzer, tenant_ids=["acme"], months=None,
           run_id="{run}", max_concurrency={width}, lease_seconds={lease},
           budget=Budget(Costs(journal, analyzer, {assumed}), lambda _: {limit}))
"""


def started(
    warehouse: str,
    journal: str,
    llm: FakeAccount,
    run: str,
    limit: float | None,
    *,
    lease: float = 30,
    plan: str = "",
    assumed: float = ASSUMED,
) -> subprocess.Popen[bytes]:
    script = textwrap.dedent(SCRIPT).format(
        journal=journal,
        llm=llm.url,
        warehouse=warehouse,
        run=run,
        limit=limit,
        lease=lease,
        assumed=assumed,
        width=WIDTH,
    )
    chaos = {"CHAOS_SEED": "1", "CHAOS_POINTS": plan} if plan else {}
    return subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(Path.cwd()), **chaos})


@pytest.mark.parametrize("assumed", [ASSUMED, 1.0])
def test_two_processes_together_spend_no_more_than_one_may(postgres_url: str, llm: FakeAccount, assumed: float) -> None:
    warehouse = connect(postgres_url)
    stage(warehouse, [ticket(f"{number}", "Login", f"Cannot sign in since {number}.") for number in range(40)])
    limit = 20 * COST
    both = [started(postgres_url, postgres_url, llm, f"run-{number}", limit, assumed=assumed) for number in (1, 2)]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    journal = open_journal(postgres_url)
    error = max(0.0, COST - deferred_tickets(warehouse)[ACME].least_usd)
    in_hand = 2 * AdaptiveLimit(WIDTH).widest
    # With an estimate on the high side, as the setting is, nothing at all is spent beyond the limit.
    assert 0.5 * limit < llm.usage_usd <= limit + in_hand * error + 1e-9
    assert error == 0 or assumed == ASSUMED
    assert journal.standing(ACME).spent_usd == pytest.approx(llm.usage_usd)
    assert journal.ledger.lost(None).call_count == 0
    journal.close()


@pytest.mark.parametrize("point", ["enrich.after_claim", "enrich.after_call", "enrich.after_journal:kill@3"])
def test_the_accounts_agree_with_the_server_to_the_cent_whatever_was_killed(
    warehouse: Warehouse, journal: Journal, journal_url: str, llm: FakeAccount, point: str
) -> None:
    stage(warehouse, [*TICKETS, ticket("8", "Odd", "This is odd."), ticket("9", "Bad", "This is bad.")])
    llm.enqueue(fake.GARBAGE, where="odd")  # Paid twice: the second answer can be used.
    llm.enqueue(*[fake.GARBAGE] * 4, where="bad")  # Paid for nothing: dead letters.
    llm.enqueue(fake.NULL_CHOICES, fake.BROKEN_GENERATION, where="since 1")  # Failures that are charged.
    plan = point if ":" in point else f"{point}:kill"
    url = warehouse.secret_url.get_secret_value()
    killed = started(url, journal_url, llm, "killed", None, lease=0.5, plan=plan)
    assert killed.wait(timeout=120) == -signal.SIGKILL
    run(warehouse, journal, llm, lambda _: None, "after")
    found, lost = reconcile(journal, warehouse, "acme"), journal.ledger.lost("acme")
    assert found.unaccounted_usd == 0
    assert found.paid_usd == pytest.approx(found.accounted_usd)
    assert found.paid_usd == pytest.approx(sum(line.cost_usd for line in journal.ledger.lines("acme", None)))
    rows = {
        row["call_key"]: row["cost_usd"]
        for table in ("message_sentiment", "ticket_topics")
        for row in enriched(warehouse)[table]
    }
    assert found.shares[Use.ROWS].usd == pytest.approx(sum(rows.values()))
    assert found.shares[Use.DEAD_LETTERS].usd == pytest.approx(4 * COST)
    assert {use for use, share in found.shares.items() if share.call_count} == {Use.ROWS, Use.DEAD_LETTERS}
    # What the server counted beyond that are calls whose process was killed before it had the answer, and those are known.
    beyond = llm.usage_usd - found.paid_usd
    assert beyond == pytest.approx(round(beyond / COST) * COST)
    assert -1e-9 < beyond <= lost.call_count * COST + 1e-9
    unusable = sum(line.unusable_count for line in journal.ledger.lines("acme", None))
    # Killed later, an unusable answer may have been on its way to who was killed.
    assert unusable == 1 + 4 or point != "enrich.after_claim"


def test_every_cent_has_a_name_after_a_change_of_prompt_or_an_erasure(
    warehouse: Warehouse, journal: Journal, llm: FakeAccount
) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, journal, llm, lambda _: None)
    stage(warehouse, [ticket("1", "Login", "Now it works.")])
    run(warehouse, journal, llm, lambda _: None, "run-2")
    erased = [row["call_key"] for row in enriched(warehouse)["message_sentiment"] if row["ticket_id"] == "2"]
    journal.forget("acme", [], erased)
    warehouse.execute("delete from enrichment.message_sentiment where ticket_id = '2'")
    warehouse.execute("update enrichment.message_sentiment set call_key = 'elsewhere' where ticket_id = '3'")
    found = reconcile(journal, warehouse, "acme")
    assert found.unaccounted_usd == 0
    assert found.shares[Use.ERASED].call_count == 1
    assert found.shares[Use.REPLACED].call_count == 2 + 1
    assert found.unknown.call_count == 1
    assert found.paid_usd == pytest.approx(llm.usage_usd)
    month = journal.standing("acme").month
    assert reconcile(journal, warehouse, "acme", month).shares == found.shares
    assert reconcile(journal, warehouse, "acme", "2020-01").paid_usd == 0
    assert reconcile(journal, warehouse, "acme", "2020-01").accounted_usd == 0


def test_the_tasks_share_one_budget(warehouse: Warehouse, journal: Journal, llm: FakeAccount) -> None:
    stage(warehouse, TICKETS)
    report = run(warehouse, journal, llm, lambda _: 4.5 * COST, max_concurrency=1)
    assert sum(report.tasks[task].deferred for task in AnalysisTask) == report.deferred > 0
