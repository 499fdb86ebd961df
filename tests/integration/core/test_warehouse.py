"""One interface, two engines: what holds for DuckDB holds for Postgres."""

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.warehouse import Column, ColumnType, TableSpec, Warehouse, WarehouseBusy, connect

READINGS = TableSpec(
    schema="enrichment_test",
    name="readings",
    columns=(
        Column("tenant_id"),
        Column("ticket_id"),
        Column("topic"),
        Column("rank", ColumnType.INTEGER),
        Column("cost_usd", ColumnType.FLOAT),
        Column("is_ok", ColumnType.BOOLEAN),
        Column("read_at", ColumnType.TIMESTAMP),
        Column("read_on", ColumnType.DATE),
    ),
    key=("tenant_id", "ticket_id", "topic"),
    replace_by=("tenant_id", "ticket_id"),
)


def reading(ticket_id: str, topic: str, **values: object) -> dict[str, object]:
    base = {"tenant_id": "acme", "ticket_id": ticket_id, "topic": topic, "rank": 1, "cost_usd": 0.5, "is_ok": True}
    return {**base, "read_at": datetime(2026, 11, 1, 9, tzinfo=UTC), "read_on": date(2026, 11, 1), **values}


def held(warehouse: Warehouse) -> set[tuple[str, str, int]]:
    rows = warehouse.rows(f"select ticket_id, topic, rank from {READINGS.qualified}")
    return {(row["ticket_id"], row["topic"], row["rank"]) for row in rows}


def test_values_come_back_as_they_went_in(warehouse: Warehouse) -> None:
    row = reading("1", 'naïve "topic" 🙂 100%', rank=None)
    warehouse.merge([(READINGS, [row])])
    assert warehouse.rows(f"select * from {READINGS.qualified} where ticket_id = :id", id="1") == [row]


def test_a_merge_replaces_the_whole_set_and_repeating_it_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.merge([(READINGS, [reading("1", "billing"), reading("1", "login"), reading("2", "login")])])
    for _ in range(2):
        warehouse.merge([(READINGS, [reading("1", "billing", rank=2), reading("1", "export", rank=1)])])
    assert held(warehouse) == {("1", "billing", 2), ("1", "export", 1), ("2", "login", 1)}


def test_a_duckdb_file_is_compacted_after_loads_that_leave_pieces_and_only_then(tmp_path: Path) -> None:
    """Compacting holds all rows of the pieces in memory, so it comes in small helpings, at the places chosen for it."""
    file = tmp_path / "warehouse.duckdb"
    warehouse = connect(f"duckdb:///{file}")

    def load(rows: int, *, is_compacting: bool) -> int:
        with warehouse.loading(is_compacting=is_compacting), duckdb.connect(str(file)) as connection:
            connection.execute("create table if not exists things (id varchar, text varchar)")
            # As dlt does: several statements, each over a connection of its own.
            assert warehouse.has_table("main", "things")
            connection.execute(f"insert into things select i, md5(i::varchar) from range({rows}) as numbers(i)")
        return pieces()

    def pieces() -> int:
        found = warehouse.rows("select count(distinct row_group_id) as n from pragma_storage_info('things')")
        return int(found[0]["n"])

    assert [load(20_000, is_compacting=False) for _ in range(5)] == [1, 2, 3, 4, 5]
    warehouse.execute("delete from things where id = '7'")
    warehouse.merge([(READINGS, [reading("1", "billing")])])
    assert pieces() == 5
    assert load(10, is_compacting=True) < 5
    assert warehouse.rows("select count(*) as n from things") == [{"n": 5 * 19_999 + 10}]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from("123"), st.sets(st.sampled_from("abcd"), min_size=1), min_size=1), max_size=4
    )
)
def test_held_rows_are_those_of_the_last_merge_of_each_ticket(warehouse: Warehouse, merges: list) -> None:
    warehouse.merge([(READINGS, [])])
    warehouse.execute(f"delete from {READINGS.qualified}")
    expected: dict[str, set[str]] = {}
    for merge in merges:
        warehouse.merge([(READINGS, [reading(ticket, topic) for ticket, topics in merge.items() for topic in topics])])
        expected |= merge
    assert held(warehouse) == {(ticket, topic, 1) for ticket, topics in expected.items() for topic in topics}


def test_merges_of_the_same_rows_at_once_leave_one_of_them_whole(warehouse: Warehouse) -> None:
    topics = [f"topic {number}" for number in range(200)]
    for round_number in range(5):
        tickets = [f"{round_number}-{number}" for number in range(3)]
        offered = [[reading(t, topic, rank=rank) for t in tickets for topic in topics[rank:]] for rank in range(4)]
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda rows: warehouse.merge([(READINGS, rows)]), offered))
        written = {row for row in held(warehouse) if row[0] in tickets}
        assert written in [{(row["ticket_id"], row["topic"], row["rank"]) for row in rows} for rows in offered]


def test_a_failing_merge_leaves_nothing_behind(warehouse: Warehouse) -> None:
    warehouse.merge([(READINGS, [reading("1", "billing")])])
    other = TableSpec(
        "enrichment_test", "other", (Column("tenant_id"), Column("id", is_nullable=False)), ("tenant_id",)
    )
    with pytest.raises(Exception, match=r"(?i)null"):
        warehouse.merge([(READINGS, [reading("1", "login")]), (other, [{"tenant_id": "acme", "id": None}])])
    assert held(warehouse) == {("1", "billing", 1)}


def test_batches_are_the_rows_in_pieces(warehouse: Warehouse) -> None:
    warehouse.merge([(READINGS, [reading(str(n), "t") for n in range(7)])])
    batches = list(warehouse.batches(f"select ticket_id from {READINGS.qualified} order by ticket_id", 3))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert [row["ticket_id"] for batch in batches for row in batch] == list("0123456")


def test_a_named_lock_excludes_other_processes_and_dies_with_its_holder(warehouse_url: str, tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
            import os, sys
            from core.warehouse import connect
            with connect(os.environ["HELD_URL"]).named_lock("cell:acme"):
                print("held", flush=True)
                sys.stdin.read()
        """),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"HELD_URL": warehouse_url},
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        warehouse = connect(warehouse_url, lock_timeout_seconds=30)
        with pytest.raises(WarehouseBusy, match="cell:acme"), warehouse.named_lock("cell:acme", is_waiting=False):
            pass
        with warehouse.named_lock("cell:other", is_waiting=False):
            pass
    finally:
        holder.kill()
        holder.wait()
    with warehouse.named_lock("cell:acme"):
        pass
