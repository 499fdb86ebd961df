"""A customer is erased in HubSpot: through the real pipeline nothing of them is left anywhere, and everything is still counted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import inspect, text

from analysis.topics.correct import correct_topics
from core.appdb.bi import views
from core.erasure import find_residue
from core.erasure.registry import APPLICATION, ERASED_NOTE, JOURNAL, MODELS, WAREHOUSE, Holding
from core.naming import MARTS
from core.tenants import tenant_id
from core.vocabulary import ErasureSource
from tests.support.canary import SUBJECT, TRACES, WORDS, Canary, files_with_traces, plant, write
from tests.support.databases import throw_away_database
from tests.support.fake_llm import FakeLLM
from tests.support.scene import Scene, just_now, playing, small_world

WORLD = {"tenants": 1, "tickets": 60, "months": 5}
MODEL = {"llm_api_key": "sk-test", "llm_model": "fake", "llm_max_concurrency": 8}


class Play:
    """One scene, refreshed with the customer in it; the tests follow its life in their order."""

    def __init__(self, scene: Scene, llm: FakeLLM, folder: Path) -> None:
        self.scene, self.llm, self.folder = scene, llm, folder
        [slug] = scene.world.portals
        self.tenant = tenant_id(slug)
        self.portal = scene.world.portal(slug)
        self.canary: Canary = plant(self.portal)
        scene.refresh()
        place, ticket = scene.place, self.canary.ticket
        [label, *_] = place.topics.draft(self.tenant).content.active_names
        correct_topics(place.warehouse, place.topics, place.corrections, self.tenant, ticket, [label], author="ada")
        # Two builds are kept, and both quote.
        scene.refresh()

    def residue(self) -> list[str]:
        return [f"{one.store} {one.where}" for one in find_residue(self.scene.place, self.tenant, TRACES)]

    def one(self, sql: str) -> dict[str, Any]:
        [row] = self.scene.place.warehouse.rows(sql, tenant=self.tenant, ticket=self.canary.ticket)
        return row

    def evidence(self) -> list[dict[str, Any]]:
        with self.scene.place.app_database.connect() as connection:
            query = text("select * from published_card_evidence where ticket_id = :ticket")
            return [dict(row) for row in connection.execute(query, {"ticket": self.canary.ticket}).mappings()]

    def readings(self) -> list[dict[str, Any]]:
        return self.scene.place.warehouse.rows(
            "select message_id, level, call_key from enrichment.message_sentiment "
            "where tenant_id = :tenant and ticket_id = :ticket order by message_id",
            tenant=self.tenant,
            ticket=self.canary.ticket,
        )

    def cards(self) -> list[dict[str, Any]]:
        with self.scene.place.app_database.connect() as connection:
            query = text("select * from published_churn_risk_cards where ticket_id = :ticket")
            return [dict(row) for row in connection.execute(query, {"ticket": self.canary.ticket}).mappings()]


def playing_on(folder: Path, postgres: str = "") -> Iterator[Play]:
    with (
        FakeLLM() as llm,
        playing(
            folder, small_world(**WORLD), postgres=postgres, keeps_runs=not postgres, llm_base_url=llm.url, **MODEL
        ) as scene,
    ):
        yield Play(scene, llm, folder)


class Life:
    """What holds on any engine."""

    def test_before_the_traces_are_everywhere(self, play: Play) -> None:
        stores = {one.split()[0] for one in play.residue()}
        assert {"warehouse", "application"} <= stores
        assert "warehouse raw_hubspot.emails.text" in play.residue()
        assert "warehouse intermediate.int_messages.text" in play.residue()
        assert "warehouse enrichment.message_texts.text" in play.residue()
        assert {row["message_id"] for row in play.evidence()} > {"opening"}, "what they wrote later is quoted too"
        assert {"warehouse raw_app.corrections.text", "application correction.text"} <= set(play.residue())
        if play.scene.place.warehouse.dialect == "duckdb":
            files = files_with_traces(play.folder)
            assert {"warehouse.duckdb", "app.db", "journal.db"} <= {file.removesuffix("-wal") for file in files}
            assert any(file.startswith("published/marts-") for file in files)
        cards = play.cards()
        assert [card["contact_name"] for card in cards] == ["Ada Canarywitch"] * 2
        assert not any(card["why"].endswith(ERASED_NOTE) for card in cards)

    def test_every_table_with_a_tenant_is_in_the_registry(self, play: Play) -> None:
        place = play.scene.place
        known = {one.qualified for one in WAREHOUSE}
        rows = place.warehouse.rows(
            "select c.table_schema, c.table_name from information_schema.columns as c "
            "inner join information_schema.tables as t on t.table_schema = c.table_schema and t.table_name = c.table_name "
            "where c.column_name = 'tenant_id' and t.table_type = 'BASE TABLE'"
        )
        # Copies for BI hold what their marts hold, and only marts without anything of a person have one.
        copied = {row["table_name"] for row in rows if row["table_schema"] == views.COPIES}
        assert copied <= {one.table for one in MODELS if one == Holding(MARTS, one.table)}
        # What dlt stages is removed whole; `public` is the application database on the same server.
        outside = ("raw_hubspot_staging", "raw_app_staging", "public", views.COPIES)
        held = {
            f"{row['table_schema']}.{row['table_name']}" for row in rows if not row["table_schema"].startswith(outside)
        }
        assert held
        assert held - known == set(), "say in core.erasure.registry what these tables hold of a person"
        shape = inspect(place.app_database)
        ours = {
            name
            for name in shape.get_table_names()
            if "tenant_id" in {column["name"] for column in shape.get_columns(name)}
        }
        limits = {name for name in ours if name.startswith("hubspot_")}
        assert ours - {one.table for one in (*APPLICATION, *JOURNAL)} - limits == set()

    def test_after_it_nothing_is_found_and_everything_is_counted(self, play: Play) -> None:
        before = play.scene.marts()
        read = play.readings()
        assert len(read) == 3, "the opening and two mails"
        paid = len(play.llm.paid)
        play.portal.privacy_delete(play.canary.contact)
        play.scene.refresh()
        assert play.residue() == []
        [request] = play.scene.place.erasures.of(play.tenant)
        assert (request.object_id, request.source) == (play.canary.contact, ErasureSource.HUBSPOT)
        assert set(request.ticket_ids) == {play.canary.ticket, play.canary.mention}
        assert request.done_at is not None
        assert request.residue_count == 0
        assert len(play.llm.paid) == paid
        after = play.scene.marts()
        assert after["sentiment_daily"] == before["sentiment_daily"]
        assert after["companies"] == before["companies"]
        assert len(after["churn_risk_cards"]) == len(before["churn_risk_cards"])
        assert read == play.readings()
        assert play.evidence() == []

    def test_the_card_stays_and_says_that_its_words_are_gone(self, play: Play) -> None:
        cards = play.cards()
        assert len(cards) == 2
        for card in cards:
            assert card["contact_id"] is None
            assert card["contact_name"] is None
            assert card["why"].endswith(ERASED_NOTE)
            assert card["why"].count(ERASED_NOTE) == 1
            assert card["is_active"]

    def test_the_check_ran_and_says_so(self, play: Play) -> None:
        key = dg.AssetCheckKey(dg.AssetKey(["publish"]), "nothing_erased_remains")
        record = play.scene.instance.get_latest_asset_check_evaluation_record(key)
        assert record is not None
        assert record.event is not None
        assert record.event.dagster_event.asset_check_evaluation_data.passed  # type: ignore[union-attr]

    def test_the_ticket_changes_in_hubspot_and_comes_without_words(self, play: Play) -> None:
        paid = len(play.llm.paid)
        changed = {"subject": SUBJECT, "content": WORDS, "hs_pipeline_stage": "2", "hs_ticket_priority": "HIGH"}
        play.portal.upsert("tickets", changed, object_id=play.canary.ticket, modified_at=just_now())
        email = write(play.portal, play.canary.ticket)
        play.scene.refresh()
        row = play.one("select * from raw_hubspot.tickets where tenant_id = :tenant and id = :ticket")
        assert (row["hs_pipeline_stage"], row["subject"], row["content"]) == ("2", None, None)
        assert json.loads(row["properties"])["hs_ticket_priority"] == "HIGH"
        emails = play.scene.place.warehouse.rows(
            "select direction, text from raw_hubspot.emails where id = :id", id=email
        )
        assert emails == [{"direction": "inbound", "text": None}], "it is counted, and says nothing"
        assert play.residue() == []
        assert len(play.llm.paid) == paid
        assert len(play.readings()) == 3
        assert [card["is_active"] for card in play.cards()] == [True, True]
        loads = [int(metadata["loaded"].value) for metadata in play.scene.events(["raw_hubspot", "tickets"])]
        play.scene.refresh()
        assert loads[0] == 1
        assert int(play.scene.events(["raw_hubspot", "tickets"])[0]["loaded"].value) == 0


@pytest.mark.slow
class TestEmbedded(Life):
    @pytest.fixture(scope="class")
    @classmethod
    def play(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
        yield from playing_on(tmp_path_factory.mktemp("scene"))

    def test_no_file_contains_a_byte_of_it(self, play: Play) -> None:
        assert files_with_traces(play.folder) == {}
        assert (play.folder / "warehouse.duckdb").stat().st_size > 0


@pytest.mark.long
class TestOnPostgres(Life):
    @pytest.fixture(scope="class")
    @classmethod
    def play(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
        with throw_away_database() as url:
            yield from playing_on(tmp_path_factory.mktemp("scene"), postgres=url)
