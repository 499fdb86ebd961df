"""`churnboard prompts shadow`, `report` and `promote`, from a candidate to its promotion, against a model server over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

import churnboard
from analysis import enrich, make_analyzer, open_journal
from analysis.shadow.candidate import NothingToCompare, UnknownShadow
from core.installation import Installation
from core.settings import Settings
from core.tenants import tenant_id
from core.vocabulary import AnalysisTask
from orchestration.policies import reading_policies
from tests.support.tickets import stage, ticket
from tests.support.two_prompts import CANDIDATE, TwoPromptsLLM, write_candidates

S = AnalysisTask.SENTIMENT
SAID = {
    "1": "Cannot sign in since this morning.",
    "2": "Third ticket. This is unacceptable. We need exports.",
    "3": "It is slow. We wait.",
    "4": "Where is the export?",
}


@pytest.fixture(scope="module")
def server() -> Iterator[TwoPromptsLLM]:
    with TwoPromptsLLM() as started:
        yield started


@pytest.fixture
def llm(server: TwoPromptsLLM) -> TwoPromptsLLM:
    server.reset()
    return server


@pytest.fixture
def place(tmp_path: Path, llm: TwoPromptsLLM, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Two tenants with the same four tickets, read by a model with what was pinned when they were added."""
    values = {
        "DATA_DIR": str(tmp_path / "data"),
        "PROMPTS_DIR": str(write_candidates(tmp_path / "prompts")),
        "ANALYZER": "openai_compatible",
        "LLM_BASE_URL": llm.url,
        "LLM_MODEL": "test/model",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(churnboard.shared.console, "width", 400)
    for tenant in ("acme", "globex"):
        said("tenants", "add", tenant, "--hubspot-token", "pat-1")
    place = Installation(Settings())
    stage(
        place.warehouse,
        [ticket(one, None, words, tenant_id=tenant) for tenant in ("acme", "globex") for one, words in SAID.items()],
    )
    read(place)
    return place


def read(place: Installation) -> int:
    """Read everything of everybody with what is pinned; returns the calls paid."""
    tenants = [tenant_id("acme"), tenant_id("globex")]
    report = enrich(
        warehouse=place.warehouse,
        journal=open_journal(place.settings.stores.journal),
        analyzer=make_analyzer(place.settings.analysis),
        tenant_ids=tenants,
        months=None,
        run_id="live",
        policies=reading_policies(place, tenants),
    )
    return report.calls_paid


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(churnboard.app, arguments, input=answer)


def said(*arguments: str, answer: str = "") -> str:
    result = run(*arguments, answer=answer)
    assert result.exit_code == 0, f"{result.output}{result.exception}"
    return " ".join(result.output.split())


def pins(place: Installation) -> list[tuple[object, ...]]:
    with place.app_database.connect() as connection:
        query = "select tenant_id, task, version, prompt_version from prompt_pin order by tenant_id, task, version"
        return [tuple(row) for row in connection.execute(text(query))]


def test_from_a_candidate_to_its_promotion(place: Installation, llm: TwoPromptsLLM) -> None:
    paid, before = len(llm.paid), pins(place)
    shadow = ("prompts", "shadow", "acme", "--version", CANDIDATE, "--from", "2026-11", "--to", "2026-11")
    assert run(*shadow, answer="n\n").exit_code == 1
    assert len(llm.paid) == paid, "nothing is paid before somebody said yes"
    output = said(*shadow, answer="y\n")
    assert "once: 4 messages, 4 calls, 4 of them to be paid, about 0.0004 USD." in output
    assert "4 read, 0 without an answer; 4 calls paid, 0.0004 USD." in output
    assert len(llm.paid) == paid + 4
    assert "0 of them to be paid" in said(*shadow), "and nobody is asked for nothing"

    output = said("prompts", "report", "acme", "--no-cards")
    assert f"read by │ test/model {place.prompt_pins.current('acme')[S]} │ test/model {CANDIDATE} │" in output
    assert "compared │ 4 │ 4 │" in output
    assert "quotes located │ 100.0% │ 25.0% │" in output
    assert "cost of 1,000 calls │ 0.10 USD │ 0.10 USD │" in output
    assert "sentiment │ 2 │ 2 (50.0%) │" in output
    assert "not asked twice │ a change │" in output
    # Pinned: one angry; candidate: another one.
    assert "very_negative │ 0 │ 1 │" in output
    assert "neutral │ 1 │ 2 │" in output
    assert pins(place) == before

    output = said("prompts", "promote", "acme", "--version", CANDIDATE)
    assert f"acme is read with sentiment/{CANDIDATE} from now on" in output
    assert "│ 2026-11 │ 4 │ 4 │ 4 │ 0 │ 0.00 USD │" in output
    assert "churnboard read acme --from 2026-11 --to 2026-11" in output
    after = pins(place)
    assert set(before) < set(after)
    assert [row for row in after if row not in before] == [("acme", "sentiment", 2, CANDIDATE)], "exactly one row"
    paid = len(llm.paid)
    assert read(place) == 0
    assert len(llm.paid) == paid
    held = place.warehouse.rows("select tenant_id, prompt_version from enrichment.message_sentiment")
    assert {row["prompt_version"] for row in held if row["tenant_id"] == "acme"} == {CANDIDATE}
    assert CANDIDATE not in {row["prompt_version"] for row in held if row["tenant_id"] == "globex"}
    assert "nothing was changed" in said("prompts", "promote", "acme", "--version", CANDIDATE)


def test_everybody_is_promoted_and_told_the_price(place: Installation) -> None:
    said("prompts", "shadow", "acme", "--version", CANDIDATE, "--yes")
    output = said("prompts", "promote", "--all", "--version", CANDIDATE)
    assert "│ 2026-11 │ 4 │ 4 │ 4 │ 0 │ 0.00 USD │" in output.split("globex is read")[0]
    assert "│ 2026-11 │ 4 │ 4 │ 0 │ 4 │ 0.0004 USD │" in output.split("globex is read")[1]
    assert read(place) == 4
    assert {place.prompt_pins.current(one)[S] for one in ("acme", "globex")} == {CANDIDATE}


def test_asked_twice_the_report_says_what_differs_by_chance(place: Installation) -> None:
    said("prompts", "shadow", "acme", "--version", CANDIDATE, "--twice", "--yes")
    output = said("prompts", "report", "acme", "--no-cards")
    assert "sentiment │ 2 │ 2 (50.0%) │ -0.333 │ 0 of 4 (0.0% to 49.0%) │ a change │" in output
    assert "Noise: no more than 3 points" in output


def test_shadows_are_listed_newest_first_and_dropped(place: Installation, llm: TwoPromptsLLM) -> None:
    said("prompts", "shadow", "acme", "--version", CANDIDATE, "--yes")
    said("prompts", "shadow", "acme", "--model", "embedded")
    rows = place.warehouse.rows("select shadow_id from enrichment.shadows order by started_at")
    old, new = (row["shadow_id"] for row in rows)
    listed = said("prompts", "shadows", "acme")
    assert listed.index(new) < listed.index(old)
    assert "embedded-rules" in listed
    paid = len(llm.paid)
    said("prompts", "drop", "acme", old)
    assert old not in said("prompts", "shadows", "acme")
    held = place.warehouse.rows("select distinct shadow_id from enrichment.shadow_sentiment")
    assert [row["shadow_id"] for row in held] == [new]
    with pytest.raises(UnknownShadow, match=f"no shadow {old}: known are {new}"):
        raise run("prompts", "report", "acme", "--shadow", old).exception or AssertionError
    said("prompts", "shadow", "acme", "--version", CANDIDATE)
    assert len(llm.paid) == paid


def test_what_cannot_be_compared_is_said(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    same = run("prompts", "shadow", "acme").exception
    assert isinstance(same, NothingToCompare)
    assert "give another --version" in str(same)
    assert "is no month" in " ".join(run("prompts", "shadow", "acme", "--from", "2026").output.split())
    assert run("prompts", "shadow", "acme", "--from", "2026-11", "--to", "2026-09").exit_code == 2
    assert run("prompts", "promote", "acme").exit_code == 2
    assert run("prompts", "promote", "acme", "--all", "--version", CANDIDATE).exit_code == 2
    nothing = run("prompts", "report", "globex").exception
    assert isinstance(nothing, UnknownShadow)
    monkeypatch.setenv("ANALYZER", "embedded")
    rules = run("prompts", "shadow", "acme", "--version", CANDIDATE).exception
    assert isinstance(rules, NothingToCompare)
    assert "its rules are no prompt" in str(rules)
    assert "--model" in str(rules)
    assert "asks nobody" in said("prompts", "promote", "acme", "--version", CANDIDATE)
