"""A product lead's afternoon, by the command line: correct, ship, sort history again, look at what became of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

import churnboard
from analysis.analyzer import Taxonomy
from analysis.topics.nearest import narrowed
from analysis.topics.taxonomy import read_taxonomies
from core.appdb.engine import writing
from core.appdb.tables import task
from core.appdb.tasks import TaskBook
from core.vocabulary import TaskKind
from orchestration.tasks.worker import work
from tests.support.fake_llm import FakeLLM
from tests.support.scene import Scene, playing, small_world

pytestmark = pytest.mark.slow

WORLD = {"tenants": 1, "tickets": 60, "months": 5}


def said(*arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(churnboard.app, ["topics", *arguments])
    assert result.exit_code == exit_code, (result.output, result.exception)
    return " ".join(result.output.replace("│", " ").split())


class Play:
    """One scene, refreshed once; the tests follow its life in their order."""

    def __init__(self, scene: Scene, llm: FakeLLM) -> None:
        self.scene, self.llm = scene, llm
        [self.tenant] = scene.world.portals
        scene.refresh()
        self.corrected: list[str] = []
        self.label = ""

    def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        return self.scene.place.warehouse.rows(sql, **params)

    def texts(self) -> dict[str, str]:
        return {
            row["ticket_id"]: row["text"]
            for row in self.rows("select * from enrichment.message_texts where message_id = 'opening'")
        }

    def taxonomy(self) -> Taxonomy:
        with self.scene.place.warehouse.snapshot() as snapshot:
            return read_taxonomies(snapshot, [self.tenant])[self.tenant].current


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    folder: Path = tmp_path_factory.mktemp("topics")
    model = {"llm_api_key": "sk-test", "llm_model": "fake", "llm_max_concurrency": 8}
    with FakeLLM() as llm, playing(folder, small_world(**WORLD), llm_base_url=llm.url, **model) as scene:
        yield Play(scene, llm)


@pytest.fixture(autouse=True)
def same_installation(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = play.scene.place.settings
    for name, value in (
        ("DATA_DIR", str(settings.stores.data_dir)),
        ("HUBSPOT_BASE_URL", play.scene.sandbox.base_url),
        ("ANALYZER", "openai_compatible"),
        ("LLM_BASE_URL", play.llm.url),
        ("LLM_API_KEY", "sk-test"),
        ("LLM_MODEL", "fake"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(churnboard.shared.console, "_width", 240)
    play.llm.reset()


def test_three_corrections_are_shipped_and_history_follows(play: Play) -> None:
    texts = play.texts()
    play.label = min(play.taxonomy().names)
    labelled = {
        row["ticket_id"] for row in play.rows("select * from enrichment.ticket_topics") if row["topic"] == play.label
    }
    play.corrected = [ticket_id for ticket_id in sorted(texts) if ticket_id not in labelled][:3]
    for ticket_id in play.corrected:
        assert f"topics of ticket {ticket_id} is {play.label}" in said(
            "correct", play.tenant, ticket_id, "--topic", play.label, "--why", "seen by me"
        )
    assert said("corrections", play.tenant).count("seen by me") == 3
    before = play.taxonomy()
    assert "Version 2" in said("ship", play.tenant, "--note", "Three taught.")
    cases = len(play.llm.paid)
    assert cases == len({texts[ticket_id] for ticket_id in play.corrected})
    out = said("retag", play.tenant)
    assert "From version 1 to version 2" in out
    after = play.taxonomy()
    asked_anew = {text for text in texts.values() if narrowed(after, text).examples != narrowed(before, text).examples}
    assert len(play.llm.paid) == len(asked_anew), "only tickets that are shown a new example, each once"
    assert set(play.corrected) <= {ticket_id for ticket_id, text in texts.items() if text in asked_anew}
    assert len(asked_anew) < len(set(texts.values()))
    play.llm.reset()
    assert said("retag", play.tenant) == out, "run again, it says the same"
    assert play.llm.history == []


def test_the_marts_show_what_people_said(play: Play) -> None:
    play.scene.refresh()
    rows = play.rows(
        "select ticket_id, topic, corrected_by from intermediate.int_ticket_topics where corrected_by is not null"
    )
    assert {(row["ticket_id"], row["topic"]) for row in rows} == {(one, play.label) for one in play.corrected}
    counted = play.rows(
        "select topic, sum(ticket_count) as held from marts.topic_metrics_daily where topic <> 'unread' group by topic"
    )
    labels = play.rows("select topic, count(*) as held from intermediate.int_ticket_topics group by topic")
    assert {row["topic"]: row["held"] for row in counted} == {row["topic"]: row["held"] for row in labels}


def test_a_merge_moves_history_without_a_call(play: Play) -> None:
    by_topic = {
        row["topic"]: row["held"]
        for row in play.rows("select topic, count(*) as held from intermediate.int_ticket_topics group by topic")
    }
    [largest] = [
        one for one in sorted(by_topic, key=lambda one: (-by_topic[one], one)) if one not in {"none", play.label}
    ][:1]
    said("merge", play.tenant, largest, play.label)
    assert f"merge name: {largest}, into: {play.label}" in said("list", play.tenant)
    assert largest in said("diff", play.tenant)
    assert "Version 3" in said("ship", play.tenant)
    assert "names only" in said("versions", play.tenant)
    out = said("retag", play.tenant)
    assert largest in out
    play.scene.refresh()
    assert play.llm.history == []
    both = play.rows("select topic, count(*) as held from intermediate.int_ticket_topics group by topic")
    now = {row["topic"]: row["held"] for row in both}
    assert largest not in now
    # A ticket that had both counts once.
    assert max(by_topic[largest], by_topic[play.label]) <= now[play.label] <= by_topic[largest] + by_topic[play.label]
    assert "nothing to ship" in str(CliRunner().invoke(churnboard.app, ["topics", "ship", play.tenant]).exception)


def test_what_a_person_should_have_said_is_asked_for(play: Play) -> None:
    assert "--topic, or --none" in said("correct", play.tenant, "1", exit_code=2)
    assert "is not a month" in said("retag", play.tenant, "--from", "spring", exit_code=2)
    wrong = CliRunner().invoke(churnboard.app, ["topics", "rename", play.tenant, "Weather", "Rain"])
    assert "There is no topic 'Weather'" in str(wrong.exception)


def test_a_rollback_is_sorted_and_published_by_the_worker(play: Play) -> None:
    """What the page asks for after shipping: history sorted again, its matrix, and a build that says so."""
    place = play.scene.place
    place.topics.rollback(play.tenant, 2, author="ada")
    book = TaskBook(play.tenant, lambda: writing(place.app_database))
    asked = {"from_month": None, "to_month": None, "is_confirmed": True}
    task_id = book.ask(TaskKind.TOPIC_RETAGGING, asked, asked_by="ada")
    before = place.builds.current(play.tenant)
    work(place, is_once=True)
    with place.app_database.connect() as connection:
        row = connection.execute(select(task).where(task.c.task_id == task_id)).mappings().one()
    assert (row["status"], row["error_message"]) == ("done", None)
    assert (row["result"]["before"], row["result"]["after"]) == (3, 4)
    assert row["result"]["changed_count"] == sum(
        one["ticket_count"] for one in row["result"]["matrix"] if one["before"] != one["after"]
    )
    assert play.llm.history == [], "version 2 was paid for"
    after = place.builds.current(play.tenant)
    assert before is not None
    assert after is not None
    assert after.build_id != before.build_id
    counted = play.rows("select ticket_id, topics, text from marts.ticket_readings")
    assert {row["ticket_id"] for row in counted} >= set(play.corrected)
    assert all(row["topics"] == play.label for row in counted if row["ticket_id"] in play.corrected)


def test_going_back_is_free_too(play: Play) -> None:
    assert "as version 5" in said("rollback", play.tenant, "1")
    said("retag", play.tenant)
    assert play.llm.history == [], "the journal has what version 1 was told"
    assert "proposals" not in said("discover", play.tenant, "--latest", "30")
    for proposal in play.scene.place.proposals.of(play.tenant)[:1]:
        assert "is in the draft" in said("accept", play.tenant, str(proposal.proposal_id), "--name", "Found")
        assert "Found" in said("list", play.tenant)
