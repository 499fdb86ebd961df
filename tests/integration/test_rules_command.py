"""`churnboard rules` where no transformation is needed: what is refused, what is listed, what is switched off."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import churnboard
from core.errors import ChurnboardError
from core.installation import Installation
from core.rules import FACTS, InvalidRule, UnknownRule
from core.settings import Settings
from orchestration.rules import check_topics
from tests.support.rules import rule

RICH = {"fact": "mrr", "op": ">=", "value": 2000}
FOUND = {"days": 90, "card_count": 3, "active_count": 1}


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr(churnboard.shared.console, "_width", 220)
    said("tenants", "add", "acme", "--hubspot-token", "pat-1")
    return Installation(Settings())


def said(*arguments: str) -> str:
    result = CliRunner().invoke(churnboard.app, [*arguments])
    if isinstance(result.exception, ChurnboardError):
        raise result.exception
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def written(folder: Path, content: str | bytes) -> str:
    file = folder / "rule.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def test_a_rule_that_cannot_be_used_is_refused_before_anything_is_tried(place: Installation, tmp_path: Path) -> None:
    tree = {"all": [RICH, {"not": {**RICH, "fact": "wealth"}}]}
    broken = written(tmp_path, json.dumps({"rule_id": "a", "name": "A", "when": tree}))
    for command in (("check",), ("save", "--yes")):
        with pytest.raises(InvalidRule, match=r"when\.all\[1\]\.not\.fact: There is no fact 'wealth'"):
            said("rules", *command, "--tenant", "acme", "--file", broken)
    with pytest.raises(InvalidRule, match="no text in UTF-8"):
        said("rules", "check", "--tenant", "acme", "--file", written(tmp_path, b"\xff\xfe{"))
    assert place.rules.current("acme") == []
    assert not place.settings.stores.data_dir.joinpath("warehouse.duckdb").exists(), "nothing was looked up"


def test_a_topic_must_be_the_tenants(place: Installation) -> None:
    asked = rule({"fact": "topic_ticket_count", "op": ">", "value": 2, "within_days": 30, "topic": "export"})
    tenant = place.directory.tenant("acme")
    with pytest.raises(InvalidRule, match=r"acme has no topic 'export'; its topics: Billing, Bugs and errors, "):
        check_topics(place, tenant, asked)
    check_topics(place, tenant, rule({**asked.tree, "topic": "Billing"}))


def test_rules_are_listed_shown_and_switched_off(place: Installation) -> None:
    assert "no rules of its own" in said("rules", "list", "--tenant", "acme")
    made = rule(RICH, name="Big [bold]accounts[/bold]", is_notify=True)
    place.rules.save("acme", made, dry_run=FOUND, author="ada")
    listed = said("rules", "list", "--tenant", "acme")
    assert "Big [bold]accounts[/bold]" in listed
    assert "3 cards in 90 days, 1 company then" in listed
    shown = said("rules", "show", "--tenant", "acme", "a-rule")
    assert json.loads(shown[: shown.index("}\n}") + 3]) == made.as_json(), "as it can be saved again"
    assert "is off from the next refresh on" in said("rules", "disable", "--tenant", "acme", "a-rule")
    assert "is off already" in said("rules", "disable", "--tenant", "acme", "a-rule")
    assert "off" in said("rules", "list", "--tenant", "acme")
    with pytest.raises(UnknownRule, match="no rule 'other'"):
        said("rules", "disable", "--tenant", "acme", "other")


def test_every_fact_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(churnboard.shared.console, "_width", 300)
    told = said("rules", "facts")
    assert [name for name in FACTS if name not in told] == []
