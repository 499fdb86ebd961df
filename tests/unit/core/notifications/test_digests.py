"""What was put off: when it is due, and in which order it is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.notifications import digest_of, is_due, last_cut, weekly_cut
from core.notifications.digests import MOST_TOLD
from core.vocabulary import NotificationKind, NotificationWay

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)


def company(number: int, priority: float | None = None, severity: str = "medium", card: str = "") -> dict[str, Any]:
    told = {"card_id": card or f"card-{number}", "trigger_type": "frustrated", "severity": severity, "is_risen": False}
    return {
        "company_id": f"c{number}",
        "company_name": f"Company {number}",
        "severity": severity,
        "priority": priority,
        "cards": [told],
    }


@pytest.mark.parametrize(
    ("now", "daily", "weekly"),
    [
        (MONDAY, MONDAY, MONDAY),
        (MONDAY - timedelta(seconds=1), MONDAY - timedelta(days=1), MONDAY - timedelta(days=7)),
        (MONDAY + timedelta(days=2, hours=3), MONDAY + timedelta(days=2), MONDAY),
        (MONDAY + timedelta(days=6, hours=23), MONDAY + timedelta(days=6), MONDAY),
    ],
)
def test_digests_are_due_every_morning_and_on_mondays(now: datetime, daily: datetime, weekly: datetime) -> None:
    assert (last_cut(now), weekly_cut(now)) == (daily, weekly)


@given(
    st.integers(0, 60 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes)),
    st.sampled_from(NotificationWay),
)
def test_what_is_put_off_is_due_within_a_day_or_a_week(made_at: datetime, way: NotificationWay) -> None:
    days = 7 if way is NotificationWay.WEEKLY else 1
    assert not is_due(way, made_at, made_at)
    assert is_due(way, made_at, made_at + timedelta(days=days, microseconds=1))


def test_the_most_urgent_come_first_and_the_rest_is_counted() -> None:
    many = [company(number, float(number)) for number in range(MOST_TOLD + 5)]
    digest = digest_of("acme", "bo", [company(98), company(99, 3.5, "critical"), *many], MONDAY)
    assert digest is not None
    assert (digest.kind, digest.company_count, len(digest.companies)) == (NotificationKind.DIGEST, 27, MOST_TOLD)
    priorities = [one["priority"] for one in digest.companies]
    assert priorities == sorted(priorities, reverse=True)
    assert digest.severity == "critical"


@given(st.permutations([company(1, 5.0), company(2, None), company(3, 5.0, "high"), company(4, 0.0)]))
def test_the_ranking_does_not_depend_on_the_order(companies: list[dict[str, Any]]) -> None:
    digest = digest_of("acme", "bo", companies, MONDAY)
    assert digest is not None
    assert [one["company_id"] for one in digest.companies] == ["c3", "c1", "c4", "c2"]
    again = digest_of("acme", "bo", companies[::-1], MONDAY)
    assert again == digest


def test_a_company_stands_there_once_as_it_was_told_last() -> None:
    digest = digest_of(
        "acme",
        "bo",
        [company(1, 5.0, "low"), company(1, None, "low", card="other"), company(1, 2.0, "high")],
        MONDAY,
    )
    assert digest is not None
    [one] = digest.companies
    assert (one["severity"], one["priority"]) == ("high", 5.0)
    assert {told["card_id"]: told["severity"] for told in one["cards"]} == {"card-1": "high", "other": "low"}


def test_one_digest_a_cut_and_none_of_nothing() -> None:
    first, second = (digest_of("acme", "bo", [company(number)], MONDAY) for number in (1, 2))
    assert first is not None
    assert second is not None
    assert first.notification_id == second.notification_id
    assert digest_of("acme", "bo", [], MONDAY) is None
