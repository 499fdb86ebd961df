"""A refresh in a process of its own, so that it can be killed; forked from a server that has the libraries loaded."""

import multiprocessing
import os
from collections.abc import Mapping
from pathlib import Path

from core.installation import Installation
from core.settings import Settings


def refresh_in_process(settings: Settings, *, chaos_points: str = "", timeout_seconds: float = 240) -> int:
    """Refresh everything in a new process, killed where `chaos_points` says; returns its exit code (-9: killed)."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.refresh_preload"])
    plan = {"CHAOS_SEED": "1", "CHAOS_POINTS": chaos_points} if chaos_points else {}
    process = context.Process(target=_refresh, args=(settings, plan))
    process.start()
    process.join(timeout_seconds)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError(f"the refresh with {chaos_points or 'no plan'} did not end within {timeout_seconds:.0f} s")
    return process.exitcode


def _refresh(settings: Settings, plan: Mapping[str, str]) -> None:
    from orchestration.build import build_definitions
    from orchestration.refresh import refresh
    from tests.support.scene import dagster_in

    os.environ.update(plan)
    place = Installation(settings)
    with dagster_in(Path(settings.stores.data_dir)) as instance:
        refresh(build_definitions(resources={"place": place}), instance, place, is_quiet=True)
