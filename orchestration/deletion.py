"""Deleting a tenant: every row, call, file and run, store by store, and then the search for what is left.

The tenant's own row goes first, under the lock of publishing, so that nothing is loaded, read or published for it any more; then
the warehouse under the locks of its cell and of what people decided, the journal, the files. Every step finds nothing when it is
done again, so a deletion that was killed is simply taken up: the receipt (`core.appdb.deletions`) stays open until it is through.
What is known of the words to search for lives as long as the process: one that takes up a deletion searches for rows and files
alone, and the receipt says so by its counts.

What stays: the receipt; runs of the orchestrator that were about all tenants at once, in whose logs the slug may stand; backups,
and the log of a Postgres server.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
from sqlalchemy import Engine, MetaData, Table, delete, func, inspect, select

from core import chaos
from core.appdb.bi import roles, views
from core.appdb.deletions import Deletion
from core.appdb.directory import Tenant
from core.appdb.engine import forget_deleted, open_engine, writing
from core.appdb.locking import UnknownTenant
from core.appdb.tables import deletion
from core.connections import NotConnected
from core.connections.farewell import disconnect
from core.erasure import Residue, Subject, find_residue
from core.erasure.needles import gather
from core.errors import ChurnboardError
from core.installation import Installation
from core.naming import RAW_APP, RAW_HUBSPOT, pipeline_name
from core.publishing.bi_file import rewrite_bi_file
from core.tenants import Cell
from core.vocabulary import DeletionStatus
from core.warehouse.duckdb import DuckDBWarehouse
from ingestion.app_state import APP_CELL
from ingestion.hubspot.tables import ensure_raw_tables
from orchestration.partitions import CELL_TAG, register_cells
from orchestration.prepared import forget_prepared

_SAMPLED = 40
"""So many contacts, and so many tickets, the newest ones, say what to search for."""

_HELD = (
    "select c.table_schema, c.table_name from information_schema.columns as c inner join information_schema.tables as t "
    "on t.table_schema = c.table_schema and t.table_name = c.table_name and t.table_type = 'BASE TABLE' "
    "where c.column_name = 'tenant_id' and c.table_schema not in ('information_schema', 'pg_catalog') "
    "order by c.table_schema, c.table_name"
)

OnStep = Callable[[str], None]


def delete_tenants(
    place: Installation,
    instance: dg.DagsterInstance,
    receipts: Iterable[Deletion],
    on_step: OnStep = lambda _: None,
) -> list[Deletion]:
    """Carry out what these receipts ask for, one after the other; one that fails does not stop the next."""
    return [delete_tenant(place, instance, one, on_step) for one in receipts]


def delete_tenant(
    place: Installation, instance: dg.DagsterInstance, receipt: Deletion, on_step: OnStep = lambda _: None
) -> Deletion:
    """Delete one tenant and search for what is left; returns its receipt as it stands then.

    What stands in the way (a load that does not end, a reader of a file) is written on the receipt, which stays open.
    """
    try:
        return _deleted(place, instance, receipt, on_step)
    except ChurnboardError as error:
        said = f"{error} The deletion is taken up again by itself, or with `churnboard tenants delete`."
        place.deletions.note(receipt.receipt_id, status=DeletionStatus.FAILED, error_message=said)
        return replace(receipt, status=DeletionStatus.FAILED, error_message=said)


def _deleted(place: Installation, instance: dg.DagsterInstance, receipt: Deletion, on_step: OnStep) -> Deletion:
    tenant_id, cleared = receipt.tenant_id, dict(receipt.cleared)

    def step(said: str) -> None:
        on_step(said)
        place.deletions.note(receipt.receipt_id, status=DeletionStatus.RUNNING, step=said, cleared=cleared)

    def add(store: str, count: int) -> None:
        cleared[store] = cleared.get(store, 0) + count
        place.deletions.note(receipt.receipt_id, cleared=cleared)

    step("looking at what there is")
    tenant = _tenant(place, tenant_id)
    ensure_raw_tables(place.warehouse)
    needles = _needles(place, tenant_id)
    if tenant is not None:
        step("disconnecting HubSpot")
        _say_farewell(place, tenant)
    step("deleting builds, cards and what people wrote")
    with place.warehouse.named_lock("transform"):
        if place.app_database.dialect.name == "postgresql":
            for reader in roles.readers(place.app_database):
                if reader.tenant_id == tenant_id:
                    roles.revoke(place.app_database, reader.role)
        add("application", _clear_database(place.app_database, tenant_id))
        if isinstance(place.warehouse, DuckDBWarehouse):
            published = place.settings.stores.data_dir / "published"
            add("BI files", rewrite_bi_file(published, lambda table, columns: _gone(table, columns, tenant_id)))
    chaos.point("delete.after_application")
    step("deleting what was loaded and read")
    cell = tenant.cell if tenant is not None else Cell(tenant_id)
    with place.warehouse.named_lock(f"cell:{cell}"), place.warehouse.named_lock(RAW_APP):
        add("warehouse", _clear_warehouse(place, tenant_id))
        for source, of in ((RAW_HUBSPOT, cell), (RAW_APP, APP_CELL)):
            # What a killed load left in its working folder.
            shutil.rmtree(place.settings.stores.data_dir / "dlt" / pipeline_name(source, of), ignore_errors=True)
    chaos.point("delete.after_warehouse")
    step("deleting calls to models, copies and runs")
    add("journal", _clear_journal(place, tenant_id))
    add("files", forget_prepared(place, tenant_id))
    add("runs", _clear_runs(place, instance, tenant_id, cell))
    step("writing files anew without what was deleted")
    _forget_deleted(place)
    step("searching for what is left")
    tables, left = _left(place, tenant_id)
    left += find_residue(place, tenant_id, [], in_bytes=needles)
    files = sum(1 for one in place.settings.stores.data_dir.rglob("*") if one.is_file())
    now = datetime.now(UTC)
    done = replace(
        receipt,
        status=DeletionStatus.INCOMPLETE if left else DeletionStatus.DONE,
        step="done",
        done_at=None if left else now,
        cleared=cleared,
        searched={"tables": tables, "texts": len(needles), "files": files},
        residue=[{"store": one.store, "where": one.where, "count": one.count} for one in left],
        error_message=None,
    )
    place.deletions.note(
        receipt.receipt_id,
        status=done.status,
        step=done.step,
        done_at=done.done_at,
        cleared=cleared,
        searched=dict(done.searched),
        residue=list(done.residue),
        error_message=None,
    )
    return done


def _tenant(place: Installation, tenant_id: str) -> Tenant | None:
    try:
        return place.directory.tenant(tenant_id)
    except UnknownTenant:
        return None


def _say_farewell(place: Installation, tenant: Tenant) -> None:
    try:
        disconnect(place.connection(tenant.tenant_id), place.oauth)
    except NotConnected:
        return


def _needles(place: Installation, tenant_id: str) -> list[str]:
    """Names, addresses and sentences of a sample, none of which stands in another tenant's rows."""
    with place.warehouse.snapshot() as snapshot:
        ids = {
            table: [
                str(row["id"])
                for row in snapshot.rows(
                    f"select id from {RAW_HUBSPOT}.{table} where tenant_id = :tenant_id order by createdate desc, id "  # noqa: S608
                    f"limit {_SAMPLED}",
                    tenant_id=tenant_id,
                )
            ]
            for table in ("contacts", "tickets")
        }
        return list(gather(snapshot, Subject(tenant_id, ids["contacts"], ids["tickets"])).in_bytes)


