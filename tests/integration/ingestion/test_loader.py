"""The loader against both engines: many cells at once, packages, versions, sets, refusals."""

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.tenants import cell
from core.warehouse import Column, ColumnType, TableSpec, Warehouse, connect
from ingestion.loader import Chunk, LoadFailed, Mark, RawTable, RowsNotProved, UnloadableRows, load
from tests.support import load_worker
from tests.support.databases import throw_away_database

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 5, 1, tzinfo=UTC)
TIME = ColumnType.TIMESTAMP

THINGS = RawTable(
    TableSpec(
        "raw_test",
        "things",
        (Column("tenant_id"), Column("id"), Column("text"), Column("modified_at", TIME), Column("loaded_at", TIME)),
        ("tenant_id", "id"),
    ),
    modified="modified_at",
    long_columns=frozenset({"text"}),
)
LINKS = RawTable(
    TableSpec(
        "raw_test",
        "links",
        (Column("tenant_id"), Column("thing_id"), Column("to_id"), Column("loaded_at", TIME)),
        ("tenant_id", "thing_id", "to_id"),
        ("tenant_id", "thing_id"),
    )
)
TABLES = (THINGS, LINKS)


def things(texts: dict[str, str | None], *, version: int = 0, tenant: str = "acme") -> Chunk:
    rows = [
        {
            "tenant_id": tenant,
            "id": one,
            "text": text,
            "modified_at": NOW + timedelta(hours=version),
            "loaded_at": NOW + timedelta(days=version),
        }
        for one, text in texts.items()
    ]
    return Chunk("things", tenant, pa.Table.from_pylist(rows, schema=THINGS.schema))


def links(found: dict[str, list[str | None]]) -> Chunk:
    rows = [
        {"tenant_id": "acme", "thing_id": one, "to_id": to, "loaded_at": NOW}
        for one, tos in found.items()
        for to in tos
    ]
    return Chunk("links", "acme", pa.Table.from_pylist(rows, schema=LINKS.schema))


class Loading:
    """A dataset of its own in a warehouse, and short words for loading into it."""

    def __init__(self, warehouse: Warehouse, work_dir: Path) -> None:
        self.warehouse, self.work_dir = warehouse, work_dir

    def __call__(self, *items: Chunk | Mark, **changes: Any) -> dict[str, tuple[int, int, int, int]]:
        given: dict[str, Any] = {"warehouse": self.warehouse, "work_dir": self.work_dir, **changes}
        totals = load("raw_test", cell("acme"), TABLES, items, **given)
        return {name: (one.extracted, one.loaded, one.unchanged, one.stale) for (_, name), one in totals.items()}

    def texts(self) -> dict[str, str | None]:
        rows = self.warehouse.rows("select id, text from raw_test.things")
        assert len(rows) == len({row["id"] for row in rows}), "a row stands twice"
        return {row["id"]: row["text"] for row in rows}

    def links(self) -> set[tuple[str, str | None]]:
        return {
            (row["thing_id"], row["to_id"]) for row in self.warehouse.rows("select thing_id, to_id from raw_test.links")
        }


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return connect(f"duckdb:///{tmp_path_factory.mktemp('shared') / 'warehouse.duckdb'}", lock_timeout_seconds=30)


@pytest.fixture(scope="module")
def on_postgres() -> Iterator[Warehouse]:
    with throw_away_database() as url:
        yield connect(url, lock_timeout_seconds=30)


@pytest.fixture(params=["on_duckdb", "on_postgres"])
def loading(request: pytest.FixtureRequest, tmp_path: Path) -> Loading:
    warehouse: Warehouse = request.getfixturevalue(request.param)
    for table in TABLES:
        if warehouse.has_table("raw_test", table.name):
            warehouse.execute(f"delete from raw_test.{table.name}")
    return Loading(warehouse, tmp_path)


def test_versions_sets_and_repetition(loading: Loading) -> None:
    assert loading(things({"1": "a", "2": "b"}), links({"1": ["x", "y"], "2": [None]})) == {
        "things": (2, 2, 0, 0),
        "links": (3, 3, 0, 0),
    }
    assert loading(things({"1": "a", "2": "b"}, version=0), links({"1": ["y", "x"], "2": [None]})) == {
        "things": (2, 0, 2, 0),
        "links": (3, 0, 3, 0),
    }
    # Newer wins, equal age with other content is an edit, older never wins.
    assert loading(things({"1": "newer"}, version=1), things({"2": "edited"}))["things"] == (2, 2, 0, 0)
    assert loading(things({"1": "old", "3": "c"}, version=-1))["things"] == (2, 1, 0, 1)
    assert loading.texts() == {"1": "newer", "2": "edited", "3": "c"}
    # A set is replaced as a whole, and only where it differs.
    assert loading(links({"1": ["x"], "2": [None]}))["links"] == (2, 1, 1, 0)
    assert loading.links() == {("1", "x"), ("2", None)}


