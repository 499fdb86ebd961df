"""The other forms a series is given in: CSV for spreadsheets, and the SQL that asks the marts the same.

CSV is what RFC 4180 says, in UTF-8 without a mark in front: `serve/ui` adds one to what it saves, since spreadsheets want it and
programs do not. A text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from fastapi import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from serve.schemas import Query

_ROWS_AT_ONCE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_HEADERS = {"Cache-Control": "private, no-store", "Vary": "Authorization, Accept"}


class Form(StrEnum):
    """What the same answer is written as."""

    JSON = "json"
    CSV = "csv"
    SQL = "sql"


class FormQuery(Query):
    """In which form."""

    format: Form | None = None
    """`csv`: the rows, for a spreadsheet; `sql`: the statement that asks the marts the same (docs/bi.md); left out: JSON, or CSV
    where `Accept` is `text/csv`."""

    def form(self, request: Request) -> Form:
        """The form asked for."""
        accepted = request.headers.get("Accept", "").partition(";")[0].strip().lower()
        return self.format or (Form.CSV if accepted == "text/csv" else Form.JSON)


IN_OTHER_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string", "description": "The items, one row each; see `format`."}},
            "text/plain": {"schema": {"type": "string", "description": "SQL; see `format`."}},
        }
    }
}
"""What an endpoint that takes a `FormQuery` answers besides JSON, for its description."""


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """Rows as a CSV file of that name, written as they come."""
    headers = _HEADERS | {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(csv_lines(columns, rows), media_type="text/csv; charset=utf-8", headers=headers)


def sql_response(statement: str) -> Response:
    """A statement as text."""
    return PlainTextResponse(statement, headers=_HEADERS)


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The head and every row, some at a time."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(row[name]) for name in columns])
        if number % _ROWS_AT_ONCE == 0:
            yield _taken(written)
    yield _taken(written)


def cell(value: Any) -> str:
    """One value as it stands between commas; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _taken(written: io.StringIO) -> bytes:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text.encode()
