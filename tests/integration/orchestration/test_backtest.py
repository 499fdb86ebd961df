"""A backtest over planted rows, by the real rules, with the warehouse on either engine; and what it refuses before it builds."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import churnboard
from analysis.backtest.cards import KnownCard
from analysis.evals.shipped import add_shipped_precision
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings
from core.tenants import cell, tenant_id
from core.vocabulary import CardOutcome
from core.warehouse import Column, ColumnType, TableSpec, Warehouse
from orchestration.backtest import known_truth
from tests.support.planted_warehouse import AS_OF, planted_rows
from tests.support.warehouse_fixtures import fill, table_rows
from transforms.runner import build

TRUTH = "+int_churned_companies"
"""What the last build knows of outcomes and departures, and what that is made of: cards among others."""


@pytest.fixture
def place(
    warehouse: Warehouse, warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """An installation whose warehouse holds the planted rows, as the command line opens it too."""
    for name, value in {
        "DATA_DIR": str(tmp_path / "data"),
        "WAREHOUSE_URL": warehouse_url,
        "AS_OF": AS_OF.isoformat(),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(churnboard.shared.console, "width", 300)
    add_shipped_precision(warehouse)
    fill(warehouse_url, planted_rows())
    place = Installation(Settings())
    for one in ("acme", "empty"):
        place.directory.save(Tenant(tenant_id=tenant_id(one), name=one, cell=cell(one)))
    yield place
    place.app_database.dispose()


def run(*arguments: str) -> Any:
    return CliRunner().invoke(churnboard.app, ["backtest", "--tenant", "acme", *arguments])


def refusal(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code
    said = str(result.exception) if result.exception and not isinstance(result.exception, SystemExit) else result.output
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", said).split())


def by_company(told: dict[str, Any]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for change in told["changes"]:
        found.setdefault((change["company_id"], change["trigger_type"]), []).append(change)
    return found


def test_a_higher_threshold_card_by_card(place: Installation, warehouse: Warehouse, tmp_path: Path) -> None:
    build(warehouse.url, select=TRUTH, as_of=AS_OF, target_dir=tmp_path / "target", has_data_tests=False)
    held = ("message_sentiment", "message_texts")
    before = {table: table_rows(warehouse.url, f"enrichment.{table}") for table in held}

    result = run("--from", "2026-08-01", "--set", "frustrated.t_on=2.5", "--json")
    assert result.exit_code == 0, result.exception
    told = json.loads(result.stdout)
    assert (told["from"], told["to"]) == ("2026-08-01", "2026-11-20")
    changes = by_company(told)

    # Recovered and Relapsed said one unhappy thing at a time: 1 point, which opens a card now and would not then.
    for company, count in (("106", 1), ("107", 2)):
        gone = changes[company, "frustrated"]
        assert [one["kinds"] for one in gone] == [["vanishes"]] * count
        assert "The score would come to 1, and 2.5 would open a card." in gone[0]["why"]
    assert [one["current"]["opened_on"] for one in changes["107", "frustrated"]] == ["2026-09-01", "2026-11-19"]
    # Angry said that they will leave: 9 points, on both sides.
    assert ("101", "frustrated") not in changes
    # Flooding is critical because it is frustrated too, which is decided by the other trigger's card.
    assert {key for key in changes if key[1] != "frustrated"} == {("102", "significant_support")}
    [flood] = changes["102", "significant_support"]
    assert (flood["kinds"], flood["current"]["severity"], flood["candidate"]["severity"]) == (
        ["severity_down"],
        "critical",
        "high",
    )
    assert told["current"]["opened"] - told["candidate"]["opened"] == told["change_counts"]["vanishes"]

    # Relapsed was saved; Recovered left two months after its card. The candidate would have opened neither.
    found = [(told[side]["precision"]["hits"], told[side]["precision"]["count"]) for side in ("current", "candidate")]
    assert found == [(1, 1), (0, 0)]
    assert not told["current"]["precision"]["is_enough"]
    assert told["departures"] == 1
    assert [told[side]["lead_days"] for side in ("current", "candidate")] == [66.0, None]
    assert [told[side]["recall_mrr"]["hits"] for side in ("current", "candidate")] == [600.0, 0]

    assert {table: table_rows(warehouse.url, f"enrichment.{table}") for table in held} == before
    assert not warehouse.has_table("marts", "churn_risk_cards"), "nothing was built where readers look"
    assert list(place.settings.stores.data_dir.glob("backtest-scratch-*")) == [], "the copy is gone"


def test_an_outcome_is_known_of_a_card_that_goes_by_an_earlier_id(place: Installation, warehouse: Warehouse) -> None:
    key = (Column("tenant_id"), Column("card_id"))
    days = (Column("opened_on", ColumnType.DATE), Column("last_signal_on", ColumnType.DATE))
    named = (Column("company_id"), Column("trigger_type"))
    cards = TableSpec("intermediate", "int_cards", (*key, *named, *days), ("tenant_id", "card_id"))
    states = TableSpec("intermediate", "int_card_states", (*key, Column("outcome")), ("tenant_id", "card_id"))
    held = {"tenant_id": "acme", "card_id": "as-it-was-published"}
    opened, ended = date(2026, 9, 1), date(2026, 9, 8)
    card = held | {"company_id": "107", "trigger_type": "frustrated", "opened_on": opened, "last_signal_on": ended}
    warehouse.merge([(cards, [card]), (states, [held | {"outcome": "saved"}])])
    assert known_truth(place, tenant_id("acme"))[0] == [
        KnownCard("107", "frustrated", opened, ended, CardOutcome.SAVED)
    ]


@pytest.mark.parametrize("warehouse_url", ["duckdb"], indirect=True)
def test_what_cannot_be_replayed_is_refused_in_a_sentence(place: Installation) -> None:
    setting = ("--set", "frustrated.t_on=2.5")
    assert "before it begins on 2026-11-02" in refusal("--from", "2026-11-02", "--to", "2026-11-01", *setting)
    assert "still to come: it can end on 2026-11-20" in refusal("--from", "2026-11-02", "--to", "2026-12-01", *setting)
    assert "no tickets between 2019-01-01 and 2019-02-01; it has some from 2026-" in refusal(
        "--from", "2019-01-01", "--to", "2019-02-01", *setting
    )
    assert "No ticket of empty was loaded yet" in refusal("--from", "2026-11-01", "--tenant", "empty", *setting)
    assert "There is no tenant 'nobody'" in refusal("--from", "2026-11-01", "--tenant", "nobody", *setting)
    assert "'11/01/2026' is no day" in refusal("--from", "11/01/2026", *setting)
    assert "sets no parameter there is" in refusal("--from", "2026-11-01", "--set", "frustrated.t_onn=2.5")
    assert not list(place.settings.stores.data_dir.glob("backtest-scratch-*"))
