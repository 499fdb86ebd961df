"""kill -9 at every point of an erasure, one after another; then one run that is left alone. The oracle: no trace is left."""

from pathlib import Path

import pytest

from core import chaos
from core.erasure import find_residue
from core.installation import Installation
from core.tenants import tenant_id
from ingestion.sandbox.describe import describe
from ingestion.sandbox.server import running_sandbox
from orchestration.demo.connect import connect_tenants
from tests.support.canary import TRACES, files_with_traces, plant
from tests.support.databases import throw_away_database
from tests.support.fake_llm import FakeLLM
from tests.support.refresh_worker import refresh_in_process
from tests.support.scene import settings_for, small_world

IN_ORDER = ("erase.after_request", "erase.after_warehouse", "erase.after_journal", "erase.after_published")


def test_every_point_has_its_turn() -> None:
    assert set(IN_ORDER) == {point for point in chaos.POINTS if point.startswith("erase.")}


@pytest.mark.long
@pytest.mark.timeout(900)
class TestEmbedded:
    def test_killed_at_every_point_it_leaves_no_trace(self, tmp_path: Path) -> None:
        kill_everywhere(tmp_path, "")


@pytest.mark.long
@pytest.mark.timeout(900)
class TestOnPostgres:
    def test_killed_at_every_point_it_leaves_no_trace(self, tmp_path: Path) -> None:
        with throw_away_database() as url:
            kill_everywhere(tmp_path, url)


def kill_everywhere(folder: Path, postgres: str) -> None:
    """The oracle, for stores in `folder` or on the Postgres database named."""
    world = small_world(tenants=1, tickets=40, months=5)
    with running_sandbox(world) as sandbox, FakeLLM() as llm:
        model = {"llm_base_url": llm.url, "llm_api_key": "sk-test", "llm_model": "fake", "llm_max_concurrency": 8}
        settings = settings_for(folder, sandbox.base_url, postgres=postgres, **model)
        place = Installation(settings)
        connect_tenants(place, describe(world))
        [slug] = world.portals
        canary = plant(world.portal(slug))
        assert refresh_in_process(settings) == 0
        assert find_residue(place, slug, TRACES)
        paid = len(llm.paid)
        world.portal(slug).privacy_delete(canary.contact)
        for point in IN_ORDER:
            assert refresh_in_process(settings, chaos_points=f"{point}:kill") == -9, f"{point} was not reached"
            assert place.erasures.open([slug]), "a request that was not carried out stays open"
            assert place.erasures.suppressed_tickets(slug) >= {canary.ticket}
        assert refresh_in_process(settings) == 0
        assert place.erasures.open([slug]) == []
        assert [request.object_id for request in place.erasures.of(tenant_id(slug))] == [canary.contact]
        assert find_residue(place, slug, TRACES) == []
        assert files_with_traces(folder) == {}
        assert len(llm.paid) == paid
        place.app_database.dispose()
