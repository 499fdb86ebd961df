"""A backlog goes through a provider's batches: whatever becomes of them, every call is answered, paid once, or free again."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from pydantic import SecretStr

from analysis.analyzer import Question, Taxonomy, Topic
from analysis.batches import BacklogCall, BatchRefused
from analysis.batches.client import Line
from analysis.batches.collecting import Collector
from analysis.batches.openrouter import OpenRouterBatches
from analysis.journal import BatchState, CallState, Journal
from analysis.llm.failures import ModelStopped
from core.vocabulary import AnalysisTask
from tests.integration.analysis.batches.conftest import analyzer_of, backlog, calls, client_of
from tests.support.fake_batches import FakeBatches, Plan

S = AnalysisTask.SENTIMENT


def states(journal: Journal, asked: Sequence[BacklogCall]) -> dict[CallState | None, int]:
    known = journal.lookup([call.key for call in asked])
    found: dict[CallState | None, int] = {}
    for call in asked:
        state = known[call.key].state if call.key in known else None
        found[state] = found.get(state, 0) + 1
    return found


def free(journal: Journal, asked: Sequence[BacklogCall]) -> int:
    """Calls that anybody may claim now."""
    known = journal.lookup([call.key for call in asked]).values()
    return sum(one.state is CallState.CLAIMED and one.lease_left_seconds < 0 for one in known)


def test_a_backlog_is_answered_in_batches_of_one_tenant_each_at_half_the_price(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    mine, theirs = calls(server, 7), calls(server, 4, tenant="zenith")
    one = backlog(server, journal, provider, tenant_ids=["acme", "zenith"])
    one.prepare([mine[:4], [*mine[4:], *theirs]])
    assert states(journal, [*mine, *theirs]) == {CallState.ANSWERED: 11}
    assert server.paid == dict.fromkeys((call.key for call in [*mine, *theirs]), 1)
    assert (one.report.submitted_count, one.report.collected_count, one.report.waiting) == (3, 3, [])
    assert one.report.calls == {S: 11}
    assert one.report.usage[S].input_tokens == 1100
    # OpenAI tells no cost; an unknown cost is 0, with the tokens beside it.
    assert one.report.usage[S].cost_usd == pytest.approx(11 * 0.00005 if provider == "openrouter" else 0)
    held = journal.batches.all()
    assert sorted(batch.call_count for batch in held) == [2, 4, 5]
    assert {batch.state for batch in held} == {BatchState.COLLECTED}
    record = journal.lookup([mine[0].key])[mine[0].key]
    analyzer_of(server).parse(mine[0].question, record.response or "")
    assert (record.run_id, record.reply_count, record.usage.latency_ms) == ("run-1", 1, 0)


def test_calls_of_one_batch_share_the_schema_of_their_answers(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    server.seconds = 3600
    mixed: list[BacklogCall] = []
    for number, call in enumerate(calls(server, 6)):
        taxonomy = Taxonomy((Topic(f"Topic {number % 2}"),))
        question = Question(AnalysisTask.TOPICS, call.question.text, taxonomy)
        mixed += [call, replace(call, key=f"topics-{number}", question=question)]
    backlog(server, journal, provider, wait_seconds=0).prepare([mixed])
    schemas = [{json.dumps(line["body"]["response_format"]) for line in one.lines} for one in server.batches.values()]
    assert all(len(one) == 1 for one in schemas)
    assert len(set.union(*schemas)) == 3


def test_nothing_of_the_texts_stays_at_the_provider(server: FakeBatches, journal: Journal, provider: str) -> None:
    backlog(server, journal, provider).prepare([calls(server, 3)])
    assert all(batch.is_deleted for batch in server.batches.values() if not batch.is_openai)
    assert server.files == {}
    assert journal.batches.uncleared() == []


def test_too_few_calls_are_no_backlog(server: FakeBatches, journal: Journal, provider: str) -> None:
    asked = calls(server, 4)
    one = backlog(server, journal, provider, from_calls=5)
    one.prepare([asked[:2], asked[2:]])
    assert states(journal, asked) == {None: 4}
    assert (server.batches, one.held_back([call.key for call in asked])) == ({}, set())


def test_what_is_not_over_in_time_waits_and_a_later_run_collects_it(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    server.seconds = 3600
    asked = calls(server, 5)
    first = backlog(server, journal, provider, wait_seconds=0.2)
    first.prepare([asked])
    assert states(journal, asked) == {CallState.CLAIMED: 5}
    [waiting] = first.report.waiting
    assert (waiting.state, waiting.call_count, waiting.run_id) == (BatchState.SUBMITTED, 5, "run-1")
    assert (waiting.first_created_on.month, waiting.last_created_on.month) == (1, 5)
    assert free(journal, asked) == 0
    server.finish()
    # No batches are wanted any more; those that were handed in are paid for all the same.
    second = backlog(server, journal, None, run_id="run-2")
    second.prepare([asked])
    assert states(journal, asked) == {CallState.ANSWERED: 5}
    assert second.report.calls == {S: 5}
    assert server.charged == 5
    assert {one.run_id for one in journal.lookup([call.key for call in asked]).values()} == {"run-1"}


def test_failed_requests_of_a_completed_batch_fare_by_their_class(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    asked = calls(server, 6)
    server.plan(
        Plan(
            failing={
                "Ticket 0000": {"status": 403, "message": "Input flagged by moderation"},
                "Ticket 0001": {"status": 400, "message": "maximum context length is 8192 tokens"},
                "Ticket 0002": {"status": 500, "message": "server error"},
                "Ticket 0003": {"status": 429, "message": "slow down"},
            },
            dropped=("Ticket 0004",),
        )
    )
    one = backlog(server, journal, provider, size=6)
    one.prepare([asked])
    known = journal.lookup([call.key for call in asked])
    assert [known[call.key].state for call in asked] == [
        CallState.DEAD,
        CallState.DEAD,
        CallState.FAILED,
        CallState.CLAIMED,
        CallState.FAILED,
        CallState.ANSWERED,
    ]
    assert free(journal, asked) == 1
    [batch] = journal.batches.all()
    assert (batch.answered_count, batch.failed_count, batch.released_count) == (1, 4, 1)
    # What failed by itself is asked by itself; what was released belongs into the next batch.
    assert one.held_back([call.key for call in asked]) == {asked[3].key}
    again = backlog(server, journal, provider)
    again.prepare([asked])
    assert journal.lookup([asked[3].key])[asked[3].key].state is CallState.ANSWERED
    assert server.paid[asked[2].key] == 0


@pytest.mark.parametrize(
    ("provider", "ending"), [("openrouter", "expired"), ("openai", "expired"), ("openai", "cancelled")]
)
def test_what_was_finished_is_kept_and_the_rest_is_free_again(
    server: FakeBatches, journal: Journal, provider: str, ending: str
) -> None:
    asked = calls(server, 5)
    server.plan(Plan(expires_after=2) if ending == "expired" else Plan(seconds=3600))
    one = backlog(server, journal, provider, wait_seconds=0.2 if ending == "cancelled" else 10)
    one.prepare([asked])
    if ending == "cancelled":
        [batch] = one.report.waiting
        client_of(server)(provider).cancel(str(batch.provider_batch_id))
        Collector(journal.batches, client_of(server)(provider)).collect()
    assert states(journal, asked) == {CallState.ANSWERED: 2, CallState.CLAIMED: 3}
    assert free(journal, asked) == 3
    assert journal.batches.all()[0].state is BatchState(ending)
    backlog(server, journal, provider).prepare([asked])
    assert states(journal, asked) == {CallState.ANSWERED: 5}
    assert server.paid == dict.fromkeys((call.key for call in asked), 1)


def test_settings_that_no_batch_survives_stop_the_run_and_say_what_to_do(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    asked = calls(server, 12)
    server.plan(*[Plan(refusal="this model has no batch endpoint")] * 3)
    with pytest.raises(BatchRefused, match=r"no batch endpoint.*set LLM_BATCH=off"):
        backlog(server, journal, provider).prepare([asked])
    assert free(journal, asked) + states(journal, asked).get(None, 0) >= 5
    server.plan(Plan(status=400, refusal="Model does not have a :batch endpoint"))
    with pytest.raises(BatchRefused, match=":batch endpoint"):
        backlog(server, journal, provider, tenant_ids=["other"]).prepare([calls(server, 3, start=50)])
    assert server.charged == 0


def test_a_batch_that_one_text_spoils_is_asked_call_by_call(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    backlog(server, journal, provider).prepare([calls(server, 2, start=90)])
    asked = calls(server, 5)
    server.plan(Plan(refusal="request 3 is malformed"))
    one = backlog(server, journal, provider)
    one.prepare([asked])
    assert states(journal, asked) == {CallState.FAILED: 5}
    assert one.held_back([call.key for call in asked]) == set()
    assert {one.failure_count for one in journal.lookup([call.key for call in asked]).values()} == {1}


def test_a_full_queue_stops_submission_and_holds_the_rest_back(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    backlog(server, journal, provider).prepare([calls(server, 2, start=90)])
    asked = calls(server, 15)
    server.plan(Plan(), *[Plan(status=429, refusal="slow down", headers={"Retry-After": "0"})] * 5)
    one = backlog(server, journal, provider)
    one.prepare([asked])
    assert states(journal, asked)[CallState.ANSWERED] == 5
    keys = [call.key for call in asked]
    assert len(one.held_back(keys)) == 10
    backlog(server, journal, provider).prepare([asked])
    assert states(journal, asked) == {CallState.ANSWERED: 15}
    assert max(server.paid.values()) == 1


def test_a_refused_queue_of_openai_is_no_reason_to_ask_call_by_call(server: FakeBatches, journal: Journal) -> None:
    asked = calls(server, 5)
    server.plan(Plan(refusal="Enqueued token limit reached", refusal_code="token_limit_exceeded"))
    one = backlog(server, journal, "openai")
    one.prepare([asked])
    assert free(journal, asked) == 5
    assert len(one.held_back([call.key for call in asked])) == 5


def test_no_credit_stops_the_run_and_frees_the_calls(server: FakeBatches, journal: Journal, provider: str) -> None:
    asked = calls(server, 5)
    server.plan(Plan(status=402, refusal="Insufficient credits"))
    with pytest.raises(ModelStopped, match="credit"):
        backlog(server, journal, provider).prepare([asked])
    assert free(journal, asked) == 5
    assert journal.batches.all()[0].state is BatchState.FAILED


def test_a_server_without_batches_is_refused_in_a_sentence(server: FakeBatches, journal: Journal) -> None:
    server.plan(Plan(status=404, refusal="Not Found"))
    with pytest.raises(BatchRefused, match="no batch interface"):
        backlog(server, journal, "openrouter").prepare([calls(server, 5)])


def test_a_submission_whose_answer_is_lost_is_found_at_the_provider_and_paid_once(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    asked = calls(server, 5)
    server.plan(Plan(is_lost=True))
    backlog(server, journal, provider).prepare([asked])
    assert len(server.batches) == 1
    assert states(journal, asked) == {CallState.ANSWERED: 5}
    assert server.paid == dict.fromkeys((call.key for call in asked), 1)


def test_where_the_provider_lists_nothing_a_lost_submission_costs_one_batch_at_most(
    server: FakeBatches, journal: Journal
) -> None:
    server.has_listing = False
    asked = calls(server, 10)
    server.plan(Plan(is_lost=True))
    lost = backlog(server, journal, "openrouter", intent_seconds=0.5, wait_seconds=3)
    lost.prepare([asked])
    assert len(server.batches) == 1
    backlog(server, journal, "openrouter").prepare([asked])
    assert states(journal, asked) == {CallState.ANSWERED: 10}
    server.finish()
    assert server.charged <= 10 + 5


def test_a_batch_that_somebody_deleted_at_the_provider_is_waited_for_until_it_would_have_expired(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    server.seconds = 3600
    asked = calls(server, 2)
    backlog(server, journal, provider, wait_seconds=0).prepare([asked])
    server.batches.clear()
    one = backlog(server, journal, provider, wait_seconds=0)
    one.prepare([asked])
    assert states(journal, asked) == {CallState.CLAIMED: 2}
    assert len(one.report.waiting) == 1


def test_what_was_erased_meanwhile_is_not_kept_but_its_cost_is(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    server.seconds = 3600
    asked = calls(server, 2)
    backlog(server, journal, provider, wait_seconds=0).prepare([asked])
    journal.forget("acme", ["0"])
    server.finish()
    backlog(server, journal, None).prepare([])
    erased, kept = (journal.lookup([call.key])[call.key] for call in asked)
    assert (erased.state, erased.response, erased.usage.input_tokens) == (CallState.ERASED, None, 100)
    assert kept.state is CallState.ANSWERED


def test_a_call_taken_over_by_somebody_else_is_theirs_and_both_bills_are_counted(
    server: FakeBatches, journal: Journal, provider: str
) -> None:
    server.seconds = 3600
    [asked] = calls(server, 1)
    backlog(server, journal, provider, wait_seconds=0).prepare([[asked]])
    [batch] = journal.batches.open()
    # The window ended long ago, and nobody has looked since.
    journal.batches.prolong(batch.batch_key, expires_at=1.0, margin_seconds=0.0)
    analyzer = analyzer_of(server)
    claim = journal.claim(
        call_key=asked.key,
        tenant_id="acme",
        identity=analyzer.identity(S),
        question=asked.question,
        run_id="run-2",
        lease_seconds=60,
    ).claim
    assert claim is not None
    server.finish()
    backlog(server, journal, None).prepare([])
    record = journal.lookup([asked.key])[asked.key]
    assert (record.state, record.run_id, record.usage.input_tokens) == (CallState.CLAIMED, "run-2", 100)


def test_pinned_providers_are_pinned_for_batches_too(server: FakeBatches) -> None:
    client = OpenRouterBatches(
        base_url=server.url, api_key=SecretStr("sk-test"), model="test/model", providers=("openai", "azure")
    )
    one = calls(server, 1)[0]
    line = Line(one.key, json.dumps(dict(analyzer_of(server).request(one.question))))
    handed_in = client.submit("key", [line])
    client.close()
    assert server.batches[handed_in.provider_batch_id].routing == {"only": ["openai", "azure"]}
