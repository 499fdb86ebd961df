"""The address HubSpot delivers to: what it takes, what it refuses, and what is written down of it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from core.appdb import open_app_database
from core.appdb.tables import webhook_event
from core.settings import HubSpotSettings
from ingestion.sandbox.webhooks import signed
from serve.webhooks.endpoints import MAX_BODY_BYTES, MAX_EVENTS
from tests.support.api import local_settings, running_api
from tests.support.connections import app_settings, grant, served_store
from tests.support.databases import throw_away_database
from tests.support.published import add_tenant

PUBLIC = "https://churn.example.com"
PATH = "/api/v1/webhooks/hubspot"
SECRET = "the-app-s-own-secret"


def event(object_id: int = 1, portal_id: int = 17, **fields: Any) -> dict[str, Any]:
    return {
        "eventId": 100,
        "subscriptionId": 5,
        "portalId": portal_id,
        "appId": 9,
        "occurredAt": 1_780_000_000_123,
        "subscriptionType": "ticket.propertyChange",
        "attemptNumber": 0,
        "objectId": object_id,
        "propertyName": "subject",
        "propertyValue": "Words of a person",
        "changeSource": "CRM_UI",
        **fields,
    }


@dataclass
class Door:
    """The API as HubSpot sees it."""

    client: httpx.Client
    engine: Engine

    def deliver(
        self, events: Any, *, at: datetime | None = None, url: str = PUBLIC + PATH, **changes: Any
    ) -> httpx.Response:
        """Sent as HubSpot would; `changes` are headers that are sent instead."""
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        headers = signed(SECRET, url, body, at=at or datetime.now(UTC)) | changes
        sent = {name: value for name, value in headers.items() if value is not None}
        return self.client.post(PATH, content=body, headers=sent)

    def forget(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(webhook_event))

    def kept(self) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            query = select(webhook_event).order_by(webhook_event.c.object_id, webhook_event.c.subscription_type)
            return [dict(row) for row in connection.execute(query).mappings()]


@contextmanager
def standing(engine: Engine, folder: Path, hubspot: HubSpotSettings, public_url: str) -> Iterator[Door]:
    given = local_settings(folder, api_public_url=public_url).model_copy(update={"hubspot": hubspot})
    with running_api(engine, folder, settings=given) as api:
        yield Door(api.client, engine)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("webhooks")
    sqlite = nullcontext(f"sqlite:///{folder / 'app.db'}")
    with sqlite if request.param == "sqlite" else throw_away_database() as url:
        engine = open_app_database(url)
        for number, slug in enumerate(("acme", "beta")):
            add_tenant(engine, slug)
            served_store(engine, folder, slug).keep(grant(slug), hub_id=str(17 + number))
        with standing(engine, folder, app_settings(PUBLIC, hubspot_client_secret=SECRET), PUBLIC) as door:
            yield door
        engine.dispose()


@pytest.fixture
def door(opened: Door) -> Door:
    """Of tenant acme on portal 17 and beta on portal 18; nothing was delivered yet."""
    opened.forget()
    return opened


def test_a_delivery_is_written_down_for_the_tenants_of_its_portals(door: Door) -> None:
    answer = door.deliver([event(1), event(2, 18), event(3, 99)])
    assert (answer.status_code, answer.json()) == (200, {"received": 3})
    kept = door.kept()
    assert [(row["object_id"], row["tenant_id"], row["portal_id"]) for row in kept] == [
        ("1", "acme", "17"),
        ("2", "beta", "18"),
        ("3", None, "99"),
    ]
    first = kept[0]
    assert first["raw"] == {name: value for name, value in event(1).items() if name != "propertyValue"}
    assert first["occurred_at"] == datetime.fromtimestamp(1_780_000_000.123, UTC)
    assert abs(first["received_at"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert (first["subscription_type"], first["object_type"], first["property_name"], first["event_id"]) == (
        "ticket.propertyChange",
        "ticket",
        "subject",
        "100",
    )
    assert first["handled_at"] is None


def test_an_event_may_come_again_and_counts_once(door: Door) -> None:
    for attempt in range(3):
        answer = door.deliver([event(2, attemptNumber=attempt), event(1, attemptNumber=attempt)])
        assert answer.json() == {"received": 2}
    assert len(door.kept()) == 2


def test_an_empty_delivery_is_a_delivery(door: Door) -> None:
    assert door.deliver([]).json() == {"received": 0}
    assert door.kept() == []


def test_every_kind_of_event_is_taken_as_it_comes(door: Door) -> None:
    kinds = [
        event(1, subscriptionType="contact.privacyDeletion", propertyName=None),
        {**event(2, subscriptionType="company.merge"), "primaryObjectId": 2, "mergedObjectIds": [3], "newObjectId": 4},
        event(3, subscriptionType="object.creation", objectTypeId="0-5"),
        event(4, subscriptionType="conversation.newMessage", messageId="x"),
        {
            "portalId": 17,
            "subscriptionType": "ticket.associationChange",
            "associationType": "TICKET_TO_COMPANY",
            "fromObjectId": 5,
            "toObjectId": 6,
            "associationRemoved": False,
        },
    ]
    assert door.deliver(kinds).status_code == 200
    kept = door.kept()
    assert sorted(row["object_type"] for row in kept) == ["0-5", "company", "contact", "conversation", "ticket"]
    assert [row["object_type"] for row in kept if row["handled_at"]] == ["conversation"]


def test_a_full_delivery_of_long_values_is_taken(door: Door) -> None:
    long = [event(number, propertyValue="w" * 30_000) for number in range(MAX_EVENTS)]
    assert door.deliver(long).json() == {"received": MAX_EVENTS}


UNSIGNED: dict[str, dict[str, Any]] = {
    "no signature": {"X-HubSpot-Signature-v3": None},
    "empty signature": {"X-HubSpot-Signature-v3": ""},
    "forged signature": {"X-HubSpot-Signature-v3": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="},
    "not base64": {"X-HubSpot-Signature-v3": b"\xff\xfe"},
    "no timestamp": {"X-HubSpot-Request-Timestamp": None},
    "no number": {"X-HubSpot-Request-Timestamp": "yesterday"},
    "another timestamp": {"X-HubSpot-Request-Timestamp": str(int(time.time() * 1000) - 1000)},
    "old": {"at": datetime.now(UTC) - timedelta(minutes=6)},
    "of the future": {"at": datetime.now(UTC) + timedelta(days=1)},
    "for another address": {"url": "https://churn.example.com/api/v1/webhooks/other"},
    "for the host that was asked": {"url": "http://testserver" + PATH},
    "with a query": {"url": PUBLIC + PATH + "?x=1"},
    "version 1 or 2 only": {
        "X-HubSpot-Signature-v3": None,
        "X-HubSpot-Signature": "x",
        "X-HubSpot-Signature-Version": "v2",
    },
}


@pytest.mark.parametrize("case", UNSIGNED)
def test_what_hubspot_did_not_sign_for_us_just_now_is_refused(door: Door, case: str) -> None:
    answer = door.deliver([event()], **UNSIGNED[case])
    assert (answer.status_code, answer.json()["error"]) == (401, "SignatureRefused")
    assert answer.headers["WWW-Authenticate"] == "X-HubSpot-Signature-v3"
    assert SECRET not in answer.text
    assert door.kept() == []


def test_the_host_a_request_names_has_no_say(door: Door) -> None:
    assert door.deliver([event()], Host="evil.example").status_code == 200
    lying = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert door.deliver([event(2)], url="http://evil.example" + PATH, **lying).status_code == 401


def test_a_body_that_was_changed_on_the_way_is_refused(door: Door) -> None:
    headers = signed(SECRET, PUBLIC + PATH, json.dumps([event(1)]).encode(), at=datetime.now(UTC))
    answer = door.client.post(PATH, content=json.dumps([event(2)]).encode(), headers=headers)
    assert answer.status_code == 401
    assert door.kept() == []


def test_an_address_with_a_query_is_signed_with_it(door: Door) -> None:
    body = json.dumps([event()]).encode()
    url = PUBLIC + PATH + "?app=churn%3Aboard"
    headers = signed(SECRET, PUBLIC + PATH + "?app=churn:board", body, at=datetime.now(UTC))
    assert door.client.post(url.removeprefix(PUBLIC), content=body, headers=headers).status_code == 200


ODD: dict[str, Any] = {
    "not JSON": b"{'example_field'",
    "nothing": b"",
    "no array": event(),
    "a number": 7,
    "null": None,
    "an array of numbers": [1, 2],
    "an array in an array": [[event()]],
    "too many": [event(number) for number in range(MAX_EVENTS + 1)],
    "no portal": [event(), {"subscriptionType": "ticket.creation"}],
    "no type": [event(), {"portalId": 1}],
    "a portal that is none": [event(portal_id="x")],  # type: ignore[arg-type]
    "a negative id": [event(-1)],
    "an id that is too long": [event(2**63)],
    "a type that is none": [event(subscriptionType="ticket")],
    "a type with more": [event(subscriptionType="ticket.creation; drop table")],
    "a moment that is none": [event(occurredAt="yesterday")],
    "a moment after all time": [event(occurredAt=10**18)],
    "a name with NUL": [event(propertyName="a\0b")],
    "half a letter": b'[{"portalId": 17, "subscriptionType": "ticket.creation", "x": "\\ud800"}]',
    "not UTF-8": b'[{"portalId": 17, "subscriptionType": "ticket.creation", "x": "\xff"}]',
    "very deep": b"[" * 100_000,
}


@pytest.mark.parametrize("case", ODD)
def test_of_another_shape_nothing_is_kept(door: Door, case: str) -> None:
    answer = door.deliver(ODD[case])
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidEvents")
    assert "Words of a person" not in answer.text
    assert door.kept() == []


def test_a_text_with_nul_in_a_field_we_do_not_know_is_kept(door: Door) -> None:
    assert door.deliver([event(note="a\0b")]).status_code == 200
    assert door.kept()[0]["raw"]["note"] == "a\0b"


def test_a_body_larger_than_any_delivery_is_not_read(door: Door) -> None:
    answer = door.deliver(b" " * (MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "BodyTooLarge")
    small = door.client.post("/api/v1/auth/demo", content=b" " * 20_000, headers={"Content-Type": "application/json"})
    assert small.status_code == 413, "other addresses take no more than before"


@pytest.mark.parametrize(
    ("secret", "public_url"), [("", PUBLIC), (SECRET, ""), ("", "")], ids=["no app", "no address", "neither"]
)
def test_without_an_app_or_an_address_of_our_own_it_says_so(tmp_path: Path, secret: str, public_url: str) -> None:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    with standing(engine, tmp_path, app_settings(PUBLIC, hubspot_client_secret=secret), public_url) as door:
        answer = door.deliver([event()])
        assert (answer.status_code, answer.json()["error"]) == (503, "WebhooksNotConfigured")
        assert "HUBSPOT_CLIENT_SECRET" in answer.json()["detail"]
        assert door.kept() == []
    engine.dispose()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*event(), "objectTypeId", "fromObjectId", "mergedObjectIds"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.dictionaries(NAMES, JSON, max_size=4), max_size=4))
def test_whatever_hubspot_may_send_one_day_it_is_kept_whole_or_refused_whole(
    door: Door, changes: list[dict[str, Any]]
) -> None:
    door.forget()
    answer = door.deliver([event(number) | change for number, change in enumerate(changes)])
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        assert door.kept() == []
    elif changes:
        assert 1 <= len(door.kept()) <= len(changes)
