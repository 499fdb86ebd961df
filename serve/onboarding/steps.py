"""How far each step of onboarding is, derived from what is there. Pure.

Nothing is stored for this but what a person called finished: so it is right after a crash, after a disconnect, and for a tenant
that an operator set up from a terminal.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from core.vocabulary import ConnectionStatus, OnboardingStep, ProposalStatus, StepStatus, TaskStatus

_STOPPED = "The import was stopped. What was read is kept, and the next one goes on from there."
_RUNNING = {TaskStatus.QUEUED, TaskStatus.RUNNING}

Task = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is there.

    Attributes:
        connection: Of the tenant; None: there never was one.
        importing: The newest task that imports.
        discovering: The newest task that looks for topics.
        candidate_count: Properties that a field could be mapped to, as far as they are known.
        mapped_count: Fields that are mapped.
        proposals: How many proposed topics have each status.
        card_count: Active cards of the published build; None: nothing was published.
        confirmed: Steps that a person called finished.
    """

    connection: Mapping[str, Any] | None
    importing: Task | None
    discovering: Task | None
    candidate_count: int
    mapped_count: int
    proposals: Mapping[str, int]
    card_count: int | None
    confirmed: Set[str]


def steps(facts: Facts) -> list[dict[str, Any]]:
    """Every step in order: `step`, `status`, `is_available` and `message`."""
    found = {
        OnboardingStep.CONNECT: _connect(facts),
        OnboardingStep.IMPORT: _import(facts),
        OnboardingStep.FIELDS: _fields(facts),
        OnboardingStep.TOPICS: _topics(facts),
        OnboardingStep.CARDS: _cards(facts),
    }
    return [
        {"step": step, "status": status, "is_available": is_available, "message": message}
        for step, (status, is_available, message) in found.items()
    ]


def current(of: list[dict[str, Any]]) -> OnboardingStep:
    """The first step that is not done; the last where all are."""
    return next((OnboardingStep(one["step"]) for one in of if one["status"] != StepStatus.DONE), OnboardingStep.CARDS)


_Found = tuple[StepStatus, bool, str | None]


def _connect(facts: Facts) -> _Found:
    held = facts.connection
    if held is None or held["status"] == ConnectionStatus.DISCONNECTED:
        return StepStatus.TODO, True, held["message"] if held else None
    if held["status"] == ConnectionStatus.ERROR:
        return StepStatus.FAILED, True, held["message"]
    return StepStatus.DONE, True, None


def _import(facts: Facts) -> _Found:
    is_available = _is_connected(facts)
    task = facts.importing
    if _is_under_way(task):
        return StepStatus.RUNNING, True, None
    if task is not None and task["status"] == TaskStatus.FAILED:
        return StepStatus.FAILED, is_available, task["error_message"]
    if task is not None and task["status"] == TaskStatus.CANCELLED:
        return StepStatus.TODO, is_available, _STOPPED
    if task is not None or facts.card_count is not None:
        return StepStatus.DONE, is_available, None
    return StepStatus.TODO, is_available, None


def _fields(facts: Facts) -> _Found:
    is_available = facts.candidate_count > 0
    if facts.mapped_count or OnboardingStep.FIELDS in facts.confirmed:
        return StepStatus.DONE, is_available, None
    return StepStatus.TODO, is_available, None


def _topics(facts: Facts) -> _Found:
    open_count = facts.proposals.get(ProposalStatus.OPEN, 0)
    decided_count = facts.proposals.get(ProposalStatus.ACCEPTED, 0) + facts.proposals.get(ProposalStatus.DISMISSED, 0)
    if OnboardingStep.TOPICS in facts.confirmed or (decided_count and not open_count):
        return StepStatus.DONE, True, None
    if _is_under_way(facts.discovering):
        return StepStatus.RUNNING, True, None
    if open_count:
        return StepStatus.TODO, True, None
    if facts.discovering is not None and facts.discovering["status"] == TaskStatus.FAILED:
        return StepStatus.FAILED, True, facts.discovering["error_message"]
    return StepStatus.TODO, facts.discovering is not None or facts.card_count is not None, None


def _cards(facts: Facts) -> _Found:
    if facts.card_count is not None:
        return StepStatus.DONE, True, None
    if _is_under_way(facts.importing):
        return StepStatus.RUNNING, False, None
    return StepStatus.TODO, False, None


def _is_connected(facts: Facts) -> bool:
    return facts.connection is not None and facts.connection["status"] != ConnectionStatus.DISCONNECTED


def _is_under_way(task: Task | None) -> bool:
    return task is not None and task["status"] in _RUNNING
