"""The tables of messages (docs/names.md), and which properties of HubSpot's emails and notes they come from. Pure data.

A body is kept once, as text: the HTML it came from, HubSpot's previews of it and the mail's raw headers (they name everybody it was
copied to) are neither columns nor in `properties`.
"""

from typing import Final

from core.naming import RAW_HUBSPOT
from core.warehouse import Column, ColumnType, TableSpec
from ingestion.loader import RawTable

_TEXT, _TIME, _FLAG = ColumnType.TEXT, ColumnType.TIMESTAMP, ColumnType.BOOLEAN

MODIFIED: Final = "hs_lastmodifieddate"
"""Moves with every change of an email or a note."""

EMAIL_COLUMNS: Final = {
    "hs_email_direction": _TEXT,
    "hs_email_status": _TEXT,
    "hubspot_owner_id": _TEXT,
    "hs_createdate": _TIME,
    MODIFIED: _TIME,
}
"""Properties of an email that are columns under their own names."""

NOTE_COLUMNS: Final = {"hubspot_owner_id": _TEXT, "hs_createdate": _TIME, MODIFIED: _TIME}

EMAIL_BODIES: Final = ("hs_email_text", "hs_email_html", "hs_email_headers")
NOTE_BODIES: Final = ("hs_note_body",)
UNKEPT: Final = frozenset({*EMAIL_BODIES, *NOTE_BODIES, "hs_body_preview", "hs_body_preview_html"})
"""Properties that are read, or may be sent, and are not kept as they are."""

EMAIL_PROPERTIES: Final = (
    *EMAIL_COLUMNS,
    *EMAIL_BODIES,
    "hs_timestamp",
    "hs_email_subject",
    "hs_email_from_email",
    "hs_email_from_firstname",
    "hs_email_from_lastname",
)
"""What to ask HubSpot for of an email; without the scope `sales-email-read` it refuses, or sends bodies empty."""

NOTE_PROPERTIES: Final = (*NOTE_COLUMNS, *NOTE_BODIES, "hs_timestamp")
"""What to ask HubSpot for of a note."""


def _table(name: str, columns: dict[str, ColumnType]) -> RawTable:
    every = {
        "tenant_id": _TEXT,
        "id": _TEXT,
        **columns,
        **dict.fromkeys(("direction", "author_email", "author_name"), _TEXT),
        "sent_at": _TIME,
        **dict.fromkeys(("subject", "text", "own_spans", "own_text"), _TEXT),
        "is_automated": _FLAG,
        "archived": _FLAG,
        "archived_at": _TIME,
        "url": _TEXT,
        "properties": _TEXT,
        "loaded_at": _TIME,
    }
    return RawTable(
        TableSpec(RAW_HUBSPOT, name, tuple(Column(*one) for one in every.items()), ("tenant_id", "id")),
        modified=MODIFIED,
        long_columns=frozenset({"text", "own_text", "properties"}),
    )


EMAILS: Final = _table("emails", EMAIL_COLUMNS)
NOTES: Final = _table("notes", NOTE_COLUMNS)
