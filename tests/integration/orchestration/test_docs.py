"""`churnboard docs`: one page with every mart and column, from a warehouse that dbt built."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from churnboard import app
from core.naming import BI_ONLY_MARTS, MARTS, PUBLISHED_MARTS
from core.warehouse import connect
from tests.support.marts import fill_marts, small_marts


def written_into(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    result = CliRunner().invoke(app, ["docs"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert (data_dir / "docs" / "index.html").resolve().as_uri() in result.output.replace("\n", "")
    return " ".join(result.output.split())


def marts_in(folder: Path) -> dict[str, dict[str, Any]]:
    """What the catalogue holds of the marts, by name."""
    catalog = json.loads((folder / "catalog.json").read_text())
    return {node["metadata"]["name"]: node for node in catalog["nodes"].values() if node["metadata"]["schema"] == MARTS}


def test_every_mart_and_column_in_the_catalogue_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = written_into(tmp_path, monkeypatch)
    assert "with the catalogue of an empty warehouse built for it" in said
    folder = tmp_path / "docs"
    assert {path.name for path in folder.iterdir()} == {"index.html", "manifest.json", "catalog.json"}
    assert not (tmp_path / "warehouse.duckdb").exists()
    page = (folder / "index.html").read_text()
    models = {node["name"]: node for node in json.loads((folder / "manifest.json").read_text())["nodes"].values()}
    built = marts_in(folder)
    assert set(built) == {*PUBLISHED_MARTS, *BI_ONLY_MARTS}
    for mart, node in built.items():
        described = models[mart]["columns"]
        assert list(node["columns"]) == list(described), mart
        undescribed = [name for name in node["columns"] if not described[name]["description"].strip()]
        assert undescribed == [], mart
        assert models[mart]["description"].strip(), mart
        # One page: what it shows stands in it and is not fetched.
        for text in (models[mart]["description"], *(column["description"] for column in described.values())):
            assert json.dumps(text.strip())[1:-1] in page, (mart, text)


def test_an_installation_is_documented_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}")
    fill_marts(warehouse, small_marts("acme"))
    warehouse.execute("alter table marts.companies add column only_here text")
    assert "with the catalogue of this installation's warehouse" in written_into(tmp_path, monkeypatch)
    assert "only_here" in marts_in(tmp_path / "docs")["companies"]["columns"]
    # Nobody is left holding the file.
    assert warehouse.rows("select count(*) as n from marts.companies") == [{"n": 3}]
