"""The warehouse as the rest of the house sees it: read rows, merge rows, take a lock. DuckDB or Postgres behind one interface.

dlt and dbt reach the same database with their own connections; what they need from here is `write_lock`.
"""

from core.warehouse.base import LockLost, NamedLock, Snapshot, Warehouse, WarehouseBusy, WarehouseUnavailable
from core.warehouse.connect import connect
from core.warehouse.tables import Column, ColumnType, TableSpec

__all__ = [
    "Column",
    "ColumnType",
    "LockLost",
    "NamedLock",
    "Snapshot",
    "TableSpec",
    "Warehouse",
    "WarehouseBusy",
    "WarehouseUnavailable",
    "connect",
]
