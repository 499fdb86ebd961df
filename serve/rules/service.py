"""Rules on their way from a request to the database: read, tried out, saved only with a check of the very same tree."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import ChangedMeanwhile
from core.rules import MOST_RULES, InvalidRule, Rule, TooManyRules, UnknownRule
from core.vocabulary import AuditAction, TaskKind, TaskStatus
from serve.auth.dependencies import Caller
from serve.errors import Conflict, Unprocessable
from serve.rules.repository import RuleRepository, no_rule
from serve.rules.schemas import NewRule, RuleBody, RuleSwitch
from serve.tasks.repository import TaskNotFound, TaskRepository

CHECK_LASTS = timedelta(days=1)
"""A check says what the last days would have been, so it is not good for ever."""


class UnusableRule(Unprocessable):
    """The rule cannot be meant; the sentence names the place."""


class NotChecked(Conflict):
    """There is no finished check of this very tree, or it is older than a day; nothing was saved."""


class RuleChangedMeanwhile(Conflict):
    """Somebody changed the rule after you looked; nothing was done."""


class NoRoomForRules(Conflict):
    """The tenant has as many rules that fire as it may; nothing was done."""


def parsed(caller: Caller, body: RuleBody) -> Rule:
    """The rule of a request.

    Raises:
        UnusableRule: It is none, or names a topic the tenant does not have.
    """
    try:
        rule = Rule.of(body.model_dump(mode="json"))
    except InvalidRule as error:
        raise UnusableRule(str(error)) from error
    if rule.topics:
        with caller.session() as session:
            known = RuleRepository(session).topics()
        if missing := sorted(set(rule.topics) - known):
            listed = ", ".join(sorted(known)) or "none yet"
            raise UnusableRule(f"There is no topic {missing[0]!r} to count tickets on; there are: {listed}.")
    return rule


def save(caller: Caller, wanted: NewRule) -> dict[str, Any]:
    """Have a rule fire from now on.

    Raises:
        UnusableRule: It is none.
        NotChecked: No check of its tree is good.
        RuleChangedMeanwhile, NoRoomForRules: The state of things is against it.
    """
    rule = parsed(caller, wanted.rule)
    dry_run = _checked(caller, rule, wanted.check_id)
    writer = caller.writer
    try:
        with writer.together():
            saved = writer.rules.save(
                rule, dry_run=dry_run, author=caller.user.subject, expected_version=wanted.version
            )
            if saved is not None:
                facts = {"version": saved.version, "severity": rule.severity, "is_notify": rule.is_notify}
                writer.audit(AuditAction.RULE_SAVED, "rule", rule.rule_id, facts)
    except ChangedMeanwhile as error:
        raise RuleChangedMeanwhile(str(error)) from error
    except TooManyRules as error:
        raise NoRoomForRules(_too_many()) from error
    version = wanted.version if saved is None else saved.version
    return {"rule_id": rule.rule_id, "version": version, "is_active": True}


def switch(caller: Caller, rule_id: str, wanted: RuleSwitch) -> dict[str, Any]:
    """Have a rule fire from now on, or not.

    Raises:
        RuleNotFound: There is none of that id.
        RuleChangedMeanwhile, NoRoomForRules: The state of things is against it.
    """
    writer = caller.writer
    try:
        with writer.together():
            new = writer.rules.switch(
                rule_id, is_active=wanted.is_active, author=caller.user.subject, expected_version=wanted.version
            )
            if new is not None:
                facts = {"version": new.version, "is_active": wanted.is_active}
                writer.audit(AuditAction.RULE_SWITCHED, "rule", rule_id, facts)
    except UnknownRule as error:
        raise no_rule(rule_id) from error
    except ChangedMeanwhile as error:
        raise RuleChangedMeanwhile(str(error)) from error
    except TooManyRules as error:
        raise NoRoomForRules(_too_many()) from error
    return {
        "rule_id": rule_id,
        "version": wanted.version if new is None else new.version,
        "is_active": wanted.is_active,
    }


def delete(caller: Caller, rule_id: str, version: int | None) -> dict[str, Any]:
    """Have a rule fire no more, and list it no more.

    Raises:
        RuleNotFound: There is none of that id.
        RuleChangedMeanwhile: There is a newer version.
    """
    writer = caller.writer
    try:
        with writer.together():
            new = writer.rules.delete(rule_id, author=caller.user.subject, expected_version=version)
            writer.audit(AuditAction.RULE_DELETED, "rule", rule_id, {"version": new.version})
    except UnknownRule as error:
        raise no_rule(rule_id) from error
    except ChangedMeanwhile as error:
        raise RuleChangedMeanwhile(str(error)) from error
    return {"rule_id": rule_id, "version": new.version, "is_active": False}


def _checked(caller: Caller, rule: Rule, check_id: str) -> dict[str, Any]:
    """What the check found, where it is one of this tree."""
    with caller.session() as session:
        try:
            task = TaskRepository(session).task(check_id)
        except TaskNotFound as error:
            raise NotChecked(f"There is no check {check_id!r}: ask for one with POST /api/v1/rules/checks.") from error
    if task["kind"] != TaskKind.RULE_CHECK or task["arguments"]["rule"]["when"] != rule.tree:
        raise NotChecked(
            "That is a check of something else: what a rule would do is looked at before it is saved, so check this one first."
        )
    if task["status"] != TaskStatus.DONE:
        raise NotChecked(f"That check is {task['status']}, not done: wait for it, or check the rule again.")
    if datetime.now(UTC) - task["ended_at"] > CHECK_LASTS:
        raise NotChecked("That check is older than a day: check the rule again, then save it.")
    found: dict[str, Any] = task["result"]["dry_run"]
    return found


def _too_many() -> str:
    return f"You have {MOST_RULES} rules that fire, and may have no more: switch one off first."
