"""What the warehouse already holds, so that a load carries only what is new.

A row is left out when the same row is held, or when a newer version is held. This is decided before dlt sees the rows: a merge
in SQL would have to stage them first, and a second run with nothing new should cost a few reads and load nothing. Nobody else
writes a cell's rows meanwhile, since the caller holds the cell's lock.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from core.warehouse import Snapshot, Warehouse
from ingestion.loader.among import AMONG, wanted
from ingestion.loader.tables import RawTable

_SMALL_CHUNK = 1_000
"""Rows up to which looking them up costs no more than asking first whether there is anything to find."""

Scope = tuple[object, ...]
"""The values of a table's scope columns: which row, or which set of rows, is meant."""


@dataclass(frozen=True)
class Selection:
    """What of a chunk is worth loading.

    Attributes:
        rows: The rows to load, in their order.
        scopes: What they replace, or add.
        is_new: Nothing of that is held in any version, so there is nothing to replace.
        unchanged: Rows left out because they are held as they are.
        stale: Rows left out because a newer version is held.
    """

    rows: pa.Table
    scopes: frozenset[Scope]
    unchanged: int = 0
    stale: int = 0
    is_new: bool = False


class Held:
    """Looks up held rows; remembers which tenants had none, until told that something was loaded."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._is_empty: dict[tuple[str, str], bool] = {}

    def forget(self) -> None:
        """Something was loaded: nothing is known to be empty any more."""
        self._is_empty.clear()

    def select(self, table: RawTable, tenant_id: str, rows: pa.Table) -> Selection:
        """The rows of one tenant's chunk that the warehouse does not hold yet, or holds in an older version.

        Where a chunk repeats a key, its last row counts.
        """
        scopes = scopes_of(table, rows)
        if table.is_replaced_whole:
            return self._select_whole(table, rows)
        if not table.spec.replace_by and len(set(scopes)) < len(scopes):
            rows, scopes = _last_of_each(rows, scopes)
        if not scopes or (len(scopes) > _SMALL_CHUNK and self._has_none(table, tenant_id)):
            return Selection(rows, frozenset(scopes), is_new=True)
        held = self._held(table, tenant_id, rows)
        if not held:
            return Selection(rows, frozenset(scopes), is_new=True)
        return _compare(table, rows, scopes, held)

    def _select_whole(self, table: RawTable, rows: pa.Table) -> Selection:
        with self._warehouse.snapshot() as snapshot:
            held = [tuple(row[name] for name in table.compared) for row in _read(snapshot, table, "true")]
        if _same(list(_arrow_fingerprints(table, rows)), held):
            return Selection(table.empty(), frozenset(), unchanged=rows.num_rows)
        return Selection(rows, frozenset({()}))

    def _has_none(self, table: RawTable, tenant_id: str) -> bool:
        known = self._is_empty.get((table.name, tenant_id))
        if known is None:
            found = self._warehouse.rows(
                f"select 1 from {table.spec.qualified} where tenant_id = :tenant_id limit 1",
                tenant_id=tenant_id,
            )
            known = self._is_empty[table.name, tenant_id] = not found
        return known

    def _held(self, table: RawTable, tenant_id: str, rows: pa.Table) -> dict[Scope, list[tuple[object, ...]]]:
        # One scope column is enough to narrow the read; the other columns of a longer scope have few values.
        first = table.scope[0] if table.scope else None
        where = "tenant_id = :tenant_id"
        params: dict[str, object] = {"tenant_id": tenant_id}
        with self._warehouse.snapshot() as snapshot:
            if first:
                where += f" and {first} {AMONG}"
                asked = wanted(sorted(set(rows.column(first).to_pylist())))
                # DuckDB finds rows by scanning, so it is asked for their ids alone first: in a backfill there are none.
                found = snapshot.rows(
                    f"select distinct {first} as found from {table.spec.qualified} where {where}",
                    **params,
                    wanted=asked,
                )
                if not found:
                    return {}
                params["wanted"] = wanted(sorted(row["found"] for row in found))
            held: dict[Scope, list[tuple[object, ...]]] = {}
            for row in _read(snapshot, table, where, **params):
                scope = tuple(row[name] for name in table.scope)
                held.setdefault(scope, []).append(tuple(row[name] for name in table.compared))
            return held


def _read(snapshot: Snapshot, table: RawTable, where: str, **params: object) -> list[dict[str, Any]]:
    columns = ", ".join(f"md5({name}) as {name}" if name in table.long_columns else name for name in table.compared)
    return snapshot.rows(f"select {columns} from {table.spec.qualified} where {where}", **params)


def scopes_of(table: RawTable, rows: pa.Table) -> list[Scope]:
    """What each row replaces, or which set it belongs to."""
    if not table.scope:
        return [()] * rows.num_rows
    return list(zip(*(rows.column(name).to_pylist() for name in table.scope), strict=True))


def _last_of_each(rows: pa.Table, scopes: list[Scope]) -> tuple[pa.Table, list[Scope]]:
    last = {scope: index for index, scope in enumerate(scopes)}
    return rows.take(pa.array(last.values(), pa.int64())), list(last)


def _compare(
    table: RawTable, rows: pa.Table, scopes: list[Scope], held: Mapping[Scope, list[tuple[object, ...]]]
) -> Selection:
    incoming: dict[Scope, list[tuple[object, ...]]] = {}
    for scope, fingerprint in zip(scopes, _arrow_fingerprints(table, rows), strict=True):
        incoming.setdefault(scope, []).append(fingerprint)
    unchanged = {scope for scope, found in incoming.items() if _same(found, held.get(scope))}
    stale = {
        scope
        for scope, found in incoming.items()
        if scope not in unchanged and scope in held and _is_older(table, found[0], held[scope][0])
    }
    keep = [index for index, scope in enumerate(scopes) if scope not in unchanged and scope not in stale]
    return Selection(
        rows if len(keep) == rows.num_rows else rows.take(pa.array(keep, pa.int64())),
        frozenset(scopes[index] for index in keep),
        unchanged=sum(len(incoming[scope]) for scope in unchanged),
        stale=len(stale),
    )


def _same(incoming: list[tuple[object, ...]], held: list[tuple[object, ...]] | None) -> bool:
    if held is None or len(held) != len(incoming):
        return False
    return incoming == held or sorted(incoming, key=_any_order) == sorted(held, key=_any_order)


def _any_order(row: tuple[object, ...]) -> list[str]:
    return [str(value) for value in row]


def _is_older(table: RawTable, incoming: tuple[object, ...], held: tuple[object, ...]) -> bool:
    if table.modified is None:
        return False
    position = table.compared.index(table.modified)
    new, old = incoming[position], held[position]
    return old is not None and (new is None or bool(new < old))  # type: ignore[operator]


def _arrow_fingerprints(table: RawTable, rows: pa.Table) -> Iterator[tuple[object, ...]]:
    columns = [
        _digests(rows.column(name)) if name in table.long_columns else rows.column(name).to_pylist()
        for name in table.compared
    ]
    return zip(*columns, strict=True)


def _digests(column: pa.ChunkedArray) -> list[str | None]:
    return [
        None if text is None else hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        for text in column.to_pylist()
    ]
