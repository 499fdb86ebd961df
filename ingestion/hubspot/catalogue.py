"""The small streams: account, property catalogue, owners, pipelines and stages. Read whole every time.

What is no longer there is kept and marked as archived: closed tickets go on pointing at a stage or an owner that was deleted since.
How the property catalogue changed is kept too, row by row, so that a column that empties overnight has an explanation.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.vocabulary import SyncMode
from ingestion.hubspot import mapping
from ingestion.hubspot.context import Context
from ingestion.hubspot.drift import property_changes
from ingestion.hubspot.errors import MissingScope
from ingestion.hubspot.marks import StreamDone
from ingestion.hubspot.tables import (
    OBJECT_TYPES,
    OWNERS,
    PIPELINE_STAGES,
    PIPELINES,
    PORTALS,
    PROPERTIES,
    PROPERTY_CHANGES,
)
from ingestion.loader import Chunk, Mark, RawTable

_KEPT = (PROPERTIES, OWNERS, PIPELINES, PIPELINE_STAGES)


class Catalogue:
    """One tenant's metadata.

    Attributes:
        closed: Object types the connection has no scope for, with HubSpot's refusal; filled by `properties`.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.closed: dict[str, MissingScope] = {}

    def portals(self) -> Iterator[Chunk | Mark]:
        """The account."""
        context = self._context
        rows = mapping.portal_rows(context.tenant_id, context.portal.account(), context.clock())
        yield Chunk(PORTALS.name, context.tenant_id, rows)
        yield self._done(PORTALS, rows.num_rows)

    def properties(self) -> Iterator[Chunk | Mark]:
        """The property catalogue of every object type we may read, and its changes; fills in the names to ask for."""
        context = self._context
        tables = [PROPERTIES.empty()]
        for kind in OBJECT_TYPES:
            try:
                definitions = context.portal.definitions(kind.name)
            except MissingScope as error:
                self.closed[kind.name] = error
                continue
            context.names[kind.name] = sorted(str(one["name"]) for one in definitions if not one["archived"])
            tables.append(mapping.property_rows(context.tenant_id, kind.name, definitions, context.clock()))
        rows = self._with_vanished(PROPERTIES, pa.concat_tables(tables))
        yield Chunk(PROPERTIES.name, context.tenant_id, rows)
        changes = property_changes(self._held[PROPERTIES.name], rows.to_pylist())
        noticed = mapping.property_change_rows(context.tenant_id, changes, context.clock())
        yield Chunk(PROPERTY_CHANGES.name, context.tenant_id, noticed)
        yield self._done(PROPERTIES, None if self.closed else _live(rows))

    def owners(self) -> Iterator[Chunk | Mark]:
        """Staff, present and former; whoever is both (the lists are read one after the other) counts as present."""
        context = self._context
        found = {str(one["id"]): one for one in reversed(list(context.portal.owners()))}
        rows = mapping.owner_rows(context.tenant_id, found.values(), context.clock())
        yield Chunk(OWNERS.name, context.tenant_id, self._with_vanished(OWNERS, rows))
        yield self._done(OWNERS, _live(rows))

    def pipelines(self) -> Iterator[Chunk | Mark]:
        """Ticket pipelines and their stages."""
        context = self._context
        found, now = context.portal.pipelines(), context.clock()
        for table, rows in (
            (PIPELINES, mapping.pipeline_rows(context.tenant_id, found, now)),
            (PIPELINE_STAGES, mapping.stage_rows(context.tenant_id, found, now)),
        ):
            yield Chunk(table.name, context.tenant_id, self._with_vanished(table, rows))
            yield self._done(table, _live(rows))

    def _done(self, table: RawTable, portal_total: int | None) -> Mark:
        context = self._context
        return Mark(StreamDone(context.tenant_id, table.name, SyncMode.BACKFILL, context.clock(), portal_total))

    def _with_vanished(self, table: RawTable, rows: pa.Table) -> pa.Table:
        here = set(zip(*(rows.column(name).to_pylist() for name in table.scope), strict=True))
        vanished = [
            one
            for one in self._held[table.name]
            # What could not be looked at has not vanished.
            if tuple(one[name] for name in table.scope) not in here and one.get("object_type") not in self.closed
        ]
        if not vanished:
            return rows
        gone = pa.Table.from_pylist(vanished, schema=table.schema)
        archived = table.schema.get_field_index("archived")
        gone = gone.set_column(archived, "archived", pc.is_valid(gone.column("tenant_id")))
        return pa.concat_tables([rows, gone])

    @cached_property
    def _held(self) -> dict[str, list[dict[str, Any]]]:
        context = self._context
        with context.warehouse.snapshot() as snapshot:
            return {
                table.name: snapshot.rows(
                    f"select {', '.join(table.spec.names)} from {table.spec.qualified} where tenant_id = :tenant_id",
                    tenant_id=context.tenant_id,
                )
                for table in _KEPT
            }


def _live(rows: pa.Table) -> int:
    archived: int = pc.sum(rows.column("archived")).as_py() or 0
    return int(rows.num_rows) - archived
