"""The small streams: account, property catalogue, owners, pipelines and stages. Read whole every time.

What is no longer there is kept and marked as archived: closed tickets go on pointing at a stage or an owner that was deleted since.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.warehouse import Warehouse
from ingestion.hubspot import mapping
from ingestion.hubspot.errors import MissingScope
from ingestion.hubspot.reader import Portal
from ingestion.hubspot.tables import OBJECT_TYPES, OWNERS, PIPELINE_STAGES, PIPELINES, PORTALS, PROPERTIES
from ingestion.loader import Chunk, RawTable


class Catalogue:
    """One tenant's metadata.

    Attributes:
        names: Property names to ask for, by object type; filled by `properties`.
        closed: Object types the connection has no scope for, with HubSpot's refusal; likewise.
    """

    def __init__(self, portal: Portal, tenant_id: str, warehouse: Warehouse, clock: Callable[[], datetime]) -> None:
        self._portal = portal
        self._tenant_id = tenant_id
        self._warehouse = warehouse
        self._clock = clock
        self._held: dict[str, list[dict[str, Any]]] = {}
        self.names: dict[str, list[str]] = {}
        self.closed: dict[str, MissingScope] = {}

    def portals(self) -> Iterator[Chunk]:
        """The account."""
        account = self._portal.account()
        yield self._chunk(PORTALS, mapping.portal_rows(self._tenant_id, account, self._clock()))

    def properties(self) -> Iterator[Chunk]:
        """The property catalogue of every object type we may read."""
        tables = [PROPERTIES.empty()]
        for kind in OBJECT_TYPES:
            try:
                definitions = self._portal.definitions(kind.name)
            except MissingScope as error:
                self.closed[kind.name] = error
                continue
            self.names[kind.name] = sorted(str(one["name"]) for one in definitions if not one["archived"])
            tables.append(mapping.property_rows(self._tenant_id, kind.name, definitions, self._clock()))
        yield self._with_vanished(PROPERTIES, pa.concat_tables(tables))

    def owners(self) -> Iterator[Chunk]:
        """Staff, present and former; whoever is both (the lists are read one after the other) counts as present."""
        found = {str(one["id"]): one for one in reversed(list(self._portal.owners()))}
        yield self._with_vanished(OWNERS, mapping.owner_rows(self._tenant_id, found.values(), self._clock()))

    def pipelines(self) -> Iterator[Chunk]:
        """Ticket pipelines and their stages."""
        found, now = self._portal.pipelines(), self._clock()
        yield self._with_vanished(PIPELINES, mapping.pipeline_rows(self._tenant_id, found, now))
        yield self._with_vanished(PIPELINE_STAGES, mapping.stage_rows(self._tenant_id, found, now))

    def _with_vanished(self, table: RawTable, rows: pa.Table) -> Chunk:
        here = set(zip(*(rows.column(name).to_pylist() for name in table.scope), strict=True))
        held = self._held or self._read_held()
        vanished = [
            one
            for one in held[table.name]
            # What could not be looked at has not vanished.
            if tuple(one[name] for name in table.scope) not in here and one.get("object_type") not in self.closed
        ]
        if vanished:
            gone = pa.Table.from_pylist(vanished, schema=table.schema)
            archived = table.schema.get_field_index("archived")
            gone = gone.set_column(archived, "archived", pc.is_valid(gone.column("tenant_id")))
            rows = pa.concat_tables([rows, gone])
        return self._chunk(table, rows)

    def _read_held(self) -> dict[str, list[dict[str, Any]]]:
        with self._warehouse.snapshot() as snapshot:
            for table in (PROPERTIES, OWNERS, PIPELINES, PIPELINE_STAGES):
                columns = ", ".join(table.spec.names)
                self._held[table.name] = snapshot.rows(
                    f"select {columns} from {table.spec.qualified} where tenant_id = :tenant_id",  # noqa: S608 - names from TableSpec
                    tenant_id=self._tenant_id,
                )
        return self._held

    def _chunk(self, table: RawTable, rows: pa.Table) -> Chunk:
        return Chunk(table.name, self._tenant_id, rows)
