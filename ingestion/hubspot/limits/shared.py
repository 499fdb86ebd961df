"""The budgets of all portals of an installation: limiters that share them, and how they stand, for a person to see and to clear."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from core.warehouse import Warehouse
from ingestion.hubspot.limiter import OAUTH_APP, Limits, PortalLimiter
from ingestion.hubspot.limits.state import Budget, DailyStop, PortalState
from ingestion.hubspot.limits.store import FileStore, LimitStore, Now, PortalKey


@dataclass(frozen=True)
class BudgetStanding:
    """One budget at one moment.

    Attributes:
        used: Slots held, in flight included.
        limit: Slots there are; None: they are not counted.
        window_seconds: Length of the window.
        in_flight: Requests without an answer yet.
        waiting: Threads in the queue, over all processes.
        closed_until: Nobody sends before, because HubSpot said so; None where it is open.
    """

    used: int
    limit: int | None
    window_seconds: float
    in_flight: int
    waiting: int
    closed_until: datetime | None


@dataclass(frozen=True)
class PortalStanding:
    """What is known of one portal's budgets.

    Attributes:
        budgets: Those that have been used.
        stop: The daily stop, while it holds.
    """

    key: PortalKey
    budgets: Mapping[Budget, BudgetStanding]
    stop: DailyStop | None


class SharedLimits:
    """The budgets of all portals of an installation; a context manager, closed at its end. Thread-safe."""

    def __init__(self, store: LimitStore) -> None:
        self._store = store

    def portal(self, base_url: str, tenant_id: str, limits: Limits = OAUTH_APP) -> PortalLimiter:
        """The limiter of one tenant's portal; several of the same portal share its budgets, wherever they were made."""
        return PortalLimiter(limits, store=self._store, key=PortalKey(tenant_id, base_url.rstrip("/")))

    def standing(self) -> list[PortalStanding]:
        """How every portal that was ever called stands."""
        return [_standing(key, state, now) for key, (state, now) in self._store.standing().items()]

    def clear(self, tenant_id: str) -> int:
        """Lift what keeps a tenant's portals shut, for a person who knows better; returns how many stops were lifted."""
        return sum(
            self._store.change(one.key, _cleared) for one in self.standing() if one.key.tenant_id == str(tenant_id)
        )

    def close(self) -> None:
        """Let go of the store's connection."""
        self._store.close()

    def __enter__(self) -> Self:
        """Nothing to open: the store opens when needed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()


def open_limits(warehouse: Warehouse, data_dir: Path) -> SharedLimits:
    """The budgets of the installation `warehouse` belongs to: in its Postgres, otherwise in a file in the data folder."""
    if warehouse.dialect == "postgres":
        from ingestion.hubspot.limits.postgres import PostgresStore

        return SharedLimits(PostgresStore(warehouse.secret_url))
    return SharedLimits(FileStore(data_dir / "limits.db"))


def _standing(key: PortalKey, state: PortalState, now: Now) -> PortalStanding:
    present = math.floor(now.seconds * 1000)
    budgets = {}
    for budget, window in state.windows.items():
        shut = window.closed_until - present
        budgets[budget] = BudgetStanding(
            used=window.used(present),
            limit=window.limit,
            window_seconds=window.span_ms / 1000,
            in_flight=len(window.in_flight),
            waiting=len(window.waiting),
            closed_until=now.at + timedelta(milliseconds=shut) if shut > 0 else None,
        )
    return PortalStanding(key, budgets, state.stop if state.stop and state.stop.is_on(now.at) else None)


def _cleared(state: PortalState, now: Now) -> int:
    lifted = 0
    if state.stop:
        lifted += state.stop.is_on(now.at)
        state.stop = None
    for window in state.windows.values():
        lifted += window.closed_until > math.floor(now.seconds * 1000)
        window.closed_until = 0
    return lifted
