"""`churnboard budget`, `churnboard ledger` and `churnboard canaries`, as a person uses them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

import churnboard
from analysis import enrich, make_analyzer, open_journal
from analysis.canaries import load_canaries
from analysis.journal import Journal
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings
from core.tenants import cell, tenant_id
from orchestration.budgets import budget_of, tenants_without_room
from tests.support import fake_llm as fake
from tests.support.fake_account import FakeAccount
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import STAGED_VERSIONS, stage, ticket

ACME = tenant_id("acme")
TICKETS = [ticket(f"{number}", "Login", f"Cannot sign in since {number} o'clock.") for number in range(1, 4)]


@pytest.fixture(scope="module")
def server_class() -> type[FakeLLM]:
    return FakeAccount


@pytest.fixture
def place(llm: FakeAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    for name, value in (
        ("ANALYZER", "openai_compatible"),
        ("LLM_BASE_URL", llm.url),
        ("LLM_MODEL", "test/model"),
        ("LLM_ASSUMED_USD_PER_MILLION", "0.05"),
        ("DATA_DIR", str(tmp_path)),
    ):
        monkeypatch.setenv(name, value)
    for module in (churnboard.money, churnboard.canaries):
        monkeypatch.setattr(module, "console", Console(width=220))
    place = Installation(Settings())
    place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    stage(place.warehouse, TICKETS)
    yield place
    place.app_database.dispose()


def read(place: Installation, run_id: str = "run-1") -> Journal:
    journal, analyzer = open_journal(place.settings.stores.journal), make_analyzer(place.settings.analysis)
    enrich(
        warehouse=place.warehouse,
        journal=journal,
        analyzer=analyzer,
        tenant_ids=[ACME],
        months=None,
        run_id=run_id,
        budget=budget_of(place, journal, analyzer),  # type: ignore[arg-type]
    )
    return journal


def run(*arguments: str) -> Result:
    return CliRunner().invoke(churnboard.app, list(arguments))


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return " ".join(result.output.split())


def test_a_budget_is_set_shown_raised_and_taken_back(place: Installation, llm: FakeAccount) -> None:
    assert "acme │ any amount" in said("budget", "show")
    assert "may cost 0.00 USD a month" in said("budget", "set", "acme", "0")
    read(place)
    assert llm.history == []
    shown = said("budget", "show")
    assert "acme │ 0.00 │ 0.0000 │ 0.0000 │ 0.0000 │ 3" in shown
    assert "(canaries) │ 1.00 (setting)" in shown
    assert tenants_without_room(place, [ACME]) == [ACME]
    raised = said("budget", "set", "acme", "50")
    assert "3 tickets wait for room" in raised
    assert tenants_without_room(place, [ACME]) == []
    read(place, "run-2")
    assert "acme │ 50.00 │ 0.0006 │ 0.0000 │ 49.9994 │" in said("budget", "show")
    assert "nothing was changed" in said("budget", "set", "acme", "50")
    assert "any amount" in said("budget", "clear", "acme")
    assert said("budget", "history", "acme").count(" │ ") >= 3 * 3
    assert run("budget", "set", "acme", "--", "-1").exit_code == 2


def test_what_it_would_cost_is_said_before_it_is_paid(place: Installation, llm: FakeAccount) -> None:
    first = said("budget", "estimate", "acme", "--from", "2026-10", "--to", "2026-11")
    assert "calls to be paid │ 6" in first
    assert "assumed: too few answers" in first
    assert "No budget holds it back" in first
    assert llm.history == []
    said("budget", "set", "acme", "50")
    assert "50.0000 are left: enough." in said("budget", "estimate", "acme")
    said("budget", "set", "acme", "0")
    assert "USD short: what does not fit waits." in said("budget", "estimate", "acme")
    assert "calls to be paid │ 0" in said("budget", "estimate", "acme", "--from", "2026-01")
    said("budget", "clear", "acme")
    read(place)
    assert "readings held already │ 6" in said("budget", "estimate", "acme")
    assert "calls to be paid │ 6" in said("budget", "estimate", "acme", "--model", "other/model")


@pytest.mark.parametrize("wrong", [("--from", "2026"), ("--to", "2026-11"), ("--from", "2026-11", "--to", "2026-01")])
def test_months_that_are_none_are_refused(place: Installation, wrong: tuple[str, ...]) -> None:
    assert run("budget", "estimate", "acme", *wrong).exit_code == 2


def test_nothing_is_paid_for_what_is_read_here(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER", "embedded")
    assert "nothing is paid for" in said("budget", "estimate", "acme")


def test_the_ledger_names_every_cent_and_agrees_with_the_server(place: Installation, llm: FakeAccount) -> None:
    llm.enqueue(fake.GARBAGE, where="since 1")
    llm.enqueue(*[fake.GARBAGE] * 4, where="since 2")
    journal = read(place)
    told = said("ledger", "acme")
    assert "sentiment │ test/model" in told
    assert "rows of readings │ 4 │ 0.000500" in told
    assert "dead letters │ 2 │ 0.000400" in told
    assert "paid │ │ 0.000900" in told
    assert "Every cent is accounted for." in told
    assert "the journal has 0.000900 USD, the server counts 0.000900 USD for this API key" in told
    assert "difference +0.000000 USD, +0.00 %" in told
    month = journal.standing(ACME).month
    assert "the server counts 0.000900" in said("ledger", "acme", "--month", month)
    assert "only of the present month" in said("ledger", "acme", "--month", "2020-01")
    audited = said("ledger", "acme", "--no-server", "--audit", "2")
    assert audited.count("gen-1 │ 0.000100 │ 0.000100 │ the same") == 2
    assert "server counts" not in audited
    assert run("ledger", "acme", "--month", "November").exit_code == 2
    assert run("ledger", "nobody").exit_code == 1


def test_a_server_that_charged_more_is_told(place: Installation, llm: FakeAccount) -> None:
    journal = read(place)
    with journal._engine.begin() as connection:
        connection.exec_driver_sql("update llm_call set lost_count = 1, lost_usd = 0.0001")
    llm.history.extend(llm.history[:3])
    told = said("ledger", "acme")
    assert "difference +0.000300 USD, +50.00 %" in told
    assert "6 calls whose process was killed before the answer may account for about 0.000600 USD" in told


def test_a_server_that_does_not_tell_is_said_to(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    read(place)
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:9/v1")
    assert "Not compared with the server:" in said("ledger", "acme")


def test_calls_without_a_cost_are_told_and_priced_where_a_person_set_one(
    place: Installation, llm: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {"prompt_tokens": 1_000, "completion_tokens": 100}
    fields = (
        '{"quotes": [], "sentiment": "neutral", "churn_intent": "none", "target": "product", "resolution": "unclear"}'
    )
    llm.enqueue(fake.message(fields, usage=free), where="since 1")
    llm.enqueue(fake.message('{"topics": []}', usage=free), where="since 1")
    read(place)
    assert "calls of this month name no cost and count as free" in said("budget", "show")
    monkeypatch.setenv("LLM_INPUT_USD_PER_MILLION", "2")
    monkeypatch.setenv("LLM_OUTPUT_USD_PER_MILLION", "10")
    priced = Installation(Settings())
    stage(priced.warehouse, [ticket("9", "Login", "Cannot sign in since midnight.")], {})
    priced.warehouse.execute(f"delete from {STAGED_VERSIONS.qualified}")
    llm.enqueue(fake.message(fields, usage=free), where="midnight")
    journal = read(priced, "run-2")
    costs = {one.cost_usd for one in journal.ledger.calls("acme", None)}
    assert any(cost == pytest.approx(0.003) for cost in costs)


def test_canaries_are_read_and_shown(place: Installation, llm: FakeAccount) -> None:
    assert "No canary was read yet" in said("canaries")
    for one in load_canaries():
        right = fake.answer(
            quotes=[],
            sentiment=one.sentiment[0].value,
            churn_intent=one.churn_intent[0].value,
            target="product",
            resolution="unclear",
        )
        llm.enqueue(right, where=one.text)
    assert "100% of 21 canaries are right" in said("canaries", "run")
    assert "injection_order" in said("canaries")
    assert "(canaries)" in said("ledger", "(canaries)")


def test_canaries_that_do_not_hold_are_an_exit_code(place: Installation, llm: FakeAccount) -> None:
    # This server answers the same to everything that does not say "unacceptable", so most canaries are read wrong.
    result = run("canaries", "run")
    assert result.exit_code == 1
    assert "canaries are right" in result.output
