"""When a build goes on from what is there, and when it builds everything; dbt is played by a function of a few lines."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from core.warehouse.duckdb import DuckDBWarehouse
from tests.unit.transforms.conftest import ParsedProject
from transforms import continuing
from transforms.continuing import (
    CARD_MODELS,
    DAY_MODELS,
    KEPT_MARTS,
    KEPT_MODELS,
    READING_MODELS,
    TICKET_MODELS,
    Plan,
    ScoresAskedForAlone,
    rebuild,
)
from transforms.lineage import Lineage
from transforms.runner import BuildResult, NodeResult, TransformFailed

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


class Dbt:
    """Builds models that hold one row, and remembers what it was told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.variables: Mapping[str, int | str] = {}
        self.scored_until_on: date | None = None
        self.fails_at = ""

    def __call__(
        self,
        _url: str,
        *,
        on_node: Any,
        variables: Mapping[str, int | str],
        scored_until_on: date | None,
        **_: object,
    ) -> BuildResult:
        self.variables, self.scored_until_on = variables, scored_until_on
        with duckdb.connect(self.path) as connection:
            connection.execute("create schema if not exists intermediate; create schema if not exists marts")
            for name in (*KEPT_MODELS, "int_company_facts"):
                schema = "marts" if name in KEPT_MARTS else "intermediate"
                connection.execute(
                    f"create or replace table {schema}.{name} as "
                    "select 'acme' tenant_id, '1' company_id, date '2026-11-18' stale_from_on"
                )
        nodes = [_node(name, "error" if name == self.fails_at else "success") for name in (*KEPT_MODELS, "companies")]
        for node in nodes:
            on_node(node)
        if self.fails_at:
            raise TransformFailed("It failed.", nodes)
        return BuildResult(tuple(nodes), 0.0, Path("dbt.log"))


def _node(name: str, status: str) -> NodeResult:
    return NodeResult(f"model.churnboard.{name}", "model", name, status, None, "", 0.0, None, "intermediate", name)


