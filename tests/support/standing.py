"""One of everything a tenant has that belongs to no build, for tests that walk over every operation of the API."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, insert, update

from core.appdb.budgets import Budgets
from core.appdb.deletions import DeletionBook
from core.appdb.engine import writing
from core.appdb.imports import FieldCandidate, Imports, StreamProgress
from core.appdb.notification_channels import ChannelBook
from core.appdb.notifications import NotificationBook, tell
from core.appdb.rules import Rules
from core.appdb.tables import notification_delivery, task, user
from core.appdb.tasks import TaskBook
from core.appdb.triggers import TriggerBook
from core.appdb.wordings import Wording, WordingBook
from core.cards import CardEvent
from core.notifications import About, Preference, SlackChannel, written
from core.people import ApiKeyBook, AuditTrail, InvitationBook
from core.rules import Rule
from core.vocabulary import (
    AnalysisTask,
    AuditAction,
    CardEventType,
    CardStatus,
    MappedField,
    NotificationKind,
    Role,
    Severity,
    TaskKind,
    TaskStatus,
    TriggerType,
)
from serve.auth.users import UserDirectory
from tests.support.connections import VAULT
from tests.support.published import add_view
from tests.support.taxonomies import keep_topics


def plant(engine: Engine, tenant_id: str, mark: str = "") -> Mapping[str, str]:
    """Plant them; `mark` stands in every text. Returns an id for each path parameter that names one."""
    tasks = TaskBook(tenant_id, lambda: writing(engine))
    view_id = f"a-view{mark}"
    owner = f"demo|{tenant_id}|admin"
    add_view(engine, tenant_id, view_id=view_id, owner=owner, name=f"Mine{mark}", is_shared=bool(mark))
    label = f"Revenue{mark}"
    Imports(engine).keep_candidates(
        tenant_id, [FieldCandidate(name="revenue", label=label, type="number", fits={MappedField.MRR: 1})]
    )
    Imports(engine).keep_progress(tenant_id, [StreamProgress(stream=f"tickets{mark}", read_count=1)])
    return {
        **keep_topics(engine, tenant_id, mark),
        **_plant_people(engine, tenant_id, mark),
        "prompt_version": _plant_wording(engine, tenant_id, mark),
        "task": AnalysisTask.SENTIMENT,
        "ticket_id": f"5001{mark}",
        "rule_id": _plant_settings(engine, tenant_id, mark),
        "notification_id": _plant_notifications(engine, tenant_id, mark),
        "receipt_id": DeletionBook(tenant_id, lambda: writing(engine)).ask(),
        "task_id": tasks.ask(TaskKind.BACKTEST, {"note": f"as it was{mark}"}, asked_by=f"ada{mark}"),
        "view_id": view_id,
    }


def _plant_wording(engine: Engine, tenant_id: str, mark: str) -> str:
    """What a prompt said; returns its version."""
    version = f"2026-11-a{mark}"
    words = {name: f"Of {name}{mark}" for name in ("notes", "system_text", "user_text", "again_text")}
    hashes = {"fingerprint": "0123456789abcdef", "schema_hash": "fedcba98fedcba98"}
    wording = Wording(task=AnalysisTask.SENTIMENT, prompt_version=version, **hashes, **words)
    WordingBook(tenant_id, lambda: writing(engine)).keep([wording])
    return version


def _plant_people(engine: Engine, tenant_id: str, mark: str) -> Mapping[str, str]:
    """A user, an invitation, an API key, and a line in the audit trail."""
    subject = f"idp|{tenant_id}{mark}"
    with writing(engine) as connection:
        person = {"email": f"ada{mark}@{tenant_id}.example", "name": f"Ada{mark}", "role": Role.MEMBER}
        connection.execute(insert(user).values(tenant_id=tenant_id, subject=subject, **person))
    invitations = InvitationBook(tenant_id, lambda: writing(engine))
    invited = invitations.invite(f"bo{mark}@{tenant_id}.example", Role.VIEWER, by=subject)
    made = ApiKeyBook(tenant_id, lambda: writing(engine)).make(f"Looker{mark}", expires_at=None, by=subject)
    AuditTrail(tenant_id, lambda: writing(engine)).add(
        AuditAction.API_KEY_MADE,
        "api_key",
        made.row["prefix"],
        {"name": f"Looker{mark}"},
        actor=subject,
        actor_name=f"Ada{mark}",
    )
    return {"subject": subject, "invitation_id": invited.row["invitation_id"], "prefix": made.row["prefix"]}


def finished_check(engine: Engine, tenant_id: str, rule: Mapping[str, Any]) -> str:
    """A check of a rule that a worker has finished."""
    tasks = TaskBook(tenant_id, lambda: writing(engine))
    task_id = tasks.ask(TaskKind.RULE_CHECK, {"rule": rule}, asked_by="ada")
    done = {"status": TaskStatus.DONE, "ended_at": datetime.now(UTC), "result": {"dry_run": DRY_RUN}}
    with writing(engine) as connection:
        connection.execute(update(task).where(task.c.task_id == task_id).values(done))
    return task_id


DRY_RUN: Mapping[str, Any] = {
    "days": 90,
    "as_of_at": "2026-03-31T06:00:00+00:00",
    "card_count": 14,
    "flagged_count": 9,
    "active_count": 3,
    "company_count": 50,
}
"""What a check of a rule found."""

RULE: Mapping[str, Any] = {
    "rule_id": "many-tickets",
    "name": "Many tickets",
    "severity": "high",
    "is_notify": True,
    "when": {"all": [{"fact": "ticket_count", "op": ">=", "value": 5, "within_days": 30}]},
}
"""A rule as it is sent."""


def _plant_settings(engine: Engine, tenant_id: str, mark: str) -> str:
    rule = Rule.of({**RULE, "rule_id": f"planted-{len(mark)}", "name": f"Planted{mark}"})
    Rules(engine).save(tenant_id, rule, dry_run=DRY_RUN, author=f"ada{mark}")
    TriggerBook(tenant_id, lambda: writing(engine)).change(
        {(TriggerType.FRUSTRATED, "t_on"): 1.0}, preset=None, expected_version=0, author="ada", note=f"Why{mark}"
    )
    Budgets(engine, None).set(tenant_id, 10.0, author=f"ada{mark}")
    return rule.rule_id


def _plant_notifications(engine: Engine, tenant_id: str, mark: str) -> str:
    """A mention of the demo admin, a mail of it that is not out, a wish, and a Slack channel."""
    admin, now = f"demo|{tenant_id}|admin", datetime.now(UTC)
    about = About(
        company_id="1001", company_name=f"Acme{mark}", trigger_type="frustrated", severity=Severity.HIGH, priority=1.0
    )
    said = CardEvent(
        card_id=f"{mark[:20]}-card",
        seq=1,
        type=CardEventType.COMMENTED,
        actor=f"ada{mark}",
        status=CardStatus.NEW,
        payload={"mentions": [admin]},
        occurred_at=now,
    )
    # Whom the demo signs in as admin is here before they do.
    UserDirectory(engine).keep_demo_user(tenant_id, Role.ADMIN)
    plans = written(tenant_id, said, was_assigned_to=None, about=about, users=[admin])
    with writing(engine) as connection:
        [notification_id] = tell(connection, tenant_id, plans, now=now)
        late = {"error_message": f"The mail server said {mark}", "attempt_count": 1}
        mine = notification_delivery.c.tenant_id == tenant_id
        connection.execute(update(notification_delivery).where(mine).values(late))
    wish = Preference(is_in_app=True, is_email=False)
    NotificationBook(tenant_id, lambda: writing(engine)).prefer(admin, {NotificationKind.DIGEST: wish})
    slack = SlackChannel(url=SecretStr("http://127.0.0.1:1/planted"), name=f"#churn{mark}")
    ChannelBook(tenant_id, lambda: writing(engine), VAULT).change(
        weekly_budget=10, slack=slack, author=f"ada{mark}", expected_version=0
    )
    return notification_id


class Anything(dict[str, str]):
    """Values of path parameters; one that is not given names nothing there is."""

    def __missing__(self, key: str) -> str:
        return "no-such-thing"
