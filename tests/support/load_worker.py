"""A process that is one cell of many loading one dataset: `python -m tests.support.load_worker '<json>'`.

Every round it widens the table by a column, writes all of its tenant's rows anew and adds one row, so a row of an earlier round
that survives, a row that is missing and a row that stands twice can each be told from what is right.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from core.tenants import cell
from core.warehouse import Column, ColumnType, TableSpec, connect
from ingestion.loader import Chunk, RawTable, load

START = datetime(2026, 1, 1, tzinfo=UTC)


def table(round_number: int) -> RawTable:
    """The table as it is in one round: every round has added an integer column."""
    columns = (
        Column("tenant_id"),
        Column("id"),
        Column("modified_at", ColumnType.TIMESTAMP),
        *(Column(f"round_{one}", ColumnType.INTEGER) for one in range(round_number + 1)),
        Column("loaded_at", ColumnType.TIMESTAMP),
    )
    return RawTable(TableSpec("raw_rounds", "things", columns, ("tenant_id", "id")), modified="modified_at")


def rows(tenant: str, round_number: int, size: int) -> pa.Table:
    """The tenant's rows in one round: `size` rows and one more for every round, each stamped with the round."""
    shape = table(round_number)
    return pa.Table.from_pylist(
        [
            {
                "tenant_id": tenant,
                "id": str(one),
                "modified_at": START + timedelta(hours=round_number),
                **{f"round_{earlier}": round_number for earlier in range(round_number + 1)},
                "loaded_at": START,
            }
            for one in range(size + round_number)
        ],
        schema=shape.schema,
    )


def main() -> None:
    given = json.loads(sys.argv[1])
    warehouse = connect(given["warehouse_url"], lock_timeout_seconds=120)
    tenant = given["tenant"]
    for round_number in range(given["rounds"]):
        with warehouse.named_lock(f"cell:{tenant}"):
            totals = load(
                "raw_rounds",
                cell(tenant),
                [table(round_number)],
                [Chunk("things", tenant, rows(tenant, round_number, given["size"]))],
                warehouse=warehouse,
                work_dir=Path(given["work_dir"]),
            )
        assert totals[tenant, "things"].loaded == given["size"] + round_number


if __name__ == "__main__":
    main()
