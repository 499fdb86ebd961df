"""Clearing the warehouse by the registry, and letting what was deleted leave the disk, on both engines."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from core.appdb.engine import forget_deleted, writing
from core.appdb.tables import card_event, tenant
from core.erasure import Subject
from core.erasure.needles import gather, tickets_with
from core.erasure.published import clear_application
from core.erasure.registry import RAW, READINGS
from core.erasure.scan import scan
from core.erasure.warehouse import clear, clear_staged, left, messages_on
from core.vocabulary import CardStatus
from core.warehouse import Column, TableSpec, Warehouse
from core.warehouse.duckdb import DuckDBWarehouse
from ingestion.hubspot.tables import EMAIL_LINKS, LINK_TABLES, OBJECT_TABLES, ensure_raw_tables
from ingestion.hubspot.threads.tables import EMAILS
from ingestion.hubspot.words import thin_properties

ACME = Subject("acme", ["7"], ["1", "2"])
Fill = Callable[..., None]


@pytest.fixture
def fill(warehouse: Warehouse) -> Fill:
    ensure_raw_tables(warehouse)
    specs = {table.name: table.spec for table in (*OBJECT_TABLES.values(), *LINK_TABLES.values(), EMAILS)}

    def filled(name: str, *rows: dict[str, Any]) -> None:
        """Rows of a raw table, `acme`'s unless they say otherwise."""
        spec = specs[name]
        marks = ", ".join(f":{column}" for column in spec.names)
        for row in rows:
            values = dict.fromkeys(spec.names) | {"tenant_id": "acme"} | row
            warehouse.execute(f"insert into {spec.qualified} ({', '.join(spec.names)}) values ({marks})", **values)

    return filled


def texts(warehouse: Warehouse, table: str, *columns: str) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(f"select {', '.join(columns)} from raw_hubspot.{table} order by tenant_id, id")
    return [tuple(row.values()) for row in rows]


def test_words_go_from_the_persons_tickets_and_messages_and_from_nobody_elses(warehouse: Warehouse, fill: Fill) -> None:
    properties = '{"hs_pipeline_stage":"2","note":"Ada"}'
    for tenant_id in ("acme", "globex"):
        fill(
            "tickets",
            *(
                {"tenant_id": tenant_id, "id": one, "subject": "s", "content": "c", "properties": properties}
                for one in "123"
            ),
        )
        fill(
            "emails",
            *({"tenant_id": tenant_id, "id": one, "subject": "s", "author_email": "a", "text": "t"} for one in "45"),
        )
        fill(EMAIL_LINKS.table, {"tenant_id": tenant_id, "ticket_id": "1", "email_id": "4"})
        fill(EMAIL_LINKS.table, {"tenant_id": tenant_id, "ticket_id": "3", "email_id": "5"})
        fill("contacts", *({"tenant_id": tenant_id, "id": one, "email": "a@b"} for one in "78"))
        fill("ticket_contacts", *({"tenant_id": tenant_id, "ticket_id": one, "contact_id": "7"} for one in "12"))
    with warehouse.snapshot() as snapshot:
        assert set(left(snapshot, RAW, ACME)) == {"raw_hubspot.tickets", "raw_hubspot.emails", "raw_hubspot.contacts"}
    assert clear(warehouse, RAW, ACME, thin=thin_properties) > 0
    thin, kept = (None, None, '{"hs_pipeline_stage":"2"}'), ("s", "c", properties)
    assert texts(warehouse, "tickets", "subject", "content", "properties") == [thin, thin, kept, kept, kept, kept]
    quiet, loud = (None, None, None), ("s", "a", "t")
    assert texts(warehouse, "emails", "subject", "author_email", "text") == [quiet, loud, loud, loud]
    assert texts(warehouse, "contacts", "tenant_id", "id") == [("acme", "8"), ("globex", "7"), ("globex", "8")]
    assert warehouse.rows("select count(*) as held from raw_hubspot.ticket_contacts")[0]["held"] == 2
    with warehouse.snapshot() as snapshot:
        assert left(snapshot, RAW, ACME) == {}
    assert clear(warehouse, RAW, ACME, thin=thin_properties) == 0, "a second time there is nothing to do"


def test_stores_that_do_not_exist_yet_hold_nothing(warehouse: Warehouse) -> None:
    assert clear(warehouse, (*RAW, *READINGS), ACME, thin=thin_properties) == 0
    with warehouse.snapshot() as snapshot:
        assert left(snapshot, (*RAW, *READINGS), ACME) == {}


def test_what_a_killed_load_left_staged_is_removed(warehouse: Warehouse) -> None:
    spec = TableSpec("raw_hubspot_staging_acme", "tickets", (Column("tenant_id"), Column("id")), ("tenant_id", "id"))
    warehouse.merge([(spec, [{"tenant_id": one, "id": "1"} for one in ("acme", "globex")])])
    assert clear_staged(warehouse, "acme") == 1
    assert warehouse.rows(f"select tenant_id from {spec.qualified}") == [{"tenant_id": "globex"}]


