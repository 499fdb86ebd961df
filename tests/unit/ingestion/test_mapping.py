"""Records as rows: every value HubSpot can send arrives, or becomes null in its column and stays in `properties`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.warehouse import TableSpec
from ingestion.app_state import APP_TABLES
from ingestion.hubspot import mapping
from ingestion.hubspot.tables import (
    COMPANIES,
    COMPANY_LINKS,
    CONTACT_LINKS,
    OBJECT_TYPES,
    RAW_TABLES,
    SYNC_CURSORS,
    TICKETS,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def ticket(properties: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    record = {"id": "1", "properties": properties, "archived": False, "url": "https://app.hubspot.com/x/1", **fields}
    return mapping.object_rows(TICKETS, "acme", [record], [NOW]).to_pylist()[0]


def test_a_ticket() -> None:
    row = ticket({"subject": "Help", "createdate": "2026-04-01T10:00:00.123Z", "zz": "1", "aa": "2"}, archived=False)
    assert row["tenant_id"] == "acme"
    assert row["createdate"] == datetime(2026, 4, 1, 10, 0, 0, 123_000, tzinfo=UTC)
    assert row["properties"] == '{"aa":"2","createdate":"2026-04-01T10:00:00.123Z","subject":"Help","zz":"1"}'
    assert (row["archived"], row["archived_at"], row["loaded_at"]) == (False, None, NOW)
    assert row["content"] is None


def test_an_archived_record_says_when() -> None:
    row = ticket({}, archived=True, archivedAt="2026-04-02T00:00:00Z")
    assert (row["archived"], row["archived_at"]) == (True, datetime(2026, 4, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("2026-04-01T10:00:00Z", datetime(2026, 4, 1, 10, tzinfo=UTC)),
        ("2026-04-01T10:00:00+02:00", datetime(2026, 4, 1, 8, tzinfo=UTC)),
        ("2026-04-01", datetime(2026, 4, 1, tzinfo=UTC)),
        ("1775037600000", datetime(2026, 4, 1, 10, tzinfo=UTC)),
        (1775037600000, datetime(2026, 4, 1, 10, tzinfo=UTC)),
        ("-62000000000", datetime(1968, 1, 14, 9, 46, 40, tzinfo=UTC)),
        ("2999-12-31T00:00:00Z", datetime(2999, 12, 31, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("999999999999999999999", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_moments(given_value: object, expected: datetime | None) -> None:
    assert mapping.moment(given_value) == expected
    row = ticket({"closed_date": given_value, "createdate": "2026-04-01T10:00:00Z"})
    assert row["closed_date"] == expected
    assert row["createdate"] == datetime(2026, 4, 1, 10, tzinfo=UTC), "a bad neighbour spoils nothing"


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("12.5", 12.5),
        ("1e3", 1000.0),
        (7, 7.0),
        ("", None),
        ("a lot", None),
        ("nan", None),
        ("inf", None),
        (None, None),
    ],
)
def test_numbers(given_value: object, expected: float | None) -> None:
    record = {"id": "1", "properties": {"annualrevenue": given_value}}
    assert mapping.object_rows(COMPANIES, "acme", [record], [NOW]).to_pylist()[0]["annualrevenue"] == expected


def test_what_no_store_keeps_is_replaced() -> None:
    row = ticket({"subject": "a\x00b", "content": "cut \ud83d", "odd\x00name": "v\ud83d"})
    assert (row["subject"].replace("\x00", "\ufffd"), row["content"]) == ("a\ufffdb", "cut \ufffd")
    assert json.loads(row["properties"]) == {"subject": "a\ufffdb", "content": "cut \ufffd", "odd\ufffdname": "v\ufffd"}


@given(st.dictionaries(st.text(min_size=1), st.none() | st.text(), max_size=6), st.text())
def test_any_text_is_kept_or_visibly_replaced(properties: dict[str, str | None], content: str) -> None:
    row = ticket({**properties, "content": content})
    held = json.loads(row["properties"])
    assert "\x00" not in row["properties"]
    row["properties"].encode()
    for name, value in {**properties, "content": content}.items():
        if value is not None and "\x00" not in name + value:
            assert held[name] == value
    assert {name for name, value in properties.items() if value is None}.isdisjoint(set(held) - {"content"})


def test_links_with_labels_primary_and_none() -> None:
    primary = {"category": "HUBSPOT_DEFINED", "typeId": 26, "label": "Primary"}
    plain = {"category": "HUBSPOT_DEFINED", "typeId": 339, "label": None}
    own = {"category": "USER_DEFINED", "typeId": 4, "label": "Reseller"}
    found = {
        "1": [
            {"toObjectId": 7, "associationTypes": [plain, primary]},
            {"toObjectId": "8", "associationTypes": [plain]},
            {"toObjectId": "8", "associationTypes": [own, plain]},
        ],
        "2": [],
    }
    rows = mapping.link_rows(COMPANY_LINKS, "acme", found, NOW).to_pylist()
    assert [(row["ticket_id"], row["company_id"], row["is_primary"]) for row in rows] == [
        ("1", "7", True),
        ("1", "8", False),
        ("2", None, False),
    ]
    assert [one["typeId"] for one in json.loads(rows[1]["association_types"])] == [339, 4]
    assert rows[2]["association_types"] == "[]"
    assert mapping.link_rows(CONTACT_LINKS, "acme", {"2": []}, NOW).to_pylist()[0]["contact_id"] is None


def test_stages_tell_closed_by_metadata_only() -> None:
    def stage(name: str, **metadata: object) -> dict[str, object]:
        return {"id": name, "label": "Closed", "displayOrder": 0, "metadata": metadata}

    pipeline = {
        "id": 0,
        "stages": [
            stage("a", ticketState="CLOSED"),
            stage("b", ticketState="OPEN", isClosed="true"),
            stage("c", isClosed="true"),
            stage("d"),
            {"id": "e"},
        ],
    }
    rows = mapping.stage_rows("acme", [pipeline], NOW).to_pylist()
    assert [(row["ticket_state"], row["is_closed"]) for row in rows] == [
        ("CLOSED", True),
        ("OPEN", False),
        (None, True),
        (None, None),
        (None, None),
    ]


def test_no_records_are_an_empty_table_with_all_columns() -> None:
    for kind in OBJECT_TYPES:
        assert mapping.object_rows(kind, "acme", [], []).num_rows == 0


def test_a_property_s_values_are_kept_with_their_moments_and_that_there_was_none() -> None:
    record = {
        "id": 7,
        "propertiesWithHistory": {
            "mrr": [
                {"value": "", "timestamp": "2026-04-03T00:00:00Z"},
                {"value": "20", "timestamp": "2026-04-02T00:00:00Z"},
                {"value": "15", "timestamp": "2026-04-02T00:00:00Z"},
                {"value": "10", "timestamp": "2026-04-01T00:00:00Z"},
                {"value": "9", "timestamp": "one day"},
            ],
            "usage": [],
            "shoe_size": [{"value": "43", "timestamp": "2026-04-01T00:00:00Z"}],
        },
    }
    rows = mapping.company_history_rows("acme", [record, {"id": "8"}], [NOW, NOW], ["mrr", "usage"]).to_pylist()
    assert [(row["company_id"], row["property_name"], row["value"], row["set_at"]) for row in rows] == [
        ("7", "mrr", "10", datetime(2026, 4, 1, tzinfo=UTC)),
        ("7", "mrr", "20", datetime(2026, 4, 2, tzinfo=UTC)),
        ("7", "mrr", None, datetime(2026, 4, 3, tzinfo=UTC)),
        ("7", "usage", None, None),
    ]


def _documented(section: str) -> dict[str, list[str]]:
    """Table and column names of one section of docs/names.md, in the order they are listed there."""
    text = (Path(__file__).parents[3] / "docs" / "names.md").read_text()
    body = text.split(f"## {section}", 1)[1].split("\n## ", 1)[0]
    found = {}
    for line in body.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            bare = "".join(part for place, part in enumerate(cells[2].replace(")", "(").split("(")) if place % 2 == 0)
            found[cells[0].strip("`")] = [word.strip("`") for word in bare.split() if word.startswith("`")]
    return found


@pytest.mark.parametrize(
    ("section", "specs"),
    [
        ("raw_hubspot", [table.spec for table in RAW_TABLES] + [SYNC_CURSORS]),
        ("raw_app", [table.spec for table in APP_TABLES]),
    ],
)
def test_tables_are_the_documented_ones(section: str, specs: list[TableSpec]) -> None:
    documented = _documented(section)
    assert set(documented) == {spec.name for spec in specs}
    for spec in specs:
        names = [name for name in documented[spec.name] if name != "tenant_id"]
        assert sorted(spec.names) == sorted(["tenant_id", *names]), spec.name
        assert spec.names[0] == spec.key[0] == "tenant_id"
