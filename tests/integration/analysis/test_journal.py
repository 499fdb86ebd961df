"""One claim at a time, nothing kept by whoever outlived a lease: the same on SQLite and Postgres."""

import asyncio
import threading
from functools import partial

import pytest
from sqlalchemy import event

from analysis import open_journal
from analysis.analyzer import Identity, Question, Reply, Usage
from analysis.journal import CallState, Claim, ClaimResult, GroupedJournal, Journal, JournalUnavailable, UnknownJournal
from core.vocabulary import AnalysisTask, AnalyzerKind

IDENTITY = Identity(AnalyzerKind.OPENAI_COMPATIBLE, "m", "2026-11-a", "s")
QUESTION = Question(AnalysisTask.SENTIMENT, "text")
COST = Usage(10, 2, 0.5, 7)


@pytest.fixture
def journal_url(database_url: str) -> str:
    return database_url


def ask(
    journal: Journal,
    key: str = "k",
    *,
    lease: float = 60,
    after_reply: int | None = None,
    run: str = "run-1",
    ticket_id: str | None = "2",
) -> ClaimResult:
    return journal.claim(
        call_key=key,
        tenant_id="acme",
        ticket_id=ticket_id,
        identity=IDENTITY,
        question=QUESTION,
        run_id=run,
        lease_seconds=lease,
        after_reply=after_reply,
    )


def granted(
    journal: Journal, key: str = "k", *, lease: float = 60, after_reply: int | None = None, run: str = "run-1"
) -> Claim:
    claim = ask(journal, key, lease=lease, after_reply=after_reply, run=run).claim
    assert claim is not None
    return claim


def test_a_claimed_call_is_not_claimed_again_before_its_lease_ends(journal: Journal) -> None:
    granted(journal)
    second = ask(journal)
    assert second.claim is None
    assert second.record is not None
    assert second.record.state is CallState.CLAIMED
    assert 0 < second.record.lease_left_seconds <= 60


def test_a_lapsed_or_released_claim_is_claimed_with_a_new_token(journal: Journal) -> None:
    assert granted(journal, lease=-1).attempt == 1
    second = granted(journal)
    assert second.attempt == 2
    journal.release(second, usage=COST, is_failure=True)
    assert granted(journal).attempt == 3
    record = journal.lookup(["k"])["k"]
    assert (record.failure_count, record.usage) == (1, COST)


def test_a_reply_is_kept_raw_and_ends_the_claim(journal: Journal) -> None:
    record = journal.store(granted(journal), Reply("not {json \x00", COST, "gen-1"))
    assert (record.state, record.response, record.reply_count) == (CallState.ANSWERED, "not {json \ufffd", 1)
    assert (record.usage, record.generation_id, record.run_id) == (COST, "gen-1", "run-1")
    assert ask(journal).claim is None
    assert {key: one.response for key, one in journal.lookup(["k", "other"]).items()} == {"k": "not {json \ufffd"}


def test_whoever_outlived_the_lease_changes_nothing_but_the_bill(journal: Journal) -> None:
    zombie = granted(journal, lease=-1)
    heir = granted(journal)
    seen = journal.store(zombie, Reply("late", COST))
    assert (seen.state, seen.response) == (CallState.CLAIMED, None)
    kept = journal.store(heir, Reply("in time", COST))
    assert (kept.response, kept.usage) == ("in time", COST + COST)
    assert journal.store(zombie, Reply("later", Usage())).response == "in time"
    journal.release(zombie)
    assert journal.lookup(["k"])["k"].state is CallState.ANSWERED


def test_an_unusable_reply_is_asked_about_once_whoever_notices(journal: Journal) -> None:
    journal.store(granted(journal), Reply("garbage", COST))
    again = granted(journal, after_reply=1)
    assert (again.reply_count, again.response) == (1, "garbage")
    assert ask(journal, after_reply=1).claim is None
    record = journal.store(again, Reply("better", COST))
    assert (record.reply_count, record.response, record.usage) == (2, "better", COST + COST)
    assert ask(journal, after_reply=1).claim is None


