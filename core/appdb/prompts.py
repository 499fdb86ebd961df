"""Which version of each prompt a tenant's tickets are read with, since when, and who said so.

Append-only: pinning another version adds one row and touches none, so what was in force at any moment can be read again. Whether a
version exists is not known here; `analysis.prompts` knows the files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, insert, select

from core.appdb.engine import writing
from core.appdb.locking import UnknownTenant
from core.appdb.tables import prompt_pin as pin_table
from core.appdb.tables import tenant as tenant_table
from core.vocabulary import AnalysisTask


@dataclass(frozen=True, kw_only=True)
class PromptPin:
    """A prompt version as somebody pinned it; `version` counts a task's pins from 1, the newest holds."""

    task: AnalysisTask
    version: int
    prompt_version: str
    pinned_at: datetime
    author: str


class PromptPins:
    """Reads and adds pins."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, tenant_id: str) -> dict[AnalysisTask, str]:
        """The pinned version of each task; a task that was never pinned is left out."""
        return {pin.task: pin.prompt_version for pin in self.history(tenant_id)}

    def history(self, tenant_id: str) -> list[PromptPin]:
        """Every pin of every task, each task's in the order they were set."""
        with self._engine.connect() as connection:
            return _pins(connection, tenant_id)

    def pin(
        self, tenant_id: str, task: AnalysisTask, prompt_version: str, *, author: str, now: datetime | None = None
    ) -> PromptPin | None:
        """Read a tenant's tickets with this version from now on.

        Returns:
            The new pin; None where just that version is pinned already.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        with writing(self._engine) as connection:
            return _pinned(connection, tenant_id, task, prompt_version, author, now or datetime.now(UTC))

    def pin_unpinned(
        self, tenant_id: str, versions: Mapping[AnalysisTask, str], *, author: str, now: datetime | None = None
    ) -> dict[AnalysisTask, str]:
        """Pin these versions where nothing is pinned yet, and return what is pinned then.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        current = self.current(tenant_id)
        for task in [task for task in versions if task not in current]:
            with writing(self._engine) as connection:
                _locked(connection, tenant_id)
                # Somebody else may have pinned one since it was looked for; theirs stays.
                if not [pin for pin in _pins(connection, tenant_id) if pin.task is task]:
                    _pinned(connection, tenant_id, task, versions[task], author, now or datetime.now(UTC))
        return self.current(tenant_id)


def _pinned(
    connection: Connection, tenant_id: str, task: AnalysisTask, prompt_version: str, author: str, now: datetime
) -> PromptPin | None:
    _locked(connection, tenant_id)
    held = [pin for pin in _pins(connection, tenant_id) if pin.task is task]
    if held and held[-1].prompt_version == prompt_version:
        return None
    new = PromptPin(task=task, version=len(held) + 1, prompt_version=prompt_version, pinned_at=now, author=author)
    row = {
        "tenant_id": tenant_id,
        "task": task.value,
        "version": new.version,
        "prompt_version": prompt_version,
        "pinned_at": now,
        "author": author,
    }
    connection.execute(insert(pin_table).values(row))
    return new


def _locked(connection: Connection, tenant_id: str) -> None:
    # The row lock keeps two people from writing the same version on Postgres; SQLite has one writer anyway.
    mine = select(tenant_table.c.tenant_id).where(tenant_table.c.tenant_id == tenant_id).with_for_update()
    if connection.scalar(mine) is None:
        raise UnknownTenant(f"There is no tenant {tenant_id!r}: see `churnboard tenants list`.")


def _pins(connection: Connection, tenant_id: str) -> list[PromptPin]:
    columns = pin_table.c
    query = select(pin_table).where(columns.tenant_id == tenant_id).order_by(columns.task, columns.version)
    return [
        PromptPin(
            task=AnalysisTask(row["task"]),
            version=row["version"],
            prompt_version=row["prompt_version"],
            pinned_at=row["pinned_at"],
            author=row["author"],
        )
        for row in connection.execute(query).mappings()
    ]
