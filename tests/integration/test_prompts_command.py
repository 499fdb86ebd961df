"""`churnboard prompts`: what there is, what is pinned, and by whom."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

import churnboard
from analysis.prompts import SHIPPED, InvalidPrompt, PromptLibrary
from core.appdb.directory import UnknownTenant
from core.installation import Installation
from core.settings import Settings
from core.vocabulary import AnalysisTask

S, T = AnalysisTask.SENTIMENT, AnalysisTask.TOPICS
NEWEST = {task: PromptLibrary().newest(task) for task in AnalysisTask}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation with two tenants and a folder of prompts of its own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PROMPTS_DIR", str(tmp_path / "prompts"))
    monkeypatch.setattr(churnboard.shared.console, "width", 400)
    (tmp_path / "prompts" / "sentiment").mkdir(parents=True)
    for tenant in ("acme", "globex"):
        said("tenants", "add", tenant, "--hubspot-token", "pat-1")
    return Installation(Settings())


def write(place: Installation, version: str, **changes: object) -> None:
    shipped = yaml.safe_load((SHIPPED / "sentiment" / f"{NEWEST[S]}.yaml").read_text())
    folder = place.settings.analysis.prompts_dir
    assert folder
    (folder / "sentiment" / f"{version}.yaml").write_text(yaml.safe_dump(shipped | {"version": version} | changes))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(churnboard.app, arguments)


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, f"{result.output}{result.exception}"
    return " ".join(result.output.split())


def test_a_tenant_is_pinned_to_the_newest_of_the_day_it_is_added_and_stays_there(place: Installation) -> None:
    assert place.prompt_pins.current("acme") == NEWEST
    write(place, "2099-01-a")
    said("tenants", "add", "acme", "--hubspot-token", "pat-2")
    assert place.prompt_pins.current("acme") == NEWEST
    said("tenants", "add", "initech", "--hubspot-token", "pat-3")
    assert place.prompt_pins.current("initech") == NEWEST, "a candidate of one's own is nobody's first prompt"


def test_versions_are_listed_and_shown_as_they_are_sent(place: Installation) -> None:
    write(place, "2099-01-a", notes="Says it shorter.", system="Say how it sounds.")
    write(place, "2099-01-b", schema_hash="0123456789abcdef")
    listed = said("prompts", "list", "sentiment")
    assert f"sentiment │ {NEWEST[S]} │ churnboard │ 2 │" in listed
    assert "sentiment │ 2099-01-a │ PROMPTS_DIR │ 0 │ Says it shorter." in listed
    assert "2099-01-b was written for the answer schema 0123456789abcdef" in listed
    assert "topics" not in listed.split("sentiment")[0]
    assert f"topics │ {NEWEST[T]} │ churnboard │ 2 │" in said("prompts", "list")
    shown = said("prompts", "show", "sentiment", "2099-01-a")
    assert "--- system Say how it sounds. --- user ticket {{ boundary }}" in shown


def test_one_tenant_is_pinned_and_nobody_else(place: Installation) -> None:
    write(place, "2099-01-a")
    assert f"acme is read with sentiment/2099-01-a from now on, instead of {NEWEST[S]}." in said(
        "prompts", "pin", "acme", "sentiment", "2099-01-a"
    )
    assert "nothing was changed" in said("prompts", "pin", "acme", "sentiment", "2099-01-a")
    assert (place.prompt_pins.current("acme")[S], place.prompt_pins.current("globex")[S]) == (
        "2099-01-a",
        NEWEST[S],
    )
    now, ever = said("prompts", "pins", "acme"), said("prompts", "pins", "acme", "--history")
    assert f"│ {NEWEST[S]} │" not in now.replace(f"topics │ {NEWEST[S]} │", "")
    assert f"acme │ sentiment │ {NEWEST[S]} │" in ever
    assert "acme │ sentiment │ 2099-01-a │" in ever
    assert "pins hold once a model reads" in now


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("acme", "sentiment", "2098-01-a"), InvalidPrompt, "There is no prompt sentiment/2098-01-a: known are"),
        (("acme", "sentiment", "2099-01-b"), InvalidPrompt, "was written for the answer schema"),
        (("nobody", "sentiment", "2099-01-a"), UnknownTenant, "nobody"),
    ],
)
def test_what_cannot_be_used_is_not_pinned(
    place: Installation, arguments: tuple[str, ...], error: type[Exception], says: str
) -> None:
    write(place, "2099-01-a")
    write(place, "2099-01-b", schema_hash="0123456789abcdef")
    before = place.prompt_pins.history("acme")
    result = run("prompts", "pin", *arguments)
    assert isinstance(result.exception, error)
    assert says in str(result.exception)
    assert place.prompt_pins.history("acme") == before
