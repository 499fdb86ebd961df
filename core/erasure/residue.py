"""The search for what is left: every text of the tenant's rows in every store, and every byte in the data folder.

It knows nothing of the registry on purpose. A DuckDB file may hold a string compressed, where a search of its bytes would miss
it; its tables are read too, so what counts is that neither look finds anything.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, Text, cast, func, inspect, literal_column, or_, select, table
from sqlalchemy import column as sql_column

from core.appdb.engine import open_engine
from core.errors import Transient
from core.installation import Installation
from core.warehouse import Warehouse

_SCAN = Path(__file__).with_name("scan.py")
_TEXTS = (
    "select c.table_schema, c.table_name, c.column_name from information_schema.columns as c "
    "inner join information_schema.columns as t on t.table_schema = c.table_schema and t.table_name = c.table_name "
    "and t.column_name = 'tenant_id' "
    "inner join information_schema.tables as r on r.table_schema = c.table_schema and r.table_name = c.table_name "
    "and r.table_type = 'BASE TABLE' "
    "where lower(c.data_type) in ('text', 'varchar', 'character varying', 'json', 'jsonb') "
    "and c.table_schema not in ('information_schema', 'pg_catalog') "
    "order by c.table_schema, c.table_name, c.column_name"
)


class SearchFailed(Transient):
    """A file in the data folder could not be read."""


@dataclass(frozen=True)
class Residue:
    """Something that should be gone.

    Attributes:
        store: `warehouse`, `application`, `journal` or `files`.
        where: The column, or the file.
        count: Rows of it, or needles found in the file.
    """

    store: str
    where: str
    count: int


def find_residue(
    place: Installation, tenant_id: str, needles: Sequence[str], *, in_bytes: Sequence[str] | None = None
) -> list[Residue]:
    """Everywhere one of these texts still stands; capitals and small letters count as the same.

    Args:
        place: The stores.
        tenant_id: Whose rows are searched.
        needles: What for.
        in_bytes: What files are searched for, where that is less: files belong to all tenants.

    Raises:
        WarehouseBusy, WarehouseUnavailable: The warehouse could not be read.
        SearchFailed: A file could not be read.
    """
    stores = place.settings.stores
    found = [Residue("warehouse", *one) for one in _in_warehouse(place.warehouse, tenant_id, needles)]
    found += [Residue("application", *one) for one in _in_database(place.app_database, tenant_id, needles)]
    if stores.journal not in {stores.app_database, stores.warehouse}:
        journal = open_engine(stores.journal)
        found += [Residue("journal", *one) for one in _in_database(journal, tenant_id, needles)]
        journal.dispose()
    searched = needles if in_bytes is None else in_bytes
    found += [Residue("files", *one) for one in _in_files(place.warehouse, stores.data_dir, searched)]
    return found


def _in_warehouse(warehouse: Warehouse, tenant_id: str, needles: Sequence[str]) -> Iterator[tuple[str, int]]:
    if not needles:
        return
    with warehouse.snapshot() as snapshot:
        for row in snapshot.rows(_TEXTS):
            name = f'"{row["table_schema"]}"."{row["table_name"]}"'
            text = f'lower(cast("{row["column_name"]}" as text))'
            forms = {f"needle_{at}": one for at, one in enumerate(_forms(needles))}
            said = " or ".join(f"position(:{one} in {text}) > 0" for one in forms)
            sql = f"select count(*) as held from {name} where tenant_id = :tenant_id and ({said})"
            if held := snapshot.rows(sql, tenant_id=tenant_id, **forms)[0]["held"]:
                yield f"{row['table_schema']}.{row['table_name']}.{row['column_name']}", int(held)


def _in_database(engine: Engine, tenant_id: str, needles: Sequence[str]) -> Iterator[tuple[str, int]]:
    if not needles:
        return
    shape = inspect(engine)
    with engine.connect() as connection:
        for name in shape.get_table_names():
            columns = [one["name"] for one in shape.get_columns(name)]
            if "tenant_id" not in columns:
                continue
            for column in columns:
                text = func.lower(cast(sql_column(column), Text))
                said = or_(*(text.contains(one, autoescape=True) for one in _forms(needles)))
                mine = sql_column("tenant_id") == tenant_id
                query = select(func.count(literal_column("1"))).select_from(table(name)).where(mine, said)
                if held := connection.scalar(query):
                    yield f"{name}.{column}", int(held)


def _in_files(warehouse: Warehouse, folder: Path, needles: Sequence[str]) -> Iterator[tuple[str, int]]:
    # Only ASCII letters have a small form among bytes, here and in the files.
    forms = {form.encode().lower() for one in needles if one for form in (one, json.dumps(one)[1:-1])}
    if not forms or not folder.is_dir():
        return
    asked = {"folder": str(folder), "needles": [base64.b64encode(one).decode() for one in sorted(forms)]}
    # Nobody writes the warehouse's file while it is read.
    with warehouse.write_lock():
        said = subprocess.run(  # noqa: S603 - our own interpreter and our own file
            [sys.executable, "-I", str(_SCAN)], input=json.dumps(asked), capture_output=True, text=True, check=False
        )
    if said.returncode:
        raise SearchFailed(
            f"The files in {folder} could not be searched for what should be erased: {said.stderr.strip()[-300:]} "
            f"The requests stay open; make the files readable and run the step again."
        )
    yield from json.loads(said.stdout).items()


def _forms(needles: Iterable[str]) -> list[str]:
    """Each as it is and as JSON writes it, in small letters."""
    lowered = [one.lower() for one in needles if one]
    return list(dict.fromkeys([*lowered, *(json.dumps(one)[1:-1] for one in lowered)]))
