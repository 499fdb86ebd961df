"""What follows a finished run: decided from the run and the warehouse, whoever started it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from analysis import ensure_enrichment_tables
from core.appdb.directory import Tenant
from core.connections import Credentials
from core.installation import Installation
from core.settings import Settings, StoreSettings
from core.tenants import cell, tenant_id
from orchestration.definitions import definitions
from orchestration.partitions import DRIVER_TAG, range_tags, register_cells
from orchestration.schedules import daily, publish_after_change, read_after_load
from tests.support.tickets import stage, ticket

ACME = cell("acme")
SENTIMENT, TICKETS = dg.AssetKey(["enrichment", "message_sentiment"]), dg.AssetKey(["raw_hubspot", "tickets"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    place = Installation(Settings(stores=StoreSettings(data_dir=tmp_path)))
    place.directory.save(Tenant(tenant_id=tenant_id("acme"), name="Acme", cell=ACME))
    ensure_enrichment_tables(place.warehouse)
    stage(place.warehouse, [])
    yield place
    place.app_database.dispose()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        register_cells(instance, [ACME])
        yield instance


def with_unread_ticket(place: Installation) -> None:
    stage(place.warehouse, [ticket("1", "Help", None, created_at=datetime(2026, 5, 9, tzinfo=UTC))])


def after(
    sensor: dg.RunStatusSensorDefinition,
    place: Installation,
    instance: dg.DagsterInstance,
    job: str,
    tags: dict[str, str],
    selection: set[dg.AssetKey] | None = None,
) -> dg.RunRequest | dg.SkipReason:
    run = dg.DagsterRun(job_name=job, tags=tags, asset_selection=frozenset(selection) if selection else None)
    event = dg.DagsterEvent(event_type_value="PIPELINE_SUCCESS", job_name=job)
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_instance=instance,
        dagster_run=run,
        dagster_event=event,
        resources={"place": place},
    )
    answer = sensor(context)
    assert isinstance(answer, dg.RunRequest | dg.SkipReason)
    return answer


LOADED = {"dagster/partition": "acme"}


def test_a_load_with_something_new_is_read_first_and_published_after(
    place: Installation, instance: dg.DagsterInstance
) -> None:
    with_unread_ticket(place)
    read = after(read_after_load, place, instance, "ingest", LOADED)
    assert isinstance(read, dg.RunRequest)
    assert read.tags == range_tags(ACME, date(2026, 5, 9), date(2026, 5, 9))
    assert isinstance(after(publish_after_change, place, instance, "ingest", LOADED), dg.SkipReason)
    assert isinstance(after(publish_after_change, place, instance, "enrich", dict(read.tags)), dg.RunRequest)


def test_a_load_with_nothing_new_to_read_is_published_at_once(
    place: Installation, instance: dg.DagsterInstance
) -> None:
    assert isinstance(after(read_after_load, place, instance, "ingest", LOADED), dg.SkipReason)
    assert isinstance(after(publish_after_change, place, instance, "ingest", LOADED), dg.RunRequest)


def test_a_backfill_from_the_asset_page_is_followed_like_a_job(
    place: Installation, instance: dg.DagsterInstance
) -> None:
    with_unread_ticket(place)
    assert isinstance(after(read_after_load, place, instance, "__ASSET_JOB", LOADED, {TICKETS}), dg.RunRequest)
    assert isinstance(after(publish_after_change, place, instance, "__ASSET_JOB", {}, {SENTIMENT}), dg.RunRequest)


def test_runs_that_are_planned_or_change_nothing_are_left_alone(
    place: Installation, instance: dg.DagsterInstance
) -> None:
    with_unread_ticket(place)
    for sensor in (read_after_load, publish_after_change):
        assert isinstance(after(sensor, place, instance, "ingest", LOADED | DRIVER_TAG), dg.SkipReason)
        assert isinstance(after(sensor, place, instance, "transform", {}), dg.SkipReason)
        marts = {dg.AssetKey(["marts", "companies"])}
        assert isinstance(after(sensor, place, instance, "__ASSET_JOB", {}, marts), dg.SkipReason)


def test_loads_that_end_together_are_published_by_one_run(place: Installation, instance: dg.DagsterInstance) -> None:
    instance.add_run(dg.DagsterRun(job_name="transform", status=dg.DagsterRunStatus.NOT_STARTED))
    assert isinstance(after(publish_after_change, place, instance, "ingest", LOADED), dg.SkipReason)


def test_every_night_each_cell_that_is_connected_is_loaded_once(
    place: Installation, instance: dg.DagsterInstance
) -> None:
    place.directory.save(Tenant(tenant_id=tenant_id("new"), name="Not connected yet", cell=cell("new")))
    place.connection(tenant_id("acme")).keep(Credentials(access_token=SecretStr("token")))
    night = datetime(2026, 11, 20, 3, tzinfo=UTC)
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=night,
        resources={"place": place},
        repository_def=definitions.get_repository_def(),
    )
    [request] = daily.evaluate_tick(context).run_requests
    assert (request.partition_key, request.run_key, request.tags["churnboard/cell"]) == (
        "acme",
        "acme|2026-11-20",
        "acme",
    )
    assert definitions.resolve_job_def(daily.job_name).name == "ingest"
