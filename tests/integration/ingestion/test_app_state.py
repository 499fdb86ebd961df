"""What people decided, replaced whole, on both engines."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.warehouse import Warehouse
from ingestion.app_state import UnknownAppTable, load_app_state
from ingestion.loader import UnloadableRows

MOMENT = datetime(2026, 5, 1, tzinfo=UTC)
ROWS: dict[str, list[dict[str, object]]] = {
    "tenants": [
        {"tenant_id": "acme", "name": "Acme", "plan_tier": "pro", "currency": "EUR"},
        {"tenant_id": "bolt", "name": "Bolt", "plan_tier": "starter", "currency": "USD"},
    ],
    "field_mappings": [
        {
            "tenant_id": "acme",
            "field": "new_stages",
            "version": version,
            "stage_ids": '["0/1"]',
            "valid_from_at": MOMENT,
            "author": "ada",
        }
        for version in (1, 2)
    ],
    "topics": [{"tenant_id": "acme", "name": "Billing", "description": "", "is_active": True, "version": 2}],
    "trigger_params": [
        {
            "tenant_id": "acme",
            "trigger_type": "frustrated",
            "name": name,
            "value": 0.5,
            "version": 1,
            "valid_from_at": MOMENT,
        }
        for name in ("floor", "ceiling")
    ],
}


def test_app_state(warehouse: Warehouse, tmp_path: Path) -> None:
    def replace(rows: dict[str, list[dict[str, object]]]) -> dict[str, int]:
        return load_app_state(rows, warehouse=warehouse, work_dir=tmp_path)

    assert replace({}) == {
        "tenants": 0,
        "field_mappings": 0,
        "topics": 0,
        "topic_versions": 0,
        "corrections": 0,
        "trigger_params": 0,
    }
    assert warehouse.rows("select * from raw_app.topics") == [], "the table exists before anybody made a topic"
    assert replace(ROWS) == {
        "tenants": 2,
        "field_mappings": 2,
        "topics": 1,
        "topic_versions": 0,
        "corrections": 0,
        "trigger_params": 2,
    }
    assert replace(ROWS) == {
        "tenants": 0,
        "field_mappings": 0,
        "topics": 0,
        "topic_versions": 0,
        "corrections": 0,
        "trigger_params": 0,
    }
    assert replace({**ROWS, "tenants": ROWS["tenants"][:1], "trigger_params": []}) == {
        "tenants": 1,
        "field_mappings": 0,
        "topics": 0,
        "topic_versions": 0,
        "corrections": 0,
        "trigger_params": 0,
    }
    assert [row["tenant_id"] for row in warehouse.rows("select * from raw_app.tenants")] == ["acme"]
    assert warehouse.rows("select * from raw_app.trigger_params") == []
    topic = warehouse.rows("select * from raw_app.topics")[0]
    assert (topic["description"], topic["is_active"], topic["version"]) == (None, True, 2)


def test_what_does_not_belong_is_refused(tmp_path: Path) -> None:
    from core.warehouse import connect

    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}", lock_timeout_seconds=5)
    with pytest.raises(UnknownAppTable, match="cards"):
        load_app_state({"cards": []}, warehouse=warehouse, work_dir=tmp_path)
    with pytest.raises(UnloadableRows, match="shoe_size"):
        load_app_state({"tenants": [{"tenant_id": "acme", "shoe_size": 43}]}, warehouse=warehouse, work_dir=tmp_path)
    with pytest.raises(UnloadableRows, match="another type"):
        load_app_state({"topics": [{"tenant_id": "acme", "version": "two"}]}, warehouse=warehouse, work_dir=tmp_path)