def test_only_what_is_the_persons_own_is_searched_for(warehouse: Warehouse, fill: Fill) -> None:
    shared, own = "Everybody pastes this very same sentence.", "Nobody else has ever written this sentence."
    fill(
        "contacts",
        {
            "id": "7",
            "firstname": "Ada",
            "lastname": "Byron",
            "email": "Ada@b.example",
            "properties": '{"phone":"+49 30 1234567"}',
        },
    )
    fill(
        "contacts", {"id": "8", "firstname": "Ada", "lastname": "Byron", "email": "other@b.example", "properties": "{}"}
    )
    fill("contacts", {"tenant_id": "globex", "id": "9", "email": "Ada@b.example", "properties": "{}"})
    fill("tickets", {"id": "1", "subject": "Hi", "content": f"{shared}\n{own}", "properties": "{}"})
    fill(
        "tickets",
        {"id": "3", "content": shared, "properties": "{}"},
        {"id": "4", "content": "cc ADA@B.example", "properties": "{}"},
    )
    later, ours = "What they wrote later was theirs alone.", "This is what we answer to everybody, word for word."
    mail = {"direction": "inbound", "text": f"{later}\n{shared}"}
    fill("emails", {"id": "4", "own_text": f"{later}\n{shared}", **mail}, {"id": "5", "text": ours, "own_text": ours})
    fill("emails", {"tenant_id": "globex", "id": "4", "own_text": own, "direction": "inbound", "text": own})
    for email_id in "45":
        fill(EMAIL_LINKS.table, {"ticket_id": "1", "email_id": email_id})
    with warehouse.snapshot() as snapshot:
        messages = messages_on(snapshot, "acme", ACME.ticket_ids)
        assert messages == ["emails/4", "emails/5"]
        needles = gather(snapshot, replace(ACME, message_ids=messages))
        assert tickets_with(snapshot, "acme", needles.addresses) == {"4"}
    assert set(needles.in_rows) == {"Ada@b.example", "+49 30 1234567", own, later}
    assert set(needles.in_bytes) == {"+49 30 1234567", later}, (
        "files belong to all tenants, and globex knows the address too"
    )


def test_what_was_deleted_leaves_the_disk(warehouse: Warehouse, tmp_path: Path) -> None:
    spec = TableSpec("raw_hubspot", "words", (Column("tenant_id"), Column("id"), Column("text")), ("tenant_id", "id"))
    rows = [{"tenant_id": "acme", "id": str(one), "text": f"zanzibarium {one} " * 20} for one in range(500)]
    warehouse.merge([(spec, rows)])
    warehouse.execute("create schema staging")
    warehouse.execute("create view staging.z as select * from raw_hubspot.words")
    warehouse.execute("create view staging.a as select * from staging.z")
    warehouse.execute("delete from raw_hubspot.words where id <> '1'")
    warehouse.execute("update raw_hubspot.words set text = 'gone'")
    if isinstance(warehouse, DuckDBWarehouse):
        assert scan(tmp_path, [b"zanzibarium"]), "a delete leaves it in the file"
    warehouse.forget_deleted([spec.qualified, "raw_hubspot.no_such_table"])
    assert scan(tmp_path, [b"zanzibarium"]) == {}
    assert warehouse.rows("select id, text from staging.a") == [{"id": "1", "text": "gone"}]
    assert warehouse.merge([(spec, rows[:1])]) == 1, "keys hold as before"


def test_what_people_wrote_is_blacked_out_and_leaves_the_disk(app_database: Engine, tmp_path: Path) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    event = {"tenant_id": "acme", "actor": "a", "type": "commented", "status": CardStatus.NEW, "occurred_at": now}
    with writing(app_database) as connection:
        connection.execute(insert(tenant), {"tenant_id": "acme", "name": "Acme", "cell": "acme", "created_at": now})
        for seq, text in enumerate(("Zoë Zanzibarium called again", "Nothing to do with her"), start=1):
            connection.execute(insert(card_event), event | {"card_id": "c", "seq": seq, "payload": {"text": text}})
    assert clear_application(app_database, ACME, ["Zoë Zanzibarium"]) == 1
    forget_deleted(app_database, [card_event.name])
    with app_database.connect() as connection:
        said = connection.scalars(select(card_event.c.payload).order_by(card_event.c.seq)).all()
    assert said == [{"text": "[erased] called again"}, {"text": "Nothing to do with her"}]
    app_database.dispose()
    assert scan(tmp_path, [b"zanzibarium"]) == {}


def test_a_needle_is_found_across_the_pieces_a_file_is_read_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.erasure.scan._CHUNK", 8)
    (tmp_path / "file").write_bytes(b"0123456 ZANZIbarium 789")
    assert scan(tmp_path, [b"zanzibarium", b"nowhere"]) == {"file": 1}
