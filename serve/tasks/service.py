"""Stopping tasks: who may, and what is written down of it."""

from collections.abc import Mapping

from core import tasks
from core.errors import ChurnboardError
from core.vocabulary import AuditAction, Role
from serve.auth.dependencies import Caller
from serve.errors import Conflict, Forbidden, retold
from serve.tasks.repository import TaskNotFound, TaskRepository


class NotYours(Forbidden):
    """Somebody else asked for the task, and you are no admin."""


class NothingToStop(Conflict):
    """The task has ended, or goes through to its end."""


_TOLD: Mapping[type[ChurnboardError], type[ChurnboardError]] = {
    tasks.UnknownTask: TaskNotFound,
    tasks.NotCancellable: NothingToStop,
}


def cancel(caller: Caller, task_id: str) -> None:
    """Ask for a task to be stopped.

    Raises:
        TaskNotFound: There is none of that id.
        NotYours: It is not for the caller to stop.
        NothingToStop: It cannot be stopped any more, or never could.
    """
    with caller.session() as session:
        held = TaskRepository(session).task(task_id)
    if caller.user.role is not Role.ADMIN and held["asked_by"] != caller.user.subject:
        raise NotYours("Somebody else asked for this: only they and your admins may stop it.")
    writer = caller.writer
    with retold(_TOLD), writer.together():
        if kind := writer.tasks.cancel(task_id):
            writer.audit(AuditAction.TASK_CANCELLED, "task", task_id, {"kind": kind.value})
