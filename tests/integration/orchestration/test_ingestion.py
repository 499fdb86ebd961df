"""What a run of a cell leaves on its tenants' connections."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from core.connections import Connection
from core.installation import Installation
from core.settings import Settings, StoreSettings
from core.vocabulary import ConnectionStatus
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import World
from orchestration.build import build_definitions
from orchestration.jobs import RAW
from orchestration.partitions import register_cells
from tests.support.connections import app_settings, connect_portal, store_of
from tests.support.portals import small_portal


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    world = World()
    small_portal(world, "acme", tickets=3)
    with running_sandbox(world) as running:
        yield running


def ended(sandbox: RunningSandbox, data_dir: Path, **changes: str) -> Connection:
    """The connection after one run that needed a fresh token."""
    hubspot = app_settings(sandbox.base_url, sync_lag_seconds=0, **changes)
    place = Installation(Settings(stores=StoreSettings(data_dir=data_dir), hubspot=hubspot))
    store = store_of(place.app_database, "acme", vault=place.vault)
    connect_portal(store, sandbox.world.portal("acme"), expires_in=timedelta(seconds=5))
    definitions = build_definitions(resources={"place": place})
    with dg.instance_for_test() as instance:
        register_cells(instance, place.directory.cells())
        definitions.resolve_job_def("ingest").execute_in_process(
            instance=instance,
            partition_key="acme",
            asset_selection=sorted(RAW.resolve(definitions.resolve_asset_graph())),
            raise_on_error=False,
        )
    held = store.connection()
    place.app_database.dispose()
    assert held is not None
    return held


def test_a_good_run_dates_the_connection_and_keeps_the_fresh_token(sandbox: RunningSandbox, tmp_path: Path) -> None:
    held = ended(sandbox, tmp_path)
    assert (held.status, held.error_message) == (ConnectionStatus.ACTIVE, None)
    assert held.last_synced_at is not None
    assert held.expires_at is not None
    assert held.expires_at - held.last_synced_at > timedelta(minutes=25)


def test_a_mistake_of_ours_is_said_and_not_put_on_the_customer(sandbox: RunningSandbox, tmp_path: Path) -> None:
    held = ended(sandbox, tmp_path, hubspot_client_secret="x")
    assert (held.status, held.last_synced_at) == (ConnectionStatus.ACTIVE, None)
    assert "HUBSPOT_CLIENT_SECRET" in (held.error_message or "")


def test_an_outage_is_said_and_ends_no_connection(sandbox: RunningSandbox, tmp_path: Path) -> None:
    def away(request: Request) -> Response | None:
        return HTMLResponse("<h1>502</h1>", 502) if request.url.path.startswith("/oauth/") else None

    sandbox.intercept(away)
    held = ended(sandbox, tmp_path)
    assert held.status is ConnectionStatus.ACTIVE
    assert "passes by itself" in (held.error_message or "")
