"""What an import tells the people who watch it: counts that grow to HubSpot's own, what fields could be, and why it failed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from core.appdb.directory import Tenant
from core.appdb.imports import StreamProgress
from core.appdb.tables import field_candidate
from core.appdb.tasks import Task, TaskLost
from core.connections import Credentials, NotConnected
from core.fields import STAGE
from core.installation import Installation
from core.settings import Settings, StoreSettings
from core.tenants import Cell, cell, tenant_id
from core.vocabulary import MappedField, TaskKind
from ingestion.hubspot.sync import Options, sync_cell
from ingestion.sandbox.catalogue import COMPANIES, PropertyDefinition
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import World
from orchestration.portals import accesses
from orchestration.refresh import RefreshFailed, Step, StepKind
from orchestration.tasks import importing
from orchestration.tasks.importing import ImportFailed, import_tenant
from tests.support.connections import app_settings
from tests.support.portals import small_portal

ACME, TICKETS = tenant_id("acme"), 12
TASK = Task(tenant_id=ACME, task_id="1" * 32, kind=TaskKind.IMPORT, arguments={}, asked_by="ada", attempt=1)


@dataclass
class Scene:
    place: Installation
    sandbox: RunningSandbox
    reports: list[tuple[str, int | None, int | None]]

    def report(self, step: str, done_count: int | None = None, total_count: int | None = None) -> None:
        self.reports.append((step, done_count, total_count))

    def candidates(self) -> dict[str, dict[str, Any]]:
        with self.place.app_database.connect() as connection:
            rows = connection.execute(field_candidate.select().where(field_candidate.c.tenant_id == ACME)).mappings()
            return {row["name"]: dict(row) for row in rows}


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A tenant that is connected, and a refresh that loads as ever and leaves out dbt, which other tests are about."""
    world = World()
    small_portal(world, "acme", tickets=TICKETS)
    with running_sandbox(world) as sandbox:
        place = Installation(Settings(stores=StoreSettings(data_dir=tmp_path), hubspot=app_settings(sandbox.base_url)))
        place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
        connect(place, sandbox)
        monkeypatch.setattr(importing, "build_definitions", lambda resources: resources)
        monkeypatch.setattr(importing, "open_instance", lambda _: None)
        monkeypatch.setattr(importing, "refresh", loading)
        yield Scene(place, sandbox, [])
        place.app_database.dispose()


def connect(place: Installation, sandbox: RunningSandbox) -> None:
    place.connection(ACME).keep(Credentials(access_token=SecretStr(sandbox.token("acme"))), hub_id="17")


def loading(
    resources: dict[str, Any],
    _instance: dg.DagsterInstance,
    place: Installation,
    *,
    of: list[Cell],
    on_step: Callable[[Step], None],
    is_quiet: bool,
) -> None:
    on_step(Step(StepKind.LOAD, "load", 1, 3))
    portals, _ = accesses(place, place.directory.tenants(of[0]))
    sync_cell(
        of[0],
        portals,
        warehouse=place.warehouse,
        data_dir=place.settings.stores.data_dir,
        run_id="run",
        options=Options(
            overlap_seconds=600,
            lag_seconds=0,
            on_progress=resources["on_rows"],
            # HubSpot tells whole seconds, and the portal was made in the one that is not over.
            now=lambda: datetime.now(UTC),
        ),
    )
    on_step(Step(StepKind.STAGE, "stage", 2, 3))
    on_step(Step(StepKind.CARDS, "cards", 3, 3))


def test_counts_end_where_hubspot_s_do_and_fields_are_proposed_with_values(scene: Scene) -> None:
    portal = scene.sandbox.world.portal("acme")
    portal.add_property(COMPANIES, PropertyDefinition("mrr", "MRR", "number", "number"))
    [company] = list(portal.ids(COMPANIES))[:1]
    portal.set_property(COMPANIES, company, "mrr", 120)

    result = import_tenant(scene.place, TASK, scene.report)

    assert (result["ticket_count"], result["card_count"]) == (TICKETS, 0)
    progress = {one.stream: one for one in scene.place.imports.progress(ACME)}
    assert progress["tickets"] == StreamProgress(stream="tickets", read_count=TICKETS, portal_total=TICKETS)
    assert progress["companies"].read_count == progress["companies"].portal_total == portal.count(COMPANIES)
    told = [step for step, *_ in scene.reports]
    assert told[0] == "Asking HubSpot how much there is"
    assert told[-1] == "Working out cards"

    found = scene.candidates()
    mrr = found["mrr"]
    assert (mrr["sample_values"], mrr["filled_count"], mrr["record_count"]) == (["120"], 1, portal.count(COMPANIES))
    assert mrr["fits"][MappedField.MRR] > mrr["fits"][MappedField.USAGE] == 0
    assert MappedField.RENEWAL not in mrr["fits"]
    stages = [one for one in found.values() if one["type"] == STAGE]
    assert sum(one["filled_count"] for one in stages) == TICKETS
    assert not any(name.startswith("hs_") for name in found)

    # Topics are looked for once, and by whoever can.
    discovery = scene.place.tasks.take()
    assert discovery is not None
    assert discovery.arguments["is_confirmed"]
    assert (discovery.kind, discovery.task_id) == (TaskKind.TOPIC_DISCOVERY, result["discovery_task_id"])


def test_begun_again_it_counts_what_is_held_and_never_more_than_there_is(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_tenant(scene.place, TASK, scene.report)
    seen: list[int] = []

    def watching(*args: Any, **options: Any) -> None:
        seen.append({one.stream: one for one in scene.place.imports.progress(ACME)}["tickets"].read_count)
        loading(*args, **options)

    monkeypatch.setattr(importing, "refresh", watching)
    import_tenant(scene.place, TASK, scene.report)
    assert seen == [TICKETS]
    assert all(
        one.portal_total is None or one.read_count <= one.portal_total for one in scene.place.imports.progress(ACME)
    )


def test_without_a_connection_it_says_so(scene: Scene) -> None:
    scene.place.connection(ACME).disconnect()
    with pytest.raises(NotConnected):
        import_tenant(scene.place, TASK, scene.report)


def test_a_failure_is_told_in_the_tenant_s_own_words(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise RefreshFailed("load acme: acme: HubSpot is away.", {"load acme": "acme: HubSpot is away."})

    monkeypatch.setattr(importing, "refresh", failing)
    with pytest.raises(ImportFailed, match=r"^HubSpot is away\.$"):
        import_tenant(scene.place, TASK, scene.report)

    # In a cell of several the run's sentence may be about another.
    [acme] = scene.place.directory.tenants()
    scene.place.directory.save(replace(acme, tenant_id=tenant_id("bolt"), name="Bolt"))
    with pytest.raises(ImportFailed, match="Whoever runs churnboard finds the reason"):
        import_tenant(scene.place, TASK, scene.report)


def test_a_worker_that_lost_its_task_stops(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_BETWEEN_WRITES_SECONDS", 0.01)

    def lost(step: str, *_: Any) -> None:
        if step != "Asking HubSpot how much there is":
            raise TaskLost("It is another worker's by now.")

    with pytest.raises(TaskLost):
        import_tenant(scene.place, TASK, lost)
