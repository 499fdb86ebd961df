"""Bodies about what HubSpot's properties and stages mean."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from core.vocabulary import MappedField, MrrUnit
from serve.schemas import Schema, Text
from serve.tasks.schemas import TaskView

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
"""ISO 4217."""


class Candidate(Schema):
    """A company property, or a ticket stage, that a field could be mapped to."""

    name: str = Field(examples=["contract_value"])
    """As HubSpot spells it; of a ticket stage `pipeline/stage`."""

    label: str = Field(examples=["Contract value"])
    type: str = Field(examples=["number"])
    """HubSpot's data type; `stage` for a ticket stage."""

    fits: dict[MappedField, int]
    """Fields it can hold, each with how much it sounds like it: the most likely first guess has the highest; 0: by type alone."""

    sample_values: list[str]
    """Different values as they were loaded, three at most."""

    filled_count: int
    """Companies with a value, or tickets in the stage."""

    record_count: int
    """Out of so many."""


class FieldView(Schema):
    """One field and what it is mapped to."""

    field: MappedField
    property_name: str | None
    stage_ids: list[str] | None
    """Of the two fields about stages; null: they are told by their labels."""

    unit: MrrUnit | None
    currency: str | None
    """Of MRR; null: the one you report in."""

    currency_property: str | None
    """Holds the currency company by company."""

    author: str | None
    """Who mapped it last; null: nobody ever did."""

    valid_from_at: datetime | None


class FieldList(Schema):
    """Every field, and what there is to map them to."""

    items: list[FieldView]
    candidates: list[Candidate]
    """Empty until an import has come far enough to know."""


class FieldChoice(Schema):
    """What a field is to be mapped to; neither property nor stages: nothing."""

    model_config = ConfigDict(extra="forbid")

    field: MappedField
    property_name: Text | None = None
    stage_ids: list[Text] | None = Field(default=None, max_length=200)
    unit: MrrUnit | None = None
    """Of MRR; month unless given."""

    currency: Currency | None = None
    """Of MRR; the one you report in unless given."""


class FieldChoices(Schema):
    """Fields to map; those that are not named stay as they are."""

    model_config = ConfigDict(extra="forbid")

    items: list[FieldChoice] = Field(min_length=1, max_length=len(MappedField))


class FieldsSaved(FieldList):
    """The same after a change."""

    changed_count: int
    task: TaskView | None
    """The import that works out cards anew; null where nothing was changed."""
