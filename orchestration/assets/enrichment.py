"""What the analyzers read out of tickets, by cell and month of the ticket."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import dagster as dg

from analysis import EnrichmentReport, Progress, ReadingPolicy, enrich, make_analyzer, open_journal
from analysis.analyzer import Analyzer, PaidAnalyzer
from analysis.batches import make_batching
from analysis.journal import Journal
from analysis.preflight import Estimate, preflight
from analysis.progress import OnProgress
from analysis.tickets import Months
from core.installation import Installation
from core.months import first_after
from core.naming import ENRICHMENT, STAGING
from core.tenants import TenantId
from orchestration.budgets import budget_of
from orchestration.erasure import erased_tickets
from orchestration.loading import sentences
from orchestration.partitions import CELL_MONTHS, cells_and_months
from orchestration.policies import keep_wordings, reading_policies, refused_prompts

READINGS = ("message_sentiment", "ticket_topics")
"""The asset keys; texts, quotes and dead letters are parts of the same reading and share the first (see transforms)."""

READING_DEPS = [
    dg.AssetKey([STAGING, one])
    for one in (
        "stg_hubspot__tickets",
        "stg_hubspot__emails",
        "stg_hubspot__ticket_emails",
        "stg_hubspot__contacts",
        "stg_hubspot__ticket_contacts",
        "stg_app__topic_versions",
        "stg_app__corrections",
    )
]
"""What is read, and sorted by."""


@dg.multi_asset(
    name="readings",
    partitions_def=CELL_MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    specs=[
        dg.AssetSpec([ENRICHMENT, table], group_name=ENRICHMENT, kinds={"llm"}, deps=READING_DEPS) for table in READINGS
    ],
)
def readings(
    context: dg.AssetExecutionContext,
    place: dg.ResourceParam[Installation],
    on_reading: dg.ResourceParam[OnProgress],
) -> Iterator[dg.MaterializeResult[None]]:
    """Tone of each message, topics of each opening, on tickets of these months; what was read the same way costs nothing."""
    analysis = place.settings.analysis
    reports: list[EnrichmentReport] = []
    estimates: list[Estimate] = []
    journal = open_journal(place.settings.stores.journal)
    refused: dict[str, str] = {}
    for of, months in cells_and_months(context.partition_keys).items():
        policies = reading_policies(place, [tenant.tenant_id for tenant in place.directory.tenants(of)])
        analyzer = make_analyzer(analysis)
        refused.update(refused_prompts(policies, analyzer))
        chosen = {one: policy for one, policy in policies.items() if one not in refused}
        keep_wordings(place, chosen, analyzer)
        span = (months[0], first_after(months[-1]))
        estimate, report = _read(context, place, journal, analyzer, chosen, span, on_reading)
        reports.append(report)
        estimates += [estimate] if estimate else []
    for table in READINGS:
        yield dg.MaterializeResult(asset_key=[ENRICHMENT, table], metadata=reading_metadata(reports, estimates))
    if refused:
        raise dg.Failure(description=sentences(refused))


def _read(
    context: dg.AssetExecutionContext,
    place: Installation,
    journal: Journal,
    analyzer: Analyzer,
    policies: Mapping[TenantId, ReadingPolicy],
    months: Months,
    on_reading: OnProgress,
) -> tuple[Estimate | None, EnrichmentReport]:
    """The tenants of one cell: what it will cost is said first, where it costs anything."""
    analysis, tenant_ids = place.settings.analysis, list(policies)
    erased = partial(erased_tickets, place, tenant_ids)
    estimate = None
    if isinstance(analyzer, PaidAnalyzer):
        estimate = preflight(
            warehouse=place.warehouse,
            journal=journal,
            analyzer=analyzer,
            tenant_ids=tenant_ids,
            months=months,
            assumed_usd_per_million=analysis.llm_assumed_usd_per_million,
            erased=erased,
            policies=policies,
        )
        context.log.info(estimate.sentence)
    report = enrich(
        warehouse=place.warehouse,
        journal=journal,
        analyzer=analyzer,
        tenant_ids=tenant_ids,
        months=months,
        run_id=context.run.run_id,
        max_concurrency=analysis.llm_max_concurrency,
        lease_seconds=analysis.llm_lease_seconds,
        on_progress=Every(100, context, on_reading),
        erased=erased,
        policies=policies,
        batching=make_batching(analysis),
        budget=budget_of(place, journal, analyzer),
        calls_expected=estimate.call_count if estimate else None,
    )
    if report.batches_waiting:
        context.log.info(f"{report.waiting:,} readings wait. {report.batches_waiting}")
    if report.deferred:
        context.log.warning(f"{report.deferred:,} readings wait for room in a budget: `churnboard budget show`.")
    return estimate, report


class Every:
    """Logs progress each time this many more messages are done, and passes it on; a line a message would drown the run's log."""

    def __init__(self, messages: int, context: dg.AssetExecutionContext, also: OnProgress = lambda _: None) -> None:
        self._step, self._context, self._also, self._next = messages, context, also, 0

    def __call__(self, progress: Progress) -> None:
        """Told after every page and every paid call."""
        self._also(progress)
        done = max(progress.messages_done, progress.calls_paid)
        if done >= self._next:
            self._next = done + self._step
            self._context.log.info(progress.sentence)


def reading_metadata(
    reports: list[EnrichmentReport], estimates: Sequence[Estimate] = ()
) -> dict[str, dg.MetadataValue]:
    """What some runs did, for the Dagster UI."""
    read, calls = sum(report.read for report in reports), sum(report.calls_paid for report in reports)
    cost, seconds = (sum((getattr(one, of) for one in reports), 0.0) for of in ("cost_usd", "duration_seconds"))
    sent, received = (sum(getattr(one, f"{way}_tokens") for one in reports) for way in ("input", "output"))
    told: dict[str, dg.MetadataValue] = {
        "messages": dg.MetadataValue.int(sum(report.messages_seen for report in reports)),
        "read": dg.MetadataValue.int(read),
        "reused": dg.MetadataValue.int(sum(report.reused for report in reports)),
        "paid_calls": dg.MetadataValue.int(calls),
        "tokens": dg.MetadataValue.int(sent + received),
        "input_tokens": dg.MetadataValue.int(sent),
        "output_tokens": dg.MetadataValue.int(received),
        "cost_usd": dg.MetadataValue.float(cost),
        "cost_usd_per_1000": dg.MetadataValue.float(1000 * cost / read if read else 0.0),
        "batched_calls": dg.MetadataValue.int(sum(report.batched_calls for report in reports)),
        "batched_cost_usd": dg.MetadataValue.float(sum((report.batched_cost_usd for report in reports), 0.0)),
        "waiting": dg.MetadataValue.int(sum(report.waiting for report in reports)),
        "batches": dg.MetadataValue.text(
            " ".join(report.batches_waiting for report in reports if report.batches_waiting)
            or "No batch is at the provider."
        ),
        "dead_letters": dg.MetadataValue.int(sum(report.dead_letters for report in reports)),
        "deferred": dg.MetadataValue.int(sum(report.deferred for report in reports)),
        "failed": dg.MetadataValue.int(sum(report.failed for report in reports)),
        "duration_seconds": dg.MetadataValue.float(seconds),
        "read_per_second": dg.MetadataValue.float(read / seconds if seconds else 0.0),
    }
    if estimates:
        told["estimated_cost_usd"] = dg.MetadataValue.float(sum((one.cost_usd for one in estimates), 0.0))
        told["estimated_calls"] = dg.MetadataValue.int(sum(one.call_count for one in estimates))
    return told
