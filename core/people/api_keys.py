"""API keys of one tenant: for BI and scripts, read-only, told once and kept as a hash."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from core.appdb.tables import api_key as table
from core.errors import Terminal
from core.people.secrets import hash_of, new_key

Transaction = Callable[[], AbstractContextManager[Connection]]

USE_IS_NOTED_EVERY = timedelta(minutes=5)
"""How coarse `last_used_at` is: a read must not cost a write."""

_MOST = 100


class NoSuchKey(Terminal):
    """The tenant has no such key."""


class TooManyKeys(Terminal):
    """The tenant has as many keys as it may have."""


@dataclass(frozen=True, kw_only=True)
class MadeKey:
    """A key as it is told, once."""

    row: dict[str, Any]
    key: str = field(repr=False)


class ApiKeyBook:
    """Makes and revokes keys."""

    def __init__(self, tenant_id: str, transaction: Transaction) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def make(self, name: str, *, expires_at: datetime | None, by: str, now: datetime | None = None) -> MadeKey:
        """Make a key.

        Raises:
            TooManyKeys: There are a hundred that were not revoked.
        """
        moment = now or datetime.now(UTC)
        new = new_key()
        row = {
            "prefix": new.prefix,
            "name": name,
            "created_by": by,
            "created_at": moment,
            "expires_at": expires_at,
            "last_used_at": None,
        }
        with self._transaction() as connection:
            held = select(func.count()).where(table.c.tenant_id == self._tenant_id, table.c.revoked_at.is_(None))
            if (connection.scalar(held.select_from(table)) or 0) >= _MOST:
                raise TooManyKeys(f"Your company has {_MOST} API keys: revoke one that nobody uses first.")
            connection.execute(insert(table).values(tenant_id=self._tenant_id, secret_hash=hash_of(new.key), **row))
        return MadeKey(row=row, key=new.key)

    def revoke(self, prefix: str, *, now: datetime | None = None) -> str:
        """End a key for good; returns its name.

        Raises:
            NoSuchKey: There is none, or it was revoked before.
        """
        live = (table.c.tenant_id == self._tenant_id) & (table.c.prefix == prefix) & table.c.revoked_at.is_(None)
        with self._transaction() as connection:
            name: str | None = connection.scalar(select(table.c.name).where(live))
            if name is None:
                raise NoSuchKey("Your company has no such API key: see GET /api/v1/api-keys.")
            connection.execute(update(table).where(live).values(revoked_at=now or datetime.now(UTC)))
        return name

    def note_use(self, prefix: str, *, now: datetime | None = None) -> None:
        """Note that a key was used, where that was not noted within `USE_IS_NOTED_EVERY`."""
        moment = now or datetime.now(UTC)
        is_stale = or_(table.c.last_used_at.is_(None), table.c.last_used_at <= moment - USE_IS_NOTED_EVERY)
        mine = (table.c.tenant_id == self._tenant_id) & (table.c.prefix == prefix)
        with self._transaction() as connection:
            connection.execute(update(table).where(mine, is_stale).values(last_used_at=moment))
