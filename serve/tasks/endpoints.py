"""The tasks' addresses. What is asked for has its own address beside the thing it is about; here one sees how far it is."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from core.vocabulary import TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Caller, Member, Viewer
from serve.errors import InvalidRequest, documented
from serve.responses import PRIVATE, json_response
from serve.schemas import Text
from serve.tasks.repository import TaskNotFound, TaskRepository
from serve.tasks.schemas import TaskList, TaskQuery, TaskView
from serve.tasks.service import NothingToStop, NotYours, cancel

router = APIRouter(prefix="/tasks", tags=["tasks"])

_NOW = PRIVATE | {"Cache-Control": "no-store"}


@router.get(
    "",
    operation_id="list_tasks",
    summary="What was asked to be done in the background",
    response_model=TaskList,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def list_tasks(caller: Viewer, wanted: Annotated[TaskQuery, Query()]) -> Response:
    """The newest first; finished ones are kept for 30 days."""
    with caller.session() as session:
        return json_response({"items": TaskRepository(session).newest(wanted)}, headers=_NOW)


@router.get(
    "/{task_id}",
    operation_id="get_task",
    summary="How far a task is",
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS, TaskNotFound, InvalidRequest),
)
def get_task(caller: Viewer, task_id: Annotated[Text, Path()]) -> Response:
    """Ask again while `status` is `queued` or `running`; a second apart is often enough."""
    with caller.session() as session:
        return json_response(TaskRepository(session).task(task_id), headers=_NOW)


@router.post(
    "/{task_id}/cancel",
    operation_id="cancel_task",
    summary="Stop a task",
    status_code=202,
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS, NotYours, TaskNotFound, NothingToStop, InvalidRequest),
)
def cancel_task(caller: Member, task_id: Annotated[Text, Path()]) -> Response:
    """Whoever asked for it may stop it, and every admin. What it has done by then stays done, and is gone on from next time.

    One that nobody has begun is `cancelled` at once. Of one that is running `cancel_asked_at` is set, and it becomes `cancelled` as
    soon as its worker notices: within a second in the long steps, or at the end of the one it is in.
    """
    cancel(caller, task_id)
    with caller.session() as session:
        return json_response(TaskRepository(session).task(task_id), status=202, headers=_NOW)


def asked(caller: Caller, kind: TaskKind, arguments: dict[str, object]) -> Response:
    """Ask for a task, and answer 202 with it."""
    task_id = caller.writer.tasks.ask(kind, arguments, asked_by=caller.user.subject)
    with caller.session() as session:
        return json_response(TaskRepository(session).task(task_id), status=202, headers=_NOW)
