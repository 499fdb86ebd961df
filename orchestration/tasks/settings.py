"""What the settings ask for: settings and rules tried out, the budget counted, the tenant deleted."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Protocol

from core.appdb.tasks import Task
from core.installation import Installation
from core.params import param
from core.rules import Rule
from core.vocabulary import TriggerType
from orchestration import deletion, rules
from orchestration.budgets import note_standing
from orchestration.instance import open_instance
from orchestration.prepared import try_settings

_MOST = 200
"""So many cards are kept of a result."""


class Report(Protocol):
    """See `orchestration.tasks.handlers.Report`."""

    def __call__(self, step: str, done_count: int | None = None, total_count: int | None = None) -> None:
        """Say how far it is."""


def try_triggers(place: Installation, task: Task, report: Report) -> Mapping[str, Any]:
    """The last 90 days under other trigger settings."""
    wanted = [
        f"{one['trigger_type']}.{one['name']}={_said(one)}"
        for one in task.arguments["values"]
        if one["value"] is not None
    ]
    taken_back = [
        (TriggerType(one["trigger_type"]), one["name"]) for one in task.arguments["values"] if one["value"] is None
    ]
    tried = try_settings(
        place,
        place.directory.tenant(task.tenant_id),
        wanted=wanted,
        preset=task.arguments["preset"] or "",
        taken_back=taken_back,
        on_step=lambda what, done, total: report(what.partition(":")[0], done, total or None),
    )
    told = tried.as_json()
    changes = [
        one | {"company_name": change.card.company_name}
        for one, change in zip(told["changes"][:_MOST], tried.changes, strict=False)
    ]
    return told | {"changes": changes, "change_count": len(told["changes"])}


def check_rule(place: Installation, task: Task, report: Report) -> Mapping[str, Any]:
    """Which cards a rule would have opened in the last 90 days."""
    report("replaying 90 days with the rule")
    found = rules.dry_run(place, place.directory.tenant(task.tenant_id), Rule.of(task.arguments["rule"]))
    cards = [
        {name: value if value is None or isinstance(value, str) else str(value) for name, value in asdict(one).items()}
        for one in reversed(found.cards)
    ]
    return {
        "dry_run": dict(found.as_json()),
        "cards": cards[:_MOST],
        "unknown_measures": list(found.unknown_measures),
        "is_flood": found.is_flood,
    }


def count_budget(place: Installation, task: Task, report: Report) -> Mapping[str, Any]:
    """How the tenant's month stands, and what is still to be read."""
    report("counting what was paid and what waits")
    standing = note_standing(place, place.directory.tenant(task.tenant_id).tenant_id, is_estimating=True)
    return {"measured_at": standing.measured_at.isoformat()}


def delete_tenant(place: Installation, task: Task, report: Report) -> Mapping[str, Any]:
    """Everything of the tenant; how it went stands on the receipt, which outlives this task."""
    receipt = place.deletions.find(task.arguments["receipt_id"])
    if receipt is None or receipt.done_at is not None:
        return {}
    instance = open_instance(place.settings.stores.data_dir)
    deletion.delete_tenant(place, instance, receipt, partial(_told, report))
    return {}


def _told(report: Report, step: str) -> None:
    report(step)


def _said(one: Mapping[str, Any]) -> str:
    return param(TriggerType(one["trigger_type"]), one["name"]).said(one["value"])
