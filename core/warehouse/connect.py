"""From a URL to a warehouse."""

from pathlib import Path

from core.errors import Terminal
from core.warehouse.base import Warehouse


class UnknownWarehouse(Terminal):
    """`WAREHOUSE_URL` has a scheme we do not serve."""


def connect(url: str, *, lock_timeout_seconds: float = 900) -> Warehouse:
    """The warehouse at `url`: `duckdb:///relative/or//absolute/path` or `postgresql://…`. Opens nothing yet.

    Raises:
        UnknownWarehouse: Any other scheme, or the `postgres` extra is not installed.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "duckdb" and rest.startswith("/") and len(rest) > 1:
        from core.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(Path(rest[1:]), lock_timeout_seconds=lock_timeout_seconds)
    if scheme in {"postgresql", "postgres"}:
        try:
            from core.warehouse.postgres import PostgresWarehouse
        except ModuleNotFoundError as error:
            raise UnknownWarehouse(
                "The warehouse is on Postgres, but its driver is not installed: install churnboard[postgres]."
            ) from error
        return PostgresWarehouse(url, lock_timeout_seconds=lock_timeout_seconds)
    raise UnknownWarehouse(
        f"WAREHOUSE_URL starts with {scheme!r}: use duckdb:///path/to/file.duckdb or postgresql://user@host/database."
    )
