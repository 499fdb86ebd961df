"""What the analyzers read out of tickets, by cell and month of the ticket."""

from collections.abc import Iterator
from functools import partial

import dagster as dg

from analysis import EnrichmentReport, Progress, enrich, make_analyzer, open_journal
from analysis.batches import make_batching
from core.installation import Installation
from core.naming import ENRICHMENT, STAGING
from orchestration.erasure import erased_tickets
from orchestration.loading import sentences
from orchestration.partitions import CELL_MONTHS, cells_and_months, first_after
from orchestration.policies import reading_policies, refused_prompts

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
        "stg_app__topics",
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
    context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation]
) -> Iterator[dg.MaterializeResult[None]]:
    """Tone of each message, topics of each opening, on tickets of these months; what was read the same way costs nothing."""
    analysis = place.settings.analysis
    reports: list[EnrichmentReport] = []
    journal = open_journal(place.settings.stores.journal)
    refused: dict[str, str] = {}
    for of, months in cells_and_months(context.partition_keys).items():
        policies = reading_policies(place, [tenant.tenant_id for tenant in place.directory.tenants(of)])
        analyzer = make_analyzer(analysis)
        refused.update(refused_prompts(policies, analyzer))
        tenant_ids = [one for one in policies if one not in refused]
        reports.append(
            enrich(
                warehouse=place.warehouse,
                journal=journal,
                analyzer=analyzer,
                tenant_ids=tenant_ids,
                months=(months[0], first_after(months[-1])),
                run_id=context.run.run_id,
                max_concurrency=analysis.llm_max_concurrency,
                lease_seconds=analysis.llm_lease_seconds,
                on_progress=Every(100, context),
                erased=partial(erased_tickets, place, tenant_ids),
                policies=policies,
                batching=make_batching(analysis),
            )
        )
        if reports[-1].batches_waiting:
            context.log.info(f"{reports[-1].waiting:,} readings wait. {reports[-1].batches_waiting}")
    for table in READINGS:
        yield dg.MaterializeResult(asset_key=[ENRICHMENT, table], metadata=reading_metadata(reports))
    if refused:
        raise dg.Failure(description=sentences(refused))


class Every:
    """Logs progress each time this many more messages are done; a line a message would drown the run's log."""

    def __init__(self, messages: int, context: dg.AssetExecutionContext) -> None:
        self._step, self._context, self._next = messages, context, 0

    def __call__(self, progress: Progress) -> None:
        """Told after every page and every paid call."""
        if progress.messages_done >= self._next:
            self._next = progress.messages_done + self._step
            self._context.log.info(
                f"{progress.messages_done:,} of {progress.messages_total:,} messages, {progress.calls_paid:,} paid calls"
            )


def reading_metadata(reports: list[EnrichmentReport]) -> dict[str, dg.MetadataValue]:
    """What some runs did, for the Dagster UI."""
    tasks = [task for report in reports for task in report.tasks.values()]
    return {
        "messages": dg.MetadataValue.int(sum(report.messages_seen for report in reports)),
        "read": dg.MetadataValue.int(sum(report.read for report in reports)),
        "reused": dg.MetadataValue.int(sum(report.reused for report in reports)),
        "paid_calls": dg.MetadataValue.int(sum(report.calls_paid for report in reports)),
        "tokens": dg.MetadataValue.int(sum(task.input_tokens + task.output_tokens for task in tasks)),
        "cost_usd": dg.MetadataValue.float(sum(report.cost_usd for report in reports)),
        "batched_calls": dg.MetadataValue.int(sum(report.batched_calls for report in reports)),
        "batched_cost_usd": dg.MetadataValue.float(sum(report.batched_cost_usd for report in reports)),
        "waiting": dg.MetadataValue.int(sum(report.waiting for report in reports)),
        "batches": dg.MetadataValue.text(
            " ".join(report.batches_waiting for report in reports if report.batches_waiting)
            or "No batch is at the provider."
        ),
        "dead_letters": dg.MetadataValue.int(sum(report.dead_letters for report in reports)),
    }
