"""The driver against a model server over HTTP: storms, ceilings, broken bodies, models that are down, budgets, poison."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from analysis.analyzer import Question, SentimentAnswer, call_key
from analysis.calls import Call, Ending, Outcome
from analysis.driver import Driver
from analysis.journal import CallState, Journal
from analysis.llm import OpenAICompatibleAnalyzer
from analysis.llm.failures import ModelStopped
from core.vocabulary import AnalysisTask
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM

GOOD = {"sentiment": "neutral", "churn_intent": "none", "target": "product", "resolution": "unclear"}


def reader(llm: FakeLLM, **more: Any) -> OpenAICompatibleAnalyzer:
    settings = {"base_url": llm.url, "api_key": SecretStr("k"), "model": "test/model", "timeout_seconds": 5} | more
    return OpenAICompatibleAnalyzer(**settings)


def calls(analyzer: OpenAICompatibleAnalyzer, texts: Sequence[str]) -> list[Call]:
    questions = [Question(AnalysisTask.SENTIMENT, text) for text in texts]
    identity = analyzer.identity(AnalysisTask.SENTIMENT)
    return [Call(call_key("acme", identity, one), "acme", one) for one in questions]


class Ran:
    """What one run of a driver came to."""

    def __init__(self, driver: Driver, outcomes: dict[str, Outcome]) -> None:
        self.driver = driver
        self.by_key = outcomes
        self.outcomes = list(outcomes.values())
        self.endings = [one.ending for one in self.outcomes]
        self.paid = sum(spending.calls for spending in driver.spent.values())


def drive(
    journal: Journal, analyzer: OpenAICompatibleAnalyzer, *batches: Sequence[str], run_id: str = "run-1", **more: Any
) -> Ran:
    settings: dict[str, Any] = {"max_concurrency": 8, "lease_seconds": 30, "patience_seconds": 30} | more

    async def run() -> Ran:
        driver = Driver(journal=journal, analyzer=analyzer, run_id=run_id, **settings)
        try:
            answered = await asyncio.gather(*(driver.answer(calls(analyzer, texts)) for texts in batches))
        finally:
            await analyzer.close()
        return Ran(driver, {key: outcome for one in answered for key, outcome in one.items()})

    return asyncio.run(run())


TEXTS = [f"Ticket number {number}, nothing else." for number in range(40)]


@pytest.mark.parametrize("retry_after", [None, "0.2"])
def test_a_storm_is_waited_out_and_uses_no_attempt(journal: Journal, llm: FakeLLM, retry_after: str | None) -> None:
    llm.storm(seconds=1.0, retry_after=retry_after)
    ran = drive(journal, reader(llm), TEXTS)
    assert ran.endings == [Ending.ANSWERED] * len(TEXTS)
    assert ran.paid == len(llm.paid) == len(TEXTS)
    assert {record.failure_count for record in journal.lookup(list(ran.by_key)).values()} == {0}
    assert len(llm.history) < 2 * len(TEXTS), "it did not hammer at a closed door"


def test_a_ceiling_is_kept_to_without_being_told(journal: Journal) -> None:
    with FakeLLM(seconds=0.05, ceiling=5) as server:
        ran = drive(journal, reader(server), [f"Ticket {number}" for number in range(200)], max_concurrency=64)
        assert ran.endings == [Ending.ANSWERED] * 200
        assert server.most_in_flight == 5
        assert len(server.history) - len(server.paid) < 30


def test_what_is_asked_for_by_two_batches_at_once_is_paid_once(journal: Journal) -> None:
    with FakeLLM(seconds=0.1) as server:
        ran = drive(journal, reader(server), TEXTS[:10], TEXTS[5:15])
        assert ran.endings == [Ending.ANSWERED] * 15
        assert len(server.paid) == ran.paid == 15


BROKEN = {
    "cut": fake.CUT,
    "slow": fake.Scripted(body=fake.GARBAGE.body, seconds=3),
    "empty page": fake.Scripted(200, ""),
    "no choice": fake.NULL_CHOICES,
    "inside": fake.ERROR_INSIDE_200,
    "broken off": fake.BROKEN_GENERATION,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_asked_for_again_and_what_it_cost_is_counted(
    journal: Journal, llm: FakeLLM, name: str
) -> None:
    llm.enqueue(BROKEN[name], where="number 3,")
    ran = drive(journal, reader(llm, timeout_seconds=1), TEXTS[:8])
    assert ran.endings == [Ending.ANSWERED] * 8
    assert len(llm.history) == 9
    was_charged = name in {"no choice", "broken off"}
    assert ran.paid == 8 + was_charged
    assert sum(one.usage.input_tokens for one in ran.outcomes) == 100 * (8 + was_charged)


UNUSABLE = {"malformed": fake.MALFORMED, "refusal": fake.REFUSAL, "enum": fake.WRONG_ENUM, "cut": fake.TRUNCATED}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_answer_goes_to_the_same_model_then_to_the_other_then_to_the_dead(
    journal: Journal, llm: FakeLLM, name: str
) -> None:
    bad = UNUSABLE[name]
    llm.enqueue(bad, bad, fake.answer(quotes=[], **GOOD), where="Saved")
    llm.enqueue(bad, bad, bad, where="Lost")
    texts = ["Saved by another", "Lost for all"]
    ran = drive(journal, reader(llm, fallback_model="test/other"), texts)
    saved, lost = (ran.by_key[call.key] for call in calls(reader(llm), texts))
    assert (saved.ending, saved.model, saved.attempt_count) == (Ending.ANSWERED, "test/other", 3)
    assert (lost.ending, lost.model, lost.attempt_count) == (Ending.DEAD, "test/other", 3)
    assert [one.body["model"] for one in llm.history if "Saved" in one.ticket] == ["test/model"] * 2 + ["test/other"]
    told = [one.body["messages"][-1]["content"] for one in llm.history if "Lost" in one.ticket]
    assert "cannot be used" not in told[0]
    assert all("cannot be used" in one or "could not be used" in one for one in told[1:])
    again = drive(journal, reader(llm, fallback_model="test/other"), texts)
    assert again.paid == 0
    assert [one.model for one in again.outcomes] == ["test/other"] * 2
    assert journal.lookup(list(ran.by_key))[lost.call_key].error_type == "unreadable"


def test_an_evaluation_is_told_what_the_main_model_says_and_nobody_else(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(*[fake.GARBAGE] * 2)
    ran = drive(journal, reader(llm, fallback_model="test/other"), TEXTS[:1], may_fall_back=False)
    assert ran.endings == [Ending.DEAD]
    assert [one.body["model"] for one in llm.history] == ["test/model"] * 2


def test_an_invented_quote_is_an_answer_like_any_other_to_the_driver(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(fake.INVENTED)
    [outcome] = drive(journal, reader(llm), TEXTS[:1]).outcomes
    assert isinstance(outcome.answer, SentimentAnswer)
    assert outcome.answer.quotes == ("We will sue you tomorrow",)


def test_a_model_that_is_down_is_left_alone_and_the_other_one_answers(journal: Journal) -> None:
    with FakeLLM() as server:
        server.enqueue(*[fake.DOWN] * 6)
        ran = drive(journal, reader(server, fallback_model="test/other"), TEXTS, max_concurrency=1, patience_seconds=60)
        assert ran.endings == [Ending.ANSWERED] * len(TEXTS)
        assert {one.model for one in ran.outcomes} >= {"test/other"}
        failed = [one for one in server.history if not one.is_paid]
        assert len(failed) == 6
        assert len(server.paid) == ran.paid == len(TEXTS)
        kept = journal.lookup(list(ran.by_key))
        assert {key: record.model for key, record in kept.items()} == {
            key: one.model for key, one in ran.by_key.items()
        }


def test_without_another_model_it_is_tried_again_with_one_call_after_a_while(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(*[fake.DOWN] * 6)
    began = time.monotonic()
    ran = drive(journal, reader(llm), TEXTS[:12], max_concurrency=2)
    assert ran.endings == [Ending.ANSWERED] * 12
    assert time.monotonic() - began > 2.0
    assert len([one for one in llm.history if not one.is_paid]) == 6


def failing(provider: str) -> fake.Scripted:
    error = {"code": 502, "message": "Provider returned error", "metadata": {"provider_name": provider}}
    return fake.Scripted(body={"error": error})


def test_a_provider_that_fails_is_left_out_and_the_one_that_served_is_kept(journal: Journal) -> None:
    with FakeLLM(provider="Good") as server:
        server.enqueue(*[failing("Bad")] * 5)
        ran = drive(journal, reader(server), TEXTS[:12], max_concurrency=1)
        assert ran.endings == [Ending.ANSWERED] * 12
        routed = [one.body.get("provider") for one in server.history]
        assert routed[:5] == [None] * 5
        assert {"ignore": ["Bad"]} in routed
        assert {record.provider for record in journal.lookup(list(ran.by_key)).values()} == {"Good"}


def test_pinned_providers_are_asked_for_in_order(journal: Journal, llm: FakeLLM) -> None:
    drive(journal, reader(llm, providers=("First", "Second")), TEXTS[:1])
    order = ["First", "Second"]
    assert llm.history[0].body["provider"] == {"only": order, "order": order}


def test_a_text_too_long_for_the_model_is_asked_about_in_a_shorter_version(journal: Journal, llm: FakeLLM) -> None:
    text = "Beginning. " + "The export fails again and again. " * 400 + "We leave you."
    llm.enqueue(fake.TOO_LONG, fake.TOO_LONG, where="Beginning")
    ran = drive(journal, reader(llm), [text])
    [(key, outcome)] = ran.by_key.items()
    assert outcome.ending is Ending.ANSWERED
    assert outcome.call_key != key
    lengths = [len(one.ticket) for one in llm.history]
    assert lengths[0] == len(text)
    assert 7_900 < lengths[1] < 8_100
    assert 3_900 < lengths[2] < 4_100
    assert llm.history[2].ticket.startswith("Beginning.")
    assert llm.history[2].ticket.endswith("We leave you.")
    again = drive(journal, reader(llm), [text])
    assert (again.paid, again.outcomes[0].call_key) == (0, outcome.call_key)
    assert len(llm.history) == 3


def test_a_text_that_is_too_long_at_its_shortest_is_a_dead_letter(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(*[fake.TOO_LONG] * 9)
    ran = drive(journal, reader(llm), ["word " * 3_000])
    assert ran.endings == [Ending.DEAD]
    assert len(llm.history) == 4
    assert ran.outcomes[0].reason
    assert "does not fit" in ran.outcomes[0].reason


def test_a_call_that_is_too_heavy_for_the_budget_is_left_and_the_others_go_on(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(fake.TOO_HEAVY, where="number 3,")
    ran = drive(journal, reader(llm), TEXTS[:8])
    assert sorted(ran.endings) == [Ending.ANSWERED] * 7 + [Ending.FAILED]
    assert ran.driver.stopped is None
    [left] = [record for record in journal.lookup(list(ran.by_key)).values() if record.state is CallState.FAILED]
    assert left.error_type == "too_expensive"
    assert drive(journal, reader(llm), TEXTS[:8], run_id="run-2").endings == [Ending.ANSWERED] * 8


def test_a_budget_of_calls_in_flight_is_waited_for(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(*[fake.IN_FLIGHT_BUDGET] * 3)
    ran = drive(journal, reader(llm), TEXTS[:8])
    assert ran.endings == [Ending.ANSWERED] * 8
    assert {record.failure_count for record in journal.lookup(list(ran.by_key)).values()} == {0}


def test_a_budget_that_is_renewed_soon_is_waited_for_and_one_that_is_not_stops_the_run(
    journal: Journal, llm: FakeLLM
) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    llm.enqueue(fake.budget_spent(soon))
    assert drive(journal, reader(llm), TEXTS[:4], max_concurrency=1).endings == [Ending.ANSWERED] * 4
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    llm.enqueue(fake.budget_spent(tomorrow.isoformat()))
    ran = drive(journal, reader(llm), TEXTS[4:8], max_concurrency=1)
    assert isinstance(ran.driver.stopped, ModelStopped)
    assert f"until {tomorrow:%Y-%m-%d %H:%M} UTC" in str(ran.driver.stopped)
    assert Ending.DEAD not in ran.endings


def test_what_is_blocked_is_a_dead_letter_that_says_so(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(fake.BLOCKED, where="number 3,")
    ran = drive(journal, reader(llm), TEXTS[:8])
    assert sorted(ran.endings) == sorted([Ending.ANSWERED] * 7 + [Ending.DEAD])
    [dead] = [record for record in journal.lookup(list(ran.by_key)).values() if record.state is CallState.DEAD]
    assert dead.error_type == "blocked"


def test_a_stop_lets_nobody_wait_at_the_gate(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(fake.throttled("60"), fake.BAD_KEY)
    began = time.monotonic()
    ran = drive(journal, reader(llm), TEXTS, max_concurrency=2)
    assert isinstance(ran.driver.stopped, ModelStopped)
    assert time.monotonic() - began < 10


def test_what_is_put_off_again_and_again_is_left_for_another_run_in_the_end(journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(*[fake.throttled("0")] * 1_000, where="number 3,")
    ran = drive(journal, reader(llm), TEXTS[:8], longest_requeued_seconds=0.5)
    assert sorted(ran.endings) == [Ending.ANSWERED] * 7 + [Ending.FAILED]
    [left] = [one for one in ran.outcomes if one.ending is Ending.FAILED]
    assert left.reason
    assert "429" in left.reason
    record = journal.lookup([left.call_key])[left.call_key]
    assert (record.state, record.failure_count) == (CallState.CLAIMED, 0)


def test_poison_is_dead_after_three_failures_over_two_runs_and_an_outage_is_no_poison(
    journal: Journal, llm: FakeLLM
) -> None:
    poison = TEXTS[3]
    llm.enqueue(*[fake.DOWN] * 50, where="number 3,")
    first = drive(journal, reader(llm), TEXTS[:8], max_concurrency=1)
    assert sorted(first.endings) == [Ending.ANSWERED] * 7 + [Ending.FAILED]
    alone = drive(journal, reader(llm), [poison], run_id="run-2", patience_seconds=0.5)
    assert alone.outcomes == [], "nobody else was answered meanwhile, so it is not blamed"
    second = drive(journal, reader(llm), TEXTS[3:12], run_id="run-3", max_concurrency=1)
    dead = [one for one in second.outcomes if one.ending is Ending.DEAD]
    assert [one.call_key for one in dead] == [calls(reader(llm), [poison])[0].key]
    tried = len(llm.history)
    third = drive(journal, reader(llm), [poison], run_id="run-4")
    assert third.endings == [Ending.DEAD]
    assert len(llm.history) == tried
