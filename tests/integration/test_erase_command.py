"""`churnboard erase` on a small installation: asks, erases, says what it did and what it found."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import churnboard
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings
from core.tenants import Cell, TenantId
from core.warehouse import Warehouse
from ingestion.hubspot.tables import OBJECT_TABLES, ensure_raw_tables


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    made = Installation(Settings())
    made.directory.save(Tenant(tenant_id=TenantId("acme"), name="Acme", cell=Cell("acme")))
    ensure_raw_tables(made.warehouse)
    put(made.warehouse, "contacts", id="7", firstname="Ada", lastname="Byron", email="ada@zanzibarium.example")
    put(made.warehouse, "tickets", id="1", subject="Write to ada@zanzibarium.example", content="please")
    return made


def put(warehouse: Warehouse, table: str, **values: str) -> None:
    spec = OBJECT_TABLES[table].spec
    row = dict.fromkeys(spec.names) | {"tenant_id": "acme", "properties": "{}", "loaded_at": datetime.now(UTC)} | values
    marks = ", ".join(f":{name}" for name in spec.names)
    warehouse.execute(f"insert into {spec.qualified} ({', '.join(spec.names)}) values ({marks})", **row)


def invoke(*arguments: str, said: str | None = None) -> Result:
    return CliRunner().invoke(churnboard.app, list(arguments), input=said)


def test_it_asks_and_without_a_yes_does_nothing(place: Installation) -> None:
    done = invoke("erase", "acme", "--contact", "7", said="n\n")
    assert done.exit_code == 1
    assert "for good" in done.output
    assert place.erasures.of("acme") == []
    assert place.warehouse.rows("select email from raw_hubspot.contacts") == [{"email": "ada@zanzibarium.example"}]


def test_with_a_yes_nothing_remains(place: Installation) -> None:
    done = invoke("erase", "acme", "--contact", "7", said="y\n")
    assert done.exit_code == 0, done.output
    assert "Nothing remains of acme's contact 7. Tickets that lost their words: 1." in " ".join(done.output.split())
    assert place.warehouse.rows("select email from raw_hubspot.contacts") == []
    assert place.warehouse.rows("select subject, content from raw_hubspot.tickets") == [
        {"subject": None, "content": None}
    ]
    listed = invoke("erasures", "list", "acme")
    assert listed.exit_code == 0
    assert "person" in listed.output
    assert "not yet" not in listed.output


def test_what_is_still_found_is_named_and_the_request_stays_open(place: Installation) -> None:
    put(place.warehouse, "companies", id="9", name="ada@zanzibarium.example")
    done = invoke("erase", "acme", "--contact", "7", "--yes")
    assert done.exit_code == 1
    assert "raw_hubspot.companies.name" in done.output
    assert "not yet" in invoke("erasures", "list", "acme").output
    assert [request.residue_count for request in place.erasures.open(["acme"])] == [2]
