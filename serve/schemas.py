"""What several bodies and queries share."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.functional_validators import AfterValidator


class Schema(BaseModel):
    """A body; fields are described by the docstring below them."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Query(BaseModel):
    """Query parameters. A misspelt one is refused: a filter that is ignored in silence looks like an answer.

    `?q=` means the same as no `q`.
    """

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value not in ("", [""], [])}


def refuse_nul(value: str) -> str:
    """`value`, unless there is a NUL in it, which Postgres does not take."""
    if "\0" in value:
        raise ValueError("a NUL character is not text")
    return value


def _only_iso(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("a day is written like 2026-01-31")
    return value


Text = Annotated[str, Field(max_length=200), AfterValidator(refuse_nul)]
"""Text that goes into a comparison; Postgres does not take NUL."""

Cursor = Annotated[str, Field(max_length=2000)]
"""The `next_cursor` of the page before."""

Day = Annotated[date, BeforeValidator(_only_iso), Field(ge=date(1970, 1, 1))]
"""A day, ISO 8601."""


class Build(Schema):
    """The published build an answer comes from. Numbers change only when this does."""

    build_id: str = Field(examples=["20260114T031500Z-acme"])
    published_at: datetime
    """When it was put in front of readers."""

    as_of_at: datetime
    """The moment it describes."""
