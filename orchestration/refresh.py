"""Everything at once, in order, in this process: each cell's `ingest` and `enrich`, then one `transform`.

The runs are ordinary runs of the ordinary jobs on the instance, so the Dagster UI shows each of them. A large installation does
not use this: there the schedule starts one `ingest` run a cell and the sensors start what follows (see `schedules`).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import dagster as dg

from analysis import pending_months
from core.errors import Terminal
from core.installation import Installation
from core.tenants import Cell
from orchestration.budgets import tenants_without_room
from orchestration.jobs import DECIDED, RAW, STAGED
from orchestration.partitions import CELL_TAG, DRIVER_TAG, UNCHANGED_TAG, range_tags, register_cells


class NothingToRefresh(Terminal):
    """There is no tenant yet."""


class RefreshFailed(Terminal):
    """At least one run failed.

    Attributes:
        failures: By the title of its step, why each did.
    """

    def __init__(self, message: str, failures: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.failures = failures or {}


class StepKind(StrEnum):
    """What a step of a refresh does."""

    LOAD = "load"
    STAGE = "stage"
    READ = "read"
    CARDS = "cards"


@dataclass(frozen=True)
class Step:
    """One run that is about to start, for whoever shows progress."""

    kind: StepKind
    title: str
    number: int
    count: int


def refresh(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    place: Installation,
    *,
    of: Sequence[Cell] | None = None,
    on_step: Callable[[Step], None] = lambda _: None,
    is_quiet: bool = False,
    is_full: bool = False,
) -> None:
    """Load, read, transform and publish every tenant; a cell that fails does not stop the others.

    Args:
        definitions: Jobs and assets.
        instance: Keeps the runs.
        place: The installation.
        of: Only these cells are loaded and read; None: all with a tenant whose HubSpot is connected.
        on_step: Told of each run before it starts; what it raises stops the refresh.
        is_quiet: Whether runs say nothing on the console.
        is_full: Whether every day of every company is scored anew.

    Raises:
        NothingToRefresh: No tenant is registered, or none is connected.
        RefreshFailed: After everything else was done: which runs failed and with what sentence.
    """
    every = place.directory.cells()
    cells = place.directory.connected_cells() if of is None else of
    if not every:
        raise NothingToRefresh(
            "There is no tenant to refresh: add one with `churnboard tenants add`, or run `make demo`."
        )
    if not cells:
        raise NothingToRefresh(
            "No tenant's HubSpot is connected: connect it on the board, or with `churnboard tenants add`."
        )
    register_cells(instance, every)
    failures: dict[str, str] = {}
    for step, job, options in _plan(definitions, place, cells, failures, is_full=is_full):
        on_step(step)
        config = (_LOGGING if is_quiet else {}) | options.pop("run_config", {})
        run = _executed(definitions, instance, job, run_config=config or None, **options)
        if not run.success:
            failures[step.title] = _why(run.all_events)
    if failures:
        raise RefreshFailed("; ".join(f"{title}: {why}" for title, why in failures.items()), failures)


def follow(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    place: Installation,
    of: Sequence[Cell],
    *,
    on_step: Callable[[Step], None] = lambda _: None,
) -> bool:
    """Read what webhooks say has changed in these cells, and publish what comes of it; whether anything did.

    The same runs as the sensors would start, one after another in this process, where nothing has to be imported first.

    Raises:
        RefreshFailed: After everything else was done: which runs failed and with what sentence.
    """
    register_cells(instance, place.directory.cells())
    failures: dict[str, str] = {}
    changed: list[Cell] = []

    def ran(step: Step, job: str, **options: Any) -> bool:
        on_step(step)
        run = _executed(definitions, instance, job, run_config=_LOGGING, **options)
        if not run.success:
            failures[step.title] = _why(run.all_events)
            return False
        return not UNCHANGED_TAG.items() <= (instance.get_run_by_id(run.run_id) or run.dagster_run).tags.items()

    count = 2 * len(of) + 1
    for number, cell in enumerate(of, start=1):
        step = Step(StepKind.LOAD, f"load {cell}", number, count)
        if ran(step, "refetch", partition_key=cell, tags={CELL_TAG: cell, **DRIVER_TAG}):
            changed.append(cell)
    for number, cell in enumerate(changed, start=len(of) + 1):
        if pending := _pending(place, cell):
            ran(
                Step(StepKind.READ, f"read {cell}", number, count),
                "enrich",
                tags=range_tags(cell, *pending) | DRIVER_TAG,
            )
    if changed:
        ran(Step(StepKind.CARDS, "cards", count, count), "transform", tags=dict(DRIVER_TAG))
    if failures:
        raise RefreshFailed("; ".join(f"{title}: {why}" for title, why in failures.items()), failures)
    return bool(changed)


def load(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    of: Cell,
    *,
    is_sweeping: bool = False,
    allowed_deletions: Sequence[str] = (),
    only: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> None:
    """One `ingest` run of one cell, in this process, with what a person asks of it; what follows a load is left to sensors.

    Raises:
        RefreshFailed: With the sentence.
    """
    instance.add_dynamic_partitions("cell", [of])
    config = {
        "is_sweeping": is_sweeping,
        "allowed_deletions": list(allowed_deletions),
        "only": {tenant: {kind: list(ids) for kind, ids in kinds.items()} for tenant, kinds in (only or {}).items()},
    }
    _run(
        definitions,
        instance,
        "ingest",
        run_config={"ops": {"hubspot": {"config": config}}, **_LOGGING},
        partition_key=of,
        asset_selection=sorted(RAW.resolve(definitions.resolve_asset_graph())),
        tags={CELL_TAG: of},
    )


def load_decisions(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """One `ingest` run of what people decided, and of the staging models over it, in this process; HubSpot is not asked.

    Raises:
        RefreshFailed: With the sentence.
    """
    graph = definitions.resolve_asset_graph()
    chosen = sorted((DECIDED | STAGED).resolve(graph))
    _run(definitions, instance, "ingest", run_config=_LOGGING, asset_selection=chosen, tags=dict(DRIVER_TAG))


def read_again(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    of: Cell,
    first: date,
    last: date,
    *,
    is_followed: bool = True,
) -> None:
    """One `enrich` run of one cell over the months of these days, in this process; what is read already costs nothing.

    Args:
        definitions: All of ours.
        instance: Where the run is kept.
        of: The cell.
        first: A day of the first month.
        last: A day of the last.
        is_followed: Whether the sensors, where they run, transform afterwards; whoever does so himself says no.

    Raises:
        RefreshFailed: With the sentence.
    """
    instance.add_dynamic_partitions("cell", [of])
    tags = range_tags(of, first, last) | ({} if is_followed else DRIVER_TAG)
    _run(definitions, instance, "enrich", run_config=_LOGGING, tags=tags)


def publish_again(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """One `transform` run of every tenant, audited and published, in this process.

    Raises:
        RefreshFailed: With the sentence.
    """
    _run(definitions, instance, "transform", run_config=_LOGGING, tags=dict(DRIVER_TAG))


def _run(definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, **options: Any) -> None:
    run = _executed(definitions, instance, job, **options)
    if not run.success:
        raise RefreshFailed(_why(run.all_events))


def _executed(
    definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, **options: Any
) -> dg.ExecuteInProcessResult:
    """Run a job to its end in this process, whether it succeeds or fails.

    Raises:
        KeyboardInterrupt: Somebody interrupted it, which Dagster tells as if the run had failed by itself.
    """
    run = definitions.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **options)
    if any(_is_interruption(event) for event in run.all_events):
        raise KeyboardInterrupt
    return run


def _is_interruption(event: dg.DagsterEvent) -> bool:
    if event.event_type is dg.DagsterEventType.RUN_CANCELED:
        return True
    error = event.step_failure_data.error if event.is_step_failure else None
    return error is not None and error.cls_name in {dg.DagsterExecutionInterruptedError.__name__, "KeyboardInterrupt"}


def _plan(
    definitions: dg.Definitions,
    place: Installation,
    cells: Sequence[Cell],
    failures: Mapping[str, str],
    *,
    is_full: bool,
) -> Iterator[tuple[Step, str, dict[str, Any]]]:
    graph = definitions.resolve_asset_graph()
    raw, staged = (sorted(selection.resolve(graph)) for selection in (RAW, STAGED))
    count = 2 * len(cells) + 2
    for number, of in enumerate(cells, start=1):
        options = {"partition_key": of, "asset_selection": raw, "tags": {CELL_TAG: of, **DRIVER_TAG}}
        yield Step(StepKind.LOAD, f"load {of}", number, count), "ingest", options
    if len(failures) == len(cells):
        return
    yield (
        Step(StepKind.STAGE, "stage", len(cells) + 1, count),
        "ingest",
        {"asset_selection": staged, "tags": dict(DRIVER_TAG)},
    )
    for number, of in enumerate(cells, start=len(cells) + 2):
        if pending := _pending(place, of):
            yield (
                Step(StepKind.READ, f"read {of}", number, count),
                "enrich",
                {"tags": range_tags(of, *pending) | DRIVER_TAG},
            )
    config = {"ops": {"dbt_models": {"config": {"is_full": is_full}}}}
    yield Step(StepKind.CARDS, "cards", count, count), "transform", {"tags": dict(DRIVER_TAG), "run_config": config}


def _pending(place: Installation, of: Cell) -> tuple[date, date] | None:
    tenants = [tenant.tenant_id for tenant in place.directory.tenants(of)]
    return pending_months(place.warehouse, tenants, tenants_without_room(place, tenants))


def _why(events: Sequence[dg.DagsterEvent]) -> str:
    for event in events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            return (
                event.step_failure_data.user_failure_data and event.step_failure_data.user_failure_data.description
            ) or (_DOTTED.sub("", cause.message.strip()) if cause else "no reason was recorded")
    return next(
        (event.message for event in reversed(events) if event.is_failure and event.message), "no reason was recorded"
    )


# Dagster names an error with its module; a person knows it by its last part.
_DOTTED = re.compile(r"^(\w+\.)+(?=\w+: )")

_LOGGING = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
