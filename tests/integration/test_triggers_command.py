"""`churnboard triggers`: what holds, what may be set, and who set it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

import churnboard
from core.appdb.directory import Tenant
from core.appdb.locking import UnknownTenant
from core.installation import Installation
from core.params import UnfitValue, UnknownParam, params
from core.settings import Settings
from core.tenants import cell, tenant_id
from core.vocabulary import TriggerType

ACME = tenant_id("acme")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    # A terminal as wide as the tables, so that no cell is cut.
    monkeypatch.setattr(churnboard.triggers, "console", Console(width=220))
    place = Installation(Settings())
    place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    yield place
    place.app_database.dispose()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(churnboard.app, ["triggers", *arguments])


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def row(output: str, *words: str) -> list[str]:
    """The cells of the only line of a table that has all these words."""
    [line] = [line for line in output.splitlines() if all(word in line.split() for word in words)]
    return [cell.strip() for cell in line.strip("│┃ ").split("│")]


def test_everything_that_can_be_set_is_shown_with_what_is_allowed(place: Installation) -> None:
    shown = said("show", "--tenant", ACME)
    assert "preset balanced" in shown
    for trigger, name in params():
        row(shown, trigger, name)
    assert row(shown, "frustrated", "window_days") == [
        "frustrated",
        "window_days",
        "21",
        "balanced",
        "1 to 365",
        "days",
    ]
    assert "significant_support" not in said("show", "--tenant", ACME, "--trigger", "frustrated")


def test_what_is_set_goes_before_the_preset_and_can_be_taken_back(place: Installation) -> None:
    assert "frustrated.t_on of acme is 1.5 from today on" in said("set", "--tenant", ACME, "frustrated", "t_on", "1.5")
    assert "already; nothing was changed" in said("set", "--tenant", ACME, "frustrated", "t_on", "1.5")
    said("set", "--tenant", ACME, "significant_support", "count_direction", "inbound")
    assert "quiet from today on, with the next refresh. 2 values of its own go before it" in said(
        "preset", "--tenant", ACME, "quiet"
    )
    shown = said("show", "--tenant", ACME)
    assert row(shown, "frustrated", "t_on")[2:4] == ["1.5", "own (quiet: 2.5)"]
    assert row(shown, "frustrated", "t_off")[2:4] == ["1", "quiet"]
    assert row(shown, "significant_support", "count_direction")[2] == "inbound"
    assert "frustrated.t_on of acme is 2.5 from today on" in said(
        "set", "--tenant", ACME, "frustrated", "t_on", "default"
    )
    assert row(said("show", "--tenant", ACME), "frustrated", "t_on")[2:4] == ["2.5", "quiet"]
    told = said("history", "--tenant", ACME)
    assert row(told, "frustrated", "1")[1:5] == ["frustrated", "t_on", "1", "1.5"]
    assert row(told, "frustrated", "2")[1:5] == ["frustrated", "t_on", "2", "taken back"]
    assert row(told, "preset")[1:5] == ["preset", "", "1", "quiet"]
    assert row(told, "count_direction")[4] == "inbound"


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (("frustrated", "window_days", "-3"), UnfitValue),
        (("frustrated", "half_life_days", "nan"), UnfitValue),
        (("significant_support", "count_direction", "sideways"), UnfitValue),
        (("silently_struggling", "window_days", "3"), UnknownParam),
    ],
)
def test_what_does_not_fit_changes_nothing(
    place: Installation, arguments: tuple[str, ...], refused: type[Exception]
) -> None:
    result = run("set", "--tenant", ACME, *arguments)
    assert isinstance(result.exception, refused)
    assert place.triggers.values_set(ACME) == []


def test_a_trigger_a_preset_or_a_tenant_nobody_knows_is_refused(place: Installation) -> None:
    assert run("set", "--tenant", ACME, "bored", "t_on", "1").exit_code == 2
    assert run("preset", "--tenant", ACME, "loud").exit_code == 2
    for arguments in (("show",), ("history",), ("preset", "quiet"), ("set", "frustrated", "t_on", "1")):
        assert isinstance(run(arguments[0], "--tenant", "nobody", *arguments[1:]).exception, UnknownTenant)
    assert place.triggers.own_values(ACME) == {}
    assert set(TriggerType) == {trigger for trigger, _ in params()}
