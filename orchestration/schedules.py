"""When things run: a daily load of every cell, and sensors that start what follows a finished run."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg

from analysis import pending_months
from core.installation import Installation
from core.naming import ENRICHMENT, RAW_HUBSPOT
from core.tenants import Cell, cell
from orchestration.batches import batches_due
from orchestration.budgets import tenants_without_room
from orchestration.jobs import canaries, enrich, housekeeping, ingest, notify, transform
from orchestration.partitions import CELL_TAG, DRIVER_TAG, UNCHANGED_TAG, range_tags, register_cells
from orchestration.refetch import refetch

_UNFINISHED = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]

_HINT_SECONDS = 5
"""How often to look for hints: the time by which a change in HubSpot may be seen later than it could be."""

_BATCH_SECONDS = 300
"""How often to ask whether batches are over: most take minutes, and nobody waits for one."""

_JOBS_OF = {RAW_HUBSPOT: {ingest.name, refetch.name}, ENRICHMENT: {enrich.name}}


@dg.schedule(job=ingest, cron_schedule="0 3 * * *", execution_timezone="UTC")
def daily(context: dg.ScheduleEvaluationContext, place: dg.ResourceParam[Installation]) -> Iterator[dg.RunRequest]:
    """One `ingest` run per cell that is connected, every night; the sensors do the rest."""
    register_cells(context.instance, place.directory.cells())
    for of in place.directory.connected_cells():
        yield dg.RunRequest(
            run_key=f"{of}|{context.scheduled_execution_time:%Y-%m-%d}", partition_key=of, tags={CELL_TAG: of}
        )


@dg.schedule(job=canaries, cron_schedule="30 2 * * *", execution_timezone="UTC")
def daily_canaries(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The canaries, every night before anything is loaded: a model that changed is known before it reads tickets."""
    return dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}")


@dg.schedule(job=housekeeping, cron_schedule="30 1 * * *", execution_timezone="UTC")
def daily_housekeeping(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Every night before anything is loaded: what is kept no longer goes."""
    return dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}")


@dg.schedule(job=notify, cron_schedule="5 7 * * *", execution_timezone="UTC")
def daily_digests(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The digests, every morning when they are due; where `churnboard work` runs it was faster, and nothing is left to do."""
    return dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}")


@dg.sensor(job=refetch, minimum_interval_seconds=_HINT_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
def refetch_on_hint(
    context: dg.SensorEvaluationContext, place: dg.ResourceParam[Installation]
) -> list[dg.RunRequest] | dg.SkipReason:
    """One `refetch` run for each cell that webhooks speak of and that has none waiting: one run takes all there is."""
    due = place.webhooks.due_cells(datetime.now(UTC))
    if not due:
        return dg.SkipReason("no webhook has announced anything that is not handled yet")
    register_cells(context.instance, place.directory.cells())
    waiting = context.instance.get_runs(dg.RunsFilter(job_name=refetch.name, statuses=_UNFINISHED))
    spoken_for = {run.tags.get(CELL_TAG) for run in waiting}
    wanted = [dg.RunRequest(partition_key=of, tags={CELL_TAG: of}) for of in due if of not in spoken_for]
    return wanted or dg.SkipReason(f"runs that have not started yet will take it: {', '.join(due)}")


@dg.sensor(job=enrich, minimum_interval_seconds=_BATCH_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
def collect_batches(
    context: dg.SensorEvaluationContext, place: dg.ResourceParam[Installation]
) -> list[dg.RunRequest] | dg.SkipReason:
    """One `enrich` run for each cell whose batches are over at the provider: it brings them in and reads on in their months."""
    due = batches_due(place)
    if not due:
        return dg.SkipReason("no batch is over")
    register_cells(context.instance, place.directory.cells())
    busy = dg.RunsFilter(job_name=enrich.name, statuses=[*_UNFINISHED, dg.DagsterRunStatus.STARTED])
    spoken_for = {run.tags.get(CELL_TAG) for run in context.instance.get_runs(busy)}
    wanted = [dg.RunRequest(tags=range_tags(of, *days)) for of, days in due.items() if of not in spoken_for]
    return wanted or dg.SkipReason(f"runs that are under way or waiting will take them: {', '.join(due)}")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    request_job=enrich,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def read_after_load(
    context: dg.RunStatusSensorContext, place: dg.ResourceParam[Installation]
) -> dg.RunRequest | dg.SkipReason:
    """After a cell was loaded, by a job or by hand, read what is new in it."""
    run = context.dagster_run
    if not _touched(run, RAW_HUBSPOT):
        return dg.SkipReason("nothing was loaded")
    of = cell(run.tags["dagster/partition"])
    pending = _pending(place, of)
    if pending is None:
        return dg.SkipReason(f"nothing new to read in {of}")
    return dg.RunRequest(run_key=run.run_id, tags=range_tags(of, *pending))


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    request_job=transform,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def publish_after_change(
    context: dg.RunStatusSensorContext, place: dg.ResourceParam[Installation]
) -> dg.RunRequest | dg.SkipReason:
    """After tickets were read, or loaded with nothing new to read, rebuild and publish, unless such a run already waits."""
    run = context.dagster_run
    is_read, is_loaded = _touched(run, ENRICHMENT), _touched(run, RAW_HUBSPOT)
    if not is_read and not is_loaded:
        return dg.SkipReason("nothing was loaded or read")
    if is_loaded and _pending(place, cell(run.tags["dagster/partition"])):
        return dg.SkipReason("this load is to be read first")
    waiting = context.instance.get_run_records(dg.RunsFilter(job_name=transform.name, statuses=_UNFINISHED), limit=1)
    if waiting:
        return dg.SkipReason("a transform run that has not started yet will see this change too")
    return dg.RunRequest(run_key=run.run_id)


def _touched(run: dg.DagsterRun, group: str) -> bool:
    """Whether this run made assets of the group; not so one that found nothing new, or whose follow-ups are planned."""
    if any(tag.items() <= run.tags.items() for tag in (DRIVER_TAG, UNCHANGED_TAG)):
        return False
    if run.asset_selection:
        return any(key.path[0] == group for key in run.asset_selection)
    return run.job_name in _JOBS_OF[group]


def _pending(place: Installation, of: Cell) -> tuple[date, date] | None:
    tenants = [tenant.tenant_id for tenant in place.directory.tenants(of)]
    return pending_months(place.warehouse, tenants, tenants_without_room(place, tenants))
