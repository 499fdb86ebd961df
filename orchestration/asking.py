"""Whoever is asked outside of reading, for one tenant: with the tenant's policy, the budget of its month, and the call journal."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from analysis import make_analyzer, open_journal
from analysis.topics.asking import Asker
from core.installation import Installation
from core.tenants import TenantId
from orchestration.budgets import budget_of
from orchestration.policies import reading_policies


@contextmanager
def asking(place: Installation, tenant: TenantId, on_answered: Callable[[], None] = lambda: None) -> Iterator[Asker]:
    """The analyzer that is set; `on_answered` is called after every answer."""
    chosen = place.settings
    journal = open_journal(chosen.stores.journal)
    try:
        policy = reading_policies(place, [tenant])[tenant]
        analyzer = make_analyzer(chosen.analysis)
        budget = budget_of(place, journal, analyzer)
        yield Asker(analyzer, journal, chosen.analysis, f"topics-{uuid.uuid4()}", policy, on_answered, budget)
    finally:
        journal.close()
