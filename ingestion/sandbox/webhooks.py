"""What HubSpot's webhooks would say about the sandbox's portals, signed and delivered as HubSpot does.

A watch compares a portal with what it was at the last look, so whoever changes it, and however, has nothing to announce. Like
HubSpot it names each changed property in an event of its own, tells of a link from both ends, says nothing when the recycling bin
is emptied, and promises neither order nor that a delivery comes once. Left out on purpose: the API that keeps subscriptions (they
belong to an app, and are made in its settings).
"""

import base64
import hashlib
import hmac
import json
import logging
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, KINDS, TICKETS
from ingestion.sandbox.clock import Clock, system_clock
from ingestion.sandbox.portal import Portal
from ingestion.sandbox.world import World

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
"""Events in one delivery."""

ATTEMPTS = 11
"""HubSpot's first delivery and its ten repetitions."""

_WORDS = {TICKETS: "ticket", COMPANIES: "company", CONTACTS: "contact"}
_TIMEOUT_SECONDS = 5.0
_APP_ID = 1_870_001

Event = dict[str, Any]

_Record = tuple[bool, Mapping[str, str]]


@dataclass(frozen=True)
class _Look:
    """A portal at one moment: records by type and id, and links of tickets by (other type, ticket, other)."""

    records: Mapping[str, Mapping[int, _Record]]
    links: Mapping[tuple[str, int, int], bool]


class Watch:
    """What has changed in a portal since it was last asked; the first time, since it was made."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._before = _look(portal)

    def events(self) -> list[Event]:
        """An event for each change, as HubSpot words it."""
        before, self._before = self._before, _look(self._portal)
        now = self._portal.now()
        found: list[Event] = []
        for object_type, word in _WORDS.items():
            old, new = before.records[object_type], self._before.records[object_type]
            found += self._merges(object_type, old, new, now)
            for record_id in sorted(old.keys() | new.keys()):
                for name, more in _changes(object_type, old.get(record_id), new.get(record_id)):
                    found.append(self.event(f"{word}.{name}", record_id, now, **more))
                if record_id not in new and object_type == CONTACTS and not self._is_merged(object_type, record_id):
                    # Nothing else erases a contact at once; HubSpot tells of the deletion beside it.
                    found.append(self.event("contact.privacyDeletion", record_id, now))
                    found.append(self.event("contact.deletion", record_id, now))
        return [*found, *self._relinked(before.links, self._before.links, now)]

    def event(self, subscription_type: str, object_id: int | str | None, at: datetime, **more: Any) -> Event:
        """One event, as it stands in a delivery."""
        named = f"{subscription_type}:{more.get('propertyName', '')}"
        about = {} if object_id is None else {"objectId": int(object_id)}
        return {
            "eventId": zlib.crc32(f"{named}:{object_id}:{at.isoformat()}".encode()),
            "subscriptionId": zlib.crc32(named.encode()),
            "portalId": self._portal.portal_id,
            "appId": _APP_ID,
            "occurredAt": int(at.timestamp() * 1000),
            "subscriptionType": subscription_type,
            "attemptNumber": 0,
            **about,
            "changeSource": "CRM_UI",
            **more,
        }

    def _is_merged(self, object_type: str, record_id: int) -> bool:
        return self._portal.resolved(object_type, record_id) != record_id

    def _merges(
        self, object_type: str, old: Mapping[int, _Record], new: Mapping[int, _Record], now: datetime
    ) -> Iterator[Event]:
        by_survivor: dict[int, list[int]] = {}
        for record_id in sorted(old.keys() - new.keys()):
            if self._is_merged(object_type, record_id):
                by_survivor.setdefault(self._portal.resolved(object_type, record_id), []).append(record_id)
        for survivor, losers in by_survivor.items():
            yield self.event(
                f"{_WORDS[object_type]}.merge",
                losers[0],
                now,
                primaryObjectId=losers[0],
                mergedObjectIds=losers[1:],
                newObjectId=survivor,
                numberOfPropertiesMoved=0,
            )

    def _relinked(
        self, old: Mapping[tuple[str, int, int], bool], new: Mapping[tuple[str, int, int], bool], now: datetime
    ) -> Iterator[Event]:
        for link in sorted(old.keys() | new.keys()):
            if old.get(link) == new.get(link):
                continue
            other_type, ticket, other = link
            facts = {"associationRemoved": link not in new, "isPrimaryAssociation": bool(new.get(link, old.get(link)))}
            for (one, one_id), (two, two_id) in (
                (("ticket", ticket), (_WORDS[other_type], other)),
                ((_WORDS[other_type], other), ("ticket", ticket)),
            ):
                yield self.event(
                    f"{one}.associationChange",
                    None,
                    now,
                    associationType=f"{one}_to_{two}".upper(),
                    fromObjectId=one_id,
                    toObjectId=two_id,
                    **facts,
                )


def _look(portal: Portal) -> _Look:
    with portal.reading() as (stores, links):
        records = {
            object_type: {
                one: (archived, dict(record.properties))
                for archived in (False, True)
                for one in stores[object_type].ids(archived=archived)
                if (record := stores[object_type].find(one)) is not None
            }
            for object_type in _WORDS
        }
        linked = {
            (other_type, ticket, other): primary
            for other_type in (COMPANIES, CONTACTS)
            for ticket in stores[TICKETS].ids()
            for other, primary in links.of(TICKETS, ticket, other_type).items()
        }
    return _Look(records, linked)


def _changes(object_type: str, old: _Record | None, new: _Record | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if new is None:
        return
    if old is None:
        yield "creation", {}
    elif old[0] != new[0]:
        yield "deletion" if new[0] else "restore", {}
    before, after = old[1] if old else {}, new[1]
    for name in sorted(before.keys() | after.keys()):
        # HubSpot has no subscription to the modified date.
        if before.get(name) != after.get(name) and name != KINDS[object_type].modified_property:
            yield "propertyChange", {"propertyName": name, "propertyValue": after.get(name, "")}


def signed(secret: str, url: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers of a delivery: HubSpot's signature, version 3."""
    timestamp = str(int(at.timestamp() * 1000))
    digest = hmac.new(secret.encode(), b"POST" + url.encode() + body + timestamp.encode(), hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": timestamp,
    }


