"""Money in the journal, on both engines: no reservation beyond the limit, and no charge that is not counted."""

import threading
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from analysis.analyzer import Identity, Question, Reply, Usage
from analysis.journal import Allowance, Claim, ClaimResult, Journal, Standing, open_journal
from core.vocabulary import AnalysisTask, AnalyzerKind

IDENTITY = Identity(AnalyzerKind.OPENAI_COMPATIBLE, "test/model", "2026-11-a", "abc")
QUESTION = Question(AnalysisTask.SENTIMENT, "Cannot sign in.")


@pytest.fixture
def journal_url(database_url: str) -> str:
    return database_url


def ask(
    journal: Journal, key: str, estimate: float, limit: float | None, *, lease: float = 60, tenant: str = "acme"
) -> ClaimResult:
    return journal.claim(
        call_key=key,
        tenant_id=tenant,
        identity=IDENTITY,
        question=QUESTION,
        run_id="run-1",
        lease_seconds=lease,
        allowance=Allowance(estimate, limit),
    )


def granted(journal: Journal, key: str, estimate: float = 0.0, limit: float | None = None, **more: float) -> Claim:
    claim = ask(journal, key, estimate, limit, **more).claim  # type: ignore[arg-type]
    assert claim is not None
    return claim


def cost(usd: float) -> Usage:
    return Usage(100, 20, usd, 300)


def test_room_is_reserved_by_the_claim_and_given_back_by_whatever_ends_it(journal: Journal) -> None:
    first = granted(journal, "a", 0.6, 1.0)
    refused = ask(journal, "b", 0.6, 1.0)
    assert (refused.claim, refused.record) == (None, None)
    assert refused.no_room is not None
    assert (refused.no_room.spent_usd, refused.no_room.reserved_usd) == (0.0, 0.6)
    assert journal.lookup(["b"]) == {}, "a call that does not fit is as open as before"
    assert ask(journal, "b", 0.6, 1.0, tenant="globex").claim is not None, "another payer has its own budget"
    journal.release(first)
    second = granted(journal, "c", 0.6, 1.0)
    journal.store(second, Reply("{}", cost(0.2)))
    assert journal.standing("acme") == Standing(journal.standing("acme").month, 0.2, 0.0)
    third = granted(journal, "d", 0.8, 1.0)
    journal.give_up(third, "no", error_type="x", usage=cost(0.05))
    assert journal.standing("acme").spent_usd == pytest.approx(0.25)
    assert ask(journal, "e", 0.8, 1.0).claim is None


def test_a_reservation_dies_with_its_lease_and_the_call_is_named_as_lost(journal: Journal) -> None:
    granted(journal, "a", 0.9, 1.0, lease=-1)
    granted(journal, "b", 0.9, 1.0)
    assert journal.ledger.lost("acme").call_count == 1
    assert journal.ledger.lost(None).estimated_usd == pytest.approx(0.9)
    granted(journal, "a", 0.1, 1.0)
    assert (journal.ledger.lost("acme").call_count, journal.standing("acme").reserved_usd) == (1, 1.0)
    journal.release(granted(journal, "c"))
    assert journal.ledger.lost(None).call_count == 1, "what was given back was not lost"


def test_who_lost_the_claim_still_pays(journal: Journal) -> None:
    late = granted(journal, "a", 0.1, 1.0, lease=-1)
    journal.store(granted(journal, "a", 0.1, 1.0), Reply("{}", cost(0.1), "gen-2"))
    journal.store(late, Reply("{}", cost(0.1), "gen-1"))
    failed = granted(journal, "b", lease=-1)
    granted(journal, "b")
    journal.release(failed, usage=cost(0.05), is_failure=True)
    assert journal.standing("acme").spent_usd == pytest.approx(0.25)
    assert journal.lookup(["b"])["b"].usage.cost_usd == pytest.approx(0.05)
    [line] = journal.ledger.lines("acme", None)
    assert (line.call_count, line.answered_count, line.unusable_count, line.failure_count) == (2, 1, 1, 1)
    assert line.cost_usd == pytest.approx(0.25)
    assert line.usd_per_1000 == pytest.approx(250)
    assert [one.generation_id for one in journal.ledger.newest_generations("acme", None, 9)] == ["gen-2"]


def test_the_ledger_goes_through_every_call_and_by_month(journal: Journal) -> None:
    for number in range(2_100):
        if number % 700 == 0:
            journal.store(granted(journal, f"k{number:04}"), Reply("{}", cost(0.001)))
    month = journal.standing("acme").month
    assert [one.call_key for one in journal.ledger.calls("acme", None)] == ["k0000", "k0700", "k1400"]
    assert [one.cost_usd for one in journal.ledger.calls("acme", month)] == [0.001] * 3
    assert [one.cost_usd for one in journal.ledger.calls("acme", "2020-01")] == [0.0] * 3
    assert journal.ledger.lines("acme", "2020-01") == []
    assert journal.ledger.payers() == ["acme"]
    assert journal.ledger.paid_usd(None, None) == journal.ledger.paid_usd("acme", month) == pytest.approx(0.003)
    measured = journal.measured(IDENTITY, AnalysisTask.SENTIMENT)
    assert (measured.reply_count, measured.mean_output_tokens) == (3, 20)
    assert measured.usd_per_token == pytest.approx(0.001 / 120)
    assert journal.measured(IDENTITY, AnalysisTask.TOPICS).usd_per_token == 0