def test_a_key_that_comes_twice_ends_up_as_it_came_last(loading: Loading) -> None:
    """Also when the last version is the one held already: it is not dropped as known while another is on its way."""
    loading(things({"1": "held"}))
    loading(things({"1": "between"}), things({"2": "x"}), things({"1": "held"}))
    assert loading.texts() == {"1": "held", "2": "x"}


def test_rows_that_replace_nothing_are_appended_until_one_does(loading: Loading) -> None:
    """A package in which a table is appended to ends before a row that replaces one; every row arrives either way."""
    loading(things({"1": "a"}))
    heard: list[int] = []
    loading(
        Mark("before"),
        things({"2": "b"}),
        things({"1": "edited"}),
        Mark("middle"),
        things({"3": "c"}),
        on_proved=lambda marks, _totals: heard.append(len(marks)),
    )
    assert loading.texts() == {"1": "edited", "2": "b", "3": "c"}
    assert heard == [1, 1]


def test_a_set_that_stands_twice_is_healed(loading: Loading) -> None:
    """Whatever doubled it: what is held then differs from what comes, and is replaced."""
    loading(links({"1": ["x", "y"]}))
    loading.warehouse.execute("insert into raw_test.links select * from raw_test.links")
    loading(links({"1": ["x", "y"]}))
    assert len(loading.warehouse.rows("select * from raw_test.links")) == 2


def test_marks_come_back_package_by_package_and_only_after_the_proof(loading: Loading) -> None:
    heard: list[tuple[list[object], int]] = []
    chunks = [things({str(one): "x"}) for one in range(4)]
    items = [item for place, chunk in enumerate(chunks) for item in (chunk, Mark(place))]
    loading(
        *items,
        package_rows=2,
        on_proved=lambda marks, _totals: heard.append(
            (
                [mark.value for mark in marks],
                loading.warehouse.rows("select count(*) as n from raw_test.things")[0]["n"],
            )
        ),
    )
    assert heard == [([0], 2), ([1, 2], 4), ([3], 4)]


def test_nothing_of_a_loaded_package_stays_in_memory_or_in_the_working_folder(loading: Loading) -> None:
    """Otherwise a backfill's memory and disk grow with the portal; dlt's defaults keep both."""
    kept: list[tuple[int, int]] = []

    def look(*_: object) -> None:
        gc.collect()
        packages = sum(type(one).__name__ == "_Package" for one in gc.get_objects())
        files = [*loading.work_dir.rglob("*.parquet"), *loading.work_dir.rglob("*.csv*")]
        kept.append((packages, len(files)))

    items = [item for place in range(6) for item in (things({str(place): "x"}), Mark(place))]
    loading(*items, package_rows=1, on_proved=look)
    assert kept == [(kept[0][0], 0)] * 6


def test_an_error_of_the_source_comes_out_as_it_is_and_moves_nothing(loading: Loading) -> None:
    def items() -> Iterator[Chunk | Mark]:
        yield things({"1": "a"})
        raise LoadFailed("The source broke.")

    heard: list[object] = []
    with pytest.raises(LoadFailed, match=r"The source broke\."):
        load(
            "raw_test",
            cell("acme"),
            TABLES,
            items(),
            warehouse=loading.warehouse,
            work_dir=loading.work_dir,
            on_proved=lambda marks, _totals: heard.extend(marks),
        )
    assert heard == []
    assert loading(things({"1": "a"}))["things"] == (1, 1, 0, 0), "what the broken run left behind is not in the way"


def test_rows_that_do_not_fit_the_table_are_refused_by_name(loading: Loading) -> None:
    odd = Chunk("things", "acme", pa.table({"tenant_id": ["acme"], "nickname": ["x"]}))
    with pytest.raises(UnloadableRows, match="nickname"):
        loading(odd)


def test_each_cell_stages_on_its_own_and_leaves_no_text_behind(loading: Loading) -> None:
    """What keeps parallel cells apart; with dlt's default both would stage in `raw_test_staging`."""
    for name, version in (("acme", 0), ("bolt-2", 0), ("acme", 1), ("bolt-2", 1)):
        load(
            "raw_test",
            cell(name),
            TABLES,
            [things({"1": f"secret {version} of {name}"}, tenant=name, version=version)],
            warehouse=loading.warehouse,
            work_dir=loading.work_dir,
        )
    schemas = {
        row["table_schema"]
        for row in loading.warehouse.rows(
            "select distinct table_schema from information_schema.tables where table_schema like 'raw_test_%'"
        )
    }
    assert schemas == {"raw_test_staging_acme", "raw_test_staging_bolt_2"}
    for schema in schemas:
        assert loading.warehouse.rows(f"select text from {schema}.things") == []
    assert list(loading.work_dir.rglob("*.parquet")) + list(loading.work_dir.rglob("*.csv*")) == []


