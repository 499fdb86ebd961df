"""What the sandbox tells of changes in its portals, and how it brings it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from ingestion.sandbox.app import CLIENT_SECRET
from ingestion.sandbox.server import running_sandbox
from ingestion.sandbox.webhooks import ATTEMPTS, MOST_AT_ONCE, Courier, Event, Watch, fanning_out, signed
from ingestion.sandbox.world import Portal, World
from tests.support.portals import small_portal


@pytest.fixture
def portal() -> Portal:
    return small_portal(World(), tickets=4)


def told(events: list[Event]) -> list[tuple[Any, ...]]:
    return [(one["subscriptionType"], one.get("objectId"), one.get("propertyName")) for one in events]


def links_in(events: list[Event]) -> list[Event]:
    return [one for one in events if one["subscriptionType"].endswith("associationChange")]


def test_nothing_is_told_of_what_did_not_change(portal: Portal) -> None:
    watch = Watch(portal)
    assert watch.events() == []
    portal.touch("tickets")
    assert watch.events() == [], "HubSpot has no subscription to the modified date"


def test_each_changed_property_is_an_event_of_its_own(portal: Portal) -> None:
    watch, ticket = Watch(portal), portal.ids("tickets")[0]
    portal.set_property("tickets", ticket, "subject", "Changed")
    portal.remove_content(ticket)
    events = watch.events()
    assert told(events) == [
        ("ticket.propertyChange", int(ticket), "content"),
        ("ticket.propertyChange", int(ticket), "subject"),
    ]
    assert [one["propertyValue"] for one in events] == ["", "Changed"]
    assert {one["portalId"] for one in events} == {portal.portal_id}
    assert len({one["subscriptionId"] for one in events}) == 2
    assert watch.events() == [], "it is told once"


def test_records_come_go_and_come_back(portal: Portal) -> None:
    watch, (first, second, *_) = Watch(portal), portal.ids("companies")
    new = portal.upsert("companies", {"name": "New"})
    portal.archive("companies", first)
    events = told(watch.events())
    assert ("company.deletion", int(first), None) in events
    assert ("company.creation", int(new), None) in events
    portal.restore("companies", first)
    assert ("company.restore", int(first), None) in told(watch.events())
    portal.purge("companies", second)
    assert not [one for one in told(watch.events()) if one[0] == "company.deletion"], "an emptied bin says nothing"


def test_a_merge_names_everybody(portal: Portal) -> None:
    watch, (first, second, *_) = Watch(portal), portal.ids("tickets")
    merged = portal.merge("tickets", second, first)
    [event] = [one for one in watch.events() if one["subscriptionType"] == "ticket.merge"]
    assert {event["primaryObjectId"], *event["mergedObjectIds"]} == {int(first), int(second)}
    assert event["newObjectId"] == int(merged)


def test_an_erased_contact_is_told_of_as_erased_and_as_deleted(portal: Portal) -> None:
    watch, contact = Watch(portal), portal.ids("contacts")[0]
    portal.privacy_delete(contact)
    types = [one["subscriptionType"] for one in watch.events() if one.get("objectId") == int(contact)]
    assert [one for one in types if one.startswith("contact.")] == ["contact.privacyDeletion", "contact.deletion"]


def test_a_link_is_told_of_from_both_ends(portal: Portal) -> None:
    watch, ticket, company = Watch(portal), portal.ids("tickets")[-1], portal.ids("companies")[0]
    portal.associate("tickets", ticket, "companies", company, primary=True)
    made = links_in(watch.events())
    assert [(one["associationType"], one["fromObjectId"], one["toObjectId"]) for one in made] == [
        ("TICKET_TO_COMPANY", int(ticket), int(company)),
        ("COMPANY_TO_TICKET", int(company), int(ticket)),
    ]
    assert [one["associationRemoved"] for one in made] == [False, False]
    portal.dissociate("tickets", ticket, "companies", company)
    assert [one["associationRemoved"] for one in links_in(watch.events())] == [True, True]


@dataclass
class Letterbox:
    """Takes deliveries over HTTP; answers with the next of `answers`, 200 once they are used up."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    has_some: threading.Event = field(default_factory=threading.Event)

    @property
    def deliveries(self) -> list[list[Event]]:
        return [json.loads(body) for _, body in self.taken]


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(box.answers.pop(0) if box.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            box.has_some.set()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with listening(Handler) as box.url:
        yield box


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def some(portal: Portal, count: int) -> list[Event]:
    return [Watch(portal).event("ticket.creation", number, datetime.now(UTC)) for number in range(count)]


def test_deliveries_are_signed_and_hold_a_hundred_at_most(portal: Portal, letterbox: Letterbox) -> None:
    assert Courier(letterbox.url, "secret").bring(some(portal, 201)) == []
    assert [len(one) for one in letterbox.deliveries] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    for headers, body in letterbox.taken:
        at = datetime.fromtimestamp(int(headers["x-hubspot-request-timestamp"]) / 1000, UTC)
        again = signed("secret", letterbox.url, body, at=at)
        assert headers["x-hubspot-signature-v3"] == again["X-HubSpot-Signature-v3"]


def test_what_is_refused_is_brought_again_ten_times_and_then_no_more(portal: Portal, letterbox: Letterbox) -> None:
    courier = Courier(letterbox.url, "secret")
    letterbox.answers = [500, 401, 200]
    assert [one["attemptNumber"] for one in courier.bring(some(portal, 1))] == [1]
    assert [one["attemptNumber"] for one in courier.bring([])] == [2]
    assert courier.bring([]) == []
    assert [one["attemptNumber"] for delivery in letterbox.deliveries for one in delivery] == [0, 1, 2]
    letterbox.answers = [503] * ATTEMPTS
    courier.bring(some(portal, 1))
    while courier.bring([]):
        pass
    assert len(letterbox.taken) == 3 + ATTEMPTS


def test_where_nobody_listens_nothing_is_lost_at_once(portal: Portal) -> None:
    assert len(Courier("http://127.0.0.1:1/", "secret").bring(some(portal, 3))) == 3


def test_a_change_made_over_http_is_told_while_the_sandbox_runs(letterbox: Letterbox) -> None:
    world = World()
    portal = small_portal(world, tickets=4)
    ticket = portal.ids("tickets")[0]
    with running_sandbox(world) as sandbox, fanning_out(world, letterbox.url, CLIENT_SECRET, every_seconds=0.05):
        token = {"Authorization": f"Bearer {portal.static_token}"}
        gone = httpx.delete(f"{sandbox.base_url}/crm/objects/2026-09/tickets/{ticket}", headers=token)
        assert gone.status_code == 204
        assert letterbox.has_some.wait(10)
    assert ("ticket.deletion", int(ticket), None) in told(letterbox.deliveries[0])
