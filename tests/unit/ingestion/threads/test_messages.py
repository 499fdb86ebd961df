"""Records as messages: whatever HubSpot sends arrives as a row, and a body is kept once, as text."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary import MessageDirection
from ingestion.hubspot.threads.messages import email_rows, note_rows
from ingestion.hubspot.threads.tables import EMAILS, NOTES

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def email(properties: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    record = {"id": 7, "properties": properties, "createdAt": "2026-04-01T00:00:00Z", **fields}
    return email_rows("acme", [record], [NOW]).to_pylist()[0]


def note(properties: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    return note_rows("acme", [{"id": "8", "properties": properties, **fields}], [NOW]).to_pylist()[0]


def own(row: dict[str, Any]) -> list[str]:
    return [row["text"][start:end] for start, end in json.loads(row["own_spans"])]


def test_an_email() -> None:
    row = email(
        {
            "hs_timestamp": "2026-04-02T10:00:00.123Z",
            "hs_email_direction": "INCOMING_EMAIL",
            "hs_email_status": "SENT",
            "hs_email_subject": "Re: Export",
            "hs_email_text": "Still empty.\r\n\r\nOn Wed, 1 Apr 2026 at 10:12, Support <s@vendor.example> wrote:\r\n> Better?",
            "hs_email_html": "<p>not read</p>",
            "hs_email_from_email": "Anna@Customer.example",
            "hs_email_from_firstname": "Anna",
            "hs_email_from_lastname": "Meyer",
            "hs_lastmodifieddate": "2026-04-02T10:00:01Z",
            "hubspot_owner_id": None,
            "hs_object_source_label": "EMAIL_INTEGRATION",
        },
        archived=True,
        archivedAt="2026-04-03T00:00:00Z",
        url="https://app.hubspot.com/x",
    )
    assert (row["tenant_id"], row["id"], row["loaded_at"]) == ("acme", "7", NOW)
    assert (row["direction"], row["hs_email_direction"], row["is_automated"]) == ("inbound", "INCOMING_EMAIL", False)
    assert (row["author_email"], row["author_name"], row["subject"]) == (
        "anna@customer.example",
        "Anna Meyer",
        "Re: Export",
    )
    assert row["sent_at"] == datetime(2026, 4, 2, 10, 0, 0, 123_000, tzinfo=UTC)
    assert row["text"] == "Still empty.\n\nOn Wed, 1 Apr 2026 at 10:12, Support <s@vendor.example> wrote:\n> Better?"
    assert (row["own_spans"], row["own_text"]) == ("[[0,12]]", "Still empty.")
    assert (row["archived"], row["archived_at"]) == (True, datetime(2026, 4, 3, tzinfo=UTC))
    kept = json.loads(row["properties"])
    assert kept["hs_object_source_label"] == "EMAIL_INTEGRATION"
    assert set(kept).isdisjoint({"hs_email_text", "hs_email_html", "hubspot_owner_id"})


@pytest.mark.parametrize(
    ("word", "direction"),
    [
        ("EMAIL", MessageDirection.OUTBOUND),
        ("INCOMING_EMAIL", MessageDirection.INBOUND),
        ("FORWARDED_EMAIL", MessageDirection.INBOUND),
        ("SOMETHING_NEW", None),
        (None, None),
    ],
)
def test_directions(word: str | None, direction: MessageDirection | None) -> None:
    row = email({"hs_email_direction": word})
    assert (row["direction"], row["hs_email_direction"]) == (direction, word)


def test_html_is_read_where_there_is_no_text_and_its_quotations_are_known() -> None:
    row = email(
        {
            "hs_email_text": "  ",
            "hs_email_html": (
                "<div>First answer</div><blockquote>Which <b>browser</b>?<blockquote>older</blockquote></blockquote>"
                "<div>Firefox &amp; Chrome</div><blockquote type=cite><p>And plan?</p><p>Please say.</p></blockquote><p>Pro</p>"
            ),
        }
    )
    assert row["text"].count("> ") == 4
    assert ">> older" in row["text"]
    assert own(row) == ["First answer", "Firefox & Chrome", "Pro"]


def test_html_of_outlook() -> None:
    row = email(
        {
            "hs_email_html": (
                "<html><head><style>p{}</style></head><body><p class=MsoNormal>We will leave.<o:p></o:p></p>"
                "<div style='border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>From:</b> Support &lt;s@vendor.example&gt;<br>"
                "<b>Sent:</b> Monday<br><b>To:</b> Anna<br><b>Subject:</b> Export</p></div><p>Hi Anna</p></body></html>"
            )
        }
    )
    assert own(row) == ["We will leave."]


def test_a_note_is_between_colleagues() -> None:
    row = note(
        {
            "hs_note_body": "<p>Customer called, <b>angry</b>.</p>",
            "hs_timestamp": "1775124000000",
            "hubspot_owner_id": 7,
        }
    )
    assert (row["direction"], row["text"], own(row)) == (
        "internal",
        "Customer called, angry.",
        ["Customer called, angry."],
    )
    assert (row["hubspot_owner_id"], row["author_email"], row["is_automated"]) == ("7", None, False)
    assert row["sent_at"] == datetime(2026, 4, 2, 10, tzinfo=UTC)
    assert note({"hs_note_body": "Tom &amp; Jerry\nline two"})["text"] == "Tom & Jerry\nline two"


def test_when_it_was_sent_falls_back_to_when_it_was_made() -> None:
    assert email({"hs_createdate": "2026-04-01T09:00:00Z"})["sent_at"] == datetime(2026, 4, 1, 9, tzinfo=UTC)
    assert email({"hs_timestamp": "soon"})["sent_at"] == datetime(2026, 4, 1, tzinfo=UTC)
    assert note({})["sent_at"] is None


@pytest.mark.parametrize(
    ("headers", "automated"),
    [
        ('{"Auto-Submitted":"auto-replied"}', True),
        ('[{"name":"Precedence","value":"bulk"}]', True),
        ('{"headers":[{"name":"X-Autoreply","value":"yes"}]}', True),
        ('{"from":{"email":"no-reply@customer.example"}}', True),
        ('{"from":{"email":"anna@customer.example"},"to":[{"email":"s@vendor.example"}]}', False),
        ("not json", False),
        ("[1,null,[]]", False),
        (None, False),
    ],
)
def test_headers_in_any_form(headers: str | None, *, automated: bool) -> None:
    assert email({"hs_email_headers": headers})["is_automated"] is automated


def test_the_author_may_be_known_from_the_headers_only() -> None:
    row = email({"hs_email_headers": '{"from":{"email":"anna@customer.example","firstName":"Anna","lastName":"M"}}'})
    assert (row["author_email"], row["author_name"]) == ("anna@customer.example", "Anna M")


def test_no_body_is_no_text() -> None:
    row = email({"hs_email_text": None, "hs_email_html": "<p>&nbsp;</p>"})
    assert (row["text"], row["own_text"], row["own_spans"]) == (None, None, "[]")
    assert email(None)["text"] is None


NAMES = [
    "hs_email_text",
    "hs_email_html",
    "hs_email_headers",
    "hs_email_subject",
    "hs_timestamp",
    "hs_email_direction",
    "hs_note_body",
    "x",
]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(min_size=1), st.none() | st.text(), max_size=8))
def test_any_record_becomes_a_row_that_can_be_stored(properties: dict[str, str | None]) -> None:
    for rows, table in ((email_rows, EMAILS), (note_rows, NOTES)):
        held = table.storable(rows("acme", [{"id": "1", "properties": properties}], [NOW]))
        row = held.to_pylist()[0]
        assert row["id"] == "1"
        "".join(value for value in row.values() if isinstance(value, str)).encode()
        if row["text"]:
            assert "\n\n".join(own(row)) == (row["own_text"] or "")


def test_no_records_are_an_empty_table_with_all_columns() -> None:
    assert email_rows("acme", [], []).schema == EMAILS.schema
    assert note_rows("acme", [], []).schema == NOTES.schema
