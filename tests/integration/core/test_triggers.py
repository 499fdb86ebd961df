"""Trigger settings: versions that are only ever added, and what of them the warehouse is told."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.locking import UnknownTenant
from core.appdb.triggers import TriggerSettings
from core.tenants import cell, tenant_id
from core.vocabulary import TriggerPreset, TriggerType

ACME = tenant_id("acme")
FRUSTRATED, SUPPORT = TriggerType.FRUSTRATED, TriggerType.SIGNIFICANT_SUPPORT


def on(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


@pytest.fixture
def directory(app_database: Engine) -> TenantDirectory:
    directory = TenantDirectory(app_database)
    directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    directory.save(Tenant(tenant_id=tenant_id("globex"), name="Globex", cell=cell("globex")))
    return directory


@pytest.fixture
def triggers(directory: TenantDirectory, app_database: Engine) -> TriggerSettings:
    return TriggerSettings(app_database)


def test_every_version_is_kept_and_told_to_the_warehouse(directory: TenantDirectory, triggers: TriggerSettings) -> None:
    triggers.set(ACME, FRUSTRATED, "t_on", 2.5, author="ada", now=on(1))
    triggers.set(ACME, SUPPORT, "t_on", 2, author="ada", now=on(2))
    triggers.set(ACME, FRUSTRATED, "t_on", 3, author="bob", now=on(3))
    triggers.set(ACME, SUPPORT, "t_on", None, author="bob", now=on(4))
    assert triggers.own_values(ACME) == {(FRUSTRATED, "t_on"): 3}
    assert triggers.own_values("globex") == {}
    assert [(one.trigger_type, one.value, one.version, one.author) for one in triggers.values_set(ACME)] == [
        ("frustrated", 2.5, 1, "ada"),
        ("significant_support", 2, 1, "ada"),
        ("frustrated", 3, 2, "bob"),
        ("significant_support", None, 2, "bob"),
    ]
    told = directory.app_state()["trigger_params"]
    assert [(row["trigger_type"], row["version"], row["value"], row["author"]) for row in told] == [
        ("frustrated", 1, 2.5, "ada"),
        ("frustrated", 2, 3, "bob"),
        ("significant_support", 1, 2, "ada"),
        ("significant_support", 2, None, "bob"),
    ]


def test_presets_are_versions_too(directory: TenantDirectory, triggers: TriggerSettings) -> None:
    assert triggers.preset(ACME) is TriggerPreset.BALANCED
    assert triggers.choose(ACME, TriggerPreset.BALANCED, author="ada") is None, "it holds already"
    triggers.choose(ACME, TriggerPreset.QUIET, author="ada", now=on(1))
    triggers.choose(ACME, TriggerPreset.BALANCED, author="bob", now=on(2))
    assert triggers.preset(ACME) is TriggerPreset.BALANCED
    assert triggers.preset("globex") is TriggerPreset.BALANCED
    told = directory.app_state()["trigger_presets"]
    assert [(row["version"], row["preset"], row["author"]) for row in told] == [
        (1, "quiet", "ada"),
        (2, "balanced", "bob"),
    ]


def test_saying_the_same_again_is_no_new_version(triggers: TriggerSettings) -> None:
    assert triggers.set(ACME, FRUSTRATED, "t_on", 2.5, author="ada") is not None
    assert triggers.set(ACME, FRUSTRATED, "t_on", 2.5, author="bob") is None
    assert triggers.set(ACME, FRUSTRATED, "t_off", None, author="bob") is None, "it never was set"
    assert len(triggers.values_set(ACME)) == 1


def test_people_at_once_make_versions_without_gaps(triggers: TriggerSettings) -> None:
    threads = [
        threading.Thread(target=triggers.set, args=(ACME, FRUSTRATED, "t_on", float(one)), kwargs={"author": "ada"})
        for one in range(1, 7)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = triggers.values_set(ACME)
    assert sorted(one.version for one in history) == [1, 2, 3, 4, 5, 6]
    assert {one.value for one in history} == {1, 2, 3, 4, 5, 6}


def test_nobody_sets_anything_for_a_tenant_that_is_not_there(triggers: TriggerSettings) -> None:
    with pytest.raises(UnknownTenant, match="nobody"):
        triggers.set("nobody", FRUSTRATED, "t_on", 1, author="ada")
    with pytest.raises(UnknownTenant, match="nobody"):
        triggers.choose("nobody", TriggerPreset.QUIET, author="ada")
