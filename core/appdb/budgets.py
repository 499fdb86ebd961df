"""What each tenant's reading may cost a month, since when, and who said so.

Append-only, like mappings: a change is a new version. What was spent is counted where it is paid, in the call journal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, insert, select

from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import llm_budget

_C = llm_budget.c


@dataclass(frozen=True, kw_only=True)
class BudgetVersion:
    """A budget as somebody set it; versions count from 1. None of `monthly_usd`: what the installation allows everybody."""

    tenant_id: str
    monthly_usd: float | None
    version: int
    valid_from_at: datetime
    author: str


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
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            held = _versions(connection, tenant_id)
            if (held[-1].monthly_usd if held else None) == monthly_usd:
                return None
            new = BudgetVersion(
                tenant_id=tenant_id,
                monthly_usd=monthly_usd,
                version=len(held) + 1,
                valid_from_at=now or datetime.now(UTC),
                author=author,
            )
            row = {
                "tenant_id": tenant_id,
                "version": new.version,
                "monthly_usd": monthly_usd,
                "valid_from_at": new.valid_from_at,
                "author": author,
            }
            connection.execute(insert(llm_budget).values(row))
        return new

    def _or_default(self, held: BudgetVersion | None) -> float | None:
        return self.default_usd if held is None or held.monthly_usd is None else held.monthly_usd


def _versions(connection: Connection, tenant_id: str) -> list[BudgetVersion]:
    query = select(llm_budget).where(_C.tenant_id == tenant_id).order_by(_C.version)
    return [BudgetVersion(**row) for row in connection.execute(query).mappings()]
