"""Rules of tenants as they are kept, on both engines."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, update

from core.appdb import rules as rules_module
from core.appdb.directory import Tenant, TenantDirectory, UnknownTenant
from core.appdb.rules import Rules
from core.appdb.tables import trigger_rule
from core.rules import Rule, TooManyRules, UnknownRule
from core.tenants import cell, tenant_id
from tests.support.rules import NASTY, rule

ACME, GLOBEX = tenant_id("acme"), tenant_id("globex")
RICH = {"fact": "mrr", "op": ">=", "value": 2000}
AWAY = {"fact": "last_login_age_days", "op": ">", "value": 8}
FOUND = {"days": 90, "card_count": 3}


@pytest.fixture
def rules(app_database: Engine) -> Rules:
    for one in (ACME, GLOBEX):
        TenantDirectory(app_database).save(Tenant(tenant_id=one, name=one.title(), cell=cell(one)))
    return Rules(app_database)


def save(rules: Rules, made: Rule, tenant: str = ACME, author: str = "ada") -> int | None:
    saved = rules.save(tenant, made, dry_run=FOUND, author=author)
    return saved and saved.version


def test_a_change_is_a_version_and_saying_the_same_again_is_none(rules: Rules) -> None:
    first, second = rule(RICH), rule({"all": [RICH, AWAY]}, severity="high")
    assert [save(rules, first), save(rules, first), save(rules, second)] == [1, None, 2]
    assert save(rules, first, GLOBEX) == 1
    [one] = rules.current(ACME)
    assert (one.rule, one.is_active, one.dry_run, one.author) == (second, True, FOUND, "ada")
    assert [one.rule for one in rules.find(ACME, "a-rule")] == [first, second]


def test_switched_off_it_stays_known_and_saved_again_it_fires_again(rules: Rules) -> None:
    made = rule(RICH)
    save(rules, made)
    off = rules.disable(ACME, "a-rule", author="bob")
    assert off is not None
    assert (off.version, off.is_active, off.rule, off.dry_run) == (2, False, made, FOUND)
    assert rules.disable(ACME, "a-rule", author="bob") is None
    assert save(rules, made) == 3
    assert [one.is_active for one in rules.find(ACME, "a-rule")] == [True, False, True]


def test_nobody_and_nothing_are_named_in_a_sentence(rules: Rules) -> None:
    with pytest.raises(UnknownTenant, match="tenants list"):
        save(rules, rule(RICH), "nobody")
    with pytest.raises(UnknownRule, match="rules list --tenant acme"):
        rules.disable(ACME, "a-rule", author="ada")
    with pytest.raises(UnknownRule, match="no rule 'a-rule'"):
        rules.find(ACME, "a-rule")


def test_there_are_only_so_many_that_fire(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_module, "MOST_RULES", 2)
    for name in ("one", "two"):
        save(rules, rule(RICH, rule_id=name))
    with pytest.raises(TooManyRules, match="rules disable"):
        save(rules, rule(RICH, rule_id="three"))
    assert save(rules, rule(AWAY, rule_id="two")) == 2, "a change of one of them adds none"
    rules.disable(ACME, "one", author="ada")
    assert save(rules, rule(RICH, rule_id="three")) == 1


def test_the_warehouse_is_told_of_every_version_and_its_literals(app_database: Engine, rules: Rules) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    made = rule({"all": [RICH, {"any": [AWAY, {"fact": "ticket_count", "op": "<", "value": 1, "within_days": 30}]}]})
    rules.save(ACME, made, dry_run=FOUND, author="ada", now=at)
    rules.disable(ACME, "a-rule", author="ada")
    state = TenantDirectory(app_database).app_state()
    on, off = state["trigger_rules"]
    assert (on["version"], on["is_active"], on["valid_from_at"], json.loads(on["tree"])) == (1, True, at, made.tree)
    assert (off["version"], off["is_active"]) == (2, False)
    first = [one for one in state["trigger_rule_literals"] if one["version"] == 1]
    assert [(one["clause_index"], one["literal_index"], one["measure"], one["op"], one["value"]) for one in first] == [
        (0, 0, "mrr", ">=", 2000.0),
        (0, 1, "last_login_age_days", ">=", 9.0),
        (1, 0, "mrr", ">=", 2000.0),
        (1, 1, "ticket_count_30d", "<=", 0.0),
    ]


@pytest.mark.parametrize("word", [word for word in NASTY if word])
def test_words_are_kept_letter_by_letter(app_database: Engine, rules: Rules, word: str) -> None:
    made = rule({"fact": "lifecycle_stage", "op": "=", "value": word})
    save(rules, made)
    [held] = rules.current(ACME)
    assert held.rule == made
    [row] = TenantDirectory(app_database).app_state()["trigger_rule_literals"]
    assert row["text_value"] == word


def test_a_rule_this_version_cannot_evaluate_stops_no_other(app_database: Engine, rules: Rules) -> None:
    save(rules, rule(RICH))
    save(rules, rule(AWAY, rule_id="other"))
    with app_database.begin() as connection:
        connection.execute(
            update(trigger_rule).where(trigger_rule.c.rule_id == "a-rule").values(tree={"fact": "gone", "op": "="})
        )
    state = TenantDirectory(app_database).app_state()
    assert {one["rule_id"] for one in state["trigger_rules"]} == {"a-rule", "other"}
    assert {one["rule_id"] for one in state["trigger_rule_literals"]} == {"other"}
