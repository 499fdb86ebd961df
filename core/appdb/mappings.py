"""What each tenant means by MRR, renewal, login …: which HubSpot company property holds it, since when, and who said so.

Append-only: a change is a new version, so what was believed at any moment can be read again. Whether a property exists and fits is
not known here; `ingestion.hubspot.mappable` asks HubSpot before anything is written.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from core.appdb.locking import lock_tenant
from core.appdb.tables import field_mapping as mapping_table
from core.fields import FieldMapping
from core.vocabulary import MappedField, MrrUnit


@dataclass(frozen=True, kw_only=True)
class MappingVersion:
    """A mapping as somebody set it; versions of a field count from 1."""

    mapping: FieldMapping
    version: int
    valid_from_at: datetime
    author: str


_COLUMNS = tuple(field.name for field in fields(FieldMapping))


class FieldMappings:
    """Reads and adds versions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, tenant_id: str, *, as_of_at: datetime | None = None) -> dict[MappedField, FieldMapping]:
        """What the tenant has mapped, now or at an earlier moment; fields that are not mapped are left out."""
        newest: dict[MappedField, FieldMapping] = {}
        for one in self.history(tenant_id):
            if as_of_at is None or one.valid_from_at <= as_of_at:
                newest[one.mapping.field] = one.mapping
        return {field: newest[field] for field in MappedField if field in newest and newest[field].is_mapped}

    def history(self, tenant_id: str) -> list[MappingVersion]:
        """Every version of every field, in the order they were set."""
        with self._engine.connect() as connection:
            return _versions(connection, tenant_id)

    def set(
        self, tenant_id: str, mapping: FieldMapping, *, author: str, now: datetime | None = None
    ) -> MappingVersion | None:
        """Add a version; a mapping with nothing in it clears the field.

        Returns:
            The new version; None where the field already says just that.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        with self._engine.connect().execution_options(is_writing=True) as connection, connection.begin():
            lock_tenant(connection, tenant_id)
            return _added(connection, tenant_id, mapping, author, now or datetime.now(UTC))


class MappingBook:
    """Adds versions of one tenant's mappings, in transactions that can do nothing else."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def set(
        self, mappings: Sequence[FieldMapping], *, author: str, now: datetime | None = None
    ) -> list[tuple[FieldMapping | None, FieldMapping]]:
        """Add a version for each of these that says something new, all or none.

        Returns:
            Of each that does: what held before, and what holds now.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        moment = now or datetime.now(UTC)
        with self._transaction() as connection:
            lock_tenant(connection, self._tenant_id)
            held = {one.mapping.field: one.mapping for one in _versions(connection, self._tenant_id)}
            return [
                (held.get(one.field), one)
                for one in mappings
                if _added(connection, self._tenant_id, one, author, moment) is not None
            ]


def _added(
    connection: Connection, tenant_id: str, mapping: FieldMapping, author: str, now: datetime
) -> MappingVersion | None:
    held = [one for one in _versions(connection, tenant_id) if one.mapping.field == mapping.field]
    last = held[-1] if held else MappingVersion(mapping=FieldMapping(field=mapping.field), **_NEVER)
    if last.mapping == mapping:
        return None
    new = MappingVersion(mapping=mapping, version=last.version + 1, valid_from_at=now, author=author)
    row = asdict(mapping) | {
        "stage_ids": None if mapping.stage_ids is None else list(mapping.stage_ids),
        "tenant_id": tenant_id,
        "version": new.version,
        "valid_from_at": new.valid_from_at,
        "author": author,
    }
    connection.execute(insert(mapping_table).values(row))
    return new


_NEVER: Mapping[str, Any] = {"version": 0, "valid_from_at": datetime.min.replace(tzinfo=UTC), "author": ""}


def _versions(connection: Connection, tenant_id: str) -> list[MappingVersion]:
    columns = mapping_table.c
    query = (
        select(mapping_table)
        .where(columns.tenant_id == tenant_id)
        .order_by(columns.valid_from_at, columns.field, columns.version)
    )
    return [
        MappingVersion(
            mapping=_mapping({name: row[name] for name in _COLUMNS}),
            version=row["version"],
            valid_from_at=row["valid_from_at"],
            author=row["author"],
        )
        for row in connection.execute(query).mappings()
    ]


def _mapping(row: dict[str, Any]) -> FieldMapping:
    return FieldMapping(
        **row
        | {
            "field": MappedField(row["field"]),
            "unit": None if row["unit"] is None else MrrUnit(row["unit"]),
            "stage_ids": None if row["stage_ids"] is None else tuple(row["stage_ids"]),
        }
    )
