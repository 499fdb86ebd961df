"""From an installation to a shadow run and its report: who is tried out, against whom, and what that would do to the cards."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from analysis import make_analyzer, open_journal
from analysis.measures import Share
from analysis.shadow.candidate import Candidate, NothingToCompare, UnknownShadow
from analysis.shadow.cards import Card, CardChanges, cards_from, compare_cards
from analysis.shadow.corrected import Corrected, passed
from analysis.shadow.estimate import Estimate
from analysis.shadow.pairs import Pairs, Unit, load_pairs
from analysis.shadow.promotion import read_anew
from analysis.shadow.report import ShadowReport, make_report
from analysis.shadow.run import Shadow
from analysis.shadow.tables import (
    SHADOW_EVIDENCE,
    SHADOW_SENTIMENT,
    SHADOW_TOPICS,
    SHADOWS,
)
from analysis.tables import DEAD_LETTERS, MESSAGE_EVIDENCE, MESSAGE_SENTIMENT, TICKET_TOPICS
from analysis.tickets import Months
from core.appdb.directory import Tenant
from core.installation import Installation
from core.naming import MARTS
from core.settings import AnalysisSettings
from core.tenants import TenantId
from core.topics import NO_TOPIC
from core.vocabulary import AnalysisTask, AnalyzerKind, CorrectedField
from core.warehouse import TableSpec, Warehouse
from core.warehouse.base import Row
from orchestration.budgets import budget_of
from orchestration.erasure import erased_tickets
from orchestration.policies import reading_policies
from orchestration.scratch import Scratch, scratch_copy

EMBEDDED = "embedded"
"""Stands for the embedded analyzer where a model is named."""


def make_shadow(
    place: Installation,
    tenant: Tenant,
    task: AnalysisTask,
    *,
    version: str = "",
    model: str = "",
    months: Months | None = None,
    most: int | None = None,
) -> Shadow:
    """A candidate beside what the tenant is read with.

    Args:
        place: The installation.
        tenant: Whose tickets.
        task: What is asked.
        version: The prompt's; empty: the pinned one.
        model: As the model server spells it, or `embedded`; empty: the one that is set.
        months: First day and first day after; None: all tickets.
        most: No more messages than so many; None: all.

    Raises:
        NothingToCompare: The candidate is what reads already.
        InvalidPrompt: There is no such version, or it cannot be used.
        AnalyzerNotConfigured: The model cannot be reached with the settings.
    """
    settings = place.settings.analysis
    policy = reading_policies(place, [tenant.tenant_id])[tenant.tenant_id]
    pinned_version = policy.prompt_version(task)
    analyzer = make_analyzer(_with_model(settings, model))
    candidate = Candidate(
        task,
        identity=analyzer.identity(task, version or pinned_version),
        pinned=make_analyzer(settings).identity(task, pinned_version),
    )
    if candidate.identity == candidate.pinned:
        raise NothingToCompare(_nothing(tenant.tenant_id, candidate))
    journal = open_journal(place.settings.stores.journal)
    return Shadow(
        warehouse=place.warehouse,
        journal=journal,
        analyzer=analyzer,
        candidate=candidate,
        tenant_id=tenant.tenant_id,
        policy=policy,
        months=months,
        most=most,
        erased=partial(erased_tickets, place, [tenant.tenant_id]),
        budget=budget_of(place, journal, analyzer),
    )


def report_shadow(place: Installation, tenant: Tenant, shadow_id: str = "", *, has_cards: bool = True) -> ShadowReport:
    """What a shadow says so far; the newest of the tenant unless one is named.

    Args:
        place: The installation.
        tenant: Whose.
        shadow_id: Which.
        has_cards: Whether the cards are built with and without the candidate's readings, which takes a minute.

    Raises:
        UnknownShadow: There is none.
        TransformFailed: The cards could not be built.
    """
    row = find_shadow(place.warehouse, tenant.tenant_id, shadow_id)
    with place.warehouse.snapshot() as snapshot:
        pairs = load_pairs(snapshot, tenant.tenant_id, row["shadow_id"], AnalysisTask(row["task"]))
    return make_report(
        row,
        pairs,
        cards=_cards(place, tenant, row, pairs) if has_cards and pairs.compared else None,
        corrections=_corrections(place, tenant.tenant_id, AnalysisTask(row["task"]), pairs),
    )


def _corrections(place: Installation, of: TenantId, task: AnalysisTask, pairs: Pairs) -> tuple[Share, Share] | None:
    standing = place.corrections.standing(of, *(one for one in CorrectedField if one.task is task))
    is_sorted = task is AnalysisTask.TOPICS
    cases = [
        Corrected(one.ticket_id, "all_topics" if is_sorted else one.field.value, tuple(set(one.after) - {NO_TOPIC}))
        for one in standing
    ]
    return passed(task, cases, pairs.compared)


def find_shadows(warehouse: Warehouse, tenant_id: str) -> list[dict[str, Any]]:
    """A tenant's rows of `enrichment.shadows`, the one that ran last first."""
    with warehouse.snapshot() as snapshot:
        if not snapshot.has_table(SHADOWS.schema, SHADOWS.name):
            return []
        sql = f"select * from {SHADOWS.qualified} where tenant_id = :tenant_id order by started_at desc"  # noqa: S608
        return snapshot.rows(sql, tenant_id=tenant_id)


