"""Asset checks about sources and mappings, on both engines: what they let pass, and what they say about the rest."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from core.appdb.directory import Tenant
from core.fields import FieldMapping
from core.installation import Installation
from core.tenants import cell, tenant_id
from core.vocabulary import MappedField, MrrUnit
from ingestion.hubspot.tables import PIPELINE_STAGES, PROPERTIES, SYNC_CURSORS, ensure_raw_tables
from orchestration.checks import every_stream_is_readable, mappings_are_valid, streams_are_complete, streams_are_fresh
from tests.support.scene import settings_for

ACME = tenant_id("acme")


@pytest.fixture
def place(warehouse_url: str, tmp_path: Path) -> Iterator[Installation]:
    is_postgres = warehouse_url.startswith("postgresql")
    place = Installation(settings_for(tmp_path, "http://127.0.0.1:9", postgres=warehouse_url if is_postgres else ""))
    ensure_raw_tables(place.warehouse)
    place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    yield place
    place.app_database.dispose()


def ago(hours: int) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def streams(place: Installation, **by_stream: dict[str, Any]) -> None:
    base = {"tenant_id": "acme", "cursor_at": ago(1), "status": "synced", "synced_at": ago(0)}
    rows = [base | {"stream": stream} | values for stream, values in by_stream.items()]
    place.warehouse.merge([(SYNC_CURSORS, rows)])


def outcome(check: dg.AssetChecksDefinition, place: Installation) -> tuple[bool, dict[str, Any]]:
    result = check(place=place)
    assert isinstance(result, dg.AssetCheckResult)
    return result.passed, {name: value.value for name, value in result.metadata.items()}


def test_a_stream_is_late_after_a_day_and_a_half_or_when_never_read(place: Installation) -> None:
    streams(
        place,
        tickets={"cursor_at": ago(35)},
        # May not be read, so it is not late.
        contacts={"cursor_at": None, "status": "missing_scope"},
        # Written before a status was.
        owners={"status": None},
    )
    passed, told = outcome(streams_are_fresh, place)
    assert passed
    assert told == {
        "stale_lag_hours": {},
        "lag_hours": pytest.approx({"acme owners": 1.0, "acme tickets": 35.0}, abs=0.5),
    }
    streams(place, tickets={"cursor_at": ago(37)}, companies={"cursor_at": None, "status": "failed"})
    passed, told = outcome(streams_are_fresh, place)
    assert not passed
    assert told["stale_lag_hours"].keys() == {"acme companies", "acme tickets"}
    assert told["stale_lag_hours"]["acme companies"] is None
    assert told["stale_lag_hours"]["acme tickets"] == pytest.approx(37.0, abs=0.5)


def test_every_counted_stream_is_compared_with_hubspots_count(place: Installation) -> None:
    streams(place, tickets={"held_count": 5, "portal_total": 5}, owners={"held_count": 3, "portal_total": None})
    assert outcome(streams_are_complete, place) == (True, {"held_and_total": {}, "streams_counted": 1})
    streams(
        place,
        companies={"held_count": 4, "portal_total": 5},
        contacts={"held_count": None, "portal_total": 2},
    )
    passed, told = outcome(streams_are_complete, place)
    assert not passed
    assert told == {"held_and_total": {"acme companies": [4, 5], "acme contacts": [None, 2]}, "streams_counted": 3}


def test_what_could_not_be_read_is_told_with_its_sentence(place: Installation) -> None:
    streams(place, tickets={}, owners={"status": None})
    assert outcome(every_stream_is_readable, place) == (True, {"not_read": {}})
    streams(place, contacts={"status": "missing_scope", "error_message": "Grant it."})
    assert _severity(every_stream_is_readable, place) is dg.AssetCheckSeverity.WARN
    streams(
        place,
        tickets={"status": "failed", "error_message": "HubSpot said no."},
        contacts={"status": "missing_scope", "error_message": "Grant crm.objects.contacts.read."},
        companies={"status": "failed", "error_message": None},
    )
    passed, told = outcome(every_stream_is_readable, place)
    assert not passed
    assert _severity(every_stream_is_readable, place) is dg.AssetCheckSeverity.ERROR
    assert told["not_read"] == {
        "acme companies": "failed: no reason was given.",
        "acme contacts": "missing_scope: Grant crm.objects.contacts.read.",
        "acme tickets": "failed: HubSpot said no.",
    }


def test_a_mapping_that_no_longer_holds_is_told(place: Installation) -> None:
    for mapping in (
        FieldMapping(field=MappedField.MRR, property_name="mrr", unit=MrrUnit.MONTH, currency_property="billed_in"),
        FieldMapping(field=MappedField.RENEWAL, property_name="renews_on"),
        FieldMapping(field=MappedField.USAGE, property_name="uses"),
        FieldMapping(field=MappedField.NEW_STAGES, stage_ids=("0/1",)),
    ):
        place.mappings.set(ACME, mapping, author="ada")
    assert outcome(mappings_are_valid, place) == (True, {"problems": {}}), "nothing was loaded, so nothing is known"

    def catalogue(*, stage_archived: bool = False, **types: tuple[str, bool]) -> None:
        rows = [
            {
                "tenant_id": "acme",
                "object_type": "companies",
                "name": name,
                "label": name,
                "type": kind,
                "archived": gone,
            }
            for name, (kind, gone) in types.items()
        ]
        stage = {"tenant_id": "acme", "pipeline_id": "0", "id": "1", "label": "New", "archived": stage_archived}
        place.warehouse.execute("delete from raw_hubspot.properties")
        place.warehouse.execute("delete from raw_hubspot.pipeline_stages")
        _insert(place, PROPERTIES.spec.qualified, rows)
        _insert(place, PIPELINE_STAGES.spec.qualified, [stage])

    right = {"mrr": ("number", False), "renews_on": ("date", False), "uses": ("number", False)}
    catalogue(**right, billed_in=("string", False))
    assert outcome(mappings_are_valid, place) == (True, {"problems": {}})
    catalogue(mrr=("string", False), renews_on=("date", True), billed_in=("string", False), stage_archived=True)
    passed, told = outcome(mappings_are_valid, place)
    assert not passed
    assert told["problems"] == {
        "acme mrr": ["Company property 'mrr' is of type string, mrr needs number."],
        "acme renewal": [
            "Company property 'renews_on' is archived in HubSpot: restore it there or map another.",
        ],
        "acme usage": ["HubSpot has no company property 'uses'."],
        "acme new_stages": ["HubSpot has no ticket stage '0/1'. Written as pipeline/stage, it has none."],
    }


def _severity(check: dg.AssetChecksDefinition, place: Installation) -> dg.AssetCheckSeverity:
    result = check(place=place)
    assert isinstance(result, dg.AssetCheckResult)
    return result.severity


def _insert(place: Installation, table: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        names = ", ".join(row)
        place.warehouse.execute(
            f"insert into {table} ({names}) values ({', '.join(f':{name}' for name in row)})", **row
        )
