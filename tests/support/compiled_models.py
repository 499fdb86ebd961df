"""The models as dbt compiled them, run by hand: what dbt would do, in a tenth of its time and for any moment.

dbt compiles for one moment. Here another one is put in its place, so that many small builds of a law cost one compilation.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from tests.support.planted_warehouse import AS_OF
from transforms.continuing import KEPT_MODELS
from transforms.runner import PROJECT_DIR, manifest_path

SCORED_UNTIL = date(2001, 2, 3)
"""Compiled into the models of a build that goes on, to be replaced."""

_SEED = PROJECT_DIR / "seeds" / "trigger_param_defaults.csv"
_SEED_TYPES = (
    "{'value': 'double', 'quiet_value': 'double', 'minimum': 'double', 'maximum': 'double', 'version': 'bigint'}"
)


class CompiledModels:
    """Everything that is kept from build to build, and what it is made of, in order.

    Args:
        full: Target folder of a build for `AS_OF` that built everything.
        continued: Target folder of one that went on from `SCORED_UNTIL`.
    """

    def __init__(self, full: Path, continued: Path) -> None:
        manifest = json.loads(manifest_path().read_text())["nodes"]
        self._order: list[str] = []
        for name in KEPT_MODELS:
            _add_upstream(self._order, manifest, f"model.churnboard.{name}")
        kinds = {name: manifest[f"model.churnboard.{name}"]["config"]["materialized"] for name in self._order}
        self._is_view = {name: kind == "view" for name, kind in kinds.items()}
        self._full = {name: _read(full / "compiled", name) for name in self._order}
        self._continued = {name: _read(continued / "compiled", name) for name in KEPT_MODELS}
        # What dbt does with what it compiled of a model in which rows are exchanged: it makes room, and puts it in.
        self._put_in = {
            name: re.sub(r'"?\w*__dbt_tmp\w*"?', "built", _read(continued / "run", name))
            for name in KEPT_MODELS
            if kinds[name] == "incremental"
        }

    def load_seed(self, connection: duckdb.DuckDBPyConnection) -> None:
        """The thresholds that hold where a tenant has set none."""
        connection.execute(
            f"create or replace table staging.trigger_param_defaults as select * from read_csv('{_SEED}', types = {_SEED_TYPES})"
        )

    def build(self, connection: duckdb.DuckDBPyConnection, as_of: datetime, going_on_from: datetime | None) -> None:
        """One build; where it goes on, from the scores of a build for that moment."""
        for name in self._order:
            is_continued = going_on_from is not None and name in KEPT_MODELS
            sql = self._at(self._continued[name] if is_continued else self._full[name], as_of, going_on_from)
            schema = {"int": "intermediate", "stg": "staging"}.get(name.partition("_")[0], "marts")
            if is_continued and name in self._put_in:
                connection.execute(f"create or replace temp table built as {sql}")
                connection.execute(self._at(self._put_in[name], as_of, going_on_from))
            else:
                kind = "view" if self._is_view[name] else "table"
                connection.execute(f"create or replace {kind} {schema}.{name} as {sql}")

    def _at(self, sql: str, as_of: datetime, going_on_from: datetime | None) -> str:
        sql = sql.replace(f"{AS_OF:%Y-%m-%d %H:%M:%S.%f}", f"{as_of.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}")
        sql = sql.replace(f"'{AS_OF:%Y-%m-%d}'", f"'{as_of.astimezone(UTC):%Y-%m-%d}'")
        return sql.replace(str(SCORED_UNTIL), f"{going_on_from:%Y-%m-%d}") if going_on_from else sql


def _add_upstream(order: list[str], manifest: dict[str, dict[str, object]], target: str) -> None:
    node = manifest.get(target)
    if node is None or node["resource_type"] != "model" or node["name"] in order:
        return
    for parent in node["depends_on"]["nodes"]:  # type: ignore[index]
        _add_upstream(order, manifest, parent)
    order.append(str(node["name"]))


def _read(folder: Path, name: str) -> str:
    [path] = folder.rglob(f"models/*/{name}.sql")
    return re.sub(r'"\w+"\."(intermediate|staging|marts|raw_hubspot|raw_app|enrichment)"', r"\1", path.read_text())


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> Sequence[tuple[object, ...]]:
    """Every row of a table in an order that depends on the values only."""
    return connection.execute(f"select * from {table} order by all").fetchall()
