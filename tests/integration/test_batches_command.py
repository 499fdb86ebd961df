"""`churnboard batches`, and the sensor: what waits at the provider is seen, brought in, and called off."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console
from typer.testing import CliRunner

import churnboard
from analysis import enrich, make_analyzer, open_journal
from analysis.batches import make_batching
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings
from core.tenants import cell, tenant_id
from orchestration.partitions import CELL_TAG, range_tags
from orchestration.schedules import collect_batches
from tests.support.fake_batches import FakeBatches
from tests.support.tickets import enriched, stage, ticket

ACME, ZENITH = tenant_id("acme"), tenant_id("zenith")
TICKETS = [
    ticket(str(number), "Exports", f"Unacceptable, says {number}.", created_at=datetime(2026, month, 5, tzinfo=UTC))
    for number, month in enumerate((2, 3, 4))
]


@pytest.fixture(scope="module")
def started() -> Iterator[FakeBatches]:
    with FakeBatches() as started:
        yield started


@pytest.fixture
def server(started: FakeBatches) -> FakeBatches:
    started.reset()
    started.seconds = 3600
    return started


@pytest.fixture
def place(server: FakeBatches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation with two cells, whose backlog is at the provider."""
    chosen = {
        "ANALYZER": "openai_compatible",
        "LLM_BASE_URL": server.url,
        "LLM_MODEL": "test/model",
        "LLM_BATCH": "openai",
        "LLM_BATCH_FROM": "1",
        "LLM_BATCH_SIZE": "2",
        "LLM_BATCH_WAIT_SECONDS": "0",
        "DATA_DIR": str(tmp_path),
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    for module in (churnboard.batches, churnboard.shared):
        monkeypatch.setattr(module, "console", Console(width=200))
    place = Installation(Settings())
    for name in (ACME, ZENITH):
        place.directory.save(Tenant(tenant_id=name, name=name, cell=cell(name)))
    other = ticket("9", "Login", "Cannot sign in.", tenant_id=ZENITH, created_at=datetime(2025, 7, 5, tzinfo=UTC))
    stage(place.warehouse, [*TICKETS, other], {})
    for name in (ACME, ZENITH):
        report = enrich(
            warehouse=place.warehouse,
            journal=open_journal(place.settings.stores.journal),
            analyzer=make_analyzer(place.settings.analysis),
            batching=make_batching(place.settings.analysis),
            tenant_ids=[name],
            months=None,
            run_id="run-1",
        )
        assert report.waiting
    yield place
    place.app_database.dispose()


def said(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(churnboard.app, ["batches", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return " ".join(result.output.replace("│", " ").split())


def ids(server: FakeBatches) -> list[str]:
    return list(server.batches)


def test_what_waits_is_listed_with_its_months(place: Installation, server: FakeBatches) -> None:
    listed = said("list")
    assert all(one in listed for one in ids(server))
    assert "2026-02 to 2026-03" in listed
    assert "3 batches are at the provider, with 4 calls" in listed
    assert "1 batch is at the provider, with 1 calls" in said("list", "zenith")


def test_what_is_over_is_brought_in_and_read_on(place: Installation, server: FakeBatches) -> None:
    assert said("collect").startswith("0 of 3 batches brought in")
    server.finish()
    assert said("collect").startswith("3 of 3 batches brought in: 4 calls answered for 0.0000 USD, 0 failed, 0 left")
    assert {row["ticket_id"] for row in enriched(place.warehouse)["message_sentiment"]} == {"0", "1", "2", "9"}
    assert "collected" in said("list")
    assert said("list").endswith("No batch is at the provider.")
    assert server.charged == 4


def test_a_batch_is_called_off_and_what_it_finished_is_kept(place: Installation, server: FakeBatches) -> None:
    first = ids(server)[0]
    assert f"{first} with 2 calls of acme is cancelled" in said("cancel", first)
    assert "1 of 3 batches brought in: 1 calls answered" in said("collect")
    assert "not among the batches that are waited for" in said("cancel", first, code=2)


def test_the_sensor_starts_a_run_for_each_cell_with_something_to_bring_in(
    place: Installation, server: FakeBatches
) -> None:
    with dg.instance_for_test() as instance:

        def tick() -> list[dg.RunRequest] | dg.SkipReason:
            context = dg.build_sensor_context(instance=instance, resources={"place": place})
            answer = collect_batches(context)
            assert isinstance(answer, list | dg.SkipReason)
            return answer

        assert isinstance(tick(), dg.SkipReason)
        server.finish()
        requests = tick()
        assert isinstance(requests, list)
        assert [one.tags for one in requests] == [
            range_tags(cell("acme"), datetime(2026, 2, 5, tzinfo=UTC).date(), datetime(2026, 4, 5, tzinfo=UTC).date()),
            range_tags(
                cell("zenith"), datetime(2025, 7, 5, tzinfo=UTC).date(), datetime(2025, 7, 5, tzinfo=UTC).date()
            ),
        ]
        busy = dg.DagsterRun(job_name="enrich", status=dg.DagsterRunStatus.STARTED, tags={CELL_TAG: "acme"})
        instance.add_run(busy)
        rest = tick()
        assert isinstance(rest, list)
        assert [one.tags[CELL_TAG] for one in rest] == ["zenith"]
        assert open_journal(place.settings.stores.journal).batches.open() != [], (
            "the sensor looks and brings in nothing"
        )