def _clear_warehouse(place: Installation, tenant_id: str) -> int:
    count = 0
    with place.warehouse.write_lock(), place.warehouse.snapshot() as snapshot:
        for schema, name in _held(snapshot.rows(_HELD)):
            sql = f'delete from "{schema}"."{name}" where tenant_id = :tenant_id'  # noqa: S608 - names of ours
            count += max(0, place.warehouse.execute(sql, tenant_id=tenant_id))
    return count


def _held(rows: Iterable[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Every table with tenants; where the application database is on the same server, not its receipts."""
    for row in rows:
        if row["table_name"] != deletion.name:
            yield row["table_schema"], row["table_name"]


def _tables(engine: Engine) -> list[Table]:
    """Every table of ours in a database that has tenants, copies for BI too, receipts left out; each before those it refers to.

    The warehouse may be in the same database: its schemas are cleared under its own locks.
    """
    shape, found = inspect(engine), []
    for schema in (None, *({views.COPIES} & set(shape.get_schema_names()))):
        for name, _ in reversed(shape.get_sorted_table_and_fkc_names(schema=schema)):
            if name is None or name == deletion.name:
                continue
            if "tenant_id" in {column["name"] for column in shape.get_columns(name, schema=schema)}:
                found.append(Table(name, MetaData(schema=schema), autoload_with=engine, resolve_fks=False))
    return found


def _clear_database(engine: Engine, tenant_id: str) -> int:
    count = 0
    tables = _tables(engine)
    with writing(engine) as connection:
        for table in tables:
            count += max(0, connection.execute(delete(table).where(table.c.tenant_id == tenant_id)).rowcount)
    return count


def _clear_journal(place: Installation, tenant_id: str) -> int:
    stores = place.settings.stores
    if stores.journal in {stores.app_database, stores.warehouse}:
        return 0
    journal = open_engine(stores.journal)
    try:
        count = _clear_database(journal, tenant_id)
        forget_deleted(journal, [table.name for table in _tables(journal)])
    finally:
        journal.dispose()
    return count


def _clear_runs(place: Installation, instance: dg.DagsterInstance, tenant_id: str, cell: str) -> int:
    """Runs of the tenant's cell, unless others are in it, and runs that were asked for it by name."""
    is_alone = not [one for one in place.directory.tenants() if one.cell == cell]
    filters = [dg.RunsFilter(tags={tag: cell}) for tag in (CELL_TAG, "dagster/partition")] if is_alone else []
    runs = {run.run_id for one in filters for run in instance.get_runs(one)}
    runs |= {run.run_id for run in instance.get_runs() if _is_about(run, tenant_id)}
    for run_id in sorted(runs):
        instance.delete_run(run_id)
    register_cells(instance, place.directory.cells())
    return len(runs)


def _is_about(run: dg.DagsterRun, tenant_id: str) -> bool:
    return f'"tenant": {json.dumps(tenant_id)}' in json.dumps(run.run_config, default=str)


def _forget_deleted(place: Installation) -> None:
    with place.warehouse.snapshot() as snapshot:
        held = [f'"{schema}"."{name}"' for schema, name in _held(snapshot.rows(_HELD))]
    place.warehouse.forget_deleted(held)
    forget_deleted(place.app_database, [one.name for one in _tables(place.app_database) if one.schema is None])


def _left(place: Installation, tenant_id: str) -> tuple[int, list[Residue]]:
    """How many tables were looked at, and those in which the tenant still has rows."""
    looked, found = 0, []
    with place.warehouse.snapshot() as snapshot:
        for schema, name in _held(snapshot.rows(_HELD)):
            looked += 1
            sql = f'select count(*) as held from "{schema}"."{name}" where tenant_id = :tenant_id'  # noqa: S608 - names of ours
            if held := snapshot.rows(sql, tenant_id=tenant_id)[0]["held"]:
                found.append(Residue("warehouse", f"{schema}.{name}", int(held)))
    stores = place.settings.stores
    engines = {"application": place.app_database}
    if stores.journal not in {stores.app_database, stores.warehouse}:
        engines["journal"] = open_engine(stores.journal)
    for store, engine in engines.items():
        for table in _tables(engine):
            looked += 1
            with engine.connect() as connection:
                query = select(func.count()).select_from(table).where(table.c.tenant_id == tenant_id)
                if held := connection.scalar(query):
                    found.append(Residue(store, str(table), int(held)))
    if "journal" in engines:
        engines["journal"].dispose()
    return looked, found


def _gone(table: str, columns: set[str], tenant_id: str) -> list[tuple[str, dict[str, object]]]:
    if "tenant_id" not in columns:
        return []
    return [(f"delete from {table} where tenant_id = :tenant_id", {"tenant_id": tenant_id})]  # noqa: S608 - names of ours
