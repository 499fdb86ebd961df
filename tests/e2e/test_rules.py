"""A rule's life on real parts: tried out, saved, a card with its reason; switched off, the card ends and stays."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import churnboard
from tests.support.scene import UNTIL, Scene, playing, small_world

pytestmark = pytest.mark.slow

SAVED_AT, DISABLED_AT = UNTIL - timedelta(days=10), UNTIL - timedelta(days=5)
RULE = {
    "rule_id": "paying-and-asking",
    "name": "Paying and asking",
    "severity": "high",
    "is_notify": True,
    "when": {
        "all": [
            {"fact": "mrr", "op": ">", "value": 0},
            {
                "any": [
                    {"fact": "ticket_count", "op": ">=", "value": 2, "within_days": 45},
                    {"fact": "message_count", "op": ">", "value": 10**6, "within_days": 30},
                ]
            },
        ]
    },
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with playing(tmp_path_factory.mktemp("rules"), small_world(tenants=1, tickets=80, months=5)) as scene:
        yield scene


class Play:
    """The scene, with its clock in hand."""

    def __init__(self, scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scene, self.folder, self._patch = scene, folder, monkeypatch
        [self.tenant] = scene.world.portals
        monkeypatch.setenv("DATA_DIR", str(scene.place.settings.stores.data_dir))
        monkeypatch.setattr(churnboard.shared.console, "_width", 240)

    def set_clock(self, at: datetime) -> None:
        settings = self.scene.place.settings
        transforms = settings.transforms.model_copy(update={"as_of": at})
        self._patch.setattr(self.scene.place, "settings", settings.model_copy(update={"transforms": transforms}))
        self._patch.setenv("AS_OF", at.isoformat())

    def run(self, *arguments: str, **rule: Any) -> Result:
        command = ["rules", *arguments, "--tenant", self.tenant]
        if rule:
            file = self.folder / "rule.json"
            file.write_text(json.dumps(rule))
            command += ["--file", str(file)]
        return CliRunner().invoke(churnboard.app, command)

    def said(self, *arguments: str, **rule: Any) -> str:
        result = self.run(*arguments, **rule)
        assert result.exit_code == 0, (result.output, result.exception)
        return " ".join(result.output.replace("│", " ").split())

    def cards(self) -> dict[str, dict[str, Any]]:
        self.scene.refresh()
        rows = self.scene.place.warehouse.rows(
            "select * from marts.churn_risk_cards where trigger_type = 'tenant_rule' order by card_id"
        )
        return {row["card_id"]: row for row in rows}


def test_a_rule_opens_cards_from_the_day_it_is_saved_and_ends_them_when_it_is_switched_off(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = Play(scene, tmp_path, monkeypatch)
    play.set_clock(SAVED_AT)
    assert play.cards() == {}
    others = scene.place.warehouse.rows("select * from marts.churn_risk_cards order by card_id")

    everybody = {**RULE, "when": {"fact": "mrr", "op": ">", "value": 0}}
    refused = play.run("save", **everybody)
    assert "WARNING: it would flag" in refused.output
    assert refused.exit_code == 1, "nobody confirmed"
    assert scene.place.rules.current(play.tenant) == []
    told = play.said("save", "--yes", **RULE)
    assert "paying-and-asking would have opened" in told
    assert "is saved as version 1" in told
    [saved] = scene.place.rules.current(play.tenant)
    assert saved.valid_from_at == SAVED_AT

    opened = play.cards()
    assert len(opened) == saved.dry_run["active_count"] > 0, "what was promised is what is on the board"
    for card in opened.values():
        assert (card["opened_on"], card["is_active"], card["is_notify"]) == (SAVED_AT.date(), True, True)
        assert (card["severity"], card["score"]) == ("high", 1)
        told_rule = json.loads(card["components"])["rules"]["paying-and-asking"]
        facts = told_rule["facts"]
        assert facts["mrr"] > 0
        assert facts["ticket_count_45d"] >= 2
        mrr = f"{facts['mrr']:.2f}".rstrip("0").rstrip(".")
        assert card["why"] == (
            f'Rule "Paying and asking" on {SAVED_AT:%Y-%m-%d}: MRR {mrr}; {facts["ticket_count_45d"]} tickets in 45 days.'
        )
    kept = scene.place.warehouse.rows(
        "select * from marts.churn_risk_cards where trigger_type <> 'tenant_rule' order by card_id"
    )
    assert kept == others, "a rule of one's own moves no other card"

    play.set_clock(DISABLED_AT)
    assert "is off from the next refresh on" in play.said("disable", "paying-and-asking")
    play.cards()
    play.set_clock(UNTIL)
    ended = play.cards()
    assert set(opened) <= set(ended), "the cards are still there"
    for card in ended.values():
        assert card["is_active"] is False
        assert card["last_signal_on"] < DISABLED_AT.date()
        assert card["closed_on"] <= DISABLED_AT.date() + timedelta(days=2)
