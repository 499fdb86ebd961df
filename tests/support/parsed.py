"""The dbt project as parsed, once a process and engine, then copied from there.

dbt parses everything anew for every warehouse, which takes ten seconds; what it finds differs by the database's name alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from transforms import runner


@contextmanager
def parsed_by_copying() -> Iterator[None]:
    """Until the block ends, a build is given a copy of what the first one on its engine parsed."""
    really: Any = runner._read_project
    parsed: dict[tuple[str, float], tuple[str, bytes, Any]] = {}

    def read(target_dir: Path, connection: Mapping[str, str], *, is_written: bool = False) -> Any:
        engine, database = connection["CHURNBOARD_DBT_TARGET"], _database(connection)
        of = engine, runner._newest_source_time()
        if of not in parsed:
            found = really(target_dir, connection, is_written=True)
            parsed[of] = database, (target_dir / "manifest.json").read_bytes(), deepcopy(found)
            return found
        before, written, manifest = parsed[of]
        if is_written:
            target_dir.mkdir(parents=True, exist_ok=True)
            (target_dir / "manifest.json").write_bytes(written)
        return _renamed(deepcopy(manifest), before, database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "_read_project", read)
        yield


def _database(connection: Mapping[str, str]) -> str:
    path, name = connection.get("CHURNBOARD_DBT_DUCKDB_PATH"), connection.get("CHURNBOARD_DBT_PG_DBNAME")
    return name or Path(path or "").stem.strip(":")


def _renamed(manifest: Any, before: str, database: str) -> Any:
    for one in (*manifest.nodes.values(), *manifest.sources.values()):
        if one.database == before:
            one.database = database
        if getattr(one, "relation_name", None):
            one.relation_name = one.relation_name.replace(f'"{before}".', f'"{database}".', 1)
    return manifest
