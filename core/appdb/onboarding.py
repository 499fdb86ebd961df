"""Steps of onboarding that a person called finished. That nothing has to be mapped, say, can be derived from nowhere else."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert

from core.appdb.tables import onboarding_confirmation as table
from core.vocabulary import OnboardingStep


class OnboardingBook:
    """Writes down what one tenant's people have finished."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def confirm(self, step: OnboardingStep, *, by: str, now: datetime | None = None) -> None:
        """Call a step finished; the last who did so counts."""
        with self._transaction() as connection:
            connection.execute(delete(table).where(table.c.tenant_id == self._tenant_id, table.c.step == step))
            connection.execute(
                insert(table).values(
                    tenant_id=self._tenant_id, step=step, confirmed_by=by, confirmed_at=now or datetime.now(UTC)
                )
            )
