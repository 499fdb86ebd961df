"""What open browsers are told as it happens: announcements, in the transaction that makes them true.

Each tenant's announcements are numbered from 1 without gaps. The number is taken from a row that is locked until the transaction
ends, so a reader who has seen number 7 will never find a 6 that it has not: a sequence of the database would not promise that.
Taking it is therefore the last thing a transaction does. Only the newest are kept; whoever was away for longer reads anew.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, text

from core.appdb.tables import live_event
from core.vocabulary import LiveType

KEPT = 1_000
"""Announcements kept per tenant."""

# The same words on SQLite and Postgres.
_NEXT = text(
    "insert into live_position (tenant_id, position) values (:tenant_id, 1) "
    "on conflict (tenant_id) do update set position = live_position.position + 1 returning position"
)


def announce(
    connection: Connection, tenant_id: str, kind: LiveType, body: Mapping[str, Any], *, now: datetime | None = None
) -> int:
    """Tell everybody of a tenant who has the board open; returns the number of the announcement.

    Args:
        connection: The transaction that makes it true: told if and when it is committed.
        tenant_id: Whose.
        kind: What has happened.
        body: What a browser needs to show it, JSON: ids and states, never a customer's or a colleague's words.
        now: The present unless given.
    """
    position: int = connection.execute(_NEXT, {"tenant_id": tenant_id}).scalar_one()
    connection.execute(
        insert(live_event).values(
            tenant_id=tenant_id, position=position, type=kind, body=dict(body), occurred_at=now or datetime.now(UTC)
        )
    )
    connection.execute(
        delete(live_event).where(live_event.c.tenant_id == tenant_id, live_event.c.position <= position - KEPT)
    )
    return position
