"""The one place where definitions are put together; tests build the same graph with their own resources."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.assets.canaries import canaries_hold, canary_readings
from orchestration.assets.enrichment import readings
from orchestration.assets.housekeeping import deletions, nothing_older_is_kept, retention
from orchestration.assets.ingestion import app_state, hubspot
from orchestration.assets.notifications import digests
from orchestration.assets.publishing import publish
from orchestration.assets.shadow import shadow_readings
from orchestration.assets.transforms import default_dbt_models
from orchestration.backtest_job import backtest
from orchestration.checks import CHECKS
from orchestration.everything import make_everything
from orchestration.jobs import canaries, enrich, housekeeping, ingest, notify, rescore, shadow, transform
from orchestration.refetch import refetch
from orchestration.resources import installation, no_watcher, nobody
from orchestration.schedules import (
    collect_batches,
    daily,
    daily_canaries,
    daily_digests,
    daily_housekeeping,
    publish_after_change,
    read_after_load,
    refetch_on_hint,
)


def build_definitions(*, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Every asset, job, schedule, sensor and check.

    Args:
        resources: Replaces the resources of the same name.
    """
    everything = make_everything(lambda: build_definitions(resources=resources))
    return dg.Definitions(
        assets=[
            hubspot,
            app_state,
            readings,
            shadow_readings,
            canary_readings,
            default_dbt_models(),
            publish,
            retention,
            deletions,
            digests,
        ],
        asset_checks=[*CHECKS, canaries_hold, nothing_older_is_kept],
        jobs=[
            ingest,
            enrich,
            transform,
            rescore,
            shadow,
            refetch,
            canaries,
            housekeeping,
            notify,
            backtest,
            everything,
        ],
        schedules=[daily, daily_canaries, daily_housekeeping, daily_digests],
        sensors=[read_after_load, publish_after_change, refetch_on_hint, collect_batches],
        resources={"place": installation, "on_rows": nobody, "on_reading": no_watcher} | dict(resources or {}),
        executor=dg.in_process_executor,
    )
