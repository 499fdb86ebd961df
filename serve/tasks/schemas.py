"""Bodies about tasks: the columns of `task` under their own names."""

from datetime import datetime
from typing import Any

from pydantic import Field

from core.vocabulary import TaskKind, TaskStatus
from serve.schemas import Query, Schema


class TaskView(Schema):
    """Something that was asked for, and how far it is."""

    task_id: str
    kind: TaskKind
    arguments: dict[str, Any]
    """As they were asked for; which there are depends on the kind."""

    status: TaskStatus
    step: str | None
    """What is being done at the moment, in words; null until it is begun."""

    done_count: int | None
    """How much of the step is done; null where it does not count."""

    total_count: int | None
    """How much there is to do in it; null where nobody knows yet."""

    result: dict[str, Any] | None
    """What came of it; which fields it has depends on the kind. Null until it is done."""

    error_message: str | None
    """Why it failed, and what to do."""

    asked_by: str
    """Subject of the user."""

    asked_at: datetime
    started_at: datetime | None
    """When it was last begun; null: no worker has taken it yet."""

    ended_at: datetime | None
    cancel_asked_at: datetime | None
    """When somebody asked for it to be stopped; null: nobody has."""


class TaskList(Schema):
    """The newest tasks first."""

    items: list[TaskView]


class TaskQuery(Query):
    """Which tasks."""

    kind: TaskKind | None = None
    limit: int = Field(default=20, ge=1, le=100)
