"""What a promotion leads to: how much is read anew with the promoted version, and how much of that was paid before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from analysis.analyzer import Analyzer
from analysis.destination import Destination
from analysis.erasure import Erased
from analysis.journal import Journal
from analysis.planning import Plan
from analysis.policy import ReadingPolicy
from analysis.shadow.estimate import Estimate, estimate
from analysis.tickets import STAGED_TICKETS
from core.months import first_after
from core.naming import STAGING
from core.tenants import TenantId
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

_MONTHS: Final = f"""
select distinct cast(date_trunc('month', created_at) as date) as month_on from {STAGING}.{STAGED_TICKETS}
where tenant_id = :tenant_id and created_at is not null order by month_on
"""  # noqa: S608 - names of ours, values are bound


def read_anew(
    *,
    warehouse: Warehouse,
    journal: Journal,
    analyzer: Analyzer,
    tenant_id: TenantId,
    policy: ReadingPolicy,
    task: AnalysisTask,
    version: str,
    erased: Erased = frozenset(),
) -> Iterator[tuple[date, Estimate]]:
    """For each month of tickets, what one task would ask if this version were pinned; months that ask nothing are left out.

    Raises:
        NothingStaged: The staging views are not built yet.
        InvalidPrompt: The version cannot be used.
    """
    asked_with = replace(policy, prompt_versions={**policy.prompt_versions, task: version})
    identity = analyzer.identity(task, version)
    into = Destination((task,))
    into.ready(warehouse)
    for row in warehouse.rows(_MONTHS, tenant_id=tenant_id):
        first: date = row["month_on"]
        plan = Plan(
            warehouse=warehouse,
            analyzer=analyzer,
            tenant_ids=[tenant_id],
            months=(first, first_after(first)),
            erased=lambda: erased,
            policies={tenant_id: asked_with},
            into=into,
        )
        plan.prepare()
        found = estimate(plan.questions(), journal, warehouse, identity, task)
        if found.message_count:
            yield first, found
