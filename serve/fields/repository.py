"""Mappings and candidates out of a tenant session."""

from typing import Any

from sqlalchemy import select

from core.fields import FieldMapping
from core.vocabulary import MappedField, MrrUnit
from serve.fields.schemas import Candidate
from serve.tenancy import TenantSession, field_candidates, field_mappings

_CANDIDATE = field_candidates().c
_CANDIDATES = select(*(_CANDIDATE[name] for name in Candidate.model_fields)).order_by(_CANDIDATE.name)
_MAPPING = field_mappings().c
_MAPPINGS = select(*_MAPPING).order_by(_MAPPING.field, _MAPPING.version)


class FieldRepository:
    """Reads one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def candidates(self) -> list[dict[str, Any]]:
        """What a field could be mapped to, by name."""
        return self._session.standing(_CANDIDATES)

    def newest(self) -> dict[MappedField, dict[str, Any]]:
        """The newest version of every field that ever was mapped."""
        return {MappedField(row["field"]): row for row in self._session.standing(_MAPPINGS)}

    def current(self) -> dict[MappedField, FieldMapping]:
        """What holds now; fields that are not mapped are left out."""
        held = {field: _mapping(row) for field, row in self.newest().items()}
        return {field: mapping for field, mapping in held.items() if mapping.is_mapped}


def _mapping(row: dict[str, Any]) -> FieldMapping:
    return FieldMapping(
        field=MappedField(row["field"]),
        property_name=row["property_name"],
        stage_ids=None if row["stage_ids"] is None else tuple(row["stage_ids"]),
        unit=None if row["unit"] is None else MrrUnit(row["unit"]),
        currency=row["currency"],
        currency_property=row["currency_property"],
    )
