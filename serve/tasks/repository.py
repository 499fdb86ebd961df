"""Tasks out of a tenant session."""

from typing import Any

from sqlalchemy import select

from serve.errors import NotFound
from serve.tasks.schemas import TaskQuery, TaskView
from serve.tenancy import TenantSession, tasks

_TASK = tasks().c
_TASKS = select(*(_TASK[name] for name in TaskView.model_fields))


class TaskNotFound(NotFound):
    """There is no such task, or it ended more than 30 days ago."""


class TaskRepository:
    """Reads tasks of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def newest(self, wanted: TaskQuery) -> list[dict[str, Any]]:
        """The newest first."""
        query = _TASKS.order_by(_TASK.asked_at.desc(), _TASK.task_id).limit(wanted.limit)
        return self._session.standing(query if wanted.kind is None else query.where(_TASK.kind == wanted.kind))

    def task(self, task_id: str) -> dict[str, Any]:
        """One task.

        Raises:
            TaskNotFound: There is none of that id.
        """
        for found in self._session.standing(_TASKS.where(_TASK.task_id == task_id)):
            return found
        raise TaskNotFound("There is no such task, or it ended more than 30 days ago: GET /api/v1/tasks lists them.")
