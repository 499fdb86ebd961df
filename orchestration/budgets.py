"""Budgets where Dagster meets them: what a run may spend, and whose months have no room left."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from analysis import make_analyzer, open_journal
from analysis.analyzer import Analyzer, PaidAnalyzer
from analysis.budget import Budget
from analysis.costs import Costs
from analysis.deferred import deferred_tickets
from analysis.journal import Journal
from analysis.preflight import PayerEstimate, preflight
from core.appdb.budgets import StandingNote
from core.installation import Installation
from core.tenants import TenantId
from orchestration.erasure import erased_tickets
from orchestration.policies import reading_policies


def budget_of(place: Installation, journal: Journal, analyzer: Analyzer) -> Budget | None:
    """What the tenants' readings may cost; limits are looked up again for every page, so that a raise is noticed.

    None for an analyzer that costs nothing.
    """
    if not isinstance(analyzer, PaidAnalyzer):
        return None
    costs = Costs(journal, analyzer, place.settings.analysis.llm_assumed_usd_per_million)
    return Budget(costs, place.budgets.monthly_usd)


def note_standing(place: Installation, tenant_id: TenantId, *, is_estimating: bool) -> StandingNote:
    """Look how a tenant's month stands, and keep it for whoever asks the API.

    Args:
        place: The installation.
        tenant_id: Whose.
        is_estimating: Whether to plan what is still to be read, which takes a look at every ticket; otherwise what was estimated
            last is kept no longer.

    Raises:
        WarehouseBusy, WarehouseUnavailable: The warehouse cannot be read.
        JournalUnavailable: The call journal cannot be read.
    """
    analysis = place.settings.analysis
    journal = open_journal(place.settings.stores.journal)
    standing, waiting = journal.standing(tenant_id), deferred_tickets(place.warehouse).get(tenant_id)
    analyzer = make_analyzer(analysis)
    to_pay: PayerEstimate | None = None
    if is_estimating and isinstance(analyzer, PaidAnalyzer):
        found = preflight(
            warehouse=place.warehouse,
            journal=journal,
            analyzer=analyzer,
            tenant_ids=[tenant_id],
            months=None,
            assumed_usd_per_million=analysis.llm_assumed_usd_per_million,
            erased=partial(erased_tickets, place, [tenant_id]),
            policies=reading_policies(place, [tenant_id]),
        )
        to_pay = found.payers.get(tenant_id, PayerEstimate())
    journal.close()
    note = StandingNote(
        tenant_id=tenant_id,
        month=standing.month,
        spent_usd=standing.spent_usd,
        reserved_usd=standing.reserved_usd,
        deferred_count=waiting.ticket_count if waiting else 0,
        deferred_usd=waiting.estimated_usd if waiting else 0.0,
        unread_count=to_pay.call_count if to_pay else None,
        unread_usd=to_pay.cost_usd if to_pay else None,
        is_paid=isinstance(analyzer, PaidAnalyzer),
        measured_at=datetime.now(UTC),
    )
    place.budgets.note(note)
    return note


def tenants_without_room(place: Installation, tenant_ids: Sequence[TenantId]) -> list[TenantId]:
    """Those of whom something waits, and whose month has no room even for the cheapest of it."""
    if place.settings.analysis.use_embedded:
        return []
    waiting = deferred_tickets(place.warehouse)
    if not waiting:
        return []
    journal = open_journal(place.settings.stores.journal)
    limits = {one: place.budgets.monthly_usd(one) for one in tenant_ids if one in waiting}
    return [
        one
        for one, limit in limits.items()
        if limit is not None and journal.standing(one).taken_usd + waiting[one].least_usd > limit
    ]