class Place:
    """A warehouse and what builds in it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.warehouse = DuckDBWarehouse(folder / "warehouse.duckdb")
        self.dbt = Dbt(self.warehouse.path)
        monkeypatch.setattr(continuing, "build", self.dbt)

    def plan(self, as_of: datetime = NOW, **options: Any) -> Plan:
        """What a build did about scores."""
        scored = rebuild(self.warehouse, self.warehouse.url, as_of=as_of, **options).scored
        assert scored
        assert self.dbt.variables == dict(options.get("variables") or {})
        assert self.dbt.scored_until_on == scored.plan.scored_until_on
        return scored.plan


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_the_first_build_scores_every_day_and_the_next_goes_on(place: Place) -> None:
    assert place.plan() == Plan(None, "there is nothing to go on from")
    assert place.plan(NOW + timedelta(hours=1)) == Plan(NOW.date(), "")
    scored = rebuild(place.warehouse, place.warehouse.url, as_of=NOW + timedelta(days=3)).scored
    assert (
        str(scored)
        == "Built 1 of 1 tickets; scored from 2026-11-21 on, and from an earlier day on for 1 of 1 companies."
    )


def test_every_day_is_scored_where_it_is_asked_for(place: Place) -> None:
    place.plan()
    assert place.plan(is_full=True).why_full == "it was asked for"
    assert place.plan().why_full == ""


def test_a_build_that_failed_on_its_way_to_the_scores_is_not_gone_on_from(place: Place) -> None:
    place.plan()
    place.dbt.fails_at = "int_company_days"
    with pytest.raises(TransformFailed):
        place.plan()
    place.dbt.fails_at = ""
    assert place.plan().why_full == "the build before did not get through what is kept"
    assert place.plan().why_full == ""


def test_a_build_that_failed_after_its_scores_is(place: Place) -> None:
    place.plan()
    place.dbt.fails_at = "companies"
    with pytest.raises(TransformFailed):
        place.plan(NOW + timedelta(days=2))
    place.dbt.fails_at = ""
    assert place.plan(NOW + timedelta(days=2)).scored_until_on == (NOW + timedelta(days=2)).date()


def test_a_build_that_was_killed_is_not(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.plan()

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(continuing, "build", killed)
    with pytest.raises(KeyboardInterrupt):
        place.plan()
    monkeypatch.setattr(continuing, "build", place.dbt)
    assert place.plan().why_full == "the build before did not get through what is kept"


@pytest.mark.parametrize(
    ("as_of", "options"),
    [
        (NOW, {"variables": {"spine_days": 400}}),
        (datetime(2027, 1, 2, tzinfo=UTC), {}),
    ],
)
def test_whatever_but_data_has_changed_makes_every_day_stale(place: Place, as_of: datetime, options: Any) -> None:
    place.plan()
    assert place.plan(as_of, **options).why_full.startswith("the models, the settings of the build or the year")


def test_an_earlier_moment_scores_every_day(place: Place) -> None:
    place.plan()
    assert (
        place.plan(NOW - timedelta(hours=1)).why_full == "the build before was for a later moment, 2026-11-20 23:30 UTC"
    )


def test_a_model_that_was_dropped_is_built_whole(place: Place) -> None:
    place.plan()
    place.warehouse.execute("drop table intermediate.int_trigger_scores_daily")
    assert place.plan().why_full == "there is nothing to go on from"


@pytest.mark.parametrize("models", [["int_tickets", "companies"], list(DAY_MODELS)])
def test_a_part_of_what_is_kept_is_built_whole(place: Place, models: list[str]) -> None:
    place.plan()
    rebuild(place.warehouse, place.warehouse.url, as_of=NOW, models=models)
    assert place.dbt.scored_until_on is None


def test_a_part_of_the_models_of_days_is_built_whole_and_the_scores_never_alone(place: Place) -> None:
    place.plan()
    rebuilt = rebuild(place.warehouse, place.warehouse.url, as_of=NOW, models=["int_company_days", "companies"])
    assert (rebuilt.scored, place.dbt.scored_until_on) == (None, None)
    assert place.plan().why_full == "the build before did not get through what is kept"
    with pytest.raises(
        ScoresAskedForAlone, match="cannot be built without int_day_inputs, int_stale_days, int_company_days"
    ):
        rebuild(place.warehouse, place.warehouse.url, as_of=NOW, models=["int_trigger_scores_daily"])
    assert rebuild(place.warehouse, place.warehouse.url, as_of=NOW, models=["companies"]).scored is None
    assert place.plan().why_full == ""


def test_every_model_of_days_is_listed(parsed_project: ParsedProject) -> None:
    """What reads `int_stale_days`, or reads what does, up to the scores, which hold all days."""
    lineage = Lineage(parsed_project.manifest)
    readers = set(lineage.readers("int_stale_days")) - {*KEPT_MARTS, *CARD_MODELS}
    through = {model for reader in readers for model in lineage.downstream(reader)} & lineage.upstream(DAY_MODELS[-1])
    assert {"int_day_inputs", "int_stale_days"} | readers | through == set(DAY_MODELS)
    assert lineage.readers("int_company_days") == [
        "int_frustrated_daily",
        "int_significant_support_daily",
        "int_silently_struggling_daily",
    ]
    for model in DAY_MODELS[3:-2]:
        assert lineage.readers(model) == ["int_new_scores_daily"]
    assert lineage.readers("int_new_scores_daily") == ["int_card_words", DAY_MODELS[-1], "trigger_scores_daily"]


def test_every_model_of_days_of_cards_is_listed(parsed_project: ParsedProject) -> None:
    """What reads `int_stale_card_days`, and days of signals and words, which the scores' stale days are enough for."""
    readers = set(Lineage(parsed_project.manifest).readers("int_stale_card_days"))
    assert {"int_signal_days", "int_card_inputs", "int_stale_card_days", "int_card_words"} | readers == set(CARD_MODELS)


def test_every_model_of_tickets_is_listed(parsed_project: ParsedProject) -> None:
    """What reads `int_stale_tickets`, each of which holds all tickets."""
    lineage = Lineage(parsed_project.manifest)
    readers = set(lineage.readers("int_stale_tickets"))
    marts = {"tickets", "topic_tickets", "card_tickets", "card_messages", "card_evidence", "ticket_readings"}
    assert {"int_ticket_inputs", "int_stale_tickets"} | readers == {*TICKET_MODELS, *marts}


def test_every_model_of_readings_is_listed(parsed_project: ParsedProject) -> None:
    """What counts only days whose readings have changed."""
    readers = set(Lineage(parsed_project.manifest).readers("int_reading_inputs"))
    assert {"int_reading_inputs"} | readers == {*READING_MODELS, "llm_costs_daily"}
