"""Prompt pins: rows that are only ever added, the newest of which holds."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from core.appdb.directory import Tenant, TenantDirectory, UnknownTenant
from core.appdb.prompts import PromptPins
from core.appdb.tables import prompt_pin
from core.tenants import cell, tenant_id
from core.vocabulary import AnalysisTask

ACME, GLOBEX = tenant_id("acme"), tenant_id("globex")
S, T = AnalysisTask.SENTIMENT, AnalysisTask.TOPICS


def on(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


@pytest.fixture
def pins(app_database: Engine) -> PromptPins:
    directory = TenantDirectory(app_database)
    for one in (ACME, GLOBEX):
        directory.save(Tenant(tenant_id=one, name=one, cell=cell(one)))
    return PromptPins(app_database)


def rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(prompt_pin)) or 0


def test_pinning_adds_one_row_and_touches_none(pins: PromptPins, app_database: Engine) -> None:
    pins.pin_unpinned(ACME, {S: "2026-11-a", T: "2026-11-a"}, author="first", now=on(1))
    pins.pin_unpinned(GLOBEX, {S: "2026-11-a", T: "2026-11-a"}, author="first", now=on(1))
    before = rows(app_database)
    assert pins.pin(ACME, S, "2026-12-a", author="ada", now=on(2)) is not None
    assert rows(app_database) == before + 1
    assert pins.current(ACME) == {S: "2026-12-a", T: "2026-11-a"}
    assert pins.current(GLOBEX) == {S: "2026-11-a", T: "2026-11-a"}
    assert [(one.task, one.version, one.prompt_version, one.pinned_at, one.author) for one in pins.history(ACME)] == [
        (S, 1, "2026-11-a", on(1), "first"),
        (S, 2, "2026-12-a", on(2), "ada"),
        (T, 1, "2026-11-a", on(1), "first"),
    ]
    assert pins.pin(ACME, S, "2026-12-a", author="bob") is None, "it is pinned already"
    assert pins.pin(ACME, S, "2026-11-a", author="bob", now=on(3)) is not None, "and back"
    assert pins.current(ACME)[S] == "2026-11-a"


def test_a_newer_release_moves_no_pin(pins: PromptPins, app_database: Engine) -> None:
    assert pins.pin_unpinned(ACME, {S: "2026-11-a"}, author="added") == {S: "2026-11-a"}
    assert pins.pin_unpinned(ACME, {S: "2027-01-a", T: "2027-01-a"}, author="read") == {S: "2026-11-a", T: "2027-01-a"}
    assert rows(app_database) == 2


def test_people_at_once_make_a_row_each_without_gaps(pins: PromptPins) -> None:
    pins.pin(ACME, S, "2026-11-z", author="first")
    versions = [f"2026-12-{letter}" for letter in "abcdef"]
    threads = [threading.Thread(target=pins.pin, args=(ACME, S, one), kwargs={"author": one}) for one in versions]
    threads += [
        threading.Thread(target=pins.pin_unpinned, args=(ACME, {T: one}), kwargs={"author": one}) for one in versions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = pins.history(ACME)
    assert [one.version for one in history if one.task is S] == [1, 2, 3, 4, 5, 6, 7]
    assert {one.prompt_version for one in history if one.task is S} == {"2026-11-z", *versions}
    assert [one.version for one in history if one.task is T] == [1], "whoever came second found it pinned"


def test_nobody_pins_for_a_tenant_that_is_not_there_or_a_task_there_is_not(
    pins: PromptPins, app_database: Engine
) -> None:
    with pytest.raises(UnknownTenant, match="nobody"):
        pins.pin("nobody", S, "2026-11-a", author="ada")
    with pytest.raises(UnknownTenant, match="nobody"):
        pins.pin_unpinned("nobody", {S: "2026-11-a"}, author="ada")
    row = {"tenant_id": ACME, "task": "mood", "version": 1, "prompt_version": "v", "pinned_at": on(1), "author": "a"}
    with app_database.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(prompt_pin).values(row))
