"""The inbox of webhook events on both engines: kept once, taken until handled, forgotten in the end."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.tables import webhook_event
from core.appdb.webhooks import KEPT_FOR, WebhookInbox
from core.tenants import Cell, TenantId
from core.webhooks import WebhookEvent
from tests.support.connections import grant, store_of

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ACME, BOLT = TenantId("acme"), TenantId("bolt")


def event(object_id: int = 1, portal_id: int = 17, **raw: Any) -> WebhookEvent:
    whole = {
        "portalId": portal_id,
        "subscriptionId": 5,
        "subscriptionType": "ticket.propertyChange",
        "objectId": object_id,
        "occurredAt": 1_780_000_000_000,
        "propertyName": "subject",
        "propertyValue": "Words of a person",
        **raw,
    }
    return WebhookEvent(
        portal_id=str(whole["portalId"]),
        subscription_type=whole["subscriptionType"],
        object_type=whole["subscriptionType"].partition(".")[0],
        object_id=str(whole["objectId"]),
        raw=whole,
    )


@pytest.fixture
def inbox(app_database: Engine) -> WebhookInbox:
    """Of an installation with tenant acme on portal 17 and bolt on portal 18, in a cell of its own each."""
    store_of(app_database, "acme").keep(grant("acme"), hub_id="17")
    store_of(app_database, "bolt").keep(grant("bolt"), hub_id="18")
    return WebhookInbox(app_database)


def taken_ids(inbox: WebhookInbox, *tenants: TenantId, now: datetime = NOW, **options: Any) -> list[int]:
    return [one.raw["objectId"] for one in inbox.take(tenants or (ACME, BOLT), now=now, **options)]


def test_an_event_belongs_to_the_tenant_of_its_portal_and_one_of_nobody_is_kept(inbox: WebhookInbox) -> None:
    kept = inbox.keep([event(1), event(2, 18), event(3, 99)], received_at=NOW)
    assert (kept.new_count, kept.unknown_portals) == (3, ["99"])
    assert taken_ids(inbox, ACME) == [1]
    assert taken_ids(inbox, BOLT) == [2]
    assert [(one.portal_id, one.tenant_id, one.received_count) for one in inbox.portals()] == [
        ("17", "acme", 1),
        ("18", "bolt", 1),
        ("99", None, 1),
    ]


def test_a_delivery_may_come_again_in_part_in_another_order_and_twice_within_one(inbox: WebhookInbox) -> None:
    assert inbox.keep([event(2), event(1), event(2, attemptNumber=1)], received_at=NOW).new_count == 2
    again = [event(1, attemptNumber=3, eventId=9), event(3), event(2)]
    assert inbox.keep(again, received_at=NOW + timedelta(hours=1)).new_count == 1
    assert inbox.keep([], received_at=NOW).new_count == 0
    assert sorted(taken_ids(inbox)) == [1, 2, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"objectId": 2},
        {"subscriptionId": 6},
        {"occurredAt": 1_780_000_000_001},
        {"propertyName": "content"},
        {"propertyValue": "Other words"},
        {"portalId": 18},
        {"fromObjectId": 4},
        {"toObjectId": 4},
        {"associationTypeId": 26},
        {"associationRemoved": True},
        {"mergedObjectIds": [4]},
        {"newObjectId": 4},
    ],
    ids=str,
)
def test_what_differs_is_another_event(inbox: WebhookInbox, change: dict[str, Any]) -> None:
    assert inbox.keep([event(), event(**{"portal_id": 17, **change})], received_at=NOW).new_count == 2


def test_nothing_a_person_wrote_is_kept(inbox: WebhookInbox, app_database: Engine) -> None:
    inbox.keep([event()], received_at=NOW)
    with app_database.connect() as connection:
        [row] = connection.execute(select(webhook_event)).mappings()
    assert "Words of a person" not in str(dict(row))
    assert row["raw"]["propertyName"] == "subject"


def test_what_is_handled_is_not_taken_again_and_what_came_meanwhile_is(inbox: WebhookInbox) -> None:
    inbox.keep([event(1), event(2)], received_at=NOW)
    taken = inbox.take([ACME], now=NOW)
    inbox.keep([event(3)], received_at=NOW)
    inbox.note_handled([one.key for one in taken], handled_at=NOW)
    assert taken_ids(inbox) == [3]


def test_a_run_takes_the_oldest_and_leaves_the_rest(inbox: WebhookInbox) -> None:
    for number in (3, 1, 2):
        inbox.keep([event(number)], received_at=NOW + timedelta(seconds=number))
    assert taken_ids(inbox, limit=2) == [1, 2]


def test_a_cell_is_due_at_once_and_after_each_attempt_a_while_later(inbox: WebhookInbox) -> None:
    inbox.keep([event(1), event(2, 18), event(3, 99)], received_at=NOW)
    assert inbox.due_cells(NOW) == ["acme", "bolt"]
    now, pauses = NOW, []
    for _ in range(9):
        inbox.take([ACME], now=now)
        assert inbox.due_cells(now) == ["bolt"]
        pause = next(minutes for minutes in range(200) if "acme" in inbox.due_cells(now + timedelta(minutes=minutes)))
        pauses.append(pause)
        now += timedelta(minutes=pause)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    inbox.keep([event(4)], received_at=now)
    inbox.take([ACME], now=now)
    assert [one.attempt_count for one in inbox.portals()] == [10, 0, 0]


def test_conversations_and_deals_are_written_down_and_left_at_that(inbox: WebhookInbox) -> None:
    others = [event(subscriptionType=name) for name in ("conversation.creation", "deal.propertyChange")]
    assert inbox.keep(others, received_at=NOW).new_count == 2
    assert inbox.due_cells(NOW) == []
    assert taken_ids(inbox) == []
    assert inbox.portals()[0].received_count == 2


def test_after_thirty_days_an_event_is_forgotten(inbox: WebhookInbox) -> None:
    inbox.keep([event(1), event(2, 99)], received_at=NOW)
    inbox.keep([event(3)], received_at=NOW + timedelta(seconds=1))
    assert inbox.prune(now=NOW + KEPT_FOR) == 0
    assert inbox.prune(now=NOW + KEPT_FOR + timedelta(milliseconds=500)) == 2
    assert taken_ids(inbox) == [3]


def test_many_more_events_than_a_statement_takes_names(inbox: WebhookInbox) -> None:
    for start in range(0, 2_500, 100):
        inbox.keep([event(number) for number in range(start, start + 100)], received_at=NOW)
    taken = inbox.take([ACME], now=NOW)
    assert len(taken) == 2_500
    inbox.note_handled([one.key for one in taken], handled_at=NOW)
    assert inbox.portals()[0].waiting_count == 0


def test_the_same_events_delivered_at_once_in_many_orders_end_in_no_deadlock(inbox: WebhookInbox) -> None:
    failures: list[BaseException] = []

    def deliver(turn: int) -> None:
        try:
            for again in range(5):
                numbers = range(100) if (turn + again) % 2 else reversed(range(100))
                inbox.keep([event(number, occurredAt=again) for number in numbers], received_at=NOW)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=deliver, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert inbox.portals()[0].received_count == 500


def test_a_tenant_that_goes_takes_its_events_along(inbox: WebhookInbox, app_database: Engine) -> None:
    TenantDirectory(app_database).save(Tenant(tenant_id=TenantId("acme"), name="Acme", cell=Cell("shared")))
    inbox.keep([event(1), event(2, 18)], received_at=NOW)
    assert inbox.due_cells(NOW) == ["bolt", "shared"]
    with app_database.begin() as connection:
        connection.exec_driver_sql("delete from tenant where tenant_id = 'acme'")
    assert [one.portal_id for one in inbox.portals()] == ["18"]
