"""What people decided: settings replaced whole, card events added to, on both engines."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.appdb import open_app_database
from core.appdb.card_events import CardEvents
from core.vocabulary import CardStatus
from core.warehouse import Warehouse
from ingestion.app_state import UnknownAppTable, load_app_state, load_cards
from ingestion.loader import UnloadableRows
from tests.support.published import add_event, add_tenant

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
            "version": version,
            "valid_from_at": MOMENT,
            "author": "ada",
        }
        for name in ("floor", "ceiling")
        for version in (1, 2)
    ],
    "trigger_presets": [
        {"tenant_id": "acme", "version": 1, "preset": "quiet", "valid_from_at": MOMENT, "author": "ada"},
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
        "audit_tickets": 0,
        "trigger_params": 0,
        "trigger_presets": 0,
        "trigger_rules": 0,
        "trigger_rule_literals": 0,
    }
    assert warehouse.rows("select * from raw_app.topics") == [], "the table exists before anybody made a topic"
    assert replace(ROWS) == {
        "tenants": 2,
        "field_mappings": 2,
        "topics": 1,
        "topic_versions": 0,
        "corrections": 0,
        "audit_tickets": 0,
        "trigger_params": 4,
        "trigger_presets": 1,
        "trigger_rules": 0,
        "trigger_rule_literals": 0,
    }
    assert replace(ROWS) == {
        "tenants": 0,
        "field_mappings": 0,
        "topics": 0,
        "topic_versions": 0,
        "corrections": 0,
        "audit_tickets": 0,
        "trigger_params": 0,
        "trigger_presets": 0,
        "trigger_rules": 0,
        "trigger_rule_literals": 0,
    }
    assert replace({**ROWS, "tenants": ROWS["tenants"][:1], "trigger_params": []}) == {
        "tenants": 1,
        "field_mappings": 0,
        "topics": 0,
        "topic_versions": 0,
        "corrections": 0,
        "audit_tickets": 0,
        "trigger_params": 0,
        "trigger_presets": 0,
        "trigger_rules": 0,
        "trigger_rule_literals": 0,
    }
    assert [row["tenant_id"] for row in warehouse.rows("select * from raw_app.tenants")] == ["acme"]
    assert warehouse.rows("select * from raw_app.trigger_params") == []
    topic = warehouse.rows("select * from raw_app.topics")[0]
    assert (topic["description"], topic["is_active"], topic["version"]) == (None, True, 2)


def test_of_card_events_only_new_ones_are_loaded_and_no_words(warehouse: Warehouse, tmp_path: Path) -> None:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    events = CardEvents(engine)
    for tenant_id in ("acme", "bolt"):
        add_tenant(engine, tenant_id)

    def load() -> int:
        return load_cards(events.beyond, events.aliases(), warehouse=warehouse, work_dir=tmp_path)["card_events"]

    def held() -> list[tuple[object, ...]]:
        rows = warehouse.rows("select * from raw_app.card_events order by tenant_id, card_id, seq")
        return [(row["tenant_id"], row["card_id"], row["seq"], row["type"], row["payload"]) for row in rows]

    assert load() == 0
    assert held() == [], "the table exists before anything happened"
    said = {"text": "Ada Lovelace rang, she is furious", "mentions": ["x"]}
    add_event(engine, "acme", "card-1", 1, CardStatus.NEW, kind="commented", payload=said)
    add_event(engine, "acme", "card-1", 2, CardStatus.WORKING, kind="status_changed")
    add_event(engine, "bolt", "card-1", 1, CardStatus.NEW, kind="assigned", payload={"assignee": "y"})
    assert load() == 3
    assert load() == 0
    done = {"outcome": "saved", "note": "They stay.", "mrr": 12.5}
    add_event(engine, "acme", "card-1", 3, CardStatus.COMPLETED, kind="completed", payload=done)
    add_event(engine, "acme", "card-2", 1, CardStatus.NEW, kind="commented", payload=said)
    read = [(tenant_id, len(rows)) for tenant_id, rows in events.beyond({("acme", "card-1"): 2, ("bolt", "card-1"): 1})]
    assert read == [("acme", 2)], "what is held is not read again"
    assert load() == 2
    assert held() == [
        ("acme", "card-1", 1, "commented", '{"mentions":["x"]}'),
        ("acme", "card-1", 2, "status_changed", "{}"),
        ("acme", "card-1", 3, "completed", '{"mrr":12.5,"outcome":"saved"}'),
        ("acme", "card-2", 1, "commented", '{"mentions":["x"]}'),
        ("bolt", "card-1", 1, "assigned", '{"assignee":"y"}'),
    ]
    engine.dispose()


def test_a_table_of_a_release_that_kept_the_newest_version_only_takes_them_all(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    columns = "tenant_id text, trigger_type text, name text, value double precision, version bigint"
    columns += ", valid_from_at timestamptz, loaded_at timestamptz, _dlt_load_id text"
    if warehouse.dialect == "postgres":
        columns += ", primary key (tenant_id, trigger_type, name)"
    warehouse.execute(f"create schema raw_app; create table raw_app.trigger_params ({columns})")
    for _ in range(2):
        load_app_state(ROWS, warehouse=warehouse, work_dir=tmp_path)
    held = warehouse.rows("select name, version, author from raw_app.trigger_params order by name, version")
    assert [tuple(row.values()) for row in held] == [
        ("ceiling", 1, "ada"),
        ("ceiling", 2, "ada"),
        ("floor", 1, "ada"),
        ("floor", 2, "ada"),
    ]


def test_what_does_not_belong_is_refused(tmp_path: Path) -> None:
    from core.warehouse import connect

    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}", lock_timeout_seconds=5)
    with pytest.raises(UnknownAppTable, match="cards"):
        load_app_state({"cards": []}, warehouse=warehouse, work_dir=tmp_path)
    with pytest.raises(UnloadableRows, match="shoe_size"):
        load_app_state({"tenants": [{"tenant_id": "acme", "shoe_size": 43}]}, warehouse=warehouse, work_dir=tmp_path)
    with pytest.raises(UnloadableRows, match="another type"):
        load_app_state({"topics": [{"tenant_id": "acme", "version": "two"}]}, warehouse=warehouse, work_dir=tmp_path)
