"""What a tenant's streams add up to, and the sentences said about them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary import StreamStatus
from serve.sources.service import summarise
from tests.support.published import Row, source

TOKEN = "The token was revoked: connect the portal again."
HOUR, DAY = 3_600, 86_400


def notices(*rows: Row) -> list[str]:
    found: list[str] = summarise(rows)["notices"]
    return found


def test_nothing_is_said_while_all_is_well() -> None:
    assert summarise([source("companies", lag_seconds=60), source("tickets", lag_seconds=HOUR)]) == {
        "is_fresh": True,
        "worst_lag_seconds": HOUR,
        "stale": [],
        "failed": [],
        "missing_scope": [],
        "notices": [],
    }


def test_no_stream_at_all_is_not_fresh() -> None:
    assert summarise([])["is_fresh"] is False


def test_one_reason_is_said_once() -> None:
    failed = {"status": "failed", "error_message": TOKEN, "lag_seconds": 5 * HOUR}
    who = "Tickets, links from tickets to companies and owners could not be read the last time."
    rows = [source(stream, **failed) for stream in ("tickets", "ticket_companies", "owners")]
    assert notices(*rows, source("companies")) == [
        f"{who} What is shown was read 5 hours before these cards were computed. {TOKEN}"
    ]


def test_what_is_true_of_every_stream_is_said_of_hubspot() -> None:
    failed, what = {"status": "failed", "error_message": TOKEN}, "HubSpot could not be read the last time."
    assert notices(source("tickets", **failed), source("owners", **failed, lag_seconds=None)) == [
        f"{what} What is shown was read 1 hour before these cards were computed. Owners were never read to the end. {TOKEN}"
    ]
    late = {"is_fresh": False, "lag_seconds": 2 * DAY}
    [told] = notices(source("tickets", **late), source("owners", **late))
    assert told.startswith("HubSpot was last read 2 days before")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (
            {"is_fresh": False, "lag_seconds": 3 * DAY},
            "Tickets were last read 3 days before these cards were computed: what came since is not in them.",
        ),
        ({"is_fresh": False, "lag_seconds": None}, "Tickets were never read to the end."),
        (
            {"status": "failed", "lag_seconds": None, "is_fresh": False},
            "Tickets could not be read the last time. Nothing of it was ever read to the end.",
        ),
        (
            {"status": "failed", "lag_seconds": None, "is_fresh": False, "is_backfilling": True},
            "Tickets are still being read for the first time: the board is not complete yet.",
        ),
        (
            {"status": "missing_scope", "lag_seconds": None, "is_fresh": False},
            "Tickets are not read: the HubSpot connection lacks a scope.",
        ),
    ],
)
def test_each_trouble_has_its_sentence(row: dict[str, Any], says: str) -> None:
    assert notices(source("tickets", **row)) == [says]


def test_the_worst_comes_first_and_what_may_not_be_read_is_not_late() -> None:
    summary = summarise(
        [
            source("contacts", status="missing_scope", lag_seconds=None, is_fresh=False),
            source("owners", is_fresh=False, lag_seconds=2 * DAY),
            source("tickets", status="failed", lag_seconds=HOUR),
        ]
    )
    assert [notice.split()[0] for notice in summary["notices"]] == ["Tickets", "Owners", "Contacts"]
    assert (summary["stale"], summary["failed"], summary["missing_scope"]) == (["owners"], ["tickets"], ["contacts"])
    assert (summary["is_fresh"], summary["worst_lag_seconds"]) == (False, 2 * DAY)


rows = st.lists(
    st.builds(
        source,
        st.sampled_from(["tickets", "companies", "owners"]),
        status=st.sampled_from(list(StreamStatus)),
        error_message=st.none() | st.just(TOKEN),
        lag_seconds=st.none() | st.integers(0, 10 * DAY),
        is_fresh=st.booleans(),
        is_backfilling=st.booleans(),
    ),
    max_size=4,
)


@given(rows)
def test_whatever_is_amiss_is_said_and_nothing_else(streams: list[Row]) -> None:
    is_well = all(row["status"] == "synced" and row["is_fresh"] and not row["is_backfilling"] for row in streams)
    said = notices(*streams)
    assert bool(said) is not is_well
    assert all(notice[0].isupper() and notice.endswith(".") for notice in said)
