"""Which answer means what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import Terminal, Transient
from ingestion.hubspot import errors
from ingestion.hubspot.errors import refusal
from ingestion.hubspot.limits.state import Budget

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def refused(status: int, body: Any = None, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal(status, body, given, tenant_id="acme", what="changed tickets", now=NOW)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"category": "VALIDATION_ERROR"}, errors.RequestRefused),
        (404, {"category": "OBJECT_NOT_FOUND"}, errors.RequestRefused),
        (401, {"category": "EXPIRED_AUTHENTICATION"}, errors.TokenExpired),
        (401, {"category": "INVALID_AUTHENTICATION"}, errors.ConnectionBroken),
        (401, None, errors.ConnectionBroken),
        (530, None, errors.ConnectionBroken),
        (403, {"category": "MISSING_SCOPES"}, errors.MissingScope),
        (403, None, errors.MissingScope),
        (403, {"category": "BANNED"}, errors.AccountBanned),
        (414, None, errors.UrlTooLong),
        (408, None, errors.PortalUnavailable),
        (423, None, errors.PortalUnavailable),
        (477, None, errors.PortalUnavailable),
        (500, None, errors.PortalUnavailable),
        (503, ["not", "an", "object"], errors.PortalUnavailable),
        (525, None, errors.PortalUnavailable),
        (599, None, errors.PortalUnavailable),
        (504, None, errors.PortalTimedOut),
        (524, None, errors.PortalTimedOut),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, errors.RateLimited),
        (429, None, errors.RateLimited),
        (429, {"policyName": "DAILY"}, errors.DailyLimitReached),
    ],
)
def test_classes(status: int, body: Any, expected: type[Exception]) -> None:
    error = refused(status, body)
    assert type(error) is expected
    assert isinstance(error, Terminal) != isinstance(error, Transient)
    assert "acme" in str(error)
    assert "changed tickets" in str(error)


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ({"policyName": "SECONDLY"}, {}, 1.0),
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10.0),
        ({}, {}, 10.0),
        ({"policyName": "SECONDLY"}, {"retry_after": "3"}, 3.0),
        ({}, {"retry_after": "Fri, 01 May 2026 12:00:20 GMT"}, 20.0),
        ({}, {"retry_after": "Fri, 01 May 2026 11:00:00 GMT"}, 0.0),
        ({}, {"retry_after": "later"}, 10.0),
        ({}, {"retry_after": "nan"}, 10.0),
        ({}, {"retry_after": ""}, 10.0),
    ],
)
def test_how_long_to_wait(body: dict[str, str], headers: dict[str, str], seconds: float) -> None:
    assert refused(429, body, **headers).wait_seconds == seconds


def test_a_lock_is_waited_for_at_least_two_seconds() -> None:
    assert refused(423).wait_seconds == 2.0
    assert refused(423, retry_after="5").wait_seconds == 5.0


def test_the_daily_limit_says_when_to_come_back() -> None:
    error = refused(429, {"policyName": "DAILY"})
    assert error.resume_at == datetime(2026, 5, 2, tzinfo=UTC)
    assert "2026-05-02 00:00 UTC" in str(error)
    assert "churnboard limits clear acme" in str(error)
    assert refused(429, {"policyName": "DAILY"}, retry_after="60").resume_at == NOW + timedelta(minutes=1)


def test_the_day_ends_at_the_accounts_midnight_and_never_further_away_than_a_day() -> None:
    daily = {"policyName": "DAILY"}
    in_berlin = refusal(429, daily, {}, tenant_id="acme", what="x", now=NOW, time_zone="Europe/Berlin")
    assert isinstance(in_berlin, errors.DailyLimitReached)
    assert in_berlin.resume_at == datetime(2026, 5, 1, 22, tzinfo=UTC)
    for endless in ("1e99", "inf"):
        assert refused(429, daily, retry_after=endless).resume_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("asked", list(Budget))
@pytest.mark.parametrize(
    ("policy", "expected"),
    [("TEN_SECONDLY_ROLLING", Budget.BURST), ("SECONDLY", Budget.SEARCH), ("SECONDLY_ROLLING", Budget.SEARCH)],
)
def test_the_policy_says_which_budget_is_used_up(asked: Budget, policy: str, expected: Budget) -> None:
    error = refusal(429, {"policyName": policy}, {}, tenant_id="acme", what="x", now=NOW, budget=asked)
    assert isinstance(error, errors.RateLimited)
    assert error.budget is expected


@pytest.mark.parametrize("asked", list(Budget))
def test_a_refusal_without_a_policy_is_about_what_was_asked(asked: Budget) -> None:
    error = refusal(429, None, {}, tenant_id="acme", what="x", now=NOW, budget=asked)
    assert isinstance(error, errors.RateLimited)
    assert error.budget is asked


def test_a_window_passes_in_the_time_hubspot_gives_it() -> None:
    assert refused(429, {}, x_hubspot_ratelimit_interval_milliseconds="2000").wait_seconds == 2.0


def test_a_missing_scope_is_named() -> None:
    body = {
        "category": "MISSING_SCOPES",
        "message": "no",
        "errors": [{"context": {"requiredGranularScopes": ["tickets", "x.read"]}}, "odd"],
    }
    assert "tickets, x.read" in str(refused(403, body))


def test_the_correlation_id_is_passed_on() -> None:
    assert "correlation id c-1" in str(refused(500, {"message": "oops", "correlationId": "c-1"}))
