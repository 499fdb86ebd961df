"""A tenant's cards as they would be under other circumstances: the real dbt project over a copy that is thrown away.

The copy is a DuckDB file with the rows of one tenant, whatever engine the warehouse is on; nothing of the warehouse is written.
What is replaced in it, what is built of it and what is read out of it, the caller says: other readings (`orchestration.shadow`),
other settings (`orchestration.replay`).
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis.tables import ENRICHMENT_TABLES, ensure_enrichment_tables
from core.installation import Installation
from core.tenants import TenantId
from core.warehouse import TableSpec, Warehouse
from core.warehouse.base import Row, Snapshot
from core.warehouse.duckdb import DuckDBWarehouse
from ingestion.app_state import APP_TABLES
from ingestion.hubspot.tables import RAW_TABLES, SYNC_CURSORS, ensure_raw_tables
from ingestion.loader import ensure_tables
from transforms.runner import NodeResult, build, compiled

_COPIED: tuple[TableSpec, ...] = (
    *(table.spec for table in (*RAW_TABLES, *APP_TABLES)),
    SYNC_CURSORS,
    *ENRICHMENT_TABLES,
)
_BATCH = 5_000

FILE_NAME = "scratch.duckdb"
"""DuckDB calls a database by its file, and so does compiled SQL."""


class Scratch:
    """One tenant's rows in a file of their own; `build` may be called again after every `replace`."""

    def __init__(self, warehouse: DuckDBWarehouse, *, as_of_at: datetime, target_dir: Path) -> None:
        self._warehouse = warehouse
        self._as_of_at = as_of_at
        self._target_dir = target_dir

    def replace(
        self, spec: TableSpec, columns: Sequence[str], places: Sequence[Sequence[str]], rows: Sequence[Row]
    ) -> None:
        """Take the rows out of a table that have one of these values in these columns, and put others in."""
        self._warehouse.execute(
            f"delete from {spec.qualified} where concat_ws('/', {', '.join(columns)}) = any(:places)",  # noqa: S608 - names of ours
            places=["/".join(place) for place in places],
        )
        self._warehouse.append(spec, rows)

    def compiled(self, models: Iterable[str]) -> dict[str, str]:
        """The SQL of models as they were built here."""
        return compiled(self._target_dir, models)

    def keep(self, file: Path, queries: Mapping[str, str]) -> None:
        """Write what these queries give into a DuckDB file that stays, by `schema.table`; its name is part of compiled SQL."""
        self._warehouse.copy_relations(file, queries)

    def execute(self, sql: str) -> None:
        """Run one statement over the copy."""
        self._warehouse.execute(sql)

    def build(
        self,
        select: str,
        *,
        variables: Mapping[str, int | str] | None = None,
        on_node: Callable[[NodeResult], None] | None = None,
    ) -> None:
        """Build these models over what the copy holds now, without tests of the data.

        Args:
            select: dbt node selection.
            variables: dbt variables.
            on_node: Called once per node as it finishes, from dbt's threads.

        Raises:
            TransformFailed: A model did not build.
        """
        build(
            self._warehouse.url,
            select=select,
            as_of=self._as_of_at,
            target_dir=self._target_dir,
            has_data_tests=False,
            variables=variables,
            on_node=on_node,
        )

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Look at what was built."""
        with self._warehouse.snapshot() as snapshot:
            yield snapshot

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """All rows of one query over the copy."""
        return self._warehouse.rows(sql, **params)


@contextmanager
def scratch_copy(
    place: Installation,
    tenant_id: TenantId,
    *,
    purpose: str,
    as_of_at: datetime | None = None,
) -> Iterator[Scratch]:
    """A tenant's rows in a DuckDB file that is gone when the block ends.

    Args:
        place: The installation.
        tenant_id: Whose rows.
        purpose: Becomes a part of the names of the folders it works in.
        as_of_at: The moment models are built for; the installation's own, or now, unless given.

    Raises:
        WarehouseBusy, WarehouseUnavailable: The warehouse cannot be read.
    """
    ensure_raw_tables(place.warehouse)
    ensure_tables(place.warehouse, APP_TABLES)
    ensure_enrichment_tables(place.warehouse)
    data_dir = place.settings.stores.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    # One at a time, since each takes all the processors there are; so what is left of a folder belongs to one that was killed.
    # In the data folder, since it holds what customers wrote, and the machine's folder for temporary files may be anybody's.
    prefix = f"{purpose}-scratch-"
    with place.warehouse.named_lock(f"scratch:{purpose}"), _emptied(data_dir, prefix) as folder:
        scratch = DuckDBWarehouse(Path(folder) / FILE_NAME)
        _copy(place.warehouse, scratch, tenant_id)
        # With those that are no tenant's, such as measured precision, of which the cards say nothing here.
        ensure_enrichment_tables(scratch)
        yield Scratch(scratch, as_of_at=as_of_at or place.as_of_at(), target_dir=data_dir / f"dbt-{purpose}")


def _copy(warehouse: Warehouse, scratch: DuckDBWarehouse, tenant_id: TenantId) -> None:
    if isinstance(warehouse, DuckDBWarehouse):
        warehouse.copy_tenant(scratch.path, _COPIED, tenant_id)
        return
    with scratch.loading(is_compacting=False):
        for spec in _COPIED:
            scratch.append(spec, [])
            rows = warehouse.batches(
                f"select {', '.join(spec.names)} from {spec.qualified} where tenant_id = :tenant_id",  # noqa: S608 - names of ours
                _BATCH,
                tenant_id=tenant_id,
            )
            for batch in rows:
                scratch.append(spec, batch)


@contextmanager
def _emptied(data_dir: Path, prefix: str) -> Iterator[str]:
    """A new folder, and none beside it that another one left."""
    for left in data_dir.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=prefix, dir=data_dir) as folder:
        yield folder