def test_rows_that_vanish_behind_dlts_back_are_missed(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingestion.loader.engine import Engine

    honest = Engine.load

    def lossy(engine: Engine, *, is_compacting: bool) -> None:
        honest(engine, is_compacting=is_compacting)
        loading.warehouse.execute("delete from raw_test.things where id = '2'")

    monkeypatch.setattr(Engine, "load", lossy)
    with pytest.raises(RowsNotProved, match=r"2 rows of tenant acme were sent to raw_test\.things, but 1 stand"):
        loading(things({"1": "a", "2": "b"}))


@pytest.mark.parametrize("key", ["0", "1"], ids=["merged", "appended"])
def test_a_row_the_warehouse_refuses_is_terminal_and_names_the_table(
    on_postgres: Warehouse, tmp_path: Path, key: str
) -> None:
    loading = Loading(on_postgres, tmp_path)
    loading(things({"0": "a"}))
    on_postgres.execute("delete from raw_test.things where id <> '0'")
    on_postgres.execute("alter table raw_test.things add constraint short check (length(text) < 5)")
    try:
        with pytest.raises(LoadFailed, match=r"table raw_test\.things for tenants acme"):
            loading(things({key: "far too long"}, version=1))
    finally:
        on_postgres.execute("alter table raw_test.things drop constraint short")


def test_a_file_named_like_the_dataset_is_refused(tmp_path: Path) -> None:
    warehouse = connect(f"duckdb:///{tmp_path / 'raw_test.duckdb'}", lock_timeout_seconds=5)
    with pytest.raises(LoadFailed, match="Rename the file"):
        Loading(warehouse, tmp_path / "work")(things({"1": "a"}))


def test_settings_and_secrets_of_the_current_folder_are_not_read(
    on_duckdb: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stray dlt configuration beside the process must not turn loads elsewhere."""
    settings = tmp_path / ".dlt"
    settings.mkdir()
    (settings / "config.toml").write_text('[destination]\nstaging_dataset_name_layout = "stray_%s"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DESTINATION__STAGING_DATASET_NAME_LAYOUT", "stray_%s")
    Loading(on_duckdb, tmp_path / "work")(things({"77": "a"}))
    found = on_duckdb.rows("select 1 from information_schema.schemata where schema_name like 'stray%'")
    assert found == []
    assert not on_duckdb.has_table("raw_test", "_dlt_pipeline_state"), "dlt keeps no state that a secret could get into"


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@pytest.mark.parametrize("rounds", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_four_cells_load_one_dataset_at_once(engine: str, rounds: int, tmp_path: Path) -> None:
    """Four processes, each a cell, load one table again and again from a cold start and add a column every time.

    Left at its defaults, dlt fails this: pipelines of one dataset share a staging schema that each truncates and copies without
    looking whose rows are in it (half of the runs that report success are stale), `create schema` and `alter table`
    race, and after such a failure the next run loads the package left behind instead of its own rows.
    """
    size = 25
    if engine == "duckdb":
        _four_cells(f"duckdb:///{tmp_path / 'warehouse.duckdb'}", tmp_path, rounds, size)
        return
    with throw_away_database() as url:
        _four_cells(url, tmp_path, rounds, size)


def _four_cells(url: str, work_dir: Path, rounds: int, size: int) -> None:
    tenants = [f"cell-{one}" for one in range(4)]
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "tests.support.load_worker",
                json.dumps(
                    {
                        "warehouse_url": url,
                        "tenant": tenant,
                        "rounds": rounds,
                        "size": size,
                        "work_dir": str(work_dir / "work"),
                    }
                ),
            ],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for tenant in tenants
    ]
    failures = [process.communicate(timeout=240)[1] for process in processes if process.wait(timeout=240) != 0]
    assert failures == []
    rows = connect(url).rows("select * from raw_rounds.things")
    last = rounds - 1
    assert sorted((row["tenant_id"], row["id"]) for row in rows) == sorted(
        (tenant, str(one)) for tenant in tenants for one in range(size + last)
    )
    assert {row[f"round_{one}"] for row in rows for one in range(rounds)} == {last}
    assert len(load_worker.table(last).spec.columns) == rounds + 4