class Courier:
    """Brings events to the address an app has registered.

    Args:
        url: That address.
        secret: The app's client secret.
        clock: Dates the signatures.
    """

    def __init__(self, url: str, secret: str, *, clock: Clock = system_clock) -> None:
        self._url = url
        self._secret = secret
        self._clock = clock
        self._undelivered: list[Event] = []

    def bring(self, events: Sequence[Event]) -> list[Event]:
        """Deliver events, and what could not be delivered before; returns what could not be delivered now.

        That is brought again with the next call, ten times in all.
        """
        waiting, self._undelivered = [*self._undelivered, *events], []
        for start in range(0, len(waiting), MOST_AT_ONCE):
            part = waiting[start : start + MOST_AT_ONCE]
            if not self._is_taken(part):
                again = [{**one, "attemptNumber": one["attemptNumber"] + 1} for one in part]
                self._undelivered += [one for one in again if one["attemptNumber"] < ATTEMPTS]
        return list(self._undelivered)

    def _is_taken(self, events: Sequence[Event]) -> bool:
        body = json.dumps(events).encode()
        headers = signed(self._secret, self._url, body, at=self._clock())
        try:
            answer = httpx.post(self._url, content=body, headers=headers, timeout=_TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            log.warning("webhooks to %s were not taken: %s", self._url, type(error).__name__)
            return False
        if not answer.is_success:
            log.warning("webhooks to %s were not taken: %d %s", self._url, answer.status_code, answer.text[:300])
        return answer.is_success


@contextmanager
def fanning_out(world: World, url: str, secret: str, *, every_seconds: float = 1.0) -> Iterator[None]:
    """Deliver what changes in the portals of a world, for the length of the block.

    Args:
        world: Its portals as they are now.
        url: Where to.
        secret: The app's client secret.
        every_seconds: How often to look.
    """
    watches = [Watch(portal) for portal in world.portals.values()]
    courier, is_over = Courier(url, secret), threading.Event()

    def run() -> None:
        while not is_over.wait(every_seconds):
            # One delivery may mix portals, as HubSpot's may.
            courier.bring([event for watch in watches for event in watch.events()])

    thread = threading.Thread(target=run, name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
