"""How far onboarding is, from what is there: all combinations keep a few laws, and the ways people go are spelt out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary import (
    ConnectionStatus,
    OnboardingStep,
    ProposalStatus,
    StepStatus,
    TaskStatus,
)
from serve.onboarding.steps import Facts, current, steps

NEW = Facts(
    connection=None,
    importing=None,
    discovering=None,
    candidate_count=0,
    mapped_count=0,
    proposals={},
    card_count=None,
    confirmed=frozenset(),
)
ACTIVE = {"status": ConnectionStatus.ACTIVE, "message": None}
ONBOARDED = replace(
    NEW,
    connection=ACTIVE,
    importing={"status": TaskStatus.DONE, "error_message": None},
    candidate_count=5,
    mapped_count=2,
    proposals={ProposalStatus.ACCEPTED: 1},
    card_count=9,
)


def task(status: TaskStatus, why: str | None = None) -> dict[str, Any]:
    return {"status": status, "error_message": why}


def told(facts: Facts) -> dict[str, str]:
    return {one["step"]: one["status"] for one in steps(facts)}


tasks = st.none() | st.sampled_from(TaskStatus).map(lambda one: task(one, "It broke." if one == "failed" else None))
facts = st.builds(
    Facts,
    connection=st.none()
    | st.sampled_from(ConnectionStatus).map(
        lambda one: {"status": one, "message": "Connect again." if one == "error" else None}
    ),
    importing=tasks,
    discovering=tasks,
    candidate_count=st.integers(0, 3),
    mapped_count=st.integers(0, 3),
    proposals=st.dictionaries(st.sampled_from(ProposalStatus), st.integers(0, 3)),
    card_count=st.none() | st.integers(0, 3),
    confirmed=st.frozensets(st.sampled_from(OnboardingStep)),
)


@given(facts)
def test_whatever_is_there_the_steps_are_in_order_and_a_failure_has_a_sentence(found: Facts) -> None:
    listed = steps(found)
    assert [one["step"] for one in listed] == list(OnboardingStep)
    for one in listed:
        assert one["status"] in set(StepStatus)
        assert one["status"] != StepStatus.FAILED or one["message"]
    at = [one["step"] for one in listed].index(current(listed))
    assert all(one["status"] == StepStatus.DONE for one in listed[:at])


@given(facts)
def test_cards_are_there_exactly_when_a_build_is_published(found: Facts) -> None:
    assert (told(found)["cards"] == StepStatus.DONE) == (found.card_count is not None)


def test_somebody_new_begins_by_connecting() -> None:
    listed = steps(NEW)
    assert current(listed) == OnboardingStep.CONNECT
    assert [one["is_available"] for one in listed] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("found", "step", "status", "message"),
    [
        (replace(NEW, connection=ACTIVE), "import", "todo", None),
        (replace(NEW, connection=ACTIVE, importing=task(TaskStatus.QUEUED)), "import", "running", None),
        (replace(NEW, connection=ACTIVE, importing=task(TaskStatus.RUNNING)), "cards", "running", None),
        (replace(NEW, connection=ACTIVE, importing=task(TaskStatus.FAILED, "No.")), "import", "failed", "No."),
        (replace(ONBOARDED, connection={"status": "error", "message": "Gone."}), "connect", "failed", "Gone."),
        # Set up from a terminal: nobody asked for a task.
        (replace(ONBOARDED, importing=None), "import", "done", None),
        (replace(ONBOARDED, mapped_count=0), "fields", "todo", None),
        (replace(ONBOARDED, mapped_count=0, confirmed={"fields"}), "fields", "done", None),
        (replace(ONBOARDED, proposals={ProposalStatus.OPEN: 1, ProposalStatus.ACCEPTED: 1}), "topics", "todo", None),
        (replace(ONBOARDED, proposals={}, discovering=task(TaskStatus.RUNNING)), "topics", "running", None),
        (replace(ONBOARDED, proposals={}, discovering=task(TaskStatus.FAILED, "Why.")), "topics", "failed", "Why."),
        (replace(ONBOARDED, proposals={}, confirmed={"topics"}), "topics", "done", None),
    ],
)
def test_a_step_is_what_is_there(found: Facts, step: str, status: str, message: str | None) -> None:
    [one] = [one for one in steps(found) if one["step"] == step]
    assert (one["status"], one["message"]) == (status, message)


def test_when_everything_is_done_the_cards_are_where_one_is() -> None:
    assert set(told(ONBOARDED).values()) == {StepStatus.DONE}
    assert current(steps(ONBOARDED)) == OnboardingStep.CARDS
