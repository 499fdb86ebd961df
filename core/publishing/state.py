"""Whether the marts as they stand came out of a dbt build that passed its tests.

A build that failed or was killed half-way leaves marts behind that look like any others; this one row tells them apart.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import Terminal
from core.naming import STAGING
from core.warehouse import Column, ColumnType, TableSpec, Warehouse

_STATE = TableSpec(
    schema=STAGING,
    name="transform_state",
    columns=(
        Column("scope"),
        Column("state", is_nullable=False),
        Column("as_of_at", ColumnType.TIMESTAMP, is_nullable=False),
        Column("run_id", is_nullable=False),
        Column("changed_at", ColumnType.TIMESTAMP, is_nullable=False),
    ),
    key=("scope",),
)


class MartsNotReady(Terminal):
    """The marts are not the result of a build that passed."""


@dataclass(frozen=True)
class PassedState:
    """The dbt build the marts came from."""

    as_of_at: datetime
    run_id: str


def mark_building(warehouse: Warehouse, *, as_of_at: datetime, run_id: str) -> None:
    """Say that the marts are being rebuilt and must not be published."""
    _mark(warehouse, "building", as_of_at, run_id)


def mark_passed(warehouse: Warehouse, *, as_of_at: datetime, run_id: str) -> None:
    """Say that the marts passed every dbt test and may be published."""
    _mark(warehouse, "passed", as_of_at, run_id)


def passed_state(warehouse: Warehouse) -> PassedState:
    """The build the marts came from.

    Raises:
        MartsNotReady: There was none, it failed, or it was cut off.
    """
    with warehouse.snapshot() as snapshot:
        is_known = snapshot.has_table(_STATE.schema, _STATE.name)
        held = snapshot.rows(f"select * from {_STATE.qualified}") if is_known else []
    if not held or held[0]["state"] != "passed":
        found = f"run {held[0]['run_id']} left them unfinished" if held else "there has been no build yet"
        raise MartsNotReady(
            f"The marts cannot be published: {found}. Readers keep the build they have; run the transform job, "
            f"read which test failed there, and publish again."
        )
    return PassedState(as_of_at=held[0]["as_of_at"], run_id=held[0]["run_id"])


def _mark(warehouse: Warehouse, state: str, as_of_at: datetime, run_id: str) -> None:
    row = {"scope": "marts", "state": state, "as_of_at": as_of_at, "run_id": run_id, "changed_at": datetime.now(UTC)}
    warehouse.merge([(_STATE, [row])])
