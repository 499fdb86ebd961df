"""Budgets where Dagster meets them: what a run may spend, and whose months have no room left."""

from collections.abc import Sequence

from analysis import open_journal
from analysis.analyzer import PaidAnalyzer
from analysis.budget import Budget
from analysis.costs import Costs
from analysis.deferred import deferred_tickets
from analysis.journal import Journal
from core.installation import Installation
from core.tenants import TenantId


def budget_of(place: Installation, journal: Journal, analyzer: PaidAnalyzer) -> Budget:
    """What the tenants' readings may cost; limits are looked up again for every page, so that a raise is noticed."""
    costs = Costs(journal, analyzer, place.settings.analysis.llm_assumed_usd_per_million)
    return Budget(costs, place.budgets.monthly_usd)


def tenants_without_room(place: Installation, tenant_ids: Sequence[TenantId]) -> list[TenantId]:
    """Those of whom something waits, and whose month has no room even for the cheapest of it."""
    if place.settings.analysis.use_embedded:
        return []
    waiting = deferred_tickets(place.warehouse)
    without = []
    for tenant_id in tenant_ids:
        limit = place.budgets.monthly_usd(tenant_id)
        if tenant_id in waiting and limit is not None:
            taken = open_journal(place.settings.stores.journal).standing(tenant_id).taken_usd
            if taken + waiting[tenant_id].least_usd > limit:
                without.append(tenant_id)
    return without
