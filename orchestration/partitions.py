"""How work is cut: ingestion by cell, reading by cell and calendar month of the ticket."""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from core.tenants import Cell, cell

CELLS = dg.DynamicPartitionsDefinition(name="cell")
"""One partition per cell; registered from the tenant directory by `register_cells`."""

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2015-01-01", end_offset=1)
"""Calendar months up to and including the present one. HubSpot's ticket object is younger than 2015."""

CELL_MONTHS = dg.MultiPartitionsDefinition({"cell": CELLS, "month": MONTHS})
"""The unit of reading, and of a backfill after a prompt or a model changed."""

CELL_TAG = "churnboard/cell"
"""Run tag that carries the cell; the instance allows one run at a time per value."""

DRIVER_TAG = {"churnboard/driver": "everything"}
"""Marks runs whose follow-ups are already planned, so that the sensors leave them alone."""

UNCHANGED_TAG = {"churnboard/changed": "no"}
"""Marks runs that found nothing new, so that nothing follows them."""


def register_cells(instance: dg.DagsterInstance, cells: Sequence[Cell]) -> None:
    """Make the registered partitions exactly `cells`."""
    held = {cell(name) for name in instance.get_dynamic_partitions("cell")}
    instance.add_dynamic_partitions("cell", sorted(set(cells) - held))
    for gone in held - set(cells):
        instance.delete_dynamic_partition("cell", gone)


def month_key(day: date) -> str:
    """The partition key of the month `day` falls in."""
    return day.strftime("%Y-%m-01")


def range_tags(of: Cell, first: date, last: date) -> dict[str, str]:
    """Run tags that make one run read the months from `first` to `last` of one cell."""
    return {
        CELL_TAG: of,
        "dagster/asset_partition_range_start": f"{of}|{month_key(first)}",
        "dagster/asset_partition_range_end": f"{of}|{month_key(last)}",
    }


def cells_and_months(keys: Sequence[str]) -> dict[Cell, list[date]]:
    """The months of each cell among these `cell|month` keys, in order."""
    months: dict[Cell, list[date]] = {}
    for key in sorted(keys):
        name, _, month = key.partition("|")
        months.setdefault(cell(name), []).append(date.fromisoformat(month))
    return months
