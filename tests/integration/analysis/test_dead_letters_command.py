"""`churnboard dead-letters`: what could not be read is seen, and asked about once more when a person says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import churnboard
from analysis import enrich, make_analyzer, open_journal
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings
from core.tenants import cell, tenant_id
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import enriched, stage, ticket

ACME = tenant_id("acme")
TICKETS = [
    ticket("1", "Login", "Cannot sign in."),
    ticket("2", "Exports", "This is unacceptable."),
    ticket("3", "Reports", "So is this, unacceptable."),
]


@pytest.fixture
def place(llm: FakeLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation whose model made nothing of tickets 2 and 3."""
    for name, value in (("ANALYZER", "openai_compatible"), ("LLM_BASE_URL", llm.url), ("LLM_MODEL", "test/model")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(churnboard.shared.console, "width", 200)
    place = Installation(Settings())
    place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    stage(place.warehouse, TICKETS)
    llm.enqueue(*[fake.GARBAGE] * 8, where="unacceptable")
    report = enrich(
        warehouse=place.warehouse,
        journal=open_journal(place.settings.stores.journal),
        analyzer=make_analyzer(place.settings.analysis),
        tenant_ids=[ACME],
        months=None,
        run_id="run-1",
    )
    assert report.dead_letters == 4
    llm.reset()
    yield place
    place.app_database.dispose()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(churnboard.app, ["dead-letters", *arguments])


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def letters(place: Installation) -> set[tuple[str, str]]:
    return {(row["ticket_id"], row["task"]) for row in enriched(place.warehouse)["dead_letters"]}


def test_they_are_listed_with_the_reason(place: Installation) -> None:
    listed = said("list")
    assert listed.count("2 times") == len(letters(place)) == 4
    assert "sentiment" in listed
    assert "topics" in listed


def test_all_of_a_tenant_are_asked_again_and_nothing_else_is_paid_for(place: Installation, llm: FakeLLM) -> None:
    assert "4 asked again: 4 read, 0 still without an answer." in said("replay", "acme")
    assert letters(place) == set()
    assert len(llm.paid) == 4
    assert said("list", "acme").strip() == "Every message that says something was read."
    assert said("replay", "acme").strip() == "acme has no dead letters."


def test_one_ticket_is_asked_again_and_what_fails_again_stays(place: Installation, llm: FakeLLM) -> None:
    llm.enqueue(*[fake.GARBAGE] * 4, where="Exports")
    before = letters(place)
    assert "2 asked again: 0 read, 2 still without an answer." in said("replay", "acme", "--ticket", "2")
    assert letters(place) == before
    assert "2 asked again: 2 read, 0 still without an answer." in said("replay", "acme", "--ticket", "2")
    assert {one for one, _ in letters(place)} == {"3"}
    assert not any("Reports" in str(received.body) for received in llm.history)


def test_a_ticket_that_was_read_is_not_replayed(place: Installation, llm: FakeLLM) -> None:
    refused = run("replay", "acme", "--ticket", "1")
    assert refused.exit_code == 2
    assert "1: not among the dead letters of acme." in " ".join(refused.output.replace("│", "").split())
    assert llm.history == []
    assert len(letters(place)) == 4
