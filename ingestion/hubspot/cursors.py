"""`sync_cursors`: how far every stream of a cell's tenants has been read, and how the last attempt at it ended.

A cursor moves after the rows before it were proved and never otherwise; so does a backfill's checkpoint. A failed attempt is
written beside the cursor, which stays where it was.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.vocabulary import StreamStatus
from core.warehouse import Warehouse
from ingestion.hubspot.marks import Checkpoint, StreamDone
from ingestion.hubspot.plan import Cursor
from ingestion.hubspot.report import StreamReport
from ingestion.hubspot.tables import LINK_TABLES, OBJECT_TYPES, SYNC_CURSORS
from ingestion.loader.among import AMONG, wanted

_MODIFIED = {kind.name: kind.modified for kind in OBJECT_TYPES}
_BINNED = frozenset({*_MODIFIED, "owners", "pipelines", "pipeline_stages", "properties"})
"""Streams with archived rows, which HubSpot leaves out of its count."""


class Cursors:
    """The rows of a cell's tenants.

    Args:
        warehouse: Where they are.
        tenant_ids: Whose.
        run_id: Stands on every row written.
    """

    def __init__(self, warehouse: Warehouse, tenant_ids: Sequence[str], run_id: str) -> None:
        self._warehouse = warehouse
        self._run_id = run_id
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        if tenant_ids:
            for row in warehouse.rows(
                f"select * from {SYNC_CURSORS.qualified} where tenant_id {AMONG}",
                wanted=wanted(tenant_ids),
            ):
                self._rows[row["tenant_id"], row["stream"]] = row

    def of(self, tenant_id: str) -> dict[str, Cursor]:
        """One tenant's, by stream, as they are now."""
        return {stream: dict(row) for (owner, stream), row in self._rows.items() if owner == tenant_id}

    def reach(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Write how far backfills have come."""
        self._write(
            {
                (one.tenant_id, one.stream): {"resume_after": one.resume_after, "resume_until_at": one.until}
                for one in checkpoints
            }
        )

    def finish(self, done: Sequence[tuple[StreamDone, StreamReport]]) -> None:
        """Write the cursors of streams that were read to their end."""
        now = datetime.now(UTC)
        self._write(
            {
                (one.tenant_id, one.stream): {
                    "cursor_at": one.cursor_at,
                    "mode": one.mode,
                    "extracted_count": report.extracted,
                    "loaded_count": report.loaded,
                    "held_count": report.held,
                    "portal_total": report.portal_total,
                    "synced_at": now,
                    "attempted_at": now,
                    "status": StreamStatus.SYNCED,
                    "error_message": None,
                    "resume_after": None,
                    "resume_until_at": None,
                }
                for one, report in done
            }
        )

    def fail(self, failures: Mapping[tuple[str, str], tuple[StreamStatus, str]]) -> None:
        """Write, by (tenant, stream), how an attempt failed."""
        now = datetime.now(UTC)
        self._write(
            {
                key: {"status": status, "error_message": message, "attempted_at": now}
                for key, (status, message) in failures.items()
            }
        )

    def _write(self, changes: Mapping[tuple[str, str], dict[str, Any]]) -> None:
        if not changes:
            return
        for (tenant_id, stream), values in changes.items():
            empty = dict.fromkeys(SYNC_CURSORS.names) | {"tenant_id": tenant_id, "stream": stream}
            held = self._rows.setdefault((tenant_id, stream), empty)
            held.update(values, run_id=self._run_id)
        self._warehouse.merge([(SYNC_CURSORS, [self._rows[key] for key in changes])])


def held_counts(
    warehouse: Warehouse,
    done: Sequence[StreamDone],
    *,
    later: Mapping[tuple[str, str], Sequence[str]],
    listed: Collection[tuple[str, str]],
) -> list[int]:
    """Rows held of each finished stream: those HubSpot counts.

    Args:
        warehouse: Where they are held.
        done: The streams.
        later: By (tenant, stream), ids that changed after the window's end and are therefore not in HubSpot's count of it.
        listed: Streams, as (tenant, stream), that HubSpot did not count in the window but listed as they stood in the end.
    """
    parts: list[str] = []
    params: dict[str, object] = {}
    for position, one in enumerate(done):
        where = f"tenant_id = :tenant_{position}"
        params[f"tenant_{position}"] = one.tenant_id
        if one.stream in _BINNED:
            where += " and not coalesce(archived, false)"
        if one.stream in _MODIFIED and (one.tenant_id, one.stream) not in listed:
            where += f" and {_MODIFIED[one.stream]} <= :until_{position}"
            params[f"until_{position}"] = one.cursor_at
        if one.stream in LINK_TABLES:
            # Those of live tickets. The archived ones are few, and the engine holds in memory what it looks a row up in.
            where += (
                " and ticket_id not in (select id from raw_hubspot.tickets "
                f"where tenant_id = :tenant_{position} and archived)"
            )
        changed = later.get((one.tenant_id, one.stream))
        if changed and (one.tenant_id, one.stream) not in listed:
            where += f" and id not {AMONG.replace(':wanted', f':later_{position}')}"
            params[f"later_{position}"] = wanted(changed)
        parts.append(f"select {position} as position, count(*) as held from raw_hubspot.{one.stream} where {where}")
    if not parts:
        return []
    rows = warehouse.rows(" union all ".join(parts), **params)
    return [int(row["held"]) for row in sorted(rows, key=lambda row: int(row["position"]))]
