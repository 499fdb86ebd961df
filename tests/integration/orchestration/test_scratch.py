"""Cards out of a copy with other readings: exactly those that the other readings make, and not a row of the warehouse changed."""

from pathlib import Path

import pytest

from analysis.shadow.cards import compare_cards
from analysis.tables import TICKET_EVIDENCE, TICKET_SENTIMENT
from core.installation import Installation
from core.settings import Settings, StoreSettings, TransformSettings
from core.tenants import tenant_id
from core.warehouse import Warehouse
from orchestration.scratch import scratch_copy
from tests.support.planted_warehouse import AS_OF, planted_rows
from tests.support.warehouse_fixtures import evidence, fill, reading, table_rows


@pytest.fixture
def place(warehouse_url: str, tmp_path: Path) -> Installation:
    fill(warehouse_url, planted_rows())
    stores = StoreSettings(data_dir=tmp_path / "data", warehouse_url=warehouse_url)
    return Installation(Settings(stores=stores, transforms=TransformSettings(as_of=AS_OF)))


def test_a_calmer_reading_takes_a_card_away_and_an_angrier_one_makes_one(
    place: Installation, warehouse: Warehouse
) -> None:
    before = {table: table_rows(warehouse.url, f"enrichment.{table}") for table in ("ticket_sentiment", "ticket_texts")}
    with scratch_copy(place, tenant_id("acme")) as scratch:
        pinned = scratch.cards()
        assert {card.company_name for card in pinned} >= {"Angry", "Relapsed"}
        scratch.replace(
            {
                TICKET_SENTIMENT: (
                    ["1001", "1070"],
                    [
                        reading(ticket_id="1001", sentiment="neutral").values,
                        reading(ticket_id="1070", sentiment="very_negative", churn_intent="explicit").values,
                    ],
                ),
                TICKET_EVIDENCE: (["1001", "1070"], [evidence(ticket_id="1070", quote="we are leaving").values]),
            }
        )
        changes = compare_cards(pinned, scratch.cards())
    [gone] = changes.vanishing
    assert (gone.company_name, gone.trigger_type, gone.quote) == ("Angry", "frustrated", "we are cancelling")
    [new] = changes.appearing
    assert (new.company_name, new.trigger_type, new.quote) == ("Calm", "frustrated", "we are leaving")
    assert new.ticket_id == "1070"
    assert changes.staying_count == len(pinned) - 1
    assert {table: table_rows(warehouse.url, f"enrichment.{table}") for table in before} == before
    assert not warehouse.has_table("marts", "churn_risk_cards")
    assert list(place.settings.stores.data_dir.glob("shadow-*")) == []
