"""Addresses of the budget."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from core.errors import ChangedMeanwhile
from core.vocabulary import AuditAction, TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Admin, Caller, Member, Viewer
from serve.budget.repository import budget, own_monthly_usd
from serve.budget.schemas import Budget, NewBudget
from serve.errors import Conflict, InvalidRequest, documented
from serve.responses import PRIVATE, json_response
from serve.services import services_of
from serve.tasks.endpoints import asked
from serve.tasks.schemas import TaskView
from serve.trail.changes import details, of_budget

router = APIRouter(prefix="/budget", tags=["budget"])


class BudgetChangedMeanwhile(Conflict):
    """Somebody changed the budget after you looked; nothing was done."""


@router.get(
    "",
    operation_id="get_budget",
    summary="What reading may cost a month",
    response_model=Budget,
    responses=documented(*AUTH_ERRORS),
)
def get_budget(request: Request, caller: Viewer) -> Response:
    """The limit, how the month stood when it was last looked at, and every change of the limit."""
    return _told(request, caller)


@router.put(
    "",
    operation_id="set_budget",
    summary="Set what reading may cost a month",
    response_model=Budget,
    responses=documented(*AUTH_ERRORS, BudgetChangedMeanwhile, InvalidRequest),
)
def set_budget(request: Request, caller: Admin, wanted: Annotated[NewBudget, Body()]) -> Response:
    """Holds at once, for the month that runs too; needs the role admin. What does not fit waits until there is room."""
    with caller.session() as session:
        before = own_monthly_usd(session)
    writer = caller.writer
    try:
        with writer.together():
            # What was read before is what held: of another version nothing is set.
            new = writer.budget.set(wanted.monthly_usd, author=caller.user.subject, expected_version=wanted.version)
            if new is not None:
                changes = of_budget(before, new.monthly_usd)
                writer.audit(AuditAction.BUDGET_SET, "budget", f"{new.version}", details(changes, version=new.version))
    except ChangedMeanwhile as error:
        raise BudgetChangedMeanwhile(str(error)) from error
    return _told(request, caller)


@router.post(
    "/counts",
    operation_id="count_budget",
    summary="Look how the month stands",
    status_code=202,
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS),
)
def count_budget(caller: Member) -> Response:
    """Asks for `standing` to be looked up again, with an estimate of what is still to be read; needs the role member."""
    return asked(caller, TaskKind.BUDGET_COUNT, {})


def _told(request: Request, caller: Caller) -> Response:
    with caller.session() as session:
        return json_response(budget(session, services_of(request).default_budget_usd), headers=PRIVATE)
