"""Addresses of the tenant's own rules."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from core.vocabulary import TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Admin, Member, Viewer
from serve.errors import InvalidRequest, documented
from serve.responses import PRIVATE, json_response
from serve.rules.repository import RuleNotFound, RuleRepository, facts
from serve.rules.schemas import (
    NewRule,
    RuleCheck,
    RuleFacts,
    RuleHistory,
    RuleId,
    RuleList,
    RuleSwitch,
    SavedRule,
)
from serve.rules.service import (
    NoRoomForRules,
    NotChecked,
    RuleChangedMeanwhile,
    UnusableRule,
    delete,
    parsed,
    save,
    switch,
)
from serve.tasks.endpoints import asked
from serve.tasks.schemas import TaskView

router = APIRouter(prefix="/rules", tags=["rules"])


@router.get(
    "/facts",
    operation_id="list_rule_facts",
    summary="What a rule may ask",
    response_model=RuleFacts,
    responses=documented(*AUTH_ERRORS),
)
def list_rule_facts(caller: Viewer) -> Response:
    """Every fact with its unit and how it may be compared, the topics that may be named, and how large a rule may be."""
    with caller.session() as session:
        return json_response(facts() | {"topics": sorted(RuleRepository(session).topics())}, headers=PRIVATE)


@router.get(
    "",
    operation_id="list_rules",
    summary="The tenant's rules",
    response_model=RuleList,
    responses=documented(*AUTH_ERRORS),
)
def list_rules(caller: Viewer) -> Response:
    """Each as it is now, those that are switched off too, with what it would have done when it was saved."""
    with caller.session() as session:
        return json_response({"items": RuleRepository(session).current()}, headers=PRIVATE)


@router.post(
    "/checks",
    operation_id="check_rule",
    summary="Try a rule out",
    status_code=202,
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS, UnusableRule, InvalidRequest),
)
def check_rule(caller: Member, wanted: Annotated[RuleCheck, Body()]) -> Response:
    """Asks which cards the rule would have opened in the last 90 days; needs the role member. Nothing is saved.

    The task's `result` has the figures under `dry_run`, the cards under `cards` (the newest 200), and what the rule asks for and
    nobody knows under `unknown_measures`.
    """
    rule = parsed(caller, wanted.rule)
    return asked(caller, TaskKind.RULE_CHECK, {"rule": rule.as_json()})


@router.post(
    "",
    operation_id="save_rule",
    summary="Have a rule fire",
    status_code=201,
    response_model=SavedRule,
    responses=documented(*AUTH_ERRORS, UnusableRule, NotChecked, RuleChangedMeanwhile, NoRoomForRules, InvalidRequest),
)
def save_rule(caller: Admin, wanted: Annotated[NewRule, Body()]) -> Response:
    """From the next refresh on, in the place of the one of its id; needs the role admin, and a finished check of the same tree."""
    return json_response(save(caller, wanted), status=201, headers=PRIVATE)


@router.post(
    "/{rule_id}/switch",
    operation_id="switch_rule",
    summary="Switch a rule off, or on again",
    response_model=SavedRule,
    responses=documented(*AUTH_ERRORS, RuleNotFound, RuleChangedMeanwhile, NoRoomForRules, InvalidRequest),
)
def switch_rule(caller: Admin, rule_id: Annotated[RuleId, Path()], wanted: Annotated[RuleSwitch, Body()]) -> Response:
    """Off, its cards end within three days, as if what it asks for were over; needs the role admin."""
    return json_response(switch(caller, rule_id, wanted), headers=PRIVATE)


@router.get(
    "/{rule_id}",
    operation_id="get_rule",
    summary="Every version of a rule",
    response_model=RuleHistory,
    responses=documented(*AUTH_ERRORS, RuleNotFound, InvalidRequest),
)
def get_rule(caller: Viewer, rule_id: Annotated[RuleId, Path()]) -> Response:
    """The newest first: who changed it, when, and to what."""
    with caller.session() as session:
        return json_response({"items": RuleRepository(session).history(rule_id)}, headers=PRIVATE)


@router.delete(
    "/{rule_id}",
    operation_id="delete_rule",
    summary="Delete a rule",
    response_model=SavedRule,
    responses=documented(*AUTH_ERRORS, RuleNotFound, RuleChangedMeanwhile, InvalidRequest),
)
def delete_rule(
    caller: Admin,
    rule_id: Annotated[RuleId, Path()],
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="The rule's version you saw; left out: whatever it is.")
    ] = None,
) -> Response:
    """Switches it off and lists it no more; needs the role admin. Its versions stay, as past days were judged by them."""
    return json_response(delete(caller, rule_id, version), headers=PRIVATE)
