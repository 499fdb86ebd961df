"""Each failure of a model server belongs to the class whose action fits."""

import pytest

from analysis.analyzer import Usage
from analysis.llm.failures import (
    Blocked,
    ModelCallError,
    ModelStopped,
    ProviderUnavailable,
    Rejected,
    TextTooLong,
    Throttled,
    TooExpensive,
    failure,
)
from analysis.llm.replies import retry_after_seconds


@pytest.mark.parametrize(
    ("status", "error", "retry_after", "expected"),
    [
        (429, {}, None, Throttled),
        (200, {"metadata": {"error_type": "rate_limit_exceeded"}}, None, Throttled),
        (402, {"message": "in flight budget"}, 2.0, Throttled),
        (402, {"metadata": {"limit_source": "openrouter_in_flight_budget"}}, None, Throttled),
        (402, {"metadata": {"error_type": "weight_exceeds_budget"}}, 2.0, TooExpensive),
        (403, {"message": "budget", "metadata": {"resets_at": "2026-12-01T00:00:00Z"}}, None, ModelStopped),
        (402, {"message": "insufficient credits"}, None, ModelStopped),
        (401, {}, None, ModelStopped),
        (404, {"message": "no such model"}, None, ModelStopped),
        (403, {"message": "key limit exceeded"}, None, ModelStopped),
        (403, {"message": "flagged", "metadata": {"error_type": "moderation"}}, None, Blocked),
        (400, {"code": "content_filter"}, None, Blocked),
        (400, {"code": "context_length_exceeded"}, None, TextTooLong),
        # llama.cpp's own words
        (
            400,
            {"message": "request (10870 tokens) exceeds the available context size (6144 tokens)"},
            None,
            TextTooLong,
        ),
        (413, {"message": "prompt is too long"}, None, TextTooLong),
        (400, {"message": "unknown parameter"}, None, Rejected),
        (422, {}, None, Rejected),
        (408, {}, None, ProviderUnavailable),
        (409, {}, None, ProviderUnavailable),
        (500, {}, None, ProviderUnavailable),
        (503, {}, 5.0, ProviderUnavailable),
        (529, {}, None, ProviderUnavailable),
    ],
)
def test_the_class_decides_the_action(
    status: int, error: dict[str, object], retry_after: float | None, expected: type
) -> None:
    charged = Usage(3, 4, 0.5, 6)
    found = failure(status, error, where="Model m at host", retry_after=retry_after, usage=charged)
    assert type(found) is expected
    assert "Model m at host" in str(found)
    assert isinstance(found, ModelCallError)
    assert found.usage == charged


@pytest.mark.parametrize(
    "resets_at", ["2027-01-01T00:00:00Z", "2027-01-01T00:00:00", 1798761600, 1798761600000, "1798761600"]
)
def test_a_budget_says_when_it_is_renewed_however_the_moment_is_written(resets_at: object) -> None:
    error = {"message": "budget limit exceeded", "metadata": {"resets_at": resets_at}}
    found = failure(403, error, where="Model m at host", retry_after=None)
    assert isinstance(found, ModelStopped)
    assert "until 2027-01-01 00:00 UTC" in str(found)
    assert found.retry_after is not None


@pytest.mark.parametrize("resets_at", ["soon", None, True, -(10**20), [1]])
def test_a_moment_nobody_understands_is_left_out(resets_at: object) -> None:
    error = {"message": "budget limit exceeded", "metadata": {"resets_at": resets_at, "provider_name": "Somebody"}}
    found = failure(403, error, where="Model m at host", retry_after=None)
    assert isinstance(found, ModelStopped)
    assert (found.retry_after, found.provider) == (None, "Somebody")


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [("3", 3, 3), ("0.5", 0.5, 0.5), ("-1", 0, 0), ("99999", 3600, 3600), ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0)],
)
def test_retry_after_is_seconds_or_a_date(header: str, low: float, high: float) -> None:
    found = retry_after_seconds(header)
    assert found is not None
    assert low <= found <= high


@pytest.mark.parametrize("header", [None, "", "soon", "nan"])
def test_a_retry_after_nobody_understands_is_none(header: str | None) -> None:
    assert retry_after_seconds(header) is None
