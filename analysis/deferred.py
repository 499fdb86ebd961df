"""Readings that wait for room in a budget: written where everybody can see them, gone once they are read.

A row a ticket and question, with when it was first put off, why, and what it is taken to cost. It makes a ticket come up again
whose tone is read and whose topics are not. Rows are added before a page's readings are written and removed after, so a kill in
between leaves a row too many, which the next run takes away.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from analysis.budget import Deferred
from analysis.tables import DEFERRED_READINGS
from analysis.tickets import STAGED_TICKETS
from core.naming import ENRICHMENT, STAGING
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

_OF_TICKETS: Final = (
    f"from {ENRICHMENT}.deferred_readings where tenant_id = any(:tenant_ids) and ticket_id = any(:ticket_ids)"
)
_COUNTS: Final = f"""
select tenant_id, count(distinct ticket_id) as ticket_count, sum(estimated_usd) as estimated_usd,
    min(estimated_usd) as least_usd, min(deferred_at) as since_at
from {ENRICHMENT}.deferred_readings group by tenant_id
"""  # noqa: S608 - names of ours
_GONE: Final = f"""
delete from {ENRICHMENT}.deferred_readings where tenant_id = any(:tenant_ids) and (tenant_id || '/' || ticket_id) not in (
    select t.tenant_id || '/' || t.ticket_id from {STAGING}.{STAGED_TICKETS} as t where t.tenant_id = any(:tenant_ids)
)
"""  # noqa: S608 - names of ours, values are bound


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket and a question that wait."""

    tenant_id: str
    ticket_id: str
    task: AnalysisTask


@dataclass(frozen=True, slots=True)
class WaitingTickets:
    """What of a tenant waits for room: how many tickets, what they are taken to cost, the cheapest question, since when."""

    ticket_count: int
    estimated_usd: float
    least_usd: float
    since_at: datetime


def waiting_of(warehouse: Warehouse, places: Collection[tuple[str, str]]) -> dict[Waiting, datetime]:
    """What of these tickets (tenant and id) waits, and since when."""
    rows = warehouse.rows(
        f"select tenant_id, ticket_id, task, deferred_at {_OF_TICKETS}",
        tenant_ids=sorted({tenant for tenant, _ in places}),
        ticket_ids=sorted({ticket for _, ticket in places}),
    )
    return {
        Waiting(row["tenant_id"], row["ticket_id"], AnalysisTask(row["task"])): row["deferred_at"]
        for row in rows
        if (row["tenant_id"], row["ticket_id"]) in places
    }


def put_off(
    warehouse: Warehouse, waiting: Mapping[Waiting, Deferred], since: Mapping[Waiting, datetime], now: datetime
) -> None:
    """Write what waits, with when it began to.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As `Warehouse.merge`.
    """
    rows: list[dict[str, Any]] = [
        {
            "tenant_id": one.tenant_id,
            "ticket_id": one.ticket_id,
            "task": one.task.value,
            "reason": why.reason,
            "estimated_usd": why.estimate_usd,
            "deferred_at": since.get(one, now),
        }
        for one, why in waiting.items()
    ]
    if rows:
        warehouse.merge([(DEFERRED_READINGS, rows)])


def take_up(warehouse: Warehouse, over: Iterable[Waiting]) -> None:
    """Remove what no longer waits.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As `Warehouse.execute`.
    """
    tickets: dict[tuple[str, AnalysisTask], list[str]] = {}
    for one in over:
        tickets.setdefault((one.tenant_id, one.task), []).append(one.ticket_id)
    if not tickets:
        return
    with warehouse.write_lock():
        for (tenant_id, task), ticket_ids in tickets.items():
            statement = f"delete {_OF_TICKETS} and task = :task"
            warehouse.execute(statement, tenant_ids=[tenant_id], ticket_ids=ticket_ids, task=task.value)


def forget_gone(warehouse: Warehouse, tenant_ids: Collection[str]) -> None:
    """Remove what waits of tickets that are no longer there.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As `Warehouse.execute`.
    """
    if set(tenant_ids) & deferred_tickets(warehouse).keys():
        with warehouse.write_lock():
            warehouse.execute(_GONE, tenant_ids=list(tenant_ids))


def deferred_tickets(warehouse: Warehouse) -> dict[str, WaitingTickets]:
    """What of each tenant waits; tenants of whom nothing does are left out."""
    with warehouse.snapshot() as snapshot:
        if not snapshot.has_table(ENRICHMENT, DEFERRED_READINGS.name):
            return {}
        rows = snapshot.rows(_COUNTS)
    return {
        row["tenant_id"]: WaitingTickets(**{name: value for name, value in row.items() if name != "tenant_id"})
        for row in rows
    }
