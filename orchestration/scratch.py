"""A tenant's cards as they would be if it had been read otherwise: the real dbt project over a copy that is thrown away.

The copy is a DuckDB file with the rows of one tenant, whatever engine the warehouse is on; nothing of the warehouse is written.
What is replaced in it, and what the cards are compared for, the caller says (`analysis.shadow`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.shadow.cards import Card, cards_from
from analysis.tables import ENRICHMENT_TABLES, ensure_enrichment_tables
from core.installation import Installation
from core.naming import MARTS
from core.tenants import TenantId
from core.warehouse import TableSpec
from core.warehouse.base import Row
from core.warehouse.duckdb import DuckDBWarehouse
from ingestion.app_state import APP_TABLES
from ingestion.hubspot.tables import RAW_TABLES, SYNC_CURSORS, ensure_raw_tables
from ingestion.loader import ensure_tables
from transforms.runner import build

_COPIED: tuple[TableSpec, ...] = (
    *(table.spec for table in (*RAW_TABLES, *APP_TABLES)),
    SYNC_CURSORS,
    *ENRICHMENT_TABLES,
)
_BATCH = 5_000
_SELECTED = "+churn_risk_cards +card_evidence"


class Scratch:
    """One tenant's rows in a file of their own; `cards` may be asked for again after every `replace`."""

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

    def cards(self) -> list[Card]:
        """The cards over what the copy holds now.

        Raises:
            TransformFailed: A model did not build.
        """
        build(
            self._warehouse.url,
            select=_SELECTED,
            as_of=self._as_of_at,
            target_dir=self._target_dir,
            has_data_tests=False,
        )
        with self._warehouse.snapshot() as snapshot:
            return cards_from(
                snapshot.rows(f"select * from {MARTS}.churn_risk_cards"),  # noqa: S608 - names of ours
                snapshot.rows(f"select * from {MARTS}.card_evidence"),  # noqa: S608 - names of ours
            )


@contextmanager
def scratch_copy(place: Installation, tenant_id: TenantId) -> Iterator[Scratch]:
    """A tenant's rows in a DuckDB file that is gone when the block ends.

    Raises:
        WarehouseBusy, WarehouseUnavailable: The warehouse cannot be read.
    """
    ensure_raw_tables(place.warehouse)
    ensure_tables(place.warehouse, APP_TABLES)
    ensure_enrichment_tables(place.warehouse)
    data_dir = place.settings.stores.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    # In the data folder, since it holds what customers wrote, and the machine's folder for temporary files may be anybody's.
    with TemporaryDirectory(prefix="shadow-", dir=data_dir) as folder:
        scratch = DuckDBWarehouse(Path(folder) / "scratch.duckdb")
        # With those that are no tenant's, such as measured precision, of which the cards say nothing here.
        ensure_enrichment_tables(scratch)
        for spec in _COPIED:
            scratch.append(spec, [])
            rows = place.warehouse.batches(
                f"select {', '.join(spec.names)} from {spec.qualified} where tenant_id = :tenant_id",  # noqa: S608 - names of ours
                _BATCH,
                tenant_id=tenant_id,
            )
            for batch in rows:
                scratch.append(spec, batch)
        as_of_at = (place.settings.as_of or datetime.now(UTC)).replace(microsecond=0)
        yield Scratch(scratch, as_of_at=as_of_at, target_dir=data_dir / "dbt-shadow")
