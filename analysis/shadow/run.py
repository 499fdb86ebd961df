"""Reads some months once more with a candidate, beside what is pinned, and writes nothing that anything is built on.

The calls go through the same journal under keys of their own, which are the keys they would have if the candidate were pinned: what
a shadow has paid for, nobody pays again after a promotion.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from analysis.analyzer import Analyzer
from analysis.budget import Budget
from analysis.enrichment import enrich
from analysis.erasure import Erased
from analysis.journal import Journal
from analysis.messages import Place
from analysis.planning import Job, Plan
from analysis.policy import ReadingPolicy
from analysis.progress import OnProgress
from analysis.report import EnrichmentReport
from analysis.shadow.candidate import Candidate
from analysis.shadow.destination import ShadowDestination
from analysis.shadow.estimate import Estimate, estimate
from analysis.shadow.tables import SHADOWS, ensure_shadow_tables
from analysis.tickets import Months
from core.settings import AnalysisSettings
from core.tenants import TenantId
from core.warehouse import Warehouse

TWICE_MOST = 200
"""Messages asked about a second time, at most: enough to tell 3 points of flips from 10."""


@dataclass(frozen=True)
class ShadowRun:
    """What one run did: the first answers, and the second ones where they were asked for."""

    shadow_id: str
    first: EnrichmentReport
    second: EnrichmentReport | None = None

    @property
    def reports(self) -> list[EnrichmentReport]:
        """Both, or the one."""
        return [self.first, *([self.second] if self.second else [])]


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """One candidate over some months of one tenant.

    Attributes:
        warehouse: Holds staging (read) and the shadow's tables (written).
        journal: Where paid calls are claimed and kept.
        analyzer: The candidate's.
        policy: How the tenant is read, the candidate's version of the prompt included.
        months: First day and first day after; None: all tickets.
        most: No more messages than so many, chosen by chance and always the same; None: all.
        erased: See `enrich`.
    """

    warehouse: Warehouse
    journal: Journal
    analyzer: Analyzer
    candidate: Candidate
    tenant_id: TenantId
    policy: ReadingPolicy
    months: Months | None
    most: int | None = None
    erased: Callable[[], Erased] = frozenset
    budget: Budget | None = None
    """What the tenant's reading may cost; None: any amount. What it has no room for is left out."""

    def estimate(self, *, is_twice: bool = False) -> list[Estimate]:
        """What `run` would ask and pay, the second answers apart.

        Raises:
            NothingStaged: The staging views are not built yet.
        """
        return [
            estimate(self._pages(into), self.journal, self.warehouse, self.candidate.identity, self.candidate.task)
            for into in self._parts(is_twice)
        ]

    def run(
        self,
        settings: AnalysisSettings,
        *,
        run_id: str,
        is_twice: bool = False,
        on_progress: OnProgress | None = None,
    ) -> ShadowRun:
        """Read.

        Args:
            settings: How many calls at once, and how long one may take.
            run_id: Stands on every row this run pays for.
            is_twice: Whether some messages are asked about a second time, in the same words.
            on_progress: Told how far each part is.

        Raises:
            NothingStaged, ModelStopped, ModelUnavailable, JournalUnavailable, WarehouseBusy, WarehouseUnavailable: As `enrich`.
        """
        self._note(run_id)
        reports = [
            enrich(
                warehouse=self.warehouse,
                journal=self.journal,
                analyzer=self.analyzer,
                tenant_ids=[self.tenant_id],
                months=self.months,
                run_id=run_id,
                max_concurrency=settings.llm_max_concurrency,
                lease_seconds=settings.llm_lease_seconds,
                on_progress=on_progress,
                erased=self.erased,
                policies={self.tenant_id: self._asked_with},
                into=into,
                budget=self.budget,
            )
            for into in self._parts(is_twice)
        ]
        return ShadowRun(self.candidate.shadow_id, *reports)

    @property
    def _asked_with(self) -> ReadingPolicy:
        versions = {**self.policy.prompt_versions, self.candidate.task: self.candidate.identity.prompt_version}
        return replace(self.policy, prompt_versions=versions)

    def _parts(self, is_twice: bool) -> list[ShadowDestination]:
        all_of_them = ShadowDestination(self.candidate)
        if self.most is None and not is_twice:
            return [all_of_them]
        places = self._places(all_of_them)
        first = ShadowDestination(self.candidate, only=None if self.most is None else frozenset(places[: self.most]))
        if not is_twice:
            return [first]
        again = frozenset(places[: min(TWICE_MOST, self.most or TWICE_MOST)])
        return [first, ShadowDestination(self.candidate, repeat_index=1, only=again)]

    def _places(self, into: ShadowDestination) -> list[Place]:
        """The messages that are asked about, in an order that says nothing of them and is always the same."""
        places = {job.message.place for page in self._pages(into) for job in page}
        return sorted(places, key=lambda place: hashlib.sha256("\0".join(place).encode()).digest())

    def _pages(self, into: ShadowDestination) -> Iterator[list[Job]]:
        plan = Plan(
            warehouse=self.warehouse,
            analyzer=self.analyzer,
            tenant_ids=[self.tenant_id],
            months=self.months,
            erased=self.erased,
            policies={self.tenant_id: self._asked_with},
            into=into,
        )
        plan.prepare()
        return plan.questions()

    def _note(self, run_id: str) -> None:
        ensure_shadow_tables(self.warehouse)
        one, pinned = self.candidate.identity, self.candidate.pinned
        row = {
            "tenant_id": self.tenant_id,
            "shadow_id": self.candidate.shadow_id,
            "task": self.candidate.task.value,
            "analyzer": one.kind.value,
            "model": one.model,
            "prompt_version": one.prompt_version,
            "pinned_analyzer": pinned.kind.value,
            "pinned_model": pinned.model,
            "pinned_prompt_version": pinned.prompt_version,
            "schema_hash": one.schema_hash,
            "run_id": run_id,
            "started_at": datetime.now(UTC),
        }
        self.warehouse.merge([(SHADOWS, [row])])
