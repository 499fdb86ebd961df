"""What the runner does around dbt: connections out of URLs, the environment left as it was, no needless parsing."""

import os
from pathlib import Path

import pytest

from core.errors import Terminal
from tests.unit.transforms.conftest import ParsedProject
from transforms import runner


def test_a_postgres_url_becomes_a_connection() -> None:
    connection = runner._connection("postgresql://an%40alyst:p%2Fw@db.example:6543/ware?sslmode=require", 3)
    assert connection == {
        "CHURNBOARD_DBT_TARGET": "postgres",
        "CHURNBOARD_DBT_PG_HOST": "db.example",
        "CHURNBOARD_DBT_PG_PORT": "6543",
        "CHURNBOARD_DBT_PG_USER": "an@alyst",
        "DBT_ENV_SECRET_CHURNBOARD_PG_PASSWORD": "p/w",
        "CHURNBOARD_DBT_PG_DBNAME": "ware",
        "CHURNBOARD_DBT_PG_SSLMODE": "require",
        "CHURNBOARD_DBT_THREADS": "3",
    }


def test_a_duckdb_url_becomes_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    connection = runner._connection("duckdb:///./data/warehouse.duckdb", 1)
    assert connection["CHURNBOARD_DBT_DUCKDB_PATH"] == str(tmp_path / "data" / "warehouse.duckdb")


def test_another_scheme_is_refused_with_a_way_out() -> None:
    with pytest.raises(runner.TransformFailed, match="starts with 'mysql': use duckdb:///"):
        runner.build("mysql://localhost/warehouse")
    assert issubclass(runner.TransformFailed, Terminal)


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURNBOARD_DBT_TARGET", "before")
    monkeypatch.delenv("CHURNBOARD_DBT_THREADS", raising=False)
    with runner._environment({"CHURNBOARD_DBT_TARGET": "inside", "CHURNBOARD_DBT_THREADS": "9"}):
        assert os.environ["CHURNBOARD_DBT_TARGET"] == "inside"
    assert os.environ["CHURNBOARD_DBT_TARGET"] == "before"
    assert "CHURNBOARD_DBT_THREADS" not in os.environ


def test_the_manifest_is_parsed_again_only_after_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[Path] = []

    def parse(target_dir: Path | None = None) -> Path:
        assert target_dir
        parsed.append(target_dir)
        manifest = target_dir / "manifest.json"
        manifest.write_text("{}")
        return manifest

    monkeypatch.setattr(runner, "parse", parse)
    manifest = runner.manifest_path(tmp_path)
    runner.manifest_path(tmp_path)
    assert parsed == [tmp_path]

    newest = runner._newest_source_time()
    os.utime(manifest, (newest - 1, newest - 1))
    runner.manifest_path(tmp_path)
    assert parsed == [tmp_path, tmp_path]


def test_parsing_writes_nothing_outside_its_target(parsed_project: ParsedProject) -> None:
    assert parsed_project.manifest.exists()
    assert parsed_project.new_files == frozenset()
