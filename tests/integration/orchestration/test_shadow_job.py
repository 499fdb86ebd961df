"""The job `shadow` over two months of one cell as one run, as a backfill launches it; and a tenant whose prompt is refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import dagster as dg
import pytest

from core.naming import ENRICHMENT
from core.vocabulary import AnalysisTask
from orchestration.partitions import range_tags
from orchestration.refresh import RefreshFailed, read_again
from tests.support.scene import Scene, playing, small_world
from tests.support.two_prompts import CANDIDATE, TwoPromptsLLM, write_candidates

pytestmark = pytest.mark.slow

MONTHS = (date(2026, 9, 1), date(2026, 10, 1))


@pytest.fixture(scope="module")
def llm() -> Iterator[TwoPromptsLLM]:
    with TwoPromptsLLM() as server:
        yield server


@pytest.fixture(scope="module")
def scene(llm: TwoPromptsLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("shadow-job")
    model = {"analyzer": "openai_compatible", "llm_base_url": llm.url, "llm_model": "test/model"}
    world = small_world(tenants=2, tickets=60, months=5)
    with playing(folder / "data", world, prompts_dir=write_candidates(folder / "prompts"), **model) as scene:
        scene.refresh()
        yield scene


def shadow(scene: Scene, **config: object) -> dg.ExecuteInProcessResult:
    [of, *_] = scene.place.directory.cells()
    return scene.definitions.resolve_job_def("shadow").execute_in_process(
        instance=scene.instance,
        tags=range_tags(of, *MONTHS),
        run_config={"ops": {"shadow_readings": {"config": config}}},
        raise_on_error=False,
    )


def partitions(scene: Scene, table: str) -> list[str]:
    key = dg.AssetKey([ENRICHMENT, table])
    return sorted(scene.instance.get_materialized_partitions(key))


def test_two_months_become_one_run_and_nothing_that_is_built_on_changes(scene: Scene, llm: TwoPromptsLLM) -> None:
    [of, *_] = scene.place.directory.cells()
    before, marts, paid = scene.marts(ENRICHMENT), scene.marts(), len(llm.paid)
    run = shadow(scene, task="sentiment", version=CANDIDATE)
    assert run.success
    months = [f"{of}|{month:%Y-%m-%d}" for month in MONTHS]
    assert partitions(scene, "shadow_sentiment") == months
    assert partitions(scene, "shadow_topics") == []
    rows = scene.place.warehouse.rows(
        "select s.*, t.created_at from enrichment.shadow_sentiment as s "
        "inner join staging.stg_hubspot__tickets as t on t.tenant_id = s.tenant_id and t.ticket_id = s.ticket_id"
    )
    assert {row["tenant_id"] for row in rows} == {of}
    assert {row["created_at"].date().replace(day=1) for row in rows} == set(MONTHS)
    assert {row["prompt_version"] for row in rows} == {CANDIDATE}
    [metadata, *_] = scene.events([ENRICHMENT, "shadow_sentiment"])
    assert metadata["read"].value == len(rows)
    assert metadata["paid_calls"].value == len(llm.paid) - paid == len({row["call_key"] for row in rows})
    assert metadata["shadows"].value == {of: rows[0]["shadow_id"]}
    assert scene.marts() == marts
    after = scene.marts(ENRICHMENT)
    assert {table: after[table] for table in before} == before
    paid = len(llm.paid)
    assert shadow(scene, task="sentiment", version=CANDIDATE).success
    assert len(llm.paid) == paid


def test_a_candidate_that_is_none_fails_with_a_sentence(scene: Scene) -> None:
    run = shadow(scene, task="sentiment")
    assert not run.success
    [failure] = [event for event in run.all_events if event.is_step_failure]
    assert "give another --version" in str(failure.step_failure_data.error)


def test_a_tenant_whose_prompt_is_refused_is_named_after_the_others_of_its_cell_were_read(scene: Scene) -> None:
    one, other = scene.place.directory.tenants()
    scene.place.directory.save(replace(one, cell=other.cell))
    scene.place.prompt_pins.pin(one.tenant_id, AnalysisTask.SENTIMENT, "2031-01-a", author="ada")
    scene.place.prompt_pins.pin(other.tenant_id, AnalysisTask.SENTIMENT, CANDIDATE, author="ada")
    with pytest.raises(RefreshFailed, match=rf"{one.tenant_id}: There is no prompt sentiment/2031-01-a: known are"):
        read_again(scene.definitions, scene.instance, other.cell, *MONTHS)
    held = scene.place.warehouse.rows("select tenant_id, prompt_version from enrichment.message_sentiment")
    assert CANDIDATE in {row["prompt_version"] for row in held if row["tenant_id"] == other.tenant_id}
    assert CANDIDATE not in {row["prompt_version"] for row in held if row["tenant_id"] == one.tenant_id}
