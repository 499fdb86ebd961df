"""Budgets where Dagster meets them: what a run may spend, and whose months have no room left."""

from collections.abc import Sequence

from analysis import open_journal
from analysis.analyzer import Analyzer, PaidAnalyzer
from analysis.budget import Budget
from analysis.costs import Costs
from analysis.deferred import deferred_tickets
from analysis.journal import Journal
from core.installation import Installation
from core.tenants import TenantId


def budget_of(place: Installation, journal: Journal, analyzer: Analyzer) -> Budget | None:
    """What the tenants' readings may cost; limits are looked up again for every page, so that a raise is noticed.

    None for an analyzer that costs nothing.
    """
    if not isinstance(analyzer, PaidAnalyzer):
        return None
    costs = Costs(journal, analyzer, place.settings.analysis.llm_assumed_usd_per_million)
    return Budget(costs, place.budgets.monthly_usd)


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
