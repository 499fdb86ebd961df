"""What Dagster shows of money and trust: estimates beside costs, what waits, and canaries that do not hold."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import select

from analysis import Progress, ensure_enrichment_tables
from analysis.canaries import load_canaries
from core.appdb.directory import Tenant
from core.appdb.engine import writing
from core.appdb.tables import llm_standing, prompt_wording
from core.appdb.tables import task as task_table
from core.appdb.tasks import TaskBook
from core.installation import Installation
from core.settings import Settings
from core.tenants import cell, tenant_id
from core.vocabulary import TaskKind, TaskStatus
from orchestration.assets.canaries import canaries_hold, canary_readings
from orchestration.build import build_definitions
from orchestration.checks import nothing_waits_for_budget
from orchestration.instance import open_instance
from orchestration.refresh import read_again
from orchestration.tasks.worker import work
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import stage, ticket

ACME = tenant_id("acme")
TICKETS = [ticket(f"{number}", "Login", f"Cannot sign in since {number} o'clock.") for number in range(1, 6)]
DAY = date(2026, 11, 5)


@pytest.fixture
def llm() -> Iterator[FakeLLM]:
    with FakeLLM() as started:
        yield started


@pytest.fixture
def place(warehouse_url: str, llm: FakeLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    for name, value in (
        ("ANALYZER", "openai_compatible"),
        ("LLM_BASE_URL", llm.url),
        ("LLM_MODEL", "test/model"),
        ("LLM_ASSUMED_USD_PER_MILLION", "0.05"),
        ("DATA_DIR", str(tmp_path)),
        ("WAREHOUSE_URL", warehouse_url),
    ):
        monkeypatch.setenv(name, value)
    place = Installation(Settings())
    place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    ensure_enrichment_tables(place.warehouse)
    stage(place.warehouse, TICKETS)
    yield place
    place.app_database.dispose()


def read(place: Installation) -> tuple[dict[str, Any], list[Progress]]:
    told: list[Progress] = []
    definitions = build_definitions(resources={"place": place, "on_reading": told.append})
    instance = open_instance(place.settings.stores.data_dir)
    read_again(definitions, instance, cell("acme"), DAY, DAY)
    event = instance.get_latest_materialization_event(dg.AssetKey(["enrichment", "message_sentiment"]))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}, told


def verdict(check: dg.AssetChecksDefinition, place: Installation) -> dg.AssetCheckResult:
    result = check(place=place)
    assert isinstance(result, dg.AssetCheckResult)
    return result


def test_a_run_shows_what_it_cost_beside_what_it_was_estimated_to(place: Installation, llm: FakeLLM) -> None:
    metadata, told = read(place)
    assert (metadata["paid_calls"], metadata["estimated_calls"], metadata["deferred"]) == (10, 10, 0)
    assert metadata["cost_usd"] == pytest.approx(0.001)
    assert metadata["cost_usd_per_1000"] == pytest.approx(0.1)
    assert 0 < metadata["estimated_cost_usd"] < 0.01
    assert (metadata["input_tokens"], metadata["output_tokens"], metadata["tokens"]) == (1_000, 200, 1_200)
    assert metadata["duration_seconds"] > 0
    assert metadata["read_per_second"] > 0
    assert (told[-1].calls_paid, told[-1].calls_total, told[-1].seconds_left) == (10, 10, 0)
    assert told[-1].cost_usd == pytest.approx(0.001)
    assert verdict(nothing_waits_for_budget, place).passed


def test_the_words_that_were_sent_are_kept_for_whoever_asks(place: Installation, llm: FakeLLM) -> None:
    read(place)
    with place.app_database.connect() as connection:
        rows = connection.execute(select(prompt_wording).order_by(prompt_wording.c.task)).mappings().all()
    assert [(row["task"], row["prompt_version"]) for row in rows] == list(place.prompt_pins.current(ACME).items())
    systems = {one.body["messages"][0]["content"] for one in llm.history}
    assert rows[0]["system_text"] in systems, "the very words"
    read(place)
    with place.app_database.connect() as connection:
        assert len(connection.execute(select(prompt_wording)).all()) == len(rows)


def standing(place: Installation) -> dict[str, Any]:
    """Ask how the month stands as the board does, let a worker do it, and read what the API reads."""
    task_id = TaskBook(ACME, lambda: writing(place.app_database)).ask(TaskKind.BUDGET_COUNT, {}, asked_by="ada")
    work(place, is_once=True)
    with place.app_database.connect() as connection:
        done = connection.execute(select(task_table).where(task_table.c.task_id == task_id)).mappings().one()
        assert (done["status"], done["error_message"]) == (TaskStatus.DONE, None)
        return dict(connection.execute(select(llm_standing)).mappings().one())


def test_how_the_month_stands_is_counted_when_somebody_asks(place: Installation, llm: FakeLLM) -> None:
    before = standing(place)
    assert (before["is_paid"], before["spent_usd"], before["unread_count"], before["deferred_count"]) == (
        True,
        0,
        10,
        0,
    )
    assert 0 < before["unread_usd"] < 0.01
    assert not llm.history, "it is counted, not read"
    read(place)
    after = standing(place)
    assert (after["spent_usd"], after["unread_count"], after["unread_usd"]) == (pytest.approx(0.001), 0, 0)
    assert after["measured_at"] > before["measured_at"]
    place.budgets.set(ACME, 0.0, author="ada")
    stage(place.warehouse, [*TICKETS, ticket("6", "Export", "The export stops at half.")])
    read(place)
    waiting = standing(place)
    assert (waiting["deferred_count"], waiting["deferred_usd"] > 0, waiting["spent_usd"]) == (
        1,
        True,
        after["spent_usd"],
    )


def test_an_analyzer_that_costs_nothing_leaves_nothing_to_pay(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER", "embedded")
    free = Installation(Settings())
    told = standing(free)
    assert (told["is_paid"], told["unread_count"], told["unread_usd"], told["spent_usd"]) == (False, None, None, 0)
    free.app_database.dispose()


def test_what_waits_is_a_warning_with_what_to_do(place: Installation, llm: FakeLLM) -> None:
    place.budgets.set(ACME, 0.0, author="ada")
    metadata, _ = read(place)
    assert (metadata["deferred"], metadata["failed"], metadata["paid_calls"]) == (10, 0, 0)
    found = verdict(nothing_waits_for_budget, place)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    [sentence] = found.metadata["waiting"].value.values()  # type: ignore[union-attr]
    assert "5 tickets wait since" in sentence
    assert "`churnboard budget set acme …`" in sentence
    place.budgets.set(ACME, 1.0, author="ada")
    metadata, _ = read(place)
    assert (metadata["deferred"], metadata["paid_calls"]) == (0, 10)
    assert verdict(nothing_waits_for_budget, place).passed


def test_canaries_are_an_asset_with_a_check_that_fails_when_a_ticket_is_obeyed(
    place: Installation, llm: FakeLLM
) -> None:
    def script(obeyed: str = "") -> None:
        for one in load_canaries():
            right = {"sentiment": one.sentiment[0].value, "churn_intent": one.churn_intent[0].value}
            given = {"sentiment": "very_positive", "churn_intent": "none"} if one.name == obeyed else right
            llm.enqueue(fake.answer(quotes=[], target="product", resolution="unclear", **given), where=one.text)

    def run() -> dict[str, Any]:
        result = dg.materialize([canary_readings, canaries_hold], resources={"place": place})
        assert result.success
        [made] = result.asset_materializations_for_node("enrichment__canary_readings")
        return {name: value.value for name, value in made.metadata.items()}

    script()
    metadata = run()
    assert (metadata["canaries"], metadata["right_score"], metadata["flip_score"]) == (len(load_canaries()), 1.0, 0.0)
    assert metadata["cost_usd"] == pytest.approx(0.0001 * len(load_canaries()))
    assert verdict(canaries_hold, place).passed
    # The next day, whose answers are asked for anew: yesterday's rows are a day older, and so is what they were asked by.
    place.warehouse.execute("update enrichment.canary_readings set read_on = date '2020-01-01'")
    (place.settings.stores.data_dir / "journal.db").unlink(missing_ok=True)
    if place.warehouse.dialect == "postgres":
        place.warehouse.execute("delete from llm_call")
    script(obeyed="injection_json")
    run()
    found = verdict(canaries_hold, place)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.metadata["steered"].value == ["injection_json"]
    assert found.metadata["flipped"].value == ["injection_json"]
    assert "steers the reading" in (found.description or "")


def test_the_canaries_have_a_nightly_job_of_their_own() -> None:
    definitions = build_definitions()
    schedule = definitions.resolve_schedule_def("daily_canaries")
    assert (schedule.job_name, schedule.cron_schedule) == ("canaries", "30 2 * * *")
    keys = definitions.resolve_job_def("canaries").asset_layer.selected_asset_keys
    assert keys == {dg.AssetKey(["enrichment", "canary_readings"])}
