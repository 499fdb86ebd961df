"""Through the real pipeline, on both engines: what tells who wrote is never sent, and the card quotes the customer's own words."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.tenants import Cell, tenant_id
from core.vocabulary import Confidence
from ingestion.sandbox.world import Portal
from orchestration.refresh import read_again
from tests.support.databases import throw_away_database
from tests.support.fake_llm import FakeLLM
from tests.support.scene import UNTIL, Scene, just_now, playing, small_world

pytestmark = pytest.mark.slow

MODEL = {"llm_api_key": "sk-test", "llm_model": "fake", "llm_max_concurrency": 8}
SAID = "Ada Canarywitch here (ada.canarywitch@ermintrude.example, +49 30 55501477) and this is unacceptable"
CONTENT = f"Good morning,\n\n{SAID}. We cancel, refund DE89 3704 0044 0532 0130 00 or 4111 1111 1111 1111."
LATER = "Canarywitch once more: unacceptable. Ask my colleague Ludmila, ludmila@ermintrude.example."
TRACES = ("canarywitch", "ermintrude", "55501477", "3704 0044", "4111 1111", "ludmila")


class Play:
    """One scene with such a customer in it; the tests follow its life in their order."""

    def __init__(self, scene: Scene, llm: FakeLLM) -> None:
        self.scene, self.llm = scene, llm
        [slug] = scene.world.portals
        self.tenant = tenant_id(slug)
        self.ticket = plant(scene.world.portal(slug))
        scene.refresh()

    def sent(self) -> str:
        return "\n".join(json.dumps(one.body, ensure_ascii=False) for one in self.llm.history).lower()

    def evidence(self) -> list[dict[str, Any]]:
        query = text(
            "select published_card_evidence.* from published_card_evidence join published_build using (tenant_id, build_id) "
            "where ticket_id = :ticket order by quote"
        )
        with self.scene.place.app_database.connect() as connection:
            return [dict(row) for row in connection.execute(query, {"ticket": self.ticket}).mappings()]


def plant(portal: Portal) -> str:
    """An angry customer's ticket, and a mail a colleague of theirs wrote on it; returns the ticket's id."""
    contact = portal.upsert("contacts", {"firstname": "Ada", "lastname": "Canarywitch"}, modified_at=just_now())
    said = {
        "subject": "Report of Ada",
        "content": CONTENT,
        "createdate": UNTIL - timedelta(hours=2),
        "hs_pipeline": "0",
        "hs_pipeline_stage": "1",
    }
    ticket = portal.upsert("tickets", said, modified_at=just_now())
    founded = {"name": "Quiet Ltd", "createdate": UNTIL - timedelta(days=90)}
    company = portal.upsert("companies", founded, modified_at=just_now())
    mail = {
        "hs_email_direction": "INCOMING_EMAIL",
        "hs_email_subject": "Re: Report",
        "hs_email_text": LATER,
        "hs_email_from_email": "ludmila@ermintrude.example",
        "hs_email_from_firstname": "Ludmila",
        "hs_email_from_lastname": "Ermintrude",
        "hs_timestamp": UNTIL - timedelta(hours=1),
    }
    email = portal.upsert("emails", mail, modified_at=just_now())
    portal.associate("tickets", ticket, "companies", company, primary=True)
    portal.associate("tickets", ticket, "contacts", contact)
    portal.associate("tickets", ticket, "emails", email)
    return ticket


def playing_on(folder: Path, postgres: str = "") -> Iterator[Play]:
    world = small_world(tenants=1, tickets=40, months=5)
    with FakeLLM() as llm, playing(folder, world, postgres=postgres, llm_base_url=llm.url, **MODEL) as scene:
        yield Play(scene, llm)


class Life:
    """What holds on any engine."""

    def test_nothing_that_was_planted_arrives(self, play: Play) -> None:
        sent = play.sent()
        assert (
            "[name_1] here ([email_1], [phone_1]) and this is unacceptable. we cancel, refund [iban_1] or [card_1]."
            in sent
        )
        assert "[name_1] once more: unacceptable. ask my colleague [name_2], [email_1]." in sent
        assert [trace for trace in TRACES if trace in sent] == []

    def test_the_card_quotes_the_original_where_it_stands(self, play: Play) -> None:
        [first] = [row for row in play.evidence() if row["quote"] == SAID]
        assert first["context"][first["context_start"] : first["context_end"]] == SAID
        whole = f"Report of Ada\n\n{CONTENT}"
        assert whole[first["quote_start"] : first["quote_end"]] == SAID
        assert (first["confidence"], first["measured_answer"]) == (Confidence.UNKNOWN, "explicit")
        assert all("[NAME" not in row["context"] for row in play.evidence())

    def test_switched_off_the_original_is_sent(self, play: Play) -> None:
        place = play.scene.place
        place.directory.switch_masking(play.tenant, is_masked=False)
        paid = len(play.llm.paid)
        day = UNTIL.date()
        read_again(play.scene.definitions, play.scene.instance, Cell(play.tenant), day, day)
        assert len(play.llm.paid) > paid
        assert [trace for trace in TRACES if trace not in play.sent()] == []


class TestOnDuckDB(Life):
    @pytest.fixture(scope="class")
    @classmethod
    def play(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
        yield from playing_on(tmp_path_factory.mktemp("scene"))


class TestOnPostgres(Life):
    @pytest.fixture(scope="class")
    @classmethod
    def play(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
        with throw_away_database() as url:
            yield from playing_on(tmp_path_factory.mktemp("scene"), postgres=url)
