"""kill -9 wherever a batch is handed in or collected: the next run answers everything, and pays at most one batch again a kill.

Since both providers list their batches, what was handed in by a process that died is found again, so nothing is paid twice at all;
the bound is for a provider that lists nothing.
"""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from analysis.journal import BatchState, CallState, Journal, open_journal
from tests.integration.analysis.batches.conftest import backlog, calls
from tests.support.fake_batches import FakeBatches

ROOT = Path(__file__).parents[4]
SIZE = 5
COUNT = 12

POINTS = (
    "enrich.after_batch_intent",
    "enrich.before_batch_post",
    "enrich.after_batch_post",
    "enrich.after_batch_submitted",
    "enrich.after_batch_results",
    "enrich.after_batch_collected",
)


def worker(server: FakeBatches, journal_url: str, provider: str, *, chaos_points: str) -> int:
    """One run of the backlog in a process of its own; its exit code."""
    script = f"""
        import sys
        from types import SimpleNamespace
        from analysis.journal import open_journal
        from tests.integration.analysis.batches.conftest import backlog, calls
        server = SimpleNamespace(url={server.url!r})
        journal = open_journal({journal_url!r})
        backlog(server, journal, {provider!r}, run_id="killed", intent_seconds=1.0).prepare([calls(server, {COUNT})])
    """
    chaos = {"CHAOS_SEED": "1", "CHAOS_POINTS": chaos_points} if chaos_points else {}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, **chaos, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=False,
    ).returncode


def until_answered(server: FakeBatches, journal: Journal, provider: str) -> None:
    """Runs that are left alone, until what the killed one left is looked after: its submission once the lease is over."""
    asked = calls(server, COUNT)
    for _ in range(10):
        backlog(server, journal, provider, run_id="after", intent_seconds=1.0, wait_seconds=2).prepare([asked])
        known = journal.lookup([call.key for call in asked])
        if len(known) == COUNT and {one.state for one in known.values()} == {CallState.ANSWERED}:
            return
    pytest.fail(f"not answered: {journal.batches.all()}")


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_everything_is_answered_and_paid_once(
    server: FakeBatches, tmp_path: Path, provider: str, point: str
) -> None:
    killed_at(server, f"sqlite:///{tmp_path / 'journal.db'}", provider, f"{point}:kill")


@pytest.mark.long
@pytest.mark.parametrize("hit", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_on_postgres_and_at_the_second_batch_too(
    server: FakeBatches, postgres_url: str, provider: str, point: str, hit: int
) -> None:
    killed_at(server, postgres_url, provider, f"{point}:kill@{hit}")


def killed_at(server: FakeBatches, journal_url: str, provider: str, plan: str) -> None:
    assert worker(server, journal_url, provider, chaos_points=plan) == -signal.SIGKILL
    journal = open_journal(journal_url)
    until_answered(server, journal, provider)
    assert server.paid == dict.fromkeys((call.key for call in calls(server, COUNT)), 1)
    assert len(server.llm.history) == 0
    assert journal.batches.open() == []
    assert journal.batches.uncleared() == []
    assert server.files == {}
    assert sum(batch.answered_count for batch in journal.batches.all()) == COUNT
    journal.close()


def test_killed_between_file_and_batch_the_file_is_removed(server: FakeBatches, tmp_path: Path) -> None:
    journal_url = f"sqlite:///{tmp_path / 'journal.db'}"
    assert worker(server, journal_url, "openai", chaos_points="enrich.after_batch_upload:kill") == -signal.SIGKILL
    assert len(server.files) == 1
    journal = open_journal(journal_url)
    until_answered(server, journal, "openai")
    assert server.files == {}
    assert server.paid.total() == COUNT
    assert [one.state for one in journal.batches.all()].count(BatchState.FAILED) == 1
    journal.close()


def test_where_the_provider_lists_nothing_a_kill_costs_one_batch_at_most(server: FakeBatches, tmp_path: Path) -> None:
    journal_url = f"sqlite:///{tmp_path / 'journal.db'}"
    server.has_listing = False
    for number in (1, 2):
        assert worker(server, journal_url, "openrouter", chaos_points="enrich.after_batch_post:kill@1") == -9, number
    journal = open_journal(journal_url)
    until_answered(server, journal, "openrouter")
    server.finish()
    assert COUNT < server.charged <= COUNT + 2 * SIZE
    journal.close()


def test_a_process_that_sleeps_through_its_own_submission_calls_it_off(server: FakeBatches, tmp_path: Path) -> None:
    """Stopped before the POST, and others take its calls for lost: what it then hands in is paid for twice at most, and noticed."""
    journal_url = f"sqlite:///{tmp_path / 'journal.db'}"
    script = f"""
        from types import SimpleNamespace
        from analysis.journal import open_journal
        from tests.integration.analysis.batches.conftest import backlog, calls
        server = SimpleNamespace(url={server.url!r})
        backlog(server, open_journal({journal_url!r}), "openai", run_id="asleep", intent_seconds=0.5,
                wait_seconds=0).prepare([calls(server, {SIZE})])
    """
    environment = {**os.environ, "CHAOS_SEED": "1", "CHAOS_POINTS": "enrich.before_batch_post:stop"}
    asleep = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    os.waitid(os.P_PID, asleep.pid, os.WSTOPPED)
    journal = open_journal(journal_url)
    try:
        until_answered_of(server, journal, SIZE)
        server.seconds = 3600
    finally:
        os.kill(asleep.pid, signal.SIGCONT)
        assert asleep.wait(30) == 0
    late = [batch for batch in server.batches.values() if batch.status == "cancelled"]
    assert len(late) <= 1
    assert server.paid.total() <= 2 * SIZE
    assert {one.state for one in journal.lookup([call.key for call in calls(server, SIZE)]).values()} == {
        CallState.ANSWERED
    }
    journal.close()


def until_answered_of(server: FakeBatches, journal: Journal, count: int) -> None:
    for _ in range(20):
        backlog(server, journal, "openai", intent_seconds=0.5, wait_seconds=1).prepare([calls(server, count)])
        known = journal.lookup([call.key for call in calls(server, count)]).values()
        if {one.state for one in known} == {CallState.ANSWERED}:
            return
    pytest.fail("not answered")


def test_runs_at_once_pay_nothing_twice(server: FakeBatches, journal_url: str, provider: str) -> None:
    open_journal(journal_url).close()
    server.seconds = 0.3
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(worker(server, journal_url, provider, chaos_points="")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
    journal = open_journal(journal_url)
    until_answered(server, journal, provider)
    assert server.paid == dict.fromkeys((call.key for call in calls(server, COUNT)), 1)
    assert sum(batch.answered_count for batch in journal.batches.all()) == COUNT
    journal.close()
