"""The main job on real parts: HubSpot over HTTP, Dagster, dbt, the published build through the API. Both engines."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from ingestion.sandbox.world import Portal, Value
from orchestration.demo.summary import summarise
from orchestration.partitions import range_tags
from orchestration.refresh import RefreshFailed
from serve.app import create_app
from tests.support.databases import throw_away_database
from tests.support.scene import UNTIL, Scene, just_now, playing

FURIOUS = (
    "This is completely unacceptable. Your product is unusable, support ignores us and we are furious. "
    "We are cancelling our contract and switching to another vendor."
)


def ask(scene: Scene, tenant: str, path: str) -> Any:
    client = TestClient(create_app(scene.place.settings))
    with client:
        issued = client.post("/api/v1/auth/demo", json={"tenant": tenant, "role": "viewer"}).json()
        answer = client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {issued['access_token']}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def loaded_rows(scene: Scene, runs: int) -> int:
    return sum(int(metadata["loaded"].value) for metadata in scene.events(["raw_hubspot", "tickets"])[:runs])


def cards_of(scene: Scene, tenant: str) -> list[dict[str, Any]]:
    return scene.place.warehouse.rows("select * from marts.churn_risk_cards where tenant_id = :tenant", tenant=tenant)


def write_ticket(portal: Portal, company: str, content: str, *, days: float, closed_days: float | None = None) -> str:
    said: dict[str, Value] = {
        "subject": "A ticket",
        "content": content,
        "createdate": UNTIL - timedelta(days=days),
        "hs_pipeline": "0",
        "hs_pipeline_stage": "1",
    }
    if closed_days is not None:
        said |= {"hs_pipeline_stage": "4", "closed_date": UNTIL - timedelta(days=closed_days)}
    ticket = portal.upsert("tickets", said, modified_at=just_now())
    portal.associate("tickets", ticket, "companies", company, primary=True)
    return ticket


def write_email(
    portal: Portal,
    ticket: str,
    text: str,
    *,
    days: float,
    direction: str = "INCOMING_EMAIL",
    is_automatic: bool = False,
) -> str:
    said: dict[str, Value] = {
        "hs_email_direction": direction,
        "hs_email_subject": "Automatic reply: A ticket" if is_automatic else "A ticket",
        "hs_email_text": text,
        "hs_email_from_email": "anna@customer.example",
        "hs_timestamp": UNTIL - timedelta(days=days),
    }
    email = portal.upsert("emails", said, modified_at=just_now())
    portal.associate("tickets", ticket, "emails", email)
    return email


class Life:
    """What holds of a scene on any engine. One scene a class, refreshed once; the tests follow its life in their order."""

    def test_every_planted_account_has_its_card(self, scene: Scene, tmp_path: Path) -> None:
        truth = tmp_path / "truth.json"
        scene.world.write_truth(truth)
        summary = summarise(scene.place, truth)
        planted = sum(count.planted for count in summary.triggers)
        assert planted >= 6
        assert summary.missed == 0
        assert sum(count.other_notify for count in summary.triggers) <= planted // 3
        assert sum(summary.tickets.values()) == sum(
            len(portal.ids("tickets")) for portal in scene.world.portals.values()
        )

    def test_a_card_can_be_asked_why_down_to_the_ticket(self, scene: Scene) -> None:
        for tenant, portal in scene.world.portals.items():
            [card, *_] = ask(scene, tenant, "/cards?trigger=frustrated")["items"]
            detail = ask(scene, tenant, f"/cards/{card['card_id']}")
            assert detail["why"]
            assert detail["components"]
            assert detail["evidence"]
            for quote in detail["evidence"]:
                assert quote["context"][quote["context_start"] : quote["context_end"]] == quote["quote"]
                assert quote["ticket_id"] in portal.ids("tickets")
                assert quote["analyzer"] == "embedded"
                assert quote["prompt_version"]

    def test_a_second_run_loads_nothing_pays_nothing_and_changes_nothing(self, scene: Scene) -> None:
        before = scene.marts()
        enrichment = scene.marts("enrichment")
        [metadata, *_] = scene.events(["intermediate", "int_trigger_scores_daily"])
        assert (
            metadata["scored"].value
            == "Every ticket was built and every day was scored: there is nothing to go on from."
        )
        scene.refresh()
        [metadata, *_] = scene.events(["intermediate", "int_trigger_scores_daily"])
        assert metadata["scored"].value.startswith(
            f"Built 0 of 300 tickets; scored from {UNTIL:%Y-%m-%d} on, and from an earlier day on for 0 of "
        )
        assert metadata["changed_company_count"].value == 0
        assert loaded_rows(scene, runs=len(scene.world.portals)) == 0
        assert scene.marts("enrichment") == enrichment
        assert scene.marts() == before

    def test_three_months_of_one_tenant_can_be_read_again_as_one_run(self, scene: Scene) -> None:
        [tenant, *_] = scene.world.portals
        months = [(UNTIL - timedelta(days=days)).date() for days in (62, 31, 0)]
        run = scene.definitions.resolve_job_def("enrich").execute_in_process(
            instance=scene.instance, tags=range_tags(tenant, months[0], months[-1])
        )
        partitions = {str(event.partition) for event in run.get_asset_materialization_events()}
        assert partitions == {f"{tenant}|{month:%Y-%m}-01" for month in months}
        [metadata, *_] = scene.events(["enrichment", "message_sentiment"])
        assert metadata["read"].value == 0
        assert metadata["reused"].value > 0


class TestOnPostgres(Life):
    @pytest.fixture(scope="class")
    @classmethod
    def scene(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
        with throw_away_database() as url, playing(tmp_path_factory.mktemp("scene"), postgres=url) as scene:
            scene.refresh()
            yield scene


class TestEmbedded(Life):
    @pytest.fixture(scope="class")
    @classmethod
    def scene(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
        with playing(tmp_path_factory.mktemp("scene")) as scene:
            scene.refresh()
            yield scene

    def test_a_new_complaint_opens_a_card_and_the_others_stay(self, scene: Scene) -> None:
        [tenant, *_] = scene.world.portals
        before = {card["card_id"] for card in ask(scene, tenant, "/cards?limit=200")["items"]}
        portal = scene.world.portal(tenant)
        carded = {card["company_id"] for card in ask(scene, tenant, "/cards?limit=200")["items"]}
        company = next(one for one in portal.ids("companies") if one not in carded)
        said = {
            "subject": "We are leaving",
            "content": FURIOUS,
            "createdate": UNTIL - timedelta(hours=2),
            "hs_pipeline": "0",
        }
        ticket = portal.upsert("tickets", said, modified_at=just_now())
        portal.associate("tickets", ticket, "companies", company, primary=True)
        scene.refresh()
        assert loaded_rows(scene, runs=len(scene.world.portals)) == 1
        cards = ask(scene, tenant, "/cards?limit=200")["items"]
        assert before <= {card["card_id"] for card in cards}
        [new] = [card for card in cards if card["company_id"] == company]
        assert (new["trigger_type"], new["ticket_id"]) == ("frustrated", ticket)

    @pytest.mark.slow
    def test_a_calm_ticket_turns_with_its_third_message_and_an_angry_one_ends_well(self, scene: Scene) -> None:
        [tenant, *_] = scene.world.portals
        portal = scene.world.portal(tenant)
        carded = {card["company_id"] for card in cards_of(scene, tenant)}
        turning, calming = [one for one in portal.ids("companies") if one not in carded][:2]
        calm = "Where can I see the invoices of last year? Our auditor asks for them by the end of the week."
        turned = write_ticket(portal, turning, calm, days=3)
        write_email(portal, turned, calm, days=3)
        write_email(portal, turned, "Look under Billing.", days=2.8, direction="EMAIL")
        angry = write_email(portal, turned, FURIOUS, days=2)
        write_email(portal, turned, "I am out of office. This is unacceptable.", days=1.9, is_automatic=True)
        calmed = write_ticket(portal, calming, FURIOUS, days=40, closed_days=37)
        write_email(portal, calmed, "It works again now. Thank you so much!", days=38)
        scene.refresh()
        [new] = [card for card in ask(scene, tenant, "/cards?limit=200")["items"] if card["company_id"] == turning]
        assert (new["trigger_type"], new["ticket_id"], new["looks_resolved"]) == ("frustrated", turned, False)
        evidence = ask(scene, tenant, f"/cards/{new['card_id']}")["evidence"]
        assert {quote["message_id"] for quote in evidence} == {f"emails/{angry}"}
        assert {quote["reading_scope"] for quote in evidence} == {"thread"}
        assert all(quote["quote"] in FURIOUS for quote in evidence)
        assert all(FURIOUS[quote["quote_start"] : quote["quote_end"]] == quote["quote"] for quote in evidence)
        [ended] = [card for card in cards_of(scene, tenant) if card["company_id"] == calming]
        assert (ended["is_active"], ended["looks_resolved"]) == (False, True)

    def test_one_tenant_that_cannot_be_reached_does_not_stop_the_other(self, scene: Scene) -> None:
        failing, healthy, *_ = scene.world.portals
        builds = {tenant: scene.place.builds.current(tenant).build_id for tenant in (failing, healthy)}  # type: ignore[union-attr, arg-type]
        scene.world.portal(failing).static_token = "revoked"
        with pytest.raises(RefreshFailed, match=rf"load {failing}: .*{failing}"):
            scene.refresh()
        assert scene.place.builds.current(healthy).build_id != builds[healthy]  # type: ignore[union-attr, arg-type]
        assert ask(scene, failing, "/cards")["items"]

    def test_the_checks_ran_and_say_so(self, scene: Scene) -> None:
        checks = scene.instance.get_latest_asset_check_evaluation_record
        for key, name in (
            (["raw_hubspot", "sync_cursors"], "streams_are_fresh"),
            (["raw_hubspot", "sync_cursors"], "streams_are_complete"),
            (["raw_hubspot", "properties"], "mappings_are_valid"),
            (["marts", "companies"], "companies_are_all_there"),
            (["publish"], "every_tenant_is_published"),
        ):
            record = checks(dg.AssetCheckKey(dg.AssetKey(key), name))
            assert record is not None, name
            assert record.event is not None
            assert record.event.dagster_event.asset_check_evaluation_data.passed, name  # type: ignore[union-attr]

    def test_the_tenant_that_could_not_be_reached_is_named_and_its_readers_are_told(self, scene: Scene) -> None:
        failing, *_ = scene.world.portals
        key = dg.AssetCheckKey(dg.AssetKey(["raw_hubspot", "sync_cursors"]), "every_stream_is_readable")
        record = scene.instance.get_latest_asset_check_evaluation_record(key)
        assert record is not None
        assert record.event is not None
        evaluation = record.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
        assert not evaluation.passed
        told = evaluation.metadata["not_read"].value
        assert {stream.split()[0] for stream in told} == {failing}
        sources = ask(scene, failing, "/sources")
        assert sources["summary"]["failed"]
        assert any(row["error_message"] in " ".join(told.values()) for row in sources["items"] if row["error_message"])
