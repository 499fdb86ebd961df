"""What the streams of one tenant share while they are read side by side."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from core.errors import ChurnboardError
from core.naming import RAW_APP
from core.warehouse import Warehouse
from ingestion.hubspot import mapping
from ingestion.hubspot.errors import MissingScope, PartialAnswer, RequestRefused, UnexpectedAnswer, UrlTooLong
from ingestion.hubspot.plan import Cursor, Pace
from ingestion.hubspot.reader import Portal
from ingestion.hubspot.tables import COMPANIES, CONTACTS, ObjectType
from ingestion.hubspot.words import without_words

STREAM_ONLY = (MissingScope, UnexpectedAnswer, PartialAnswer, RequestRefused, UrlTooLong)
"""Errors that end the stream they happen in; after any other the tenant's remaining streams are not worth asking for."""


@dataclass
class Context:
    """One tenant's sync.

    Attributes:
        portal: Where to read from.
        warehouse: What is held.
        cursors: Rows of `sync_cursors` by stream, as they were before.
        clock: HubSpot's present.
        now: The moment windows are cut at.
        allowed_deletions: Object types of which a person has said that any number of records may be gone.
        suppressed: Ids of erased contacts and of their tickets, by object type; they are loaded without words.
        names: Property names to ask for, by object type.
        errors: What went wrong, by stream.
        vanished: Ids found to be nowhere any more, by object type; to be deleted here too.
        erased: The contacts among them that did not simply run out of time in the bin, each with its tickets.
    """

    portal: Portal
    tenant_id: str
    warehouse: Warehouse
    cursors: dict[str, Cursor]
    pace: Pace
    clock: Callable[[], datetime]
    now: datetime
    allowed_deletions: Collection[str] = frozenset()
    suppressed: Mapping[str, Collection[str]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, ChurnboardError] = field(default_factory=dict)
    vanished: dict[str, set[str]] = field(default_factory=dict)
    erased: dict[str, set[str]] = field(default_factory=dict)

    def held_rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """Rows of the warehouse; `:tenant_id` is this tenant."""
        return self.warehouse.rows(sql, tenant_id=self.tenant_id, **params)

    @cached_property
    def mapped(self) -> tuple[str, ...]:
        """Company properties that hold a fact for this tenant, as the warehouse was last told."""
        if not self.warehouse.has_table(RAW_APP, "field_mappings"):
            return ()
        rows = self.held_rows(
            "select distinct property_name from raw_app.field_mappings as mappings where tenant_id = :tenant_id "
            "and property_name is not null and version = (select max(version) from raw_app.field_mappings as newer "
            "where newer.tenant_id = mappings.tenant_id and newer.field = mappings.field) order by property_name"
        )
        return tuple(row["property_name"] for row in rows)

    def history(self, kind: ObjectType) -> tuple[str, ...]:
        """Properties whose earlier values are read too; of those a tenant mapped the ones its portal has."""
        if kind is COMPANIES:
            return tuple(name for name in self.mapped if name in self.names.get(kind.name, ()))
        return (kind.history,) if kind.history else ()

    def object_rows(
        self, kind: ObjectType, records: Sequence[dict[str, Any]], fetched_at: Sequence[datetime]
    ) -> pa.Table:
        """These records as rows."""
        if ids := self.suppressed.get(kind.name):
            records = [without_words(kind.name, one) if str(one["id"]) in ids else one for one in records]
        return mapping.object_rows(kind, self.tenant_id, records, fetched_at)

    def note_vanished(self, kind: ObjectType, ids: Iterable[str]) -> None:
        """Remember that these are nowhere any more."""
        self.vanished.setdefault(kind.name, set()).update(ids)

    def note_erased(self, tickets_of: Mapping[str, Iterable[str]]) -> None:
        """Remember that these contacts, each with its tickets, are nowhere any more, and not for lack of time."""
        self.note_vanished(CONTACTS, tickets_of)
        for contact_id, ticket_ids in tickets_of.items():
            self.erased.setdefault(contact_id, set()).update(ticket_ids)
