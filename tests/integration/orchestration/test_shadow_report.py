"""What a shadow would do to the cards, by the real rules on either engine: exactly those that its readings make and take away."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis.evals.shipped import add_shipped_precision
from analysis.measures import Share
from analysis.shadow.tables import SHADOW_EVIDENCE, SHADOW_SENTIMENT, SHADOW_TABLES, SHADOWS
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings, StoreSettings, TransformSettings
from core.tenants import cell, tenant_id
from core.vocabulary import CorrectedField
from core.warehouse import Warehouse
from orchestration.shadow import report_shadow
from tests.support.planted_warehouse import AS_OF, planted_rows
from tests.support.warehouse_fixtures import SourceRow, evidence, fill, reading, table_rows

SHADOW = {"shadow_id": "5adc0ffee000", "repeat_index": 0}
ACME = Tenant(tenant_id=tenant_id("acme"), name="Acme", cell=cell("acme"))


@pytest.fixture
def place(warehouse: Warehouse, warehouse_url: str, tmp_path: Path) -> Installation:
    add_shipped_precision(warehouse)
    fill(warehouse_url, planted_rows())
    stores = StoreSettings(data_dir=tmp_path / "data", warehouse_url=warehouse_url)
    return Installation(Settings(stores=stores, transforms=TransformSettings(as_of=AS_OF)))


def of_shadow(row: SourceRow, **more: Any) -> dict[str, Any]:
    return {**row.values, **SHADOW, **more}


def test_a_calmer_reading_takes_a_card_away_and_an_angrier_one_makes_one(
    place: Installation, warehouse: Warehouse
) -> None:
    calmer = reading(ticket_id="1001", sentiment="neutral")
    angrier = reading(ticket_id="1070", sentiment="very_negative", churn_intent="explicit")
    same = reading(ticket_id="1090", sentiment="negative")
    # Asked about another text than what is held: no word about this one.
    other = reading(ticket_id="1071", sentiment="very_negative", churn_intent="explicit")
    rows = [of_shadow(one, call_key="c", pinned_call_key=one.values["call_key"]) for one in (calmer, angrier, same)]
    rows.append(of_shadow(other, call_key="c", pinned_call_key="another"))
    shadow = {
        "tenant_id": "acme",
        "shadow_id": SHADOW["shadow_id"],
        "task": "sentiment",
        "analyzer": "openai_compatible",
        "model": "m",
        "prompt_version": "2099-12-a",
        "pinned_analyzer": "openai_compatible",
        "pinned_model": "m",
        "pinned_prompt_version": "2026-11-b",
        "started_at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    quotes = [of_shadow(evidence(ticket_id=one, quote="we are leaving")) for one in ("1070", "1071")]
    warehouse.merge([(table, []) for table in SHADOW_TABLES])
    warehouse.merge([(SHADOWS, [shadow]), (SHADOW_SENTIMENT, rows), (SHADOW_EVIDENCE, quotes)])
    held = ("message_sentiment", "message_evidence", "message_texts", "shadow_sentiment")
    before = {table: table_rows(warehouse.url, f"enrichment.{table}") for table in held}

    place.directory.save(ACME)
    for ticket_id, right in (("1001", "neutral"), ("1070", "positive"), ("1090", "negative"), ("1071", "neutral")):
        place.corrections.add(
            "acme",
            ticket_id=ticket_id,
            field=CorrectedField.SENTIMENT,
            before=["negative"],
            after=[right],
            text="t",
            input_hash="h",
            author="anna",
        )

    report = report_shadow(place, ACME)
    # The pinned reading of 1001 and the candidate's of 1070 are what people put right; 1071 was not compared.
    assert report.corrections == (Share(2, 3), Share(2, 3))
    assert (report.compared_count, report.not_comparable_count) == (3, 1)
    [tone] = [matrix for matrix in report.matrices if matrix.dimension == "sentiment"]
    assert tone.counts == {
        ("very_negative", "neutral"): 1,
        ("positive", "very_negative"): 1,
        ("negative", "negative"): 1,
    }
    assert report.cards is not None
    [gone] = report.cards.vanishing
    assert (gone.company_name, gone.trigger_type, gone.quote) == ("Angry", "frustrated", "we are cancelling")
    [new] = report.cards.appearing
    assert (new.company_name, new.trigger_type, new.quote) == ("Calm", "frustrated", "we are leaving")
    assert (new.ticket_id, str(new.opened_on)) == ("1070", "2026-11-17")
    assert report.cards.staying_count > 3
    assert report.cards.other_severity == ()

    assert {table: table_rows(warehouse.url, f"enrichment.{table}") for table in held} == before
    assert not warehouse.has_table("marts", "churn_risk_cards"), "nothing was built where readers look"
    assert list(place.settings.stores.data_dir.glob("shadow-*")) == [], "the copy is gone"
