"""Cursor pages by keyset: a page starts after the last row of the one before, whatever else happened in between.

A cursor names a position (sort value, identity) and is bound to the build and the filters it was made under. It is checked but not
signed: a forged one can only name a position among rows the caller may read anyway.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, or_

from serve.errors import BadRequest
from serve.tenancy import Prepared, TenantSession, prepared

MAX_LIMIT = 200
"""Rows a page may hold."""

_LONGEST = 2000


class InvalidCursor(BadRequest):
    """The cursor is none of ours, or was made for other filters."""


class StaleCursor(BadRequest):
    """The cursor belongs to a build that is no longer the published one."""


@dataclass(frozen=True)
class Order:
    """What rows are sorted by; rows without a value come last, equal values are sorted by identity."""

    key: ColumnElement[Any]
    parse: Callable[[Any], Any]
    is_descending: bool = True

    def clauses(self, identity: ColumnElement[str]) -> tuple[ColumnElement[Any], ...]:
        """The `order by`."""
        key = self.key.desc() if self.is_descending else self.key.asc()
        return (key.nulls_last(), identity.asc())

    def after(self, identity: ColumnElement[str], value: Any, last: str) -> ColumnElement[bool]:
        """The condition that leaves the rows after a position."""
        if value is None:
            return and_(self.key.is_(None), identity > last)
        beyond = self.key < value if self.is_descending else self.key > value
        return or_(beyond, and_(self.key == value, identity > last), self.key.is_(None))


@dataclass(frozen=True)
class Page:
    """One page of rows."""

    items: list[dict[str, Any]]
    next_cursor: str | None


def read_page(
    session: TenantSession,
    query: Callable[[], Select[Any]],
    *,
    order: Order,
    identity: ColumnElement[str],
    scope: Mapping[str, Any],
    cursor: str | None,
    limit: int,
    is_published: bool = True,
) -> Page:
    """Read one page.

    Args:
        session: Where the rows are.
        query: Makes the query for all rows, filtered, in no order; not called where it is known from `scope`.
        order: How they are sorted.
        identity: A column of the query that is different in every row.
        scope: Name of the list, filters and sort: all that the query depends on, and what the cursor is bound to besides the build.
        cursor: The `next_cursor` of the page before; None for the first page.
        limit: Rows at most.
        is_published: Whether the rows are of the published build; otherwise a cursor outlives builds, and none is needed.

    Raises:
        InvalidCursor: Not a cursor of this list under these filters.
        StaleCursor: A new build was published since.
    """
    fingerprint = _fingerprint(session, scope)
    build_id = session.build.build_id if is_published else ""

    def page_of(rows: Select[Any]) -> Select[Any]:
        named = rows.add_columns(order.key.label("sort_key"), identity.label("row_identity"))
        return named.order_by(*order.clauses(identity)).limit(limit + 1)

    asked: Select[Any] | Prepared
    if cursor is None:
        asked = prepared(f"{limit} {key_of(scope)}", lambda: page_of(query()))
    else:
        value, last = _decode(cursor, build_id, fingerprint, order.parse)
        asked = page_of(query().where(order.after(identity, value, last)))
    rows = session.rows(asked) if is_published else session.standing(asked)
    positions = [(row.pop("sort_key"), row.pop("row_identity")) for row in rows[:limit]]
    following = None
    if len(rows) > limit:
        position = orjson.dumps([build_id, fingerprint, *positions[-1]])
        following = base64.urlsafe_b64encode(position).decode().rstrip("=")
    return Page(items=rows[:limit], next_cursor=following)


def key_of(scope: Mapping[str, Any]) -> str:
    """A scope as text: the same for the same list under the same filters."""
    return orjson.dumps(scope, option=orjson.OPT_SORT_KEYS).decode()


def number(value: Any) -> float:
    """A cursor's value as a number; a float even for counts, since a database refuses integers it has no room for."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number.")
    return float(value)


def day(value: Any) -> date:
    """A cursor's value as a date."""
    return date.fromisoformat(value)


def moment(value: Any) -> datetime:
    """A cursor's value as a moment."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value!r} has no offset.")
    return found


def words(value: Any) -> str:
    """A cursor's value as text that a database accepts."""
    if not isinstance(value, str) or "\0" in value:
        raise TypeError(f"{value!r} is not text.")
    return value


def _fingerprint(session: TenantSession, scope: Mapping[str, Any]) -> str:
    bound = orjson.dumps([session.tenant_id, scope], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(bound).hexdigest()[:16]


def _decode(cursor: str, build_id: str, fingerprint: str, parse: Callable[[Any], Any]) -> tuple[Any, str]:
    invalid = InvalidCursor(
        "The cursor was not made for this list with these filters: start again from the first page, without a cursor."
    )
    try:
        if len(cursor) > _LONGEST:
            raise invalid
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        made_under, made_for, value, last = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position = (None if value is None else parse(value), words(last))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError, TypeError, ValueError) as error:
        raise invalid from error
    if made_for != fingerprint:
        raise invalid
    if made_under != build_id:
        raise StaleCursor(
            "A newer build was published since that page was read: start again from the first page, without a cursor."
        )
    return position