def find_shadow(warehouse: Warehouse, tenant_id: str, shadow_id: str = "") -> dict[str, Any]:
    """One of them; the first unless it is named.

    Raises:
        UnknownShadow: There is none.
    """
    rows = find_shadows(warehouse, tenant_id)
    chosen = [row for row in rows if shadow_id in {"", row["shadow_id"]}]
    if not chosen:
        raise UnknownShadow(
            f"{tenant_id} has no shadow{f' {shadow_id}' if shadow_id else ''}: known are "
            f"{', '.join(row['shadow_id'] for row in rows) or 'none'}. `churnboard prompts shadow` makes one."
        )
    return chosen[0]


def after_promotion(
    place: Installation, tenant: Tenant, task: AnalysisTask, version: str
) -> list[tuple[date, Estimate]]:
    """What a tenant's months would be asked anew with this version of a prompt, and what that costs.

    Raises:
        NothingStaged: The staging views are not built yet.
        InvalidPrompt: The version cannot be used.
    """
    months = read_anew(
        warehouse=place.warehouse,
        journal=open_journal(place.settings.stores.journal),
        analyzer=make_analyzer(place.settings.analysis),
        tenant_id=tenant.tenant_id,
        policy=reading_policies(place, [tenant.tenant_id])[tenant.tenant_id],
        task=task,
        version=version,
        erased=erased_tickets(place, [tenant.tenant_id]),
    )
    return list(months)


def _cards(place: Installation, tenant: Tenant, shadow: Mapping[str, Any], pairs: Pairs) -> CardChanges:
    with scratch_copy(place, tenant.tenant_id, purpose="shadow") as scratch:
        pinned = _built_cards(scratch)
        _put_in(place, scratch, shadow, list(pairs.compared))
        return compare_cards(pinned, _built_cards(scratch))


def _built_cards(scratch: Scratch) -> list[Card]:
    scratch.build("+churn_risk_cards +card_evidence")
    with scratch.snapshot() as snapshot:
        return cards_from(
            snapshot.rows(f"select * from {MARTS}.churn_risk_cards"),  # noqa: S608 - names of ours
            snapshot.rows(f"select * from {MARTS}.card_evidence"),  # noqa: S608 - names of ours
        )


def _put_in(place: Installation, scratch: Scratch, shadow: Mapping[str, Any], units: Sequence[Unit]) -> None:
    """Put the candidate's readings of these units into a scratch copy, in place of the pinned ones."""
    task = AnalysisTask(shadow["task"])
    compared = set(units)
    replaced: dict[TableSpec, TableSpec | None] = {TICKET_TOPICS: SHADOW_TOPICS}
    columns: tuple[str, ...] = ("ticket_id",)
    if task is AnalysisTask.SENTIMENT:
        replaced = {MESSAGE_SENTIMENT: SHADOW_SENTIMENT, MESSAGE_EVIDENCE: SHADOW_EVIDENCE, DEAD_LETTERS: None}
        columns = ("ticket_id", "message_id")
    for spec, source in replaced.items():
        rows: list[Row] = []
        if source is not None:
            found = place.warehouse.rows(
                f"select * from {source.qualified} where tenant_id = :tenant_id and shadow_id = :id and repeat_index = 0",  # noqa: S608
                tenant_id=shadow["tenant_id"],
                id=shadow["shadow_id"],
            )
            rows = [row for row in found if (row["ticket_id"], row.get("message_id") or "") in compared]
        scratch.replace(spec, columns, [unit[: len(columns)] for unit in units], rows)


def _with_model(settings: AnalysisSettings, model: str) -> AnalysisSettings:
    if not model:
        return settings
    if model == EMBEDDED:
        return settings.model_copy(update={"analyzer": AnalyzerKind.EMBEDDED.value})
    return settings.model_copy(update={"analyzer": AnalyzerKind.OPENAI_COMPATIBLE.value, "llm_model": model})


def _nothing(tenant_id: str, candidate: Candidate) -> str:
    if candidate.pinned.kind is AnalyzerKind.EMBEDDED:
        return (
            f"The embedded analyzer reads {tenant_id} now, and its rules are no prompt: another version changes nothing. "
            f"Give --model to try a model beside it; LLM_BASE_URL and LLM_API_KEY say where it is."
        )
    return (
        f"{tenant_id} is read by {candidate.pinned.model} with {candidate.task}/{candidate.pinned.prompt_version} already: give "
        f"another --version (`churnboard prompts list {candidate.task}`), another --model, or both."
    )
