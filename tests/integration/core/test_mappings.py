"""Field mappings: versions that are only ever added, and what of them the warehouse is told."""

import json
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError

from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.locking import UnknownTenant
from core.appdb.mappings import FieldMappings
from core.appdb.tables import field_mapping
from core.fields import FieldMapping
from core.tenants import cell, tenant_id
from core.vocabulary import MappedField, MrrUnit

ACME = tenant_id("acme")
YEARLY = FieldMapping(field=MappedField.MRR, property_name="arr", unit=MrrUnit.YEAR, currency="USD")
MONTHLY = FieldMapping(field=MappedField.MRR, property_name="mrr", unit=MrrUnit.MONTH, currency_property="billed_in")
RENEWAL = FieldMapping(field=MappedField.RENEWAL, property_name="renews_on")


def on(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


@pytest.fixture
def directory(app_database: Engine) -> TenantDirectory:
    directory = TenantDirectory(app_database)
    directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    directory.save(Tenant(tenant_id=tenant_id("globex"), name="Globex", cell=cell("globex")))
    return directory


@pytest.fixture
def mappings(directory: TenantDirectory, app_database: Engine) -> FieldMappings:
    return FieldMappings(app_database)


def test_what_was_believed_at_any_moment_can_be_read_again(mappings: FieldMappings) -> None:
    mappings.set(ACME, YEARLY, author="ada", now=on(1))
    mappings.set(ACME, RENEWAL, author="ada", now=on(2))
    mappings.set(ACME, MONTHLY, author="bob", now=on(3))
    mappings.set(ACME, FieldMapping(field=MappedField.RENEWAL), author="bob", now=on(4))
    assert mappings.current(ACME) == {MappedField.MRR: MONTHLY}
    assert mappings.current(ACME, as_of_at=on(3)) == {MappedField.MRR: MONTHLY, MappedField.RENEWAL: RENEWAL}
    assert mappings.current(ACME, as_of_at=on(1)) == {MappedField.MRR: YEARLY}
    assert mappings.current("globex") == {}
    assert [(one.mapping.field, one.version, one.author) for one in mappings.history(ACME)] == [
        ("mrr", 1, "ada"),
        ("renewal", 1, "ada"),
        ("mrr", 2, "bob"),
        ("renewal", 2, "bob"),
    ]


def test_saying_the_same_again_is_no_new_version(mappings: FieldMappings) -> None:
    assert mappings.set(ACME, YEARLY, author="ada") is not None
    assert mappings.set(ACME, YEARLY, author="bob") is None
    assert mappings.set(ACME, FieldMapping(field=MappedField.USAGE), author="bob") is None, "it never was mapped"
    assert len(mappings.history(ACME)) == 1


def test_no_stage_is_another_answer_than_none_chosen(mappings: FieldMappings) -> None:
    nothing_is_new = FieldMapping(field=MappedField.NEW_STAGES, stage_ids=())
    assert mappings.set(ACME, nothing_is_new, author="ada")
    assert mappings.current(ACME) == {MappedField.NEW_STAGES: nothing_is_new}
    mappings.set(ACME, FieldMapping(field=MappedField.NEW_STAGES), author="ada")
    assert mappings.current(ACME) == {}


def test_two_people_at_once_make_two_versions(mappings: FieldMappings) -> None:
    names = [f"property_{number}" for number in range(6)]

    def choose(name: str) -> None:
        mappings.set(ACME, FieldMapping(field=MappedField.USAGE, property_name=name), author=name)

    threads = [threading.Thread(target=choose, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = mappings.history(ACME)
    assert sorted(one.version for one in history) == [1, 2, 3, 4, 5, 6]
    assert sorted(str(one.mapping.property_name) for one in history) == names


def test_nobody_maps_for_a_tenant_that_is_not_there(mappings: FieldMappings) -> None:
    with pytest.raises(UnknownTenant, match="nobody"):
        mappings.set("nobody", YEARLY, author="ada")


@pytest.mark.parametrize("wrong", [{"field": "shoe_size"}, {"unit": "week"}])
def test_fields_and_units_are_closed_lists_in_the_database_too(
    mappings: FieldMappings, app_database: Engine, wrong: dict[str, str]
) -> None:
    row = {"tenant_id": ACME, "field": "mrr", "version": 1, "valid_from_at": on(1), "author": "ada"} | wrong
    with app_database.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(field_mapping).values(row))


def test_the_warehouse_is_told_every_version_with_lists_as_json_text(
    directory: TenantDirectory, mappings: FieldMappings
) -> None:
    waiting = FieldMapping(field=MappedField.WAITING_STAGES, stage_ids=("0/2", "7/9"))
    for mapping in (YEARLY, MONTHLY, waiting):
        mappings.set(ACME, mapping, author="ada")
    rows = directory.app_state()["field_mappings"]
    assert [(row["field"], row["version"], row["unit"]) for row in rows] == [
        ("mrr", 1, "year"),
        ("mrr", 2, "month"),
        ("waiting_stages", 1, None),
    ]
    assert [row["stage_ids"] for row in rows[:2]] == [None, None]
    assert json.loads(rows[2]["stage_ids"]) == ["0/2", "7/9"]
