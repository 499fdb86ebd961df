"""The BI copy of a DuckDB installation: one file per build under a name of its own, and a pointer file `CURRENT`.

A name is never used twice, because a program that re-opens a path it has open gets the old content. On Postgres there is no such
file: BI reads the views in schema `bi`, which follow the pointer.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from core import chaos
from core.naming import MARTS, PUBLISHED_MARTS
from core.tenants import TenantId
from core.warehouse.duckdb import DuckDBWarehouse

_POINTER = "CURRENT"


def write_bi_file(
    warehouse: DuckDBWarehouse, folder: Path, build_id: str, *, passed: Sequence[TenantId], kept: int
) -> Path:
    """Write `marts-<build_id>.duckdb` and point `CURRENT` at it; returns the file.

    Tenants in `passed` come from the marts, all others from the file `CURRENT` points at now: they stay on their old build.
    """
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"marts-{build_id}.duckdb"
    draft = final.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    warehouse.export(
        draft,
        {mart: f"select * from {MARTS}.{mart}" for mart in PUBLISHED_MARTS},
        tenant_ids=passed,
        previous=current_bi_file(folder),
    )
    _sync(draft)
    draft.rename(final)
    chaos.point("publish.after_bi_file")
    pointer = folder / f"{_POINTER}.tmp"
    pointer.write_text(final.name)
    _sync(pointer)
    pointer.replace(folder / _POINTER)
    _sync(folder)
    _collect(folder, final, kept)
    return final


def current_bi_file(folder: Path) -> Path | None:
    """The file `CURRENT` points at, or None where nothing usable was published yet."""
    pointer = folder / _POINTER
    named = folder / pointer.read_text().strip() if pointer.exists() else None
    return named if named and named.is_file() else None


def _collect(folder: Path, current: Path, kept: int) -> None:
    by_age = sorted(folder.glob("marts-*.duckdb"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in [file for file in by_age if file != current][max(kept - 1, 0) :]:
        old.unlink()
    for leftover in folder.glob("marts-*.tmp*"):
        leftover.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
