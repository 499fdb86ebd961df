"""Addresses of the triggers' settings."""

from typing import Annotated

from fastapi import APIRouter, Body
from starlette.responses import Response

from core.vocabulary import TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Admin, Member, Viewer
from serve.errors import InvalidRequest, documented
from serve.responses import PRIVATE, json_response
from serve.tasks.endpoints import asked
from serve.tasks.schemas import TaskView
from serve.triggers.repository import TriggerRepository
from serve.triggers.schemas import NewTriggers, TriggerCandidate, Triggers, TriggersChangedTo
from serve.triggers.service import NoSuchParam, TriggersChangedMeanwhile, ValueOutOfRange, change, checked

router = APIRouter(prefix="/triggers", tags=["triggers"])


@router.get(
    "",
    operation_id="get_triggers",
    summary="What the triggers are set to",
    response_model=Triggers,
    responses=documented(*AUTH_ERRORS),
)
def get_triggers(caller: Viewer) -> Response:
    """Every parameter with its unit, range and presets, what holds now, and every change with who made it and why."""
    with caller.session() as session:
        held = TriggerRepository(session)
        body = {
            "version": held.version,
            "preset": held.preset,
            "params": held.params(),
            "history": held.history(),
        }
    return json_response(body, headers=PRIVATE)


@router.post(
    "/versions",
    operation_id="change_triggers",
    summary="Set the triggers",
    status_code=201,
    response_model=TriggersChangedTo,
    responses=documented(*AUTH_ERRORS, NoSuchParam, ValueOutOfRange, TriggersChangedMeanwhile, InvalidRequest),
)
def change_triggers(caller: Admin, wanted: Annotated[NewTriggers, Body()]) -> Response:
    """Choose a preset, set values, take values back; needs the role admin.

    All of it holds from the beginning of today, with the next refresh. Past days keep what they were scored with. Where nothing is
    different, nothing is added and the version stays.
    """
    return json_response({"version": change(caller, wanted)}, status=201, headers=PRIVATE)


@router.post(
    "/backtests",
    operation_id="try_triggers",
    summary="Try settings on the last 90 days",
    status_code=202,
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS, NoSuchParam, ValueOutOfRange, InvalidRequest),
)
def try_triggers(caller: Member, wanted: Annotated[TriggerCandidate, Body()]) -> Response:
    """Asks which cards would have opened under other settings, beside those of now; needs the role member. Nothing is changed.

    The first one after a refresh makes the days ready and takes as long as one transformation; the next ones take about a second.
    The task's `result` has both sides, card by card what is different (the first 200), and what the figures cannot know.
    """
    checked(wanted.values)
    return asked(caller, TaskKind.BACKTEST, wanted.model_dump(mode="json"))
