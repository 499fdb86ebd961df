"""Ways of looking at the board that people of a tenant keep, for themselves or for everybody."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.appdb.tables import saved_view
from core.views import MOST_VIEWS, ForeignView, TooManyViews, UnknownView, View, ViewNameTaken

_V = saved_view.c


class ViewBook:
    """Writes the views of one tenant's people."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def add(self, view: View, *, owner: str) -> str:
        """Keep a view; returns its id.

        Raises:
            ViewNameTaken: They have one of that name.
            TooManyViews: They have `MOST_VIEWS`.
        """
        view_id, now = str(uuid4()), datetime.now(UTC)
        mine = select(func.count()).where(_V.tenant_id == self._tenant_id, _V.owner == owner)
        try:
            with self._transaction() as connection:
                if (connection.scalar(mine) or 0) >= MOST_VIEWS:
                    raise TooManyViews(
                        f"You keep {MOST_VIEWS} views, and more cannot be kept: delete one you do not use."
                    )
                connection.execute(
                    insert(saved_view).values(
                        tenant_id=self._tenant_id,
                        view_id=view_id,
                        owner=owner,
                        created_at=now,
                        updated_at=now,
                        **asdict(view),
                    )
                )
        except IntegrityError:
            raise _taken(view) from None
        return view_id

    def change(self, view_id: str, view: View, *, by: str, is_admin: bool) -> None:
        """Give a view another name, other filters, or other readers.

        Raises:
            UnknownView, ForeignView: They may not see it, or not change it.
            ViewNameTaken: Its owner has another one of that name.
        """
        try:
            with self._transaction() as connection:
                self._check(connection, view_id, by, is_admin=is_admin)
                changed = update(saved_view).where(self._is(view_id))
                connection.execute(changed.values(updated_at=datetime.now(UTC), **asdict(view)))
        except IntegrityError:
            raise _taken(view) from None

    def remove(self, view_id: str, *, by: str, is_admin: bool) -> None:
        """Let go of a view.

        Raises:
            UnknownView, ForeignView: They may not see it, or not remove it.
        """
        with self._transaction() as connection:
            self._check(connection, view_id, by, is_admin=is_admin)
            connection.execute(delete(saved_view).where(self._is(view_id)))

    def _is(self, view_id: str) -> Any:
        return (_V.tenant_id == self._tenant_id) & (_V.view_id == view_id)

    def _check(self, connection: Connection, view_id: str, by: str, *, is_admin: bool) -> None:
        held: Row[Any] | None = connection.execute(select(_V.owner, _V.is_shared).where(self._is(view_id))).first()
        if held is None or not (held.is_shared or held.owner == by):
            raise UnknownView("There is no such view: it may have been deleted. Go back to the board.")
        if held.owner != by and not is_admin:
            raise ForeignView(
                "This view is somebody else's: ask them or an admin to change it, or save one of your own."
            )


def _taken(view: View) -> ViewNameTaken:
    return ViewNameTaken(f"There is a view called {view.name!r} already: choose another name, or change that one.")
