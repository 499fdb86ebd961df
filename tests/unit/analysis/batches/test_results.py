"""What came of a request decides what is written about its call, whatever shape the provider says it in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.batches.client import BatchStatus, ResultLine, Standing
from analysis.batches.http import result_line
from analysis.batches.results import end_of_the_others, verdict, verdicts
from analysis.journal.batch import CallEnd

ANSWERED = {
    "id": "gen-1",
    "choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2, "cost": 0.5},
}


def line(body: Any = None, status: int | None = 200, error: Any = None) -> ResultLine:
    return ResultLine("k", status, body, error)


def test_a_reply_is_kept_as_it_came_with_its_cost() -> None:
    found = verdict(line(ANSWERED), where="Batch b")
    assert found.reply is not None
    assert (found.end, found.reply.generation_id, found.reply.usage.cost_usd) == (CallEnd.ANSWERED, "gen-1", 0.5)
    assert '"content": "{}"' in found.reply.raw


@pytest.mark.parametrize(
    ("result", "end"),
    [
        (line({"error": {"message": "Input flagged", "type": "moderation"}}, 403), CallEnd.DEAD),
        (line({"error": {"message": "maximum context length"}}, 400), CallEnd.DEAD),
        (line({"error": {"message": "bad schema"}}, 400), CallEnd.FAILED),
        (line({"error": {"message": "slow down"}}, 429), CallEnd.RELEASED),
        (line({"error": {"message": "no credit"}}, 402), CallEnd.RELEASED),
        (line({"choices": []}), CallEnd.FAILED),
        (line({**ANSWERED, "choices": [{"message": {}, "finish_reason": "content_filter"}]}), CallEnd.DEAD),
        (line(None, None, {"code": "batch_expired", "message": "late"}), CallEnd.RELEASED),
        (line(None, None, {"code": "batch_cancelled"}), CallEnd.RELEASED),
        (line(None, None, {"message": "it broke"}), CallEnd.FAILED),
        (line(None, None, {"code": 429, "message": "slow down"}), CallEnd.RELEASED),
        (line(None, None, None), CallEnd.FAILED),
    ],
)
def test_a_failure_is_told_by_its_class(result: ResultLine, end: CallEnd) -> None:
    found = verdict(result, where="Batch b")
    assert (found.end, found.reply) == (end, None)
    assert found.reason


def test_a_generation_that_broke_off_is_charged_all_the_same() -> None:
    broken = {**ANSWERED, "choices": [{"message": {"content": None}, "finish_reason": "error"}]}
    found = verdict(line(broken), where="Batch b")
    assert (found.end, found.usage.cost_usd) == (CallEnd.FAILED, 0.5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
CHOICES = st.lists(st.fixed_dictionaries({}, optional={"message": JSON, "finish_reason": JSON, "error": JSON}))
USAGE = st.fixed_dictionaries({}, optional={"prompt_tokens": JSON, "completion_tokens": JSON, "cost": JSON})
BODIES = st.fixed_dictionaries(
    {}, optional={"id": JSON, "choices": JSON | CHOICES, "usage": JSON | USAGE, "error": JSON}
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "custom_id": JSON,
        "response": JSON | st.fixed_dictionaries({}, optional={"status_code": JSON, "body": JSON | BODIES}),
        "error": JSON | st.fixed_dictionaries({}, optional={"code": JSON, "message": JSON, "metadata": JSON}),
    },
)


@given(st.lists(FIELDS, max_size=5))
def test_whatever_a_provider_says_each_call_gets_one_verdict(items: list[dict[str, Any]]) -> None:
    found = verdicts((result_line(item) for item in items), where="Batch b")
    assert len({one.call_key for one in found}) == len(found)
    assert all((one.end is CallEnd.ANSWERED) == (one.reply is not None) for one in found)


@pytest.mark.parametrize(
    ("status", "is_limit", "has_completed", "end"),
    [
        (BatchStatus.COMPLETED, False, True, CallEnd.FAILED),
        (BatchStatus.FAILED, False, True, CallEnd.FAILED),
        (BatchStatus.FAILED, False, False, CallEnd.RELEASED),
        (BatchStatus.FAILED, True, True, CallEnd.RELEASED),
        (BatchStatus.EXPIRED, False, True, CallEnd.RELEASED),
        (BatchStatus.CANCELLED, False, True, CallEnd.RELEASED),
    ],
)
def test_calls_without_a_result_are_asked_alone_only_where_a_text_may_be_to_blame(
    status: BatchStatus, is_limit: bool, has_completed: bool, end: CallEnd
) -> None:
    assert end_of_the_others(Standing("b", status, is_limit=is_limit), has_completed=has_completed) is end
