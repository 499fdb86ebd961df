"""kill -9 at every chaos point, one after another in one installation; then one run that is left alone.

The oracle: that installation holds what one holds that was never killed, and paid for hardly more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core import chaos
from core.installation import Installation
from core.settings import Settings
from ingestion.sandbox.describe import describe
from ingestion.sandbox.generate import generate_world
from ingestion.sandbox.server import running_sandbox
from orchestration.demo.connect import connect_tenants
from tests.support.databases import throw_away_database
from tests.support.fake_llm import FakeLLM
from tests.support.refresh_worker import refresh_in_process
from tests.support.scene import UNTIL, read_schema, settings_for

IN_FLIGHT = 4

IN_ORDER = (
    "ingest.after_extract",
    "ingest.after_normalize",
    "ingest.before_load",
    "ingest.after_load",
    "ingest.after_cursor",
    "enrich.after_claim",
    "enrich.after_call",
    "enrich.after_journal",
    "enrich.after_deferred",
    "enrich.before_merge",
    "enrich.after_merge",
    "transform.before_build",
    "transform.during_build",
    "transform.after_build",
    "publish.after_stage",
    "publish.before_pointer",
    "publish.after_pointer",
    "publish.after_collect",
    "publish.after_bi_file",
)
"""Along the way of the data, so that the work a point stands in is still undone when its turn comes."""


def test_every_point_has_its_turn() -> None:
    elsewhere = {
        point
        for point in chaos.POINTS
        if point.startswith(("erase.", "hints.", "delete.", "tasks.", "notify.")) or "batch" in point
    }
    assert set(IN_ORDER) == chaos.POINTS - elsewhere, "those have their turn in tests of their own"


@pytest.mark.long
@pytest.mark.timeout(1500)
class TestEmbedded:
    def test_killed_at_every_point_it_holds_what_a_run_that_never_was_holds(self, tmp_path: Path) -> None:
        kill_everywhere(tmp_path, IN_ORDER, calm_url="", rough_url="")


@pytest.mark.long
@pytest.mark.timeout(1500)
class TestOnPostgres:
    def test_killed_at_every_point_it_holds_what_a_run_that_never_was_holds(self, tmp_path: Path) -> None:
        # Only a DuckDB installation has a BI file.
        points = [point for point in IN_ORDER if point != "publish.after_bi_file"]
        with throw_away_database() as calm_url, throw_away_database() as rough_url:
            kill_everywhere(tmp_path, points, calm_url=calm_url, rough_url=rough_url)


def kill_everywhere(folder: Path, points: Sequence[str], *, calm_url: str, rough_url: str) -> None:
    """The oracle, for stores in `folder` or on the Postgres databases named."""
    world = generate_world(seed=5, tenants=1, tickets=60, months=5, until=UNTIL)
    with running_sandbox(world) as sandbox, FakeLLM(seconds=0.01) as llm:

        def connected(name: str, postgres: str) -> tuple[Settings, Installation]:
            model = {"llm_base_url": llm.url, "llm_api_key": "sk-test", "llm_model": "fake"}
            # The lease of a killed call is waited for once; it must outlast an answer that is merely slow.
            model |= {"llm_timeout_seconds": 4, "llm_lease_seconds": 5, "llm_max_concurrency": IN_FLIGHT}
            settings = settings_for(folder / name, sandbox.base_url, postgres=postgres, **model)
            place = Installation(settings)
            connect_tenants(place, describe(world))
            return settings, place

        calm_settings, calm = connected("calm", calm_url)
        assert refresh_in_process(calm_settings) == 0
        unique = len(llm.paid)
        llm.reset()

        rough_settings, rough = connected("rough", rough_url)
        for point in points:
            assert refresh_in_process(rough_settings, chaos_points=f"{point}:kill") == -9, f"{point} was not reached"
        assert refresh_in_process(rough_settings) == 0

        kills_while_paying = sum(point.startswith("enrich.") for point in points)
        assert unique <= len(llm.paid) <= unique + IN_FLIGHT * kills_while_paying
        for schema in ("raw_hubspot", "enrichment", "marts"):
            assert held(rough, schema) == held(calm, schema), schema
        assert len(rough.builds.builds(rough.directory.tenants()[0].tenant_id)) <= 2
        for place in (calm, rough):
            place.app_database.dispose()


def held(place: Installation, schema: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of a schema; how often and in which mode something was fetched is the history of the runs, not of the data."""
    return {table: rows for table, rows in read_schema(place, schema).items() if table != "sync_cursors"}
