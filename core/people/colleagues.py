"""The users of one tenant: roles that change, people who leave. There is always an admin left.

Whoever changes something must be an admin at that very moment: the rows of all admins are locked first, so that of two who demote
each other at once the second finds out that they are none any more.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, delete, select, update

from core.appdb.tables import user as table
from core.errors import Terminal
from core.vocabulary import Role

Transaction = Callable[[], AbstractContextManager[Connection]]


class NoSuchPerson(Terminal):
    """No user of the tenant has that subject."""


class LastAdmin(Terminal):
    """Without this admin nobody could invite or connect any more."""


class NotAdmin(Terminal):
    """Whoever asks is no admin any more."""


class ColleagueBook:
    """Changes and removes users of one tenant; they come in by invitation only."""

    def __init__(self, tenant_id: str, transaction: Transaction) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def change_role(self, subject: str, role: Role, *, by: str) -> dict[str, Any]:
        """Give a user another role; returns the user as they were.

        Args:
            subject: Whose role.
            role: The new one.
            by: Subject of the admin who does it.

        Raises:
            NoSuchPerson, LastAdmin, NotAdmin: As they say; nothing was changed.
        """
        with self._transaction() as connection:
            held = self._held(connection, subject, by=by, is_losing_admin=role is not Role.ADMIN)
            connection.execute(update(table).where(self._one(subject)).values(role=role))
        return held

    def remove(self, subject: str, *, by: str) -> dict[str, Any]:
        """Take a user's access away; returns the user as they were. What they did stays; their cards are the caller's to release.

        Raises:
            NoSuchPerson, LastAdmin, NotAdmin: As they say; nothing was changed.
        """
        with self._transaction() as connection:
            held = self._held(connection, subject, by=by, is_losing_admin=True)
            connection.execute(delete(table).where(self._one(subject)))
        return held

    def _held(self, connection: Connection, subject: str, *, by: str, is_losing_admin: bool) -> dict[str, Any]:
        admins = set(
            connection.scalars(
                select(table.c.subject)
                .where(table.c.tenant_id == self._tenant_id, table.c.role == Role.ADMIN)
                .order_by(table.c.subject)
                .with_for_update()
            )
        )
        if by not in admins:
            raise NotAdmin("You are no admin any more: ask one of your company.")
        held = connection.execute(
            select(table.c.subject, table.c.name, table.c.email, table.c.role).where(self._one(subject))
        ).mappings()
        found = held.first()
        if found is None:
            raise NoSuchPerson("There is no such user in your company: see GET /api/v1/users.")
        if is_losing_admin and admins == {subject}:
            raise LastAdmin(
                f"{found['name']} is the only admin, and without one nobody could invite or connect: make somebody else "
                f"an admin first."
            )
        # SQLAlchemy's own string type for names is not one that every writer of JSON takes for a key.
        return {str(name): value for name, value in found.items()}

    def _one(self, subject: str) -> Any:
        return (table.c.tenant_id == self._tenant_id) & (table.c.subject == subject)
