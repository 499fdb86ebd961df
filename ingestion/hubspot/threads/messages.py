"""HubSpot's emails and notes as rows of `raw_hubspot.emails` and `raw_hubspot.notes`: pure functions from decoded JSON to Arrow.

As in `ingestion.hubspot.mapping`, nothing HubSpot can put into a property stops a load: a time that is none is null, headers that
are not JSON are no headers, and a direction nobody has heard of is null beside the word HubSpot used.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any, Final

import orjson
import pyarrow as pa

from core import html
from core.vocabulary import MessageDirection
from core.warehouse import ColumnType
from ingestion.hubspot.mapping import clean, moment
from ingestion.hubspot.threads.automated import is_automated
from ingestion.hubspot.threads.own_words import own_spans, own_text
from ingestion.hubspot.threads.tables import EMAIL_COLUMNS, EMAILS, NOTE_COLUMNS, NOTES, UNKEPT
from ingestion.loader import RawTable

Json = Mapping[str, Any]

_DIRECTIONS: Final = {
    "EMAIL": MessageDirection.OUTBOUND,
    "INCOMING_EMAIL": MessageDirection.INBOUND,
    "FORWARDED_EMAIL": MessageDirection.INBOUND,
}


def email_rows(tenant_id: str, records: Sequence[Json], fetched_at: Sequence[datetime]) -> pa.Table:
    """Emails; `fetched_at` gives, for each record, when it was fetched."""
    return _rows(EMAILS, tenant_id, (_email(record) for record in records), fetched_at)


def note_rows(tenant_id: str, records: Sequence[Json], fetched_at: Sequence[datetime]) -> pa.Table:
    """Notes, which colleagues write for each other; their author is the owner, so `author_email` and `author_name` are null."""
    return _rows(NOTES, tenant_id, (_note(record) for record in records), fetched_at)


def _rows(table: RawTable, tenant_id: str, rows: Iterable[Json], fetched_at: Sequence[datetime]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"tenant_id": tenant_id, **row, "loaded_at": at} for row, at in zip(rows, fetched_at, strict=True)],
        schema=table.schema,
    )


def _email(record: Json) -> dict[str, object]:
    values = record.get("properties") or {}
    headers = _headers(values.get("hs_email_headers"))
    subject = clean(values.get("hs_email_subject"))
    email, name = _author(values, headers)
    return {
        **_common(record, values, EMAIL_COLUMNS),
        "direction": _DIRECTIONS.get(str(values.get("hs_email_direction")).upper()),
        "author_email": email,
        "author_name": name,
        "subject": subject,
        **_words(_plain(values.get("hs_email_text")) or _markup(values.get("hs_email_html"))),
        "is_automated": is_automated(_by_name(headers), sender=email, subject=subject),
    }


def _note(record: Json) -> dict[str, object]:
    values = record.get("properties") or {}
    return {
        **_common(record, values, NOTE_COLUMNS),
        "direction": MessageDirection.INTERNAL,
        **_words(_markup(values.get("hs_note_body"))),
        "is_automated": False,
    }


def _common(record: Json, values: Json, columns: Mapping[str, ColumnType]) -> dict[str, object]:
    kept = {clean(name): clean(value) for name, value in values.items() if name not in UNKEPT and value is not None}
    return {
        "id": str(record["id"]),
        **{
            name: moment(values.get(name)) if kind is ColumnType.TIMESTAMP else clean(values.get(name))
            for name, kind in columns.items()
        },
        "sent_at": moment(values.get("hs_timestamp"))
        or moment(values.get("hs_createdate"))
        or moment(record.get("createdAt")),
        "archived": record.get("archived") is True,
        "archived_at": moment(record.get("archivedAt")),
        "url": clean(record.get("url")),
        "properties": orjson.dumps(kept, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode(),
    }


def _words(text: str) -> dict[str, object]:
    spans = own_spans(text)
    return {"text": text or None, "own_spans": orjson.dumps(spans).decode(), "own_text": own_text(text, spans) or None}


def _plain(value: object) -> str:
    return html.plain_text(clean(value), has_quote_marks=True)


def _markup(value: object) -> str:
    """A property that is HTML also where it holds no tag, so its entities are letters."""
    text = clean(value) or ""
    return _plain(text if html.is_html(text) else unescape(text))


def _author(values: Json, headers: object) -> tuple[str | None, str | None]:
    sender = headers.get("from") if isinstance(headers, Mapping) else None
    known = sender if isinstance(sender, Mapping) else {}
    email = clean(values.get("hs_email_from_email")) or clean(known.get("email"))
    first = clean(values.get("hs_email_from_firstname")) or clean(known.get("firstName"))
    last = clean(values.get("hs_email_from_lastname")) or clean(known.get("lastName"))
    return email.strip().lower() if email else None, " ".join(part for part in (first, last) if part) or None


def _headers(value: object) -> object:
    try:
        return orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        return None


def _by_name(headers: object) -> dict[str, str]:
    """Headers by lower case name, out of an object, or out of a list of names and values; of a repeated header the first."""
    found: dict[str, str] = {}
    for name, value in _pairs(headers):
        if isinstance(name, str) and isinstance(value, str):
            found.setdefault(name.lower(), value)
    return found


def _pairs(headers: object) -> Iterator[tuple[object, object]]:
    if isinstance(headers, Mapping):
        for name, value in headers.items():
            yield name, value[0] if isinstance(value, list) and value else value
            if name == "headers":
                yield from _pairs(value)
    elif isinstance(headers, list):
        for one in headers:
            if isinstance(one, Mapping):
                yield one.get("name"), one.get("value")
