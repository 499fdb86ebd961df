"""Asks the analyzer that is set about every canary, anew each day, and keeps what it said."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from analysis.analyzer import Analyzer, Identity, PaidAnalyzer, Question, SentimentAnswer, Usage, call_key
from analysis.budget import Budget
from analysis.calls import Call, Ending, Outcome
from analysis.canaries.canary import Canary, load_canaries
from analysis.canaries.readings import CanaryReading, earlier, keep
from analysis.costs import Costs
from analysis.driver import Driver
from analysis.journal import Journal
from analysis.text import text_hash
from core.settings import AnalysisSettings
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

PAYER: Final = "(canaries)"
"""Stands in the journal where a tenant's slug would; no slug looks like it."""

_PATIENCE_SECONDS = 120.0
_TASK = AnalysisTask.SENTIMENT


@dataclass(frozen=True, slots=True)
class _Said:
    answer: SentimentAnswer | None
    usage: Usage
    reason: str | None = None


def read_canaries(
    *,
    warehouse: Warehouse,
    journal: Journal,
    analyzer: Analyzer,
    settings: AnalysisSettings,
    run_id: str,
    read_on: date,
    canaries: Sequence[Canary] | None = None,
    on_paid: Callable[[], None] = lambda: None,
) -> list[CanaryReading]:
    """Have every canary read, compare with the day before, and write `enrichment.canary_readings`.

    Args:
        warehouse: Where the readings are written.
        journal: Where paid answers are kept: a day's canaries are paid for once, the next day's anew.
        analyzer: Who reads; closed afterwards.
        settings: How many calls at once, how long one may take, what canaries may cost a month.
        run_id: Stands on every row.
        read_on: The day, which is part of what a call is known by.
        canaries: Which; all if not given.
        on_paid: Called after each paid call.

    Raises:
        ModelStopped, ModelUnavailable, JournalUnavailable, WarehouseBusy, WarehouseUnavailable: As `enrich`.
    """
    chosen = load_canaries() if canaries is None else tuple(canaries)
    identity = analyzer.identity(_TASK)
    keys = {one.name: call_key(f"{PAYER} {read_on}", identity, Question(_TASK, one.text)) for one in chosen}
    if isinstance(analyzer, PaidAnalyzer):
        said = asyncio.run(_paid(journal, analyzer, settings, run_id, chosen, keys, on_paid))
    else:
        said = asyncio.run(_here(analyzer, chosen))
    before = earlier(
        warehouse,
        analyzer=identity.kind.value,
        model=identity.model,
        prompt_version=identity.prompt_version,
        before_on=read_on,
    )
    now = datetime.now(UTC)
    readings = [
        _reading(one, said[one.name], identity, keys[one.name], before.get(one.name), run_id, read_on, now)
        for one in chosen
    ]
    keep(warehouse, readings)
    return readings


async def _paid(
    journal: Journal,
    analyzer: PaidAnalyzer,
    settings: AnalysisSettings,
    run_id: str,
    canaries: Sequence[Canary],
    keys: dict[str, str],
    on_paid: Callable[[], None],
) -> dict[str, _Said]:
    costs = Costs(journal, analyzer, settings.llm_assumed_usd_per_million)
    driver = Driver(
        journal=journal,
        analyzer=analyzer,
        run_id=run_id,
        max_concurrency=settings.llm_max_concurrency,
        lease_seconds=settings.llm_lease_seconds,
        patience_seconds=_PATIENCE_SECONDS,
        on_paid=on_paid,
        budget=Budget(costs, lambda _: settings.llm_canaries_monthly_budget_usd),
    )
    outcomes = await driver.answer_all([Call(keys[one.name], PAYER, Question(_TASK, one.text)) for one in canaries])
    said = {}
    for one in canaries:
        key = keys[one.name]
        deferred = driver.deferred.get(key)
        said[one.name] = _Said(None, Usage(), deferred.reason) if deferred else _understood(outcomes[key])
    return said


def _understood(outcome: Outcome) -> _Said:
    if outcome.ending is Ending.ANSWERED and isinstance(outcome.answer, SentimentAnswer):
        return _Said(outcome.answer, outcome.usage)
    return _Said(None, outcome.usage, outcome.reason or "No usable answer was to be had.")


async def _here(analyzer: Analyzer, canaries: Sequence[Canary]) -> dict[str, _Said]:
    said = {}
    for one in canaries:
        reading = await analyzer.sentiment(one.text)
        said[one.name] = _Said(reading.answer, reading.usage)
    await analyzer.close()
    return said


def _reading(
    canary: Canary,
    said: _Said,
    identity: Identity,
    key: str,
    before: tuple[str, str] | None,
    run_id: str,
    read_on: date,
    analyzed_at: datetime,
) -> CanaryReading:
    answer = said.answer
    given = (answer.sentiment.value, answer.churn_intent.value) if answer else None
    return CanaryReading(
        read_on=read_on,
        analyzer=identity.kind.value,
        model=identity.model,
        prompt_version=identity.prompt_version,
        canary=canary.name,
        kind=canary.kind.value,
        expected_sentiment=", ".join(canary.sentiment),
        expected_churn_intent=", ".join(canary.churn_intent),
        sentiment=given[0] if given else None,
        churn_intent=given[1] if given else None,
        reason=said.reason,
        is_right=answer is not None and canary.is_right(answer),
        is_known_weak=identity.kind in canary.weak,
        is_flipped=None if before is None or given is None else given != before,
        schema_hash=identity.schema_hash,
        input_hash=text_hash(canary.text),
        call_key=key,
        input_tokens=said.usage.input_tokens,
        output_tokens=said.usage.output_tokens,
        cost_usd=said.usage.cost_usd,
        latency_ms=said.usage.latency_ms,
        run_id=run_id,
        analyzed_at=analyzed_at,
    )