def test_two_runs_that_give_up_make_a_dead_call_and_a_person_revives_it(journal: Journal) -> None:
    assert (
        journal.give_up(granted(journal, run="run-1"), "server error", error_type="unavailable").state
        is CallState.FAILED
    )
    dead = journal.give_up(granted(journal, run="run-2"), "server error again", error_type="unavailable", usage=COST)
    assert (dead.state, dead.reason, dead.failure_count) == (CallState.DEAD, "server error again", 2)
    assert ask(journal).claim is None
    assert journal.revive(["other"]) == 0
    assert [journal.revive(["other", "k"]) for _ in range(2)] == [1, 0]
    assert granted(journal).attempt == 3


def test_a_final_reason_is_dead_at_once_and_so_is_a_buried_reply(journal: Journal) -> None:
    assert journal.give_up(granted(journal), "blocked", error_type="blocked", is_final=True).state is CallState.DEAD
    record = journal.store(granted(journal, "other"), Reply("garbage", COST))
    assert journal.bury("other", record.attempt, "no JSON", error_type="unreadable").state is CallState.DEAD
    renewed = journal.store(granted(journal, "third"), Reply("garbage", COST))
    granted(journal, "third", after_reply=1)
    assert journal.bury("third", renewed.attempt, "too late", error_type="unreadable").state is CallState.CLAIMED


def test_of_many_who_ask_at_once_one_is_granted(journal_url: str) -> None:
    grants: list[Claim | None] = []
    barrier = threading.Barrier(4)

    def one() -> None:
        journal = open_journal(journal_url)
        barrier.wait()
        grants.extend(ask(journal, f"key-{number}").claim for number in range(10))
        journal.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = [claim.call_key for claim in grants if claim is not None]
    assert sorted(held) == sorted(f"key-{number}" for number in range(10))


def test_many_keys_are_looked_up_in_one_go(journal: Journal) -> None:
    keys = [f"key-{number}" for number in range(3)]
    for key in keys:
        granted(journal, key)
    assert set(journal.lookup([*keys, *(f"no-{number}" for number in range(2000))])) == set(keys)


@pytest.mark.parametrize("bad", ["mysql://host/db", "sqlite://", "nonsense", "duckdb:///x.duckdb"])
def test_another_kind_of_url_is_refused_with_advice(bad: str) -> None:
    with pytest.raises(UnknownJournal, match="JOURNAL_URL"):
        open_journal(bad)


def test_what_was_answered_is_forgotten_and_what_it_cost_is_not(journal: Journal) -> None:
    journal.store(granted(journal, "k"), Reply("Ada said so", COST, "gen-1"))
    journal.store(granted(journal, "other"), Reply("kept", COST, "gen-2"))
    assert journal.remembered("acme", [], ["k"]) == 1
    assert journal.forget("globex", ["1"], ["k"]) == 0
    assert journal.forget("acme", ["1"], ["k"]) == 1
    journal.forget_deleted()
    found = journal.lookup(["k", "other"])
    assert (found["k"].state, found["k"].response, found["k"].generation_id) == (CallState.ERASED, None, None)
    assert found["k"].usage == COST
    assert found["other"].response == "kept"
    assert journal.remembered("acme", [], ["k"]) == 0
    assert journal.forget("acme", [], ["k"]) == 0


def test_with_a_ticket_go_answers_about_several_and_no_other_tenants(journal: Journal) -> None:
    for key, ticket_id in (("several", None), ("other", "2")):
        claim = ask(journal, key, ticket_id=ticket_id).claim
        assert claim is not None
        journal.store(claim, Reply("said", COST, "gen"))
    assert journal.forget("globex", ["1"]) == 0
    assert journal.remembered("acme", ["1"]) == 1
    assert journal.forget("acme", ["1"]) == 1
    assert {key: one.response for key, one in journal.lookup(["several", "other"]).items()} == {
        "several": None,
        "other": "said",
    }


