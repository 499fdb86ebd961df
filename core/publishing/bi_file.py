"""The BI copy of a DuckDB installation: one file per build under a name of its own, and a pointer file `CURRENT`.

A name is never used twice, because a program that re-opens a path it has open gets the old content. On Postgres there is no such
file: BI reads the views in schema `bi`, which follow the pointer.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from core import chaos
from core.naming import BI_MARTS, MARTS
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
        {mart: f"select * from {MARTS}.{mart}" for mart in BI_MARTS},
        tenant_ids=passed,
        previous=current_bi_file(folder),
    )
    _put_in_place(folder, draft, final)
    _collect(folder, final, kept)
    return final


def rewrite_bi_file(folder: Path, change: Callable[[str, set[str]], Iterable[tuple[str, dict[str, object]]]]) -> int:
    """Put a changed copy in the place of the current file, and remove every other one; returns how many files went.

    The copy has a name of its own, like every file here: a program that has the old one open keeps it until it connects again.

    Args:
        folder: Where the files are.
        change: See `DuckDBWarehouse.rewrite`.
    """
    current = current_bi_file(folder)
    if current is not None:
        stem, _, number = current.stem.partition(".")
        final = current.with_name(f"{stem}.{int(number or 0) + 1}.duckdb")
        draft = final.with_suffix(".tmp")
        draft.unlink(missing_ok=True)
        DuckDBWarehouse.rewrite(current, draft, change)
        _put_in_place(folder, draft, final)
        current = final
    old = [file for file in folder.glob("marts-*") if file != current]
    for file in old:
        file.unlink()
    return len(old)


def current_bi_file(folder: Path) -> Path | None:
    """The file `CURRENT` points at, or None where nothing usable was published yet."""
    pointer = folder / _POINTER
    named = folder / pointer.read_text().strip() if pointer.exists() else None
    return named if named and named.is_file() else None


def _put_in_place(folder: Path, draft: Path, final: Path) -> None:
    _sync(draft)
    draft.rename(final)
    chaos.point("publish.after_bi_file")
    pointer = folder / f"{_POINTER}.tmp"
    pointer.write_text(final.name)
    _sync(pointer)
    pointer.replace(folder / _POINTER)
    _sync(folder)


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
