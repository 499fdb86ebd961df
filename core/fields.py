"""What a field is mapped to, and what it could be: values, without the tables they are kept in."""

from dataclasses import dataclass

from core.vocabulary import MappedField, MrrUnit

STAGE = "stage"
"""The `type` of a candidate that is a ticket stage."""


@dataclass(frozen=True, kw_only=True)
class FieldMapping:
    """One field of one tenant. With neither property nor stages it is not mapped.

    Attributes:
        property_name: HubSpot company property that holds it.
        stage_ids: For the two stage fields: `pipeline_id/stage_id` of the stages that mean it; empty: none does.
        unit: What one amount of MRR is paid for; None for other fields.
        currency: ISO 4217 code of the amounts; None: the tenant's reporting currency.
        currency_property: Company property that holds the code instead, company by company.
    """

    field: MappedField
    property_name: str | None = None
    stage_ids: tuple[str, ...] | None = None
    unit: MrrUnit | None = None
    currency: str | None = None
    currency_property: str | None = None

    @property
    def is_mapped(self) -> bool:
        """Whether anything is mapped."""
        return self.property_name is not None or self.stage_ids is not None
