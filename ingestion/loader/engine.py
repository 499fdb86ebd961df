"""dlt, held the way it does not lose rows. Nothing outside this module imports it.

Left at its defaults, dlt derives the staging schema from the dataset's name, so two pipelines that load one dataset truncate and
copy each other's staged rows, and after a failure its `run` loads the package left behind and ignores the rows it is given. Here:

- a cell has its own pipeline and its own staging schema, and both names carry the cell;
- a run starts from an empty working folder. A package left by a killed run is dropped, not loaded: its rows are fetched
  again, because no cursor moved, whereas loading it could put old rows over rows that another machine loaded meanwhile;
- extract, normalise and load are separate steps, so that only the last one happens under the warehouse's write lock;
- tables and columns come from `RawTable`, and dlt is not allowed to change them;
- dlt keeps no state, and takes its settings from here and not from files or variables of whoever runs it.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.configuration.utils import get_resolved_traces
from dlt.common.runtime.run_context import RunContext
from dlt.common.schema.utils import new_column, new_table
from dlt.pipeline.exceptions import PipelineStepFailed
from sqlalchemy.engine import make_url

from core import naming
from core.tenants import Cell
from core.warehouse import ColumnType, Warehouse
from ingestion.loader.tables import LOAD_ID, RawTable

_DLT_TYPES = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "bigint",
    ColumnType.FLOAT: "double",
    ColumnType.BOOLEAN: "bool",
    ColumnType.TIMESTAMP: "timestamp",
    ColumnType.DATE: "date",
}

_SETTINGS = {
    "restore_from_destination": False,
    "enable_runtime_trace": False,
    "runtime": {"dlthub_telemetry": False, "log_level": "ERROR", "intercept_signals": False},
    "normalize": {"workers": 1, "parquet_normalizer": {"add_dlt_load_id": True}},
    # Staged ticket texts are not kept: erasing a tenant must not have to know about staging schemas.
    # Nor are loaded files: a portal's backfill would otherwise lie in the working folder, package upon package.
    "load": {"workers": 1, "truncate_staging_dataset": True, "delete_completed_jobs": True},
}


class _Context(RunContext):  # type: ignore[misc]
    """A dlt run context that reads no file and no environment variable."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._global_dir = str(folder)

    def initial_providers(self) -> list[Any]:
        return [CustomLoaderDocProvider("churnboard", lambda: _SETTINGS, supports_secrets=False)]


class Engine:
    """One cell's dlt pipeline, from an empty working folder; used within `opened`."""

    def __init__(
        self, dataset: str, cell: Cell, tables: Sequence[RawTable], warehouse: Warehouse, folder: Path
    ) -> None:
        self._dataset = dataset
        self._tables = {table.name: table for table in tables}
        self._warehouse = warehouse
        self._file_format = "csv" if warehouse.dialect == "postgres" else "parquet"
        self._pipeline = dlt.pipeline(
            naming.pipeline_name(dataset, cell),
            pipelines_dir=str(folder),
            destination=_destination(warehouse, cell),
            dataset_name=dataset,
        )

    def extract(self, batches: Iterable[tuple[str, pa.Table, bool]]) -> str:
        """Pull (table name, rows, whether appended) until the iterable ends, into one package; returns its load id.

        A table is appended to by all of a package's batches or by none.
        """

        def package() -> Iterator[Any]:
            for name, rows, is_appended in batches:
                disposition = "append" if is_appended else _disposition(self._tables[name])
                hints = dlt.mark.make_hints(table_name=name, write_disposition=disposition)
                yield dlt.mark.with_hints(rows, hints, create_table_variant=True)

        resource = dlt.resource(package, name="package")
        info = self._pipeline.extract(resource, schema=self._schema(), loader_file_format=self._file_format)
        return str(info.loads_ids[-1])

    def normalize(self) -> None:
        """Turn the extracted package into files the warehouse loads in bulk."""
        self._pipeline.normalize()

    def load(self, *, is_compacting: bool) -> None:
        """Load the package; dlt has closed its connections when this returns.

        Args:
            is_compacting: See `Warehouse.loading`.
        """
        with self._warehouse.loading(is_compacting=is_compacting):
            self._load()

    def _load(self) -> None:
        if not self._warehouse.has_table(self._dataset, "_dlt_loads"):
            # dlt's own tables are made `if not exists`, which still races between sessions.
            with self._warehouse.named_lock(f"ddl:{self._dataset}"):
                self._pipeline.sync_schema()
        self._pipeline.load()

    def _schema(self) -> Any:
        schema = dlt.Schema(self._dataset)
        for table in self._tables.values():
            schema.update_table(_dlt_table(table))
        schema.set_schema_contract({"tables": "freeze", "columns": "freeze", "data_type": "freeze"})
        return schema


@contextmanager
def opened(
    dataset: str, cell: Cell, tables: Sequence[RawTable], *, warehouse: Warehouse, work_dir: Path
) -> Iterator[Engine]:
    """An engine whose working folder is new, and gone afterwards."""
    folder = work_dir / "dlt" / naming.pipeline_name(dataset, cell)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with Container().injectable_context(PluggableRunContext(_Context(folder))):
            # dlt notes each setting it looks up, passwords too, with the frames that asked: they would hold every package.
            get_resolved_traces().logging_enabled = False
            yield Engine(dataset, cell, tables, warehouse, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def step_failures() -> tuple[type[Exception], ...]:
    """What dlt raises when one of its steps fails."""
    return (PipelineStepFailed,)


def _disposition(table: RawTable) -> str:
    return "replace" if table.is_replaced_whole else "merge"


def _dlt_table(table: RawTable) -> Any:
    hint = "merge_key" if table.spec.replace_by else "primary_key"
    columns = [
        {
            **new_column(column.name, _DLT_TYPES[column.type]),
            **({hint: True} if column.name in table.spec.scope else {}),
        }
        for column in table.spec.columns
    ]
    columns.append({**new_column(LOAD_ID, "text", nullable=False, precision=64)})
    made = new_table(
        table.name,
        write_disposition=_disposition(table),
        columns=columns,
        resource="package",
    )
    if not table.is_replaced_whole:
        made["x-merge-strategy"] = "delete-insert"
        # A package never carries a key twice (see `run`), so the merge need not sort for it.
        made["x-stage-data-deduplicated"] = True
    return made


def _destination(warehouse: Warehouse, cell: Cell) -> Any:
    staging = f"%s_staging_{cell.replace('-', '_')}"
    url = make_url(warehouse.secret_url.get_secret_value())
    if warehouse.dialect == "postgres":
        credentials = {
            "database": url.database,
            "username": url.username or "",
            "password": url.password or "",
            "host": url.host or "",
            "port": url.port or 5432,
            "query": dict(url.query),
        }
        return dlt.destinations.postgres(
            credentials,
            # Unique indexes on dlt's row ids cannot exist on a table partitioned by tenant, and serve nobody.
            create_indexes=False,
            staging_dataset_name_layout=staging,
            replace_strategy="insert-from-staging",
        )
    return dlt.destinations.duckdb(
        str(Path(str(url.database)).resolve()),
        staging_dataset_name_layout=staging,
        replace_strategy="insert-from-staging",
    )
