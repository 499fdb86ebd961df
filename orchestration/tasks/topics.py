"""What is asked for on the topics page: look for topics, try a draft out, ship it, sort old tickets by it.

Where answers cost money and nobody has confirmed that, nobody is asked: the result is an estimate (`is_estimate`).
Results hold ids, labels and counts; the words stand in the published tickets.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from analysis.topics.changes import LabelChanges, changes_between
from analysis.topics.discovery.discover import asked_for, discover
from analysis.topics.preflight import Preflight, preflight
from analysis.topics.preview import Preview, prepared, previewed
from analysis.topics.shipping import ship
from analysis.topics.texts import first_ticket_day, ticket_count
from core.appdb.tasks import Task
from core.installation import Installation
from core.months import first_after, parse_month
from core.tenants import tenant_id
from core.topics import Edit
from core.topics.draft import DraftMoved, ShippedVersion
from core.vocabulary import TopicEditKind
from orchestration.asking import asking
from orchestration.build import build_definitions
from orchestration.instance import open_instance
from orchestration.refresh import publish_again
from orchestration.retag import retag

if TYPE_CHECKING:
    from orchestration.tasks.handlers import Report

_MOST_EXAMPLES: Final = 50
_SAMPLED: Final = 200


def topic_discovery(place: Installation, task: Task, report: "Report") -> dict[str, Any]:
    """Look for topics in the newest tickets; what is found stands under proposals."""
    tenant, chosen = tenant_id(task.tenant_id), task.arguments
    how = {"latest": chosen["latest"], "is_all": chosen["is_all"]}
    report("Looking at tickets")
    with asking(place, tenant, _counted(report, "Asking about tickets")) as asker:
        questions = asked_for(asker, place.warehouse, place.topics, tenant, **how)
        cost = preflight(asker, tenant, questions)
        if cost.unpaid_count and not chosen["is_confirmed"]:
            return _estimate(cost)
        found = discover(asker, place.warehouse, place.topics, place.proposals, tenant, **how)
    return {
        "is_estimate": False,
        "proposal_count": len(found.proposals),
        "looked_at_count": found.looked_at_count,
        "latest_count": found.latest_count,
    }


def topic_preview(place: Installation, task: Task, report: "Report") -> dict[str, Any]:
    """Sort the newest tickets by the draft, or the draft with one more edit, and compare; nothing is changed."""
    tenant, chosen = tenant_id(task.tenant_id), task.arguments
    _check_seq(place, task)
    trial = chosen["edit"]
    edit = Edit(TopicEditKind(trial["kind"]), trial["details"], task.asked_by) if trial else None
    report("Reading tickets")
    with asking(place, tenant) as looking:
        asked = prepared(looking, place.warehouse, place.topics, tenant, sample=chosen["sample"], edit=edit)
        cost = preflight(looking, tenant, asked.questions)
    if cost.unpaid_count and not chosen["is_confirmed"]:
        return _estimate(cost)
    with asking(place, tenant, _counted(report, "Sorting tickets", len(asked.questions))) as asker:
        return {"is_estimate": False, "is_paid": cost.is_paid} | _previewed(previewed(asker, tenant, asked))


def topic_shipping(place: Installation, task: Task, report: "Report") -> dict[str, Any]:
    """Put the draft in force, if with it every corrected ticket is read as people said."""
    tenant, chosen = tenant_id(task.tenant_id), task.arguments
    if (done := _shipped_before(place, task)) is not None:
        return {"version": done.version, "case_count": None, "dropped_count": None, "failures": []}
    _check_seq(place, task)
    total = len(place.topics.candidate(tenant).corrections)
    report("Asking about corrected tickets", 0, total)
    with asking(place, tenant, _counted(report, "Asking about corrected tickets", total)) as asker:
        trial, shipped = ship(asker, place.warehouse, place.topics, tenant, author=task.asked_by, note=chosen["note"])
    return {
        "version": shipped.version if shipped else None,
        "case_count": len(trial.cases),
        "dropped_count": trial.dropped_count,
        "failures": [
            {
                "correction_id": failed.case.correction_id,
                "ticket_id": failed.case.ticket_id,
                "expected": list(failed.case.expected) or ["none"],
                "given": None if failed.given is None else list(failed.given) or ["none"],
            }
            for failed in trial.failures
        ],
    }


def topic_retagging(place: Installation, task: Task, report: "Report") -> dict[str, Any]:
    """Sort the tickets of some months by the version in force, publish that, and count what became of their labels."""
    tenant, chosen = tenant_id(task.tenant_id), task.arguments
    last = parse_month(chosen["to_month"]) if chosen["to_month"] else place.as_of_at().date()
    first = parse_month(chosen["from_month"]) if chosen["from_month"] else first_ticket_day(place.warehouse, tenant)
    months = (first.replace(day=1), first_after(last))
    if not chosen["is_confirmed"]:
        report("Looking at tickets")
        with asking(place, tenant) as asker:
            sample = prepared(asker, place.warehouse, place.topics, tenant, sample=_SAMPLED)
            cost = preflight(asker, tenant, sample.questions)
        if cost.unpaid_count:
            return _estimate(cost, times=ticket_count(place.warehouse, tenant, months) / max(1, len(sample.questions)))
    versions = place.topics.versions(tenant)
    now, before = versions[-1], versions[-2] if len(versions) > 1 else versions[-1]
    definitions = build_definitions(resources={"place": place})
    instance = open_instance(place.settings.stores.data_dir)
    report("Sorting tickets")
    retag(definitions, instance, place.directory.tenant(tenant).cell, first, last, is_followed=False)
    found = changes_between(
        place.warehouse, tenant, (before.version, before.content), (now.version, now.content), months
    )
    report("Building cards and figures")
    publish_again(definitions, instance)
    span = {"from_month": _month(first), "to_month": _month(last)}
    return {"is_estimate": False, "before": before.version, "after": now.version} | span | _matrix(found)


def _check_seq(place: Installation, task: Task) -> None:
    """Make sure that the draft is what was looked at when the task was asked for.

    Raises:
        DraftMoved: It is not.
    """
    draft = place.topics.draft(task.tenant_id)
    if draft.seq != task.arguments["seq"]:
        raise DraftMoved(
            "Somebody changed the draft after this was asked for, so it was not done: look at the draft, and ask again.",
            draft,
        )


def _shipped_before(place: Installation, task: Task) -> ShippedVersion | None:
    """The version an earlier attempt at this task shipped before it was cut off."""
    draft = place.topics.draft(task.tenant_id)
    newest = draft.base
    is_mine = newest is not None and (newest.author, newest.note) == (task.asked_by, task.arguments["note"])
    is_next = draft.seq == task.arguments["seq"] + 1 and not draft.edits
    return newest if task.attempt > 1 and is_mine and is_next else None


def _counted(report: "Report", step: str, total: int | None = None) -> Callable[[], None]:
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        report(step, done, total)

    return told


def _estimate(cost: Preflight, times: float = 1.0) -> dict[str, Any]:
    return {
        "is_estimate": True,
        "is_paid": cost.is_paid,
        "call_count": round(cost.call_count * times),
        "unpaid_count": round(cost.unpaid_count * times),
        "cost_usd": cost.cost_usd * times,
    }


def _previewed(found: Preview) -> dict[str, Any]:
    return _matrix(found.changes) | {
        "covered_before": found.covered_before,
        "covered_after": found.covered_after,
        "unanswered_count": found.unanswered_count,
        "moved": [
            {"ticket_id": one.ticket_id, "before": list(one.before), "after": list(one.after)}
            for one in found.moved[:_MOST_EXAMPLES]
        ],
    }


def _matrix(changes: LabelChanges) -> dict[str, Any]:
    pairs: Sequence[tuple[tuple[str, str], int]] = sorted(changes.counts.items(), key=lambda one: (-one[1], one[0]))
    cells: list[Mapping[str, Any]] = [
        {"before": before, "after": after, "ticket_count": count} for (before, after), count in pairs
    ]
    return {"ticket_count": changes.ticket_count, "changed_count": changes.changed_count, "matrix": cells}


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
