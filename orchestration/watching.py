"""A load as a person at a terminal sees it: rows as they arrive, and in the end what is held against what HubSpot counts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from core.warehouse import Warehouse
from orchestration.resources import OnRows


@contextmanager
def watched(console: Console) -> Iterator[OnRows]:
    """A line a stream that counts its rows; HubSpot does not say beforehand how many there will be."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.fields[rate]}"), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        lines: dict[tuple[str, str], TaskID] = {}
        counting = threading.Lock()

        def on_rows(tenant: str, stream: str, rows: int) -> None:
            with counting:
                key = (tenant, stream)
                if key not in lines:
                    lines[key] = progress.add_task(f"{tenant} {stream}", total=None, rate="")
                task = progress.tasks[lines[key]]
                read = task.completed + rows
                rate = f", {read / task.elapsed:,.0f}/s" if task.elapsed and task.elapsed > 1 else ""
                progress.update(lines[key], completed=read, rate=f"{read:,.0f} rows{rate}")

        yield on_rows


def stream_table(warehouse: Warehouse, tenant_id: str) -> Table:
    """How every stream of a tenant stands."""
    table = Table("stream", "status", "read up to", "held", "HubSpot counts", "", title=tenant_id)
    for row in warehouse.rows(
        "select * from raw_hubspot.sync_cursors where tenant_id = :tenant_id order by stream", tenant_id=tenant_id
    ):
        is_short = row["portal_total"] is not None and row["portal_total"] != row["held_count"]
        table.add_row(
            row["stream"],
            row["status"],
            f"{row['cursor_at']:%Y-%m-%d %H:%M:%S}" if row["cursor_at"] else "",
            _count(row["held_count"]),
            _count(row["portal_total"]),
            row["error_message"] or ("[red]not complete[/red]" if is_short else ""),
        )
    return table


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
