"""Who is told what: the laws, whatever happens."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cards import CardEvent
from core.notifications import CHANNEL, About, CardNow, Crew, Planned, Told, addressees, planned_for_build, written
from core.notifications.planning import KEPT_FOR_CRITICAL, urgency
from core.vocabulary import CardEventType, CardStatus, NotificationKind, NotificationWay, Severity

USERS = ["ann", "bo", "cy"]
CREW = Crew(users=USERS, admins=["ann"], by_owner={"9": "bo", "8": "stranger"}, has_channel=True)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ABOUT = About(company_id="1001", company_name="Acme", trigger_type="frustrated", severity=Severity.HIGH, priority=120.0)


def card(number: int, company: str = "", **values: Any) -> CardNow:
    base = CardNow(
        card_id=f"card-{number}",
        company_id=company or f"company-{number}",
        company_name=f"Company {number}",
        trigger_type="frustrated",
        severity=Severity.MEDIUM,
        priority=100.0,
        is_notify=True,
        is_active=True,
        owner_id="9",
    )
    return replace(base, **values)


def plan(
    cards: Sequence[CardNow],
    told: Mapping[str, Told] | None = None,
    *,
    crew: Crew = CREW,
    used: Mapping[str, int] | None = None,
    budget: int = 10,
    **more: Any,
) -> tuple[list[Planned], dict[str, Told]]:
    return planned_for_build("acme", cards, told=told or {}, crew=crew, used=used or {}, budget=budget, **more)


cards_now = st.builds(
    card,
    st.integers(1, 12),
    st.sampled_from(["a", "b", "c", "d"]),
    severity=st.sampled_from(Severity),
    priority=st.none() | st.floats(0, 1e6),
    is_notify=st.booleans(),
    is_active=st.booleans(),
    status=st.sampled_from(CardStatus),
    assignee=st.sampled_from([None, "ann", "cy", "gone", "beta|eve"]),
    owner_id=st.sampled_from([None, "9", "8", "7"]),
)
builds = st.lists(st.lists(cards_now, max_size=12, unique_by=lambda one: one.card_id), min_size=1, max_size=6)
crews = st.builds(
    Crew,
    users=st.lists(st.sampled_from(USERS), unique=True),
    admins=st.lists(st.sampled_from([*USERS, "beta|eve"]), unique=True),
    by_owner=st.dictionaries(st.sampled_from(["9", "8"]), st.sampled_from([*USERS, "beta|eve"])),
    has_channel=st.booleans(),
)


@given(builds, crews, st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_laws_of_a_week_of_builds(days: list[list[CardNow]], crew: Crew, budget: int) -> None:
    told: dict[str, Told] = {}
    used: Counter[str] = Counter()
    ids: set[str] = set()
    for cards in days:
        plans, after = plan(cards, told, crew=crew, used=used, budget=budget)
        # Nobody outside the tenant, and each company once for each recipient.
        assert {one.recipient for one in plans} <= set(crew.users) | ({CHANNEL} if crew.has_channel else set())
        assert len({(one.recipient, one.companies[0]["company_id"]) for one in plans}) == len(plans)
        # What is told is new, and said of active cards only, to the people they concern.
        assert not ids & {one.notification_id for one in plans}
        ids |= {one.notification_id for one in plans}
        seen = {one.card_id: one for one in cards}
        for one in plans:
            for told_card in one.companies[0]["cards"]:
                now = seen[told_card["card_id"]]
                assert now.is_active
                assert now.status is not CardStatus.COMPLETED
                assert one.recipient in addressees(now.assignee, now.owner_id, crew)
        # Never above the budget, and nothing low or below the point to interrupt is told at once.
        immediate = [one for one in plans if one.way is NotificationWay.IMMEDIATE]
        used.update(one.recipient for one in immediate)
        assert all(count <= budget for count in used.values())
        for one in immediate:
            assert any(
                seen[it["card_id"]].is_notify and it["severity"] != Severity.LOW for it in one.companies[0]["cards"]
            )
        # The same order of cards or another, it is the same plan; and the same build again tells nobody.
        assert plan(list(reversed(cards)), told, crew=crew, used=used - Counter(one.recipient for one in immediate),
                    budget=budget)[0] == plans  # fmt: skip
        told |= after
        assert plan(cards, told, crew=crew, used=used, budget=budget)[0] == []


@given(st.lists(cards_now, max_size=12, unique_by=lambda one: one.card_id), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_what_is_told_at_once_is_what_is_most_urgent(cards: list[CardNow], budget: int) -> None:
    plans, _ = plan(cards, budget=budget)
    for recipient in {one.recipient for one in plans}:
        for severities in ({Severity.CRITICAL}, set(Severity) - {Severity.CRITICAL}):
            mine = [one for one in plans if one.recipient == recipient and one.severity in severities]

            def first(ways: set[NotificationWay], mine: list[Planned] = mine) -> list[tuple[float, int, str]]:
                return [
                    urgency(one.priority, one.severity, one.companies[0]["company_id"])
                    for one in mine
                    if one.way in ways
                ]

            at_once, put_off = first({NotificationWay.IMMEDIATE}), first({NotificationWay.DAILY})
            assert not at_once or not put_off or max(at_once) < min(put_off)


def test_who_is_told_of_a_card() -> None:
    person = replace(CREW, has_channel=False)
    assert addressees("cy", "9", person) == {"cy"}
    assert addressees(None, "9", person) == {"bo"}
    assert addressees("gone", "9", person) == {"bo"}, "who has left is nobody"
    assert addressees(None, "8", person) == {"ann"}, "an owner who is no user of ours"
    assert addressees(None, None, person) == {"ann"}
    assert addressees("cy", None, CREW) == {"cy", CHANNEL}


def test_several_triggers_of_a_company_are_one_notification() -> None:
    plans, after = plan(
        [
            card(1, "a", priority=10.0),
            card(2, "a", trigger_type="silently_struggling", severity=Severity.HIGH, priority=90.0),
            card(3, "a", trigger_type="significant_support", severity=Severity.LOW, is_notify=False),
        ],
        crew=replace(CREW, has_channel=False),
    )
    [one] = plans
    assert [told["card_id"] for told in one.companies[0]["cards"]] == ["card-3", "card-2", "card-1"]
    assert (one.card_id, one.severity, one.priority) == ("card-3", Severity.HIGH, 100.0)
    assert set(after) == {"card-1", "card-2", "card-3"}


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [
        (None, {"severity": Severity.MEDIUM}, True),
        (Told(Severity.MEDIUM, True), {"severity": Severity.MEDIUM}, False),
        (Told(Severity.MEDIUM, True), {"severity": Severity.HIGH}, True),
        (Told(Severity.HIGH, True), {"severity": Severity.MEDIUM}, False),
        (Told(Severity.MEDIUM, False), {"is_notify": True}, True),
        (Told(Severity.MEDIUM, True), {"is_notify": False}, False),
        (None, {"status": CardStatus.COMPLETED}, False),
        (None, {"is_active": False}, False),
    ],
)
def test_a_card_is_told_again_only_when_it_got_worse(before: Told | None, now: dict[str, Any], is_told: bool) -> None:
    plans, _ = plan([card(1, **now)], {"card-1": before} if before else {})
    assert bool(plans) == is_told


def test_a_card_that_goes_up_and_down_is_told_once() -> None:
    told: dict[str, Told] = {}
    heard = []
    for severity in (Severity.MEDIUM, Severity.HIGH, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL):
        plans, after = plan([card(1, severity=severity)], told)
        heard.append(bool(plans))
        told |= after
    assert heard == [True, True, False, False, True]


def test_the_last_of_a_budget_is_kept_for_critical_cards() -> None:
    many = [card(number, priority=1000.0 - number) for number in range(20)]
    alarm = card(99, severity=Severity.CRITICAL, priority=1.0)
    alone = replace(CREW, has_channel=False)
    plans, _ = plan([*many, alarm], crew=alone, budget=10)
    at_once = [one for one in plans if one.way is NotificationWay.IMMEDIATE]
    assert len(at_once) == 10 - 10 // KEPT_FOR_CRITICAL + 1
    assert "card-99" in {one.card_id for one in at_once}


def test_who_wants_no_interruption_has_everything_put_off() -> None:
    plans, _ = plan([card(1)], uninterrupted=["bo"])
    assert {one.recipient: one.way for one in plans} == {
        "bo": NotificationWay.DAILY,
        CHANNEL: NotificationWay.IMMEDIATE,
    }


def test_where_there_is_nobody_nothing_counts_as_told() -> None:
    assert plan([card(1)], crew=Crew(users=[])) == ([], {})


def event(kind: CardEventType, payload: dict[str, Any]) -> CardEvent:
    return CardEvent(
        card_id="card-1", seq=3, type=kind, actor="ann", status=CardStatus.NEW, payload=payload, occurred_at=NOW
    )


def test_whom_a_comment_names_and_who_is_given_a_card_is_told() -> None:
    said = event(CardEventType.COMMENTED, {"text": "Look", "mentions": ["bo", "ann", "bo", "beta|eve"]})
    [told] = written("acme", said, was_assigned_to=None, about=ABOUT, users=USERS)
    assert (told.recipient, told.kind, told.actor, told.seq) == ("bo", NotificationKind.MENTION, "ann", 3)
    assert told == written("acme", said, was_assigned_to=None, about=ABOUT, users=USERS)[0], (
        "done again, it is the same"
    )
    given_away = event(CardEventType.ASSIGNED, {"assignee": "bo"})
    [told] = written(
        "acme", given_away, was_assigned_to="cy", about=ABOUT, users=USERS, channel={NotificationKind.MENTION: CHANNEL}
    )
    assert (told.recipient, told.kind) == ("bo", NotificationKind.ASSIGNMENT)


@pytest.mark.parametrize(
    ("kind", "payload", "before"),
    [
        (CardEventType.COMMENTED, {"text": "Note to myself", "mentions": ["ann"]}, None),
        (CardEventType.COMMENTED, {"text": "No names", "mentions": []}, None),
        (CardEventType.ASSIGNED, {"assignee": "ann"}, None),
        (CardEventType.ASSIGNED, {"assignee": None}, "bo"),
        (CardEventType.ASSIGNED, {"assignee": "bo"}, "bo"),
        (CardEventType.STATUS_CHANGED, {}, None),
    ],
)
def test_nobody_is_told_what_they_did_themselves_or_know(
    kind: CardEventType, payload: dict[str, Any], before: str | None
) -> None:
    channel = {NotificationKind.MENTION: CHANNEL, NotificationKind.ASSIGNMENT: CHANNEL}
    assert (
        written("acme", event(kind, payload), was_assigned_to=before, about=ABOUT, users=USERS, channel=channel) == []
    )