def test_tokens_without_a_cost_are_told(journal: Journal) -> None:
    journal.store(granted(journal, "a"), Reply("{}", cost(0.0)))
    journal.store(granted(journal, "b"), Reply("{}", cost(0.1)))
    assert (journal.unpriced_count(["acme"]), journal.unpriced_count(["globex"])) == (1, 0)


def test_forgetting_takes_the_generation_out_of_the_ledger_too(journal: Journal) -> None:
    journal.store(granted(journal, "a"), Reply("Ada said so", cost(0.1), "gen-1"))
    journal.forget("acme", [], ["a"])
    assert journal.ledger.newest_generations("acme", None, 9) == []
    assert journal.standing("acme").spent_usd == pytest.approx(0.1)


def test_a_journal_without_a_ledger_gets_one(journal_url: str, journal: Journal) -> None:
    journal.store(granted(journal, "a"), Reply("{}", cost(0.1)))
    journal.store(granted(journal, "b"), Reply("{}", cost(0.2)))
    with journal._engine.begin() as connection:
        connection.exec_driver_sql("drop table llm_charge")
        connection.exec_driver_sql("drop table llm_spend")
    again = open_journal(journal_url)
    assert again.standing("acme").spent_usd == pytest.approx(0.3)
    assert [one.total_usd for one in again.ledger.calls("acme", None)] == [0.1, 0.2]
    again.close()
    assert open_journal(journal_url).standing("acme").spent_usd == pytest.approx(0.3), "once"


def test_many_at_once_reserve_no_more_than_there_is(journal_url: str) -> None:
    grants: list[str] = []
    barrier = threading.Barrier(4)

    def one(worker: int) -> None:
        mine = open_journal(journal_url)
        barrier.wait()
        grants.extend(key for n in range(8) if ask(mine, key := f"{worker}-{n}", 0.1, 1.0).claim is not None)
        mine.close()

    threads = [threading.Thread(target=one, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Ten times a tenth is a little less than one in binary.
    assert len(grants) == len(set(grants)) == 10


class Spending(RuleBasedStateMachine):
    """Any order of claims, answers, failures, releases and deaths, under a limit that a person changes."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.journal = open_journal(f"sqlite:///{self._folder.name}/journal.db")
        self.held: list[Claim] = []
        self.limit = 1.0
        self.paid = 0.0

    @rule(key=st.integers(0, 5), estimate=st.sampled_from([0.0, 0.125, 0.25, 0.5]), is_dying=st.booleans())
    def claim(self, key: int, estimate: float, is_dying: bool) -> None:
        before = self.journal.standing("acme")
        result = ask(self.journal, f"key-{key}", estimate, self.limit, lease=-1 if is_dying else 60)
        after = self.journal.standing("acme")
        if result.claim is not None:
            self.held.append(result.claim)
            assert before.taken_usd + estimate <= self.limit or after.taken_usd <= self.limit
        elif result.no_room is not None:
            assert result.no_room.taken_usd + estimate > self.limit
            assert after == before

    @rule(usd=st.sampled_from([0.0, 0.125, 0.25, 1.0]), data=st.data())
    def settle(self, usd: float, data: st.DataObject) -> None:
        if not self.held:
            return
        claim = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        how = data.draw(st.sampled_from(["store", "release", "give up"]))
        self.paid += usd
        if how == "store":
            self.journal.store(claim, Reply("{}", cost(usd)))
        elif how == "release":
            self.journal.release(claim, usage=cost(usd), is_failure=True)
        else:
            self.journal.give_up(claim, "no", error_type="x", usage=cost(usd))

    @rule(limit=st.sampled_from([0.0, 0.5, 1.0, 4.0]))
    def change_limit(self, limit: float) -> None:
        self.limit = limit

    @rule()
    def erase(self) -> None:
        self.journal.forget("acme", [], [f"key-{number}" for number in range(3)])

    @rule()
    def revive(self) -> None:
        self.journal.revive([f"key-{number}" for number in range(6)])

    @invariant()
    def every_charge_is_counted_once(self) -> None:
        standing = self.journal.standing("acme")
        calls = list(self.journal.ledger.calls("acme", None))
        assert standing.spent_usd == self.paid == sum(one.total_usd for one in calls)
        assert sum(line.cost_usd for line in self.journal.ledger.lines("acme", None)) == self.paid
        held = self.journal.lookup([one.call_key for one in calls])
        assert all(held[one.call_key].usage.cost_usd == one.total_usd for one in calls)

    def teardown(self) -> None:
        self.journal.close()
        self._folder.cleanup()


TestSpending = Spending.TestCase
TestSpending.settings = settings(
    max_examples=30, stateful_step_count=25, suppress_health_check=list(HealthCheck), deadline=None
)
