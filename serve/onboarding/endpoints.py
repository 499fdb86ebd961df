"""Addresses of onboarding. What is done in a step has its own address: connections, fields, topics, cards."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from core.vocabulary import OnboardingStep, ProposalStatus, StepStatus, TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Admin, Caller, Viewer
from serve.errors import Conflict, InvalidRequest, documented
from serve.onboarding.repository import OnboardingRepository
from serve.onboarding.schemas import Onboarding
from serve.onboarding.steps import current, steps
from serve.responses import PRIVATE, json_response
from serve.tasks.endpoints import asked
from serve.tasks.schemas import TaskView

router = APIRouter(prefix="/onboarding", tags=["onboarding"])

_NOW = PRIVATE | {"Cache-Control": "no-store"}


class NothingToImport(Conflict):
    """HubSpot is not connected, so there is nothing to import from."""


class Skippable(StrEnum):
    """Steps that are finished when a person says so, although nothing was done in them."""

    FIELDS = "fields"
    TOPICS = "topics"


@router.get(
    "",
    operation_id="get_onboarding",
    summary="How far onboarding is",
    response_model=Onboarding,
    responses=documented(*AUTH_ERRORS),
)
def get_onboarding(caller: Viewer) -> Response:
    """Every step with how far it is, and the figures of the import. Ask again while a step is `running`."""
    return json_response(_onboarding(caller), headers=_NOW)


@router.post(
    "/import",
    operation_id="start_import",
    summary="Bring everything up to date",
    status_code=202,
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS, NothingToImport),
)
def start_import(caller: Admin) -> Response:
    """Loads from HubSpot what is new, reads it, and publishes cards; needs the role admin. One that is under way is not doubled."""
    with caller.session() as session:
        held = session.hubspot_connection()
    if held is None or held["status"] == "disconnected":
        raise NothingToImport("HubSpot is not connected, so there is nothing to import: connect it first.")
    return asked(caller, TaskKind.IMPORT, {})


@router.put(
    "/steps/{step}",
    operation_id="finish_onboarding_step",
    summary="Call a step finished",
    response_model=Onboarding,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def finish_onboarding_step(caller: Admin, step: Annotated[Skippable, Path()]) -> Response:
    """For steps in which there may be nothing to do; needs the role admin. Everything in them can still be done later."""
    caller.writer.onboarding.confirm(OnboardingStep(step), by=caller.user.subject)
    return json_response(_onboarding(caller), headers=_NOW)


def _onboarding(caller: Caller) -> dict[str, Any]:
    with caller.session() as session:
        repository = OnboardingRepository(session)
        facts, streams = repository.facts(), repository.streams()
    found = steps(facts)
    return {
        "steps": found,
        "current": current(found),
        "is_complete": all(one["status"] == StepStatus.DONE for one in found),
        "streams": streams,
        "import_task": facts.importing,
        "discovery_task": facts.discovering,
        "candidate_count": facts.candidate_count,
        "mapped_count": facts.mapped_count,
        "open_proposal_count": facts.proposals.get(ProposalStatus.OPEN, 0),
        "card_count": facts.card_count,
    }
