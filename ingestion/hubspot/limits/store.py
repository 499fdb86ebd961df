"""Where the state of portals' budgets is kept: in memory, or in a file that every process of one machine shares.

A store runs one small step at a time over one portal's state, in a transaction and by a clock of its own, so that all who share it
share its clock. What it holds is worth a minute of memory at most, except a daily stop: losing it costs one refused request.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import orjson

from core.errors import Transient
from ingestion.hubspot.limits.state import PortalState

_T = TypeVar("_T")

_BUSY_SECONDS = 30.0


class LimitsUnavailable(Transient):
    """The store of the budgets cannot be used, so nobody may send."""


@dataclass(frozen=True)
class PortalKey:
    """Whose budget it is.

    Attributes:
        tenant_id: The tenant.
        base_url: Root of the API; a sandbox's budget is not HubSpot's.
    """

    tenant_id: str
    base_url: str


@dataclass(frozen=True)
class Now:
    """The store's present.

    Attributes:
        seconds: By the clock windows are measured with.
        at: By the calendar.
    """

    seconds: float
    at: datetime


Step = Callable[[PortalState, Now], _T]


class LimitStore(Protocol):
    """State of portals' budgets, shared by everybody who opens the same store. Thread-safe."""

    def change(self, key: PortalKey, step: Step[_T]) -> _T:
        """Run `step` alone on a portal's state and keep what it leaves there.

        Raises:
            LimitsUnavailable: The store does not answer.
        """
        ...

    def standing(self) -> dict[PortalKey, tuple[PortalState, Now]]:
        """Every portal's state, with the present it is to be seen from."""
        ...

    def close(self) -> None:
        """Let go of connections; the next call opens new ones."""
        ...


class MemoryStore:
    """For one process: tests, and clients nobody shares a portal with.

    Args:
        clock: Seconds.
        calendar: The present by the calendar.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        calendar: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock = clock
        self._calendar = calendar
        self._states: dict[PortalKey, PortalState] = {}
        self._lock = threading.Lock()

    def change(self, key: PortalKey, step: Step[_T]) -> _T:
        """See `LimitStore.change`."""
        with self._lock:
            return step(self._states.setdefault(key, PortalState()), self._now())

    def standing(self) -> dict[PortalKey, tuple[PortalState, Now]]:
        """See `LimitStore.standing`."""
        with self._lock:
            return {key: (state, self._now()) for key, state in self._states.items()}

    def close(self) -> None:
        """Nothing is open."""

    def _now(self) -> Now:
        return Now(self._clock(), self._calendar())


class FileStore:
    """For every process of one machine: a SQLite file, whose windows run by the clock all its processes share.

    Args:
        path: The file; its folder is made when missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0

    def change(self, key: PortalKey, step: Step[_T]) -> _T:
        """See `LimitStore.change`."""
        with self._lock:
            try:
                return self._change(self._opened(), key, step)
            except sqlite3.Error as error:
                raise self._unavailable(error) from error

    def _change(self, connection: sqlite3.Connection, key: PortalKey, step: Step[_T]) -> _T:
        connection.execute("begin immediate")
        try:
            row = connection.execute(
                "select state from portal_limits where tenant_id = ? and base_url = ?", (key.tenant_id, key.base_url)
            ).fetchone()
            state = decoded(row[0]) if row else PortalState()
            result = step(state, _machine_now())
            connection.execute(
                "insert or replace into portal_limits (tenant_id, base_url, state) values (?, ?, ?)",
                (key.tenant_id, key.base_url, encoded(state)),
            )
            connection.execute("commit")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("rollback")
            raise
        return result

    def standing(self) -> dict[PortalKey, tuple[PortalState, Now]]:
        """See `LimitStore.standing`."""
        with self._lock:
            try:
                rows = self._opened().execute(
                    "select tenant_id, base_url, state from portal_limits order by tenant_id, base_url"
                )
                return {PortalKey(row[0], row[1]): (decoded(row[2]), _machine_now()) for row in rows}
            except sqlite3.Error as error:
                raise self._unavailable(error) from error

    def close(self) -> None:
        """See `LimitStore.close`."""
        with self._lock:
            if self._connection is not None and self._owner == os.getpid():
                self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        # A connection must not be used on the other side of a fork.
        if self._connection is None or self._owner != os.getpid():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.execute("pragma journal_mode = wal")
            # A power cut may lose the last moments, which are over once the machine is back.
            connection.execute("pragma synchronous = off")
            connection.execute(
                "create table if not exists portal_limits (tenant_id text not null, base_url text not null, "
                "state blob not null, primary key (tenant_id, base_url)) without rowid"
            )
            self._connection, self._owner = connection, os.getpid()
        return self._connection

    def _unavailable(self, error: sqlite3.Error) -> LimitsUnavailable:
        return LimitsUnavailable(
            f"The request budgets in {self._path} cannot be used: {error}. Make room and check the folder's permissions; "
            f"the file may be deleted while no sync runs."
        )


def encoded(state: PortalState) -> bytes:
    """The state as it is stored."""
    return orjson.dumps(state.as_json())


def decoded(stored: bytes | str) -> PortalState:
    """The state that was stored; a new one where it cannot be read, as after a change of its form."""
    try:
        return PortalState.from_json(orjson.loads(stored))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return PortalState()


def _machine_now() -> Now:
    # Monotonic time is the same in all processes of a machine, and nobody can set it; a reboot starts it anew (see `window`).
    return Now(time.monotonic(), datetime.now(UTC))
