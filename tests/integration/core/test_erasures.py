"""Requests for erasure on both engines: kept, grown, taken up again, and never doubled."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, insert

from core.appdb.erasures import Erasures
from core.appdb.tables import tenant
from core.vocabulary import ErasureSource

FIRST, LATER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def erasures(app_database: Engine) -> Erasures:
    with app_database.begin() as connection:
        for name in ("acme", "globex"):
            connection.execute(insert(tenant), {"tenant_id": name, "name": name, "cell": name, "created_at": FIRST})
    return Erasures(app_database)


def ask(erasures: Erasures, *tickets: str, source: ErasureSource = ErasureSource.HUBSPOT, at: datetime = FIRST) -> None:
    erasures.request("acme", {"7": tickets}, source=source, requested_at=at)


def test_asking_twice_is_one_request_with_the_tickets_of_both(erasures: Erasures) -> None:
    ask(erasures, "2", "1")
    ask(erasures, "3", source=ErasureSource.WEBHOOK, at=LATER)
    [request] = erasures.open(["acme", "globex"])
    assert (request.object_type, request.object_id) == ("contact", "7")
    assert (request.requested_at, request.source) == (FIRST, ErasureSource.HUBSPOT)
    assert request.ticket_ids == ["1", "2", "3"]
    assert erasures.of("globex") == []


def test_a_request_is_done_when_nothing_was_found_and_stays_open_otherwise(erasures: Erasures) -> None:
    ask(erasures, "1")
    [request] = erasures.open(["acme"])
    erasures.searched(request, residue_count=2, searched_at=FIRST)
    assert [one.residue_count for one in erasures.open(["acme"])] == [2]
    erasures.searched(request, residue_count=0, searched_at=LATER)
    assert erasures.open(["acme"]) == []
    assert [one.done_at for one in erasures.of("acme")] == [LATER]
    ask(erasures, "1", at=LATER)
    assert len(erasures.open(["acme"])) == 1, "who asks again wants it looked for again"


def test_what_is_suppressed_is_one_tenants_and_stays_so_for_good(erasures: Erasures) -> None:
    ask(erasures, "1", "2")
    erasures.request("acme", {"8": ["2", "3"]}, source=ErasureSource.PERSON, requested_at=LATER)
    for request in erasures.open(["acme"]):
        erasures.searched(request, residue_count=0, searched_at=LATER)
    assert erasures.suppressed_tickets("acme") == {"1", "2", "3"}
    assert erasures.suppressed_contacts("acme") == {"7", "8"}
    assert erasures.suppressed_tickets("globex") == erasures.suppressed_contacts("globex") == frozenset()
