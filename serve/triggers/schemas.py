"""Bodies of the triggers' settings."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from core.vocabulary import ParamOrigin, TriggerPreset, TriggerType
from serve.schemas import Schema, Text


def _said(value: str | None) -> str | None:
    if value is not None and "\0" in value:
        raise ValueError("a NUL character is not text")
    return value.strip() or None if value is not None else None


Note = Annotated[str | None, Field(max_length=1_000), AfterValidator(_said)]
"""Why, in the words of whoever changes something; Postgres does not take NUL."""


class TriggerParam(Schema):
    """One parameter of one trigger: what it does, what it may be, what it is now."""

    trigger_type: TriggerType
    name: str = Field(examples=["t_on"])
    description: str
    """What it does, in one sentence."""

    unit: str = Field(examples=["points"])
    minimum: float
    maximum: float
    choices: list[str]
    """Where the value stands for a word, the words in the order of their values from 0; empty elsewhere."""

    balanced: float
    """Its value in the preset balanced."""

    quiet: float
    """Its value in the preset quiet."""

    value: float
    """What holds now."""

    origin: ParamOrigin
    """Where that comes from: your own value, or the preset's."""


class OwnValue(Schema):
    """A value of the tenant's own."""

    trigger_type: TriggerType
    name: str
    value: float


class ParamChange(Schema):
    """One thing that was changed. A preset is told as the parameter `preset` of no trigger."""

    trigger_type: TriggerType | None
    """Null: the preset."""

    name: str
    before: str | None
    """Null: the preset's value held."""

    after: str | None
    """Null: taken back, the preset's value holds again."""


class TriggerVersion(Schema):
    """What somebody changed at one moment, and what was set after it."""

    version: int
    """How many changes there were by then; what `POST /triggers/versions` wants to be told."""

    valid_from_at: datetime
    author: str
    """Name of the user, where it is known."""

    note: str | None
    changes: list[ParamChange]
    preset: TriggerPreset
    """What held from then on: this preset, and `own` before it. Send both to have it again."""

    own: list[OwnValue]


class Triggers(Schema):
    """What the triggers are set to."""

    version: int
    """How many changes were ever made."""

    preset: TriggerPreset
    params: list[TriggerParam]
    history: list[TriggerVersion]
    """The newest first."""


class ParamValue(Schema):
    """A value to set."""

    model_config = ConfigDict(extra="forbid")

    trigger_type: TriggerType
    name: Text
    value: float | None = Field(allow_inf_nan=False)
    """Null: take the own value back, the preset's holds again."""


class NewTriggers(Schema):
    """What to change; everything it does not name stays as it is."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0, le=2**31 - 1)
    """The version you saw. Where there is a later one by now, nothing is done: 409."""

    preset: TriggerPreset | None = None
    """Null: as it is."""

    values: list[ParamValue] = Field(default_factory=list, max_length=100)
    is_restoring: bool = False
    """Whether values of your own that are not named are taken back: a version of before, as it was."""

    note: Note = None


class TriggersChangedTo(Schema):
    """The version of the triggers after a change."""

    version: int


class TriggerCandidate(Schema):
    """Settings to try out on the last 90 days; what they do not name is as it is set now."""

    model_config = ConfigDict(extra="forbid")

    preset: TriggerPreset | None = None
    values: list[ParamValue] = Field(default_factory=list, max_length=100)
