"""Bodies of saved views."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from core.vocabulary import Severity, TriggerType
from serve.board.schemas import CardSort
from serve.schemas import Schema, Text


def _said(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError("a name is text of one character or more")
    return value.strip()


ViewName = Annotated[str, Field(max_length=80, examples=["Mine, critical"]), AfterValidator(_said)]


class ViewQuery(Schema):
    """The board's filters and sort; each means what it means in `GET /cards`."""

    model_config = ConfigDict(extra="forbid")

    trigger: list[TriggerType] = Field(default_factory=list, max_length=10)
    severity: list[Severity] = Field(default_factory=list, max_length=10)
    owner: Text | None = None
    assignee: Text | None = None
    """A subject, `none`, or `me`: whoever looks."""

    topic: Text | None = None
    mrr_min: float | None = Field(default=None, ge=0, le=1e12)
    q: Text | None = None
    sort: CardSort = CardSort.PRIORITY
    with_ended: bool = False


class NewView(Schema):
    """A view to keep."""

    model_config = ConfigDict(extra="forbid")

    name: ViewName
    is_shared: bool = False
    """Whether everybody of your company sees it."""

    query: ViewQuery


class SavedView(Schema):
    """A view that somebody keeps."""

    view_id: str
    name: str
    owner: str
    """Subject of the user who saved it."""

    is_shared: bool
    query: ViewQuery
    created_at: datetime
    updated_at: datetime


class SavedViews(Schema):
    """Your own views and those that are shared, by name."""

    items: list[SavedView]


class SavedViewId(Schema):
    """Which view it was."""

    view_id: str