def test_who_is_answering_while_it_is_forgotten_keeps_nothing_but_the_bill(journal: Journal) -> None:
    claim = journal.claim(
        call_key="k",
        tenant_id="acme",
        ticket_id="1",
        identity=IDENTITY,
        question=QUESTION,
        run_id="run-1",
        lease_seconds=60,
    ).claim
    assert claim is not None
    assert journal.forget("acme", ["1"]) == 1
    record = journal.store(claim, Reply("Ada said so", COST, "gen-1"))
    assert (record.state, record.response, record.usage) == (CallState.ERASED, None, COST)
    assert granted(journal, "k").reply_count == 0, "somebody else may have written the same, and is read"


def test_a_journal_of_an_earlier_release_is_taken_over_as_it_is(journal_url: str, journal: Journal) -> None:
    journal.store(granted(journal), Reply("kept", COST, "gen-1"))
    with journal._engine.begin() as connection:
        connection.exec_driver_sql("alter table llm_call drop column ticket_id")
        connection.exec_driver_sql("drop index llm_call_by_batch")
        connection.exec_driver_sql("alter table llm_call drop column batch_key")
        connection.exec_driver_sql("drop table llm_batch")
    again = open_journal(journal_url)
    assert again.lookup(["k"])["k"].response == "kept"
    assert again.forget("acme", ["1"], ["k"]) == 1
    assert again.batches.all() == []
    again.close()


def test_what_many_ask_for_at_once_is_kept_in_few_transactions(journal: Journal) -> None:
    async def scenario() -> list[ClaimResult]:
        grouped = GroupedJournal(journal)
        return await asyncio.gather(
            *(grouped.step(f"key-{n % 50}", partial(ask, journal, f"key-{n % 50}")) for n in range(100))
        )

    begun = 0

    def count(_: object) -> None:
        nonlocal begun
        begun += 1

    event.listen(journal._engine, "begin", count)
    results = asyncio.run(scenario())
    assert [one.claim is not None for one in results] == [True] * 50 + [False] * 50
    assert begun <= 4


def test_groups_of_two_journals_over_the_same_calls_do_not_stand_in_each_other_s_way(journal_url: str) -> None:
    grants: list[ClaimResult] = []

    def one(step: int) -> None:
        journal = open_journal(journal_url)

        async def scenario() -> None:
            grouped = GroupedJournal(journal)
            keys = [f"key-{n}" for n in range(200)][::step]
            grants.extend(await asyncio.gather(*(grouped.step(key, partial(ask, journal, key)) for key in keys)))

        asyncio.run(scenario())
        journal.close()

    threads = [threading.Thread(target=one, args=(step,)) for step in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(grants) == 400
    assert (
        len({one.claim.call_key for one in grants if one.claim}) == sum(one.claim is not None for one in grants) == 200
    )


def test_a_group_of_which_one_cannot_be_kept_is_not_kept_and_everybody_is_told(journal: Journal) -> None:
    def broken() -> None:
        with journal._transaction() as connection:
            connection.exec_driver_sql("select nonsense from nowhere")

    async def scenario() -> list[object]:
        grouped = GroupedJournal(journal)
        steps = [grouped.step("k", partial(ask, journal)), grouped.step("z", broken)]
        told = await asyncio.gather(*steps, return_exceptions=True)
        return [*told, await grouped.step("other", partial(ask, journal, "other"))]

    first, second, after = asyncio.run(scenario())
    assert isinstance(first, JournalUnavailable)
    assert isinstance(second, JournalUnavailable)
    assert isinstance(after, ClaimResult)
    assert set(journal.lookup(["k", "other"])) == {"other"}


def test_failures_of_one_run_count_as_one_run_and_two_runs_are_enough(journal: Journal) -> None:
    for _ in range(3):
        journal.release(granted(journal, run="run-1"), is_failure=True)
    assert journal.give_up(granted(journal, run="run-1"), "down", error_type="unavailable").state is CallState.FAILED
    assert journal.give_up(granted(journal, run="run-2"), "down", error_type="unavailable").state is CallState.DEAD


def test_the_reply_says_who_gave_it(journal: Journal) -> None:
    record = journal.store(granted(journal), Reply("x", COST, "gen-1", provider="Somebody"), model="other")
    assert (record.model, record.provider) == ("other", "Somebody")
    assert journal.store(granted(journal, "k2"), Reply("x", COST)).model == "m"
