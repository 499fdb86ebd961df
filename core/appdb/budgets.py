"""What each tenant's reading may cost a month, since when, and who said so.

Append-only, like mappings: a change is a new version. What was spent is counted where it is paid, in the call journal.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, insert, select

from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import llm_budget, llm_standing
from core.errors import ChangedMeanwhile

_C = llm_budget.c


@dataclass(frozen=True, kw_only=True)
class BudgetVersion:
    """A budget as somebody set it; versions count from 1. None of `monthly_usd`: what the installation allows everybody."""

    tenant_id: str
    monthly_usd: float | None
    version: int
    valid_from_at: datetime
    author: str


@dataclass(frozen=True, kw_only=True)
class StandingNote:
    """How a tenant's month stood when it was looked at: what the call journal and the warehouse said then.

    Attributes:
        month: As 2026-11.
        deferred_count: Tickets that wait for room.
        deferred_usd: What they are taken to cost.
        unread_count: Calls that are still to be made, by an estimate; None: not estimated.
        unread_usd: What they would cost.
        is_paid: Whether what reads costs anything.
    """

    tenant_id: str
    month: str
    spent_usd: float
    reserved_usd: float
    deferred_count: int
    deferred_usd: float
    unread_count: int | None
    unread_usd: float | None
    is_paid: bool
    measured_at: datetime


class BudgetBook:
    """Changes one tenant's budget, as its people ask for."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def set(
        self,
        monthly_usd: float | None,
        *,
        author: str,
        expected_version: int | None = None,
        now: datetime | None = None,
    ) -> BudgetVersion | None:
        """Add a version; None takes the tenant's own budget back.

        Args:
            monthly_usd: What reading may cost a month.
            author: Who says so.
            expected_version: The version the author saw, 0 where there was none; None: whatever it is.
            now: The present unless given.

        Returns:
            The new version; None where the budget already says just that.

        Raises:
            ChangedMeanwhile: There is a newer version.
            UnknownTenant: There is no such tenant.
        """
        with self._transaction() as connection:
            lock_tenant(connection, self._tenant_id)
            held = _versions(connection, self._tenant_id)
            if expected_version is not None and expected_version != len(held):
                raise ChangedMeanwhile(
                    f"Somebody changed the budget meanwhile: it is at version {len(held)}, and you saw {expected_version}. "
                    "Look at what holds now, and set it again."
                )
            if (held[-1].monthly_usd if held else None) == monthly_usd:
                return None
            new = BudgetVersion(
                tenant_id=self._tenant_id,
                monthly_usd=monthly_usd,
                version=len(held) + 1,
                valid_from_at=now or datetime.now(UTC),
                author=author,
            )
            connection.execute(insert(llm_budget).values(asdict(new)))
        return new


class Budgets:
    """Reads and adds versions."""

    def __init__(self, engine: Engine, default_usd: float | None) -> None:
        self._engine = engine
        self.default_usd = default_usd
        """What a tenant without a budget of its own may cost a month; None: any amount."""

    def monthly_usd(self, tenant_id: str) -> float | None:
        """What a tenant's reading may cost a month now; None: any amount."""
        return self._or_default(self.current([tenant_id]).get(tenant_id))

    def current(self, tenant_ids: Sequence[str]) -> dict[str, BudgetVersion]:
        """The newest version of each of these tenants that ever had one."""
        query = select(llm_budget).where(_C.tenant_id.in_(tenant_ids)).order_by(_C.tenant_id, _C.version)
        with self._engine.connect() as connection:
            return {row["tenant_id"]: BudgetVersion(**row) for row in connection.execute(query).mappings()}

    def history(self, tenant_id: str) -> list[BudgetVersion]:
        """Every version of a tenant's budget, oldest first."""
        with self._engine.connect() as connection:
            return _versions(connection, tenant_id)

    def set(
        self, tenant_id: str, monthly_usd: float | None, *, author: str, now: datetime | None = None
    ) -> BudgetVersion | None:
        """Add a version; None takes the tenant's own budget back.

        Returns:
            The new version; None where the budget already says just that.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        return BudgetBook(tenant_id, lambda: writing(self._engine)).set(monthly_usd, author=author, now=now)

    def note(self, standing: StandingNote) -> None:
        """Keep how a tenant's month stands, for whoever asks the API."""
        with writing(self._engine) as connection:
            connection.execute(delete(llm_standing).where(llm_standing.c.tenant_id == standing.tenant_id))
            connection.execute(insert(llm_standing).values(asdict(standing)))

    def _or_default(self, held: BudgetVersion | None) -> float | None:
        return self.default_usd if held is None or held.monthly_usd is None else held.monthly_usd


def _versions(connection: Connection, tenant_id: str) -> list[BudgetVersion]:
    query = select(llm_budget).where(_C.tenant_id == tenant_id).order_by(_C.version)
    return [BudgetVersion(**row) for row in connection.execute(query).mappings()]
