"""From a webhook to the warehouse: over HTTP to the real API, through the sensor and its run, before any sync."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
import structlog
from pydantic import SecretStr

from analysis import ensure_enrichment_tables
from core import chaos
from core.appdb.directory import Tenant
from core.connections import Credentials
from core.installation import Installation
from core.settings import Settings, StoreSettings
from core.tenants import cell, tenant_id
from core.vocabulary import ErasureSource
from ingestion.sandbox.app import CLIENT_SECRET
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.webhooks import Courier, Event, Watch
from ingestion.sandbox.world import Portal, World
from orchestration.build import build_definitions
from orchestration.following import WebhookFollower
from orchestration.jobs import RAW
from orchestration.partitions import CELL_TAG, register_cells
from orchestration.refresh import follow
from orchestration.schedules import publish_after_change, read_after_load, refetch_on_hint
from tests.support.connections import app_settings
from tests.support.portals import in_portal, in_warehouse, small_portal
from tests.support.served import served_api
from tests.support.tickets import stage

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
NOTHING = ("nothing was loaded", "nothing was loaded or read")
SLUGS = ("acme", "bolt")


@dataclass
class Scene:
    """An installation that has synced two portals once, each in a cell of its own, and an API that HubSpot can reach."""

    place: Installation
    instance: dg.DagsterInstance
    definitions: dg.Definitions
    sandbox: RunningSandbox
    url: str
    watches: dict[str, Watch]

    def portal(self, slug: str = "acme") -> Portal:
        return self.sandbox.world.portal(slug)

    def announce(self) -> list[Event]:
        """Everything that changed is told, signed, over HTTP; what was told."""
        told = [event for watch in self.watches.values() for event in watch.events()]
        assert self.courier.bring(told) == []
        return told

    @property
    def courier(self) -> Courier:
        return Courier(f"{self.url}/api/v1/webhooks/hubspot", CLIENT_SECRET)

    def tick(self) -> list[dg.RunRequest]:
        """What the sensor asks for."""
        context = dg.build_sensor_context(
            instance=self.instance,
            resources={"place": self.place},
            repository_def=self.definitions.get_repository_def(),
            instance_ref=self.instance.get_ref(),
        )
        return list(refetch_on_hint.evaluate_tick(context).run_requests or ())

    def run(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """The run it asked for."""
        register_cells(self.instance, self.place.directory.cells())
        return self.definitions.resolve_job_def("refetch").execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            tags=request.tags,
            raise_on_error=False,
            run_config=QUIET,
        )

    def follow(self) -> list[dg.ExecuteInProcessResult]:
        """The sensor, then its runs."""
        return [self.run(request) for request in self.tick()]

    def reset(self) -> None:
        for slug in SLUGS:
            self.connect(slug)
            self.watches[slug] = Watch(self.portal(slug))
        with self.place.app_database.begin() as connection:
            connection.exec_driver_sql("delete from webhook_event")
        register_cells(self.instance, self.place.directory.cells())

    def connect(self, slug: str, of: str = "") -> None:
        tenant = Tenant(tenant_id=tenant_id(slug), name=slug.title(), cell=cell(of or slug))
        self.place.directory.save(tenant)
        token = Credentials(access_token=SecretStr(self.portal(slug).static_token))
        self.place.connection(tenant.tenant_id).keep(token, hub_id=str(self.portal(slug).portal_id))

    def sync(self, slug: str) -> None:
        graph = self.definitions.resolve_asset_graph()
        assert self.definitions.resolve_job_def("ingest").execute_in_process(
            instance=self.instance, partition_key=slug, asset_selection=sorted(RAW.resolve(graph)), run_config=QUIET
        )

    def tickets(self, slug: str = "acme") -> dict[str, dict[str, Any]]:
        rows = self.place.warehouse.rows("select * from raw_hubspot.tickets where tenant_id = :slug", slug=slug)
        return {row["id"]: row for row in rows}

    def cursors(self) -> list[dict[str, Any]]:
        return self.place.warehouse.rows("select * from raw_hubspot.sync_cursors order by tenant_id, stream")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    world = World()
    for slug in SLUGS:
        small_portal(world, slug, tickets=5)
    with running_sandbox(world) as sandbox:
        settings = Settings(
            stores=StoreSettings(data_dir=tmp_path_factory.mktemp("hinted")),
            hubspot=app_settings(sandbox.base_url, sync_lag_seconds=0),
        )
        place = Installation(settings)
        with served_api(settings, place.app_database) as url, dg.instance_for_test() as instance:
            definitions = build_definitions(resources={"place": place})
            scene = Scene(place, instance, definitions, sandbox, url, {})
            scene.reset()
            for slug in SLUGS:
                scene.sync(slug)
            yield scene
        place.app_database.dispose()
    structlog.reset_defaults()


@pytest.fixture
def scene(opened: Scene) -> Scene:
    """Two tenants, connected, of which nothing is told yet; whatever a test changes, it has told and read in the end."""
    opened.reset()
    return opened


def test_what_a_webhook_tells_is_in_the_warehouse_before_any_sync(scene: Scene) -> None:
    portal, cursors = scene.portal(), scene.cursors()
    first, second, third, fourth, fifth = portal.ids("tickets")
    assert scene.tick() == [], "nothing was told yet"
    portal.set_property("tickets", first, "hs_pipeline_stage", "4")
    portal.archive("tickets", second)
    merged = portal.merge("tickets", third, fourth)
    new = portal.upsert("tickets", {"subject": "New", "hs_pipeline": "0", "hs_pipeline_stage": "1"})
    portal.associate("tickets", first, "contacts", portal.ids("contacts")[2])
    portal.set_property("companies", portal.ids("companies")[0], "name", "Renamed")
    assert scene.announce()
    [request] = scene.tick()
    assert (request.partition_key, request.tags[CELL_TAG]) == ("acme", "acme")
    assert scene.run(request).success
    held = scene.tickets()
    assert held[first]["hs_pipeline_stage"] == "4"
    assert held[second]["archived"]
    assert set(held) == {first, second, fifth, merged, new}
    told, known = in_portal(portal), in_warehouse(scene.place.warehouse, portal)
    assert {name: known[name] for name in told} == told
    assert scene.cursors() == cursors, "hints move no cursor"
    assert scene.tick() == [], "everything is handled"


def test_what_was_told_is_followed_up_like_a_load_and_news_that_is_none_is_not(scene: Scene) -> None:
    ticket = scene.portal().ids("tickets")[0]
    scene.portal().set_property("tickets", ticket, "subject", f"Changed {uuid.uuid4()}")
    told = scene.announce()
    [run] = scene.follow()
    assert followed(scene, run) == ("nothing new to read in acme", "starts")
    [event] = scene.instance.fetch_materializations(dg.AssetKey(["raw_hubspot", "tickets"]), limit=1).records
    assert event.run_id == run.run_id
    assert event.partition_key == "acme"
    again = [{**one, "occurredAt": one["occurredAt"] + 1} for one in told]
    assert scene.courier.bring(again) == []
    [idle] = scene.follow()
    assert idle.success
    assert followed(scene, idle) == NOTHING, "the record is as it was"


def followed(scene: Scene, run: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """What the sensors behind a load start after this run, or why they do not: what reads tickets, and what publishes."""
    ensure_enrichment_tables(scene.place.warehouse)
    stage(scene.place.warehouse, [])
    answers = []
    for sensor in (read_after_load, publish_after_change):
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_instance=scene.instance,
            dagster_run=scene.instance.get_run_by_id(run.run_id),
            dagster_event=dg.DagsterEvent(event_type_value="PIPELINE_SUCCESS", job_name="refetch"),
            resources={"place": scene.place},
        )
        answer = sensor(context)
        answers.append(str(answer.skip_message) if isinstance(answer, dg.SkipReason) else "starts")
    return answers[0], answers[1]


@dataclass
class Noting:
    """Definitions whose runs after a load are noted instead of made: what they do, other tests are about."""

    real: dg.Definitions
    made: list[str]

    def resolve_job_def(self, name: str) -> Any:
        if name == "refetch":
            return self.real.resolve_job_def(name)
        self.made.append(name)
        succeeded = SimpleNamespace(
            success=True, run_id=str(uuid.uuid4()), dagster_run=SimpleNamespace(tags={}), all_events=[]
        )
        return SimpleNamespace(execute_in_process=lambda **_: succeeded)


def test_one_warm_process_follows_webhooks_up_to_the_cards_and_news_that_is_none_no_further(scene: Scene) -> None:
    ensure_enrichment_tables(scene.place.warehouse)
    stage(scene.place.warehouse, [])
    definitions, steps = Noting(scene.definitions, []), list[str]()

    def followed_up() -> bool:
        due = scene.place.webhooks.due_cells(datetime.now(UTC))
        return bool(due) and follow(
            definitions,  # type: ignore[arg-type]
            scene.instance,
            scene.place,
            due,
            on_step=lambda step: steps.append(step.title),
        )

    assert not followed_up(), "nothing was told yet"
    ticket = scene.portal().ids("tickets")[0]
    scene.portal().set_property("tickets", ticket, "subject", f"Changed {uuid.uuid4()}")
    told = scene.announce()
    assert followed_up()
    assert (steps, definitions.made) == (["load acme", "cards"], ["transform"])
    assert scene.tickets()[ticket]["subject"].startswith("Changed")
    again = [{**one, "occurredAt": one["occurredAt"] + 1} for one in told]
    assert scene.courier.bring(again) == []
    assert not followed_up()
    assert definitions.made == ["transform"], "the record is as it was"


def test_what_cannot_be_followed_is_left_for_later_and_ends_no_worker(scene: Scene) -> None:
    follower = WebhookFollower(scene.place)
    assert not follower()
    scene.portal().touch("tickets", scene.portal().ids("tickets")[:1])
    scene.portal().set_property("tickets", scene.portal().ids("tickets")[0], "subject", f"Changed {uuid.uuid4()}")
    scene.announce()
    scene.place.connection(tenant_id("acme")).disconnect()
    assert not follower(), "the tenant cannot be read"
    assert scene.place.webhooks.due_cells(datetime.now(UTC)) == [], "it is tried again after a pause"
    scene.connect("acme")
    scene.run(dg.RunRequest(partition_key="acme", tags={CELL_TAG: "acme"}))


def test_one_run_a_cell_and_at_most_one_waiting(scene: Scene) -> None:
    for slug in SLUGS:
        for ticket in scene.portal(slug).ids("tickets"):
            scene.portal(slug).set_property("tickets", ticket, "subject", "Changed together")
    scene.announce()
    acme, bolt = scene.tick()
    assert (acme.partition_key, bolt.partition_key) == SLUGS
    scene.instance.add_run(
        dg.DagsterRun(
            job_name="refetch",
            tags={CELL_TAG: "acme"},
            status=dg.DagsterRunStatus.NOT_STARTED,
            run_id="waiting-for-acme",
        )
    )
    assert [request.partition_key for request in scene.tick()] == ["bolt"]
    assert scene.run(bolt).success
    assert subjects(scene, "bolt") == {"Changed together"}
    assert subjects(scene, "acme") != {"Changed together"}
    assert scene.tick() == []
    scene.instance.delete_run("waiting-for-acme")
    assert [request.partition_key for request in scene.tick()] == ["acme"]
    assert scene.run(acme).success
    assert subjects(scene, "acme") == {"Changed together"}


def subjects(scene: Scene, slug: str) -> set[str]:
    return {one["subject"] for one in scene.tickets(slug).values() if not one["archived"]}


def test_a_tenant_that_cannot_be_read_keeps_its_events_says_so_and_stops_nobody(scene: Scene) -> None:
    # Both in one cell, as a large installation has them.
    for slug in SLUGS:
        scene.place.directory.save(replace(scene.place.directory.tenant(slug), cell=cell("shared")))
        scene.portal(slug).set_property("tickets", scene.portal(slug).ids("tickets")[0], "subject", "Told")
    scene.announce()
    acme = scene.place.connection(tenant_id("acme"))
    acme.disconnect()
    [run] = scene.follow()
    assert run.success
    assert waiting(scene) == {"acme": True, "bolt": False}
    assert "Told" in subjects(scene, "bolt")
    assert scene.tick() == [], "it is tried again after a pause, not all the time"
    scene.connect("acme", "shared")
    assert scene.place.webhooks.due_cells(datetime.now(UTC) + timedelta(minutes=1)) == ["shared"]
    assert scene.run(dg.RunRequest(partition_key="shared", tags={CELL_TAG: "shared"})).success
    assert waiting(scene) == {"acme": False, "bolt": False}
    assert "Told" in subjects(scene, "acme")


def test_where_nobody_can_be_read_the_run_fails_with_the_sentence(scene: Scene) -> None:
    scene.portal().set_property("tickets", scene.portal().ids("tickets")[0], "subject", f"Changed {uuid.uuid4()}")
    scene.announce()
    scene.place.connection(tenant_id("acme")).disconnect()
    [run] = scene.follow()
    assert not run.success
    [failure] = [event for event in run.all_events if event.is_step_failure]
    assert "connect it in the settings" in str(failure.step_failure_data.user_failure_data.description)
    assert waiting(scene) == {"acme": True}
    scene.connect("acme")
    assert scene.run(dg.RunRequest(partition_key="acme", tags={CELL_TAG: "acme"})).success


def waiting(scene: Scene) -> dict[str, bool]:
    return {str(one.tenant_id): one.waiting_count > 0 for one in scene.place.webhooks.portals()}


@pytest.mark.parametrize("point", ["ingest.after_load", "hints.after_load"])
def test_a_run_that_dies_after_its_load_is_done_again_and_that_changes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    scene.portal().set_property("tickets", scene.portal().ids("tickets")[0], "subject", f"Told and killed {point}")
    scene.announce()
    [request] = scene.tick()
    monkeypatch.setenv("CHAOS_SEED", "1")
    monkeypatch.setenv("CHAOS_POINTS", f"{point}:raise")
    monkeypatch.setattr(chaos, "_hits", {})
    assert not scene.run(request).success
    monkeypatch.delenv("CHAOS_SEED")
    assert f"Told and killed {point}" in subjects(scene, "acme")
    assert waiting(scene) == {"acme": True}
    held = scene.tickets()
    again = scene.run(request)
    assert again.success
    assert scene.tickets() == held
    assert followed(scene, again)[1] == "starts", "nothing has followed the run that died"
    assert waiting(scene) == {"acme": False}


def test_a_person_whose_data_must_go_is_erased_by_the_webhook_alone(scene: Scene) -> None:
    contact = scene.portal().ids("contacts")[0]
    scene.portal().privacy_delete(contact)
    told = scene.announce()
    assert {"contact.privacyDeletion", "contact.deletion"} <= {one["subscriptionType"] for one in told}
    [run] = scene.follow()
    assert run.success
    rows = scene.place.warehouse.rows(
        "select email from raw_hubspot.contacts where tenant_id = 'acme' and id = :id", id=contact
    )
    assert rows == []
    [request] = scene.place.erasures.of("acme")
    assert (request.object_id, request.source) == (contact, ErasureSource.WEBHOOK)
    assert request.done_at is not None


def test_events_about_nothing_we_read_are_handled_without_asking_hubspot(scene: Scene) -> None:
    deal = scene.watches["acme"].event("object.creation", 7, datetime.now(UTC), objectTypeId="0-3")
    assert scene.courier.bring([deal]) == []
    seen = len(scene.sandbox.seen)
    [run] = scene.follow()
    assert run.success
    assert len(scene.sandbox.seen) == seen
    assert waiting(scene) == {"acme": False}
    assert followed(scene, run) == NOTHING
