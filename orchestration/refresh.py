"""Everything at once, in order, in this process: each cell's `ingest` and `enrich`, then one `transform`.

The runs are ordinary runs of the ordinary jobs on the instance, so the Dagster UI shows each of them. A large installation does
not use this: there the schedule starts one `ingest` run a cell and the sensors start what follows (see `schedules`).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from analysis import pending_months
from core.errors import Terminal
from core.installation import Installation
from core.tenants import Cell
from orchestration.budgets import tenants_without_room
from orchestration.jobs import DECIDED, RAW, STAGED
from orchestration.partitions import CELL_TAG, DRIVER_TAG, range_tags, register_cells


class NothingToRefresh(Terminal):
    """There is no tenant yet."""


class RefreshFailed(Terminal):
    """At least one run failed."""


@dataclass(frozen=True)
class Step:
    """One run that is about to start, for whoever shows progress."""

    title: str
    number: int
    count: int


def refresh(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    place: Installation,
    *,
    on_step: Callable[[Step], None] = lambda _: None,
    is_quiet: bool = False,
) -> None:
    """Load, read, transform and publish every tenant; a cell that fails does not stop the others.

    Raises:
        NothingToRefresh: No tenant is registered.
        RefreshFailed: After everything else was done: which runs failed and with what sentence.
    """
    cells = place.directory.cells()
    if not cells:
        raise NothingToRefresh(
            "There is no tenant to refresh: add one with `churnboard tenants add`, or run `make demo`."
        )
    register_cells(instance, cells)
    failures: dict[str, str] = {}
    for step, job, options in _plan(definitions, place, cells, failures):
        on_step(step)
        run = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, raise_on_error=False, run_config=_LOGGING if is_quiet else None, **options
        )
        if not run.success:
            failures[step.title] = _why(run.all_events)
    if failures:
        raise RefreshFailed("; ".join(f"{title}: {why}" for title, why in failures.items()))


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


def read_again(definitions: dg.Definitions, instance: dg.DagsterInstance, of: Cell, first: date, last: date) -> None:
    """One `enrich` run of one cell over the months of these days, in this process; what is read already costs nothing.

    Raises:
        RefreshFailed: With the sentence.
    """
    instance.add_dynamic_partitions("cell", [of])
    _run(definitions, instance, "enrich", run_config=_LOGGING, tags=range_tags(of, first, last))


def _run(definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, **options: Any) -> None:
    run = definitions.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **options)
    if not run.success:
        raise RefreshFailed(_why(run.all_events))


def _plan(
    definitions: dg.Definitions,
    place: Installation,
    cells: Sequence[Cell],
    failures: Mapping[str, str],
) -> Iterator[tuple[Step, str, dict[str, Any]]]:
    graph = definitions.resolve_asset_graph()
    raw, staged = (sorted(selection.resolve(graph)) for selection in (RAW, STAGED))
    count = 2 * len(cells) + 2
    for number, of in enumerate(cells, start=1):
        options = {"partition_key": of, "asset_selection": raw, "tags": {CELL_TAG: of, **DRIVER_TAG}}
        yield Step(f"load {of}", number, count), "ingest", options
    if len(failures) == len(cells):
        return
    yield Step("stage", len(cells) + 1, count), "ingest", {"asset_selection": staged, "tags": dict(DRIVER_TAG)}
    for number, of in enumerate(cells, start=len(cells) + 2):
        tenants = [tenant.tenant_id for tenant in place.directory.tenants(of)]
        if pending := pending_months(place.warehouse, tenants, tenants_without_room(place, tenants)):
            yield Step(f"read {of}", number, count), "enrich", {"tags": range_tags(of, *pending) | DRIVER_TAG}
    yield Step("cards", count, count), "transform", {"tags": dict(DRIVER_TAG)}


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
