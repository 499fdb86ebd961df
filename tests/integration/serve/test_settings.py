"""What a tenant's people set: triggers in versions, rules after a check of the very same tree, the budget, the tenant, its end."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update

from core.appdb.budgets import Budgets, StandingNote
from core.appdb.directory import TenantDirectory
from core.appdb.imports import FieldCandidate, Imports
from core.appdb.tables import task as task_table
from core.appdb.tables import trigger_param
from core.params import params
from core.rules import FACTS
from core.vocabulary import DeletionStatus, MappedField, Role, TaskKind, TriggerType
from tests.integration.serve.conftest import NewTenant
from tests.support.published import company
from tests.support.standing import finished_check

TREE_A = {"all": [{"fact": "ticket_count", "op": ">=", "value": 5, "within_days": 30}]}
TREE_B = {"all": [{"fact": "ticket_count", "op": ">=", "value": 1, "within_days": 30}]}


def ask(tenant: NewTenant, method: str, path: str, body: Any = None, role: Role = Role.ADMIN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {tenant.api.token(tenant.tenant_id, role)}"}
    return tenant.api.client.request(method, f"/api/v1{path}", headers=headers, json=body)


def rule(tree: Mapping[str, Any] = TREE_A, **values: Any) -> dict[str, Any]:
    base = {
        "rule_id": "many-tickets",
        "name": "Many tickets",
        "severity": "high",
        "is_notify": True,
        "when": dict(tree),
    }
    return base | values


def checked(tenant: NewTenant, tree: Mapping[str, Any]) -> str:
    """A check that was asked for, and that a worker has finished."""
    asked = ask(tenant, "POST", "/rules/checks", {"rule": rule(tree)}, Role.MEMBER)
    assert asked.status_code == 202, asked.text
    assert finished_check(tenant.api.engine, tenant.tenant_id, rule(tree)) == asked.json()["task_id"]
    return str(asked.json()["task_id"])


def test_triggers_are_told_with_all_there_is_to_say_and_set_in_versions(tenant: NewTenant) -> None:
    told = ask(tenant, "GET", "/triggers", role=Role.VIEWER).json()
    assert (told["version"], told["preset"], told["history"]) == (0, "balanced", [])
    assert len(told["params"]) == len(params())
    assert all(one["description"] and one["minimum"] <= one["value"] <= one["maximum"] for one in told["params"])

    values = [{"trigger_type": "frustrated", "name": "t_on", "value": 1.5}]
    first = ask(tenant, "POST", "/triggers/versions", {"version": 0, "values": values, "note": "  too many  "})
    assert (first.status_code, first.json()) == (201, {"version": 1})
    both = {
        "version": 1,
        "preset": "quiet",
        "values": [
            {"trigger_type": "frustrated", "name": "t_on", "value": None},
            {"trigger_type": "significant_support", "name": "count_direction", "value": 1},
        ],
    }
    assert ask(tenant, "POST", "/triggers/versions", both).json() == {"version": 4}

    told = ask(tenant, "GET", "/triggers", role=Role.VIEWER).json()
    newest, oldest = told["history"]
    assert (oldest["note"], oldest["version"], oldest["changes"]) == (
        "too many",
        1,
        [{"trigger_type": "frustrated", "name": "t_on", "before": None, "after": "1.5"}],
    )
    assert {one["name"]: (one["before"], one["after"]) for one in newest["changes"]} == {
        "preset": ("balanced", "quiet"),
        "t_on": ("1.5", None),
        "count_direction": (None, "inbound"),
    }
    assert (newest["preset"], oldest["preset"]) == ("quiet", "balanced")
    held = {(one["trigger_type"], one["name"]): (one["value"], one["origin"]) for one in told["params"]}
    assert held["frustrated", "t_on"] == (2.5, "quiet")
    assert held["significant_support", "count_direction"] == (1, "own")

    # A version of before, as it was: what is not in it is taken back.
    again = {"version": 4, "is_restoring": True, "preset": oldest["preset"], "values": oldest["own"]}
    assert ask(tenant, "POST", "/triggers/versions", again).status_code == 201
    told = ask(tenant, "GET", "/triggers").json()
    held = {(one["trigger_type"], one["name"]): (one["value"], one["origin"]) for one in told["params"]}
    assert held["frustrated", "t_on"] == (1.5, "own")
    assert held["significant_support", "count_direction"] == (0, "balanced")
    assert told["history"][1:] == [newest, oldest], "versions never change"


def test_what_does_not_fit_or_comes_too_late_changes_nothing(tenant: NewTenant) -> None:
    def change(**body: Any) -> httpx.Response:
        return ask(tenant, "POST", "/triggers/versions", {"version": 0} | body)

    for name, value, error in (
        ("t_on", 0, "ValueOutOfRange"),
        ("t_onn", 1, "NoSuchParam"),
        ("t_on", 1e9, "ValueOutOfRange"),
    ):
        refused = change(values=[{"trigger_type": "frustrated", "name": name, "value": value}])
        assert (refused.status_code, refused.json()["error"]) == (422, error)
    half = change(values=[{"trigger_type": "significant_support", "name": "count_direction", "value": 0.5}])
    assert half.json()["error"] == "ValueOutOfRange"
    assert change(preset="quiet").json() == {"version": 1}
    late = change(values=[{"trigger_type": "frustrated", "name": "t_on", "value": 2}])
    assert (late.status_code, late.json()["error"]) == (409, "TriggersChangedMeanwhile")
    refused = ask(tenant, "POST", "/triggers/versions", {"version": 1}, Role.MEMBER)
    assert (refused.status_code, refused.json()["error"]) == (403, "RoleTooLow")
    with tenant.api.engine.connect() as connection:
        mine = select(trigger_param).where(trigger_param.c.tenant_id == tenant.tenant_id)
        assert connection.execute(mine).all() == []


def test_settings_are_tried_by_a_task(tenant: NewTenant) -> None:
    values = [{"trigger_type": "frustrated", "name": "t_on", "value": 2.5}]
    asked = ask(tenant, "POST", "/triggers/backtests", {"values": values}, Role.MEMBER)
    assert asked.status_code == 202
    told = asked.json()
    assert (told["kind"], told["status"]) == (TaskKind.BACKTEST, "queued")
    assert told["arguments"] == {"preset": None, "values": values}
    assert ask(tenant, "POST", "/triggers/backtests", {"values": values}).json()["task_id"] == told["task_id"]
    bad = [{"trigger_type": "frustrated", "name": "t_on", "value": -1}]
    assert ask(tenant, "POST", "/triggers/backtests", {"values": bad}).status_code == 422
    assert ask(tenant, "POST", "/triggers/backtests", {}, Role.VIEWER).status_code == 403


def test_a_check_of_one_tree_does_not_let_another_be_saved(tenant: NewTenant) -> None:
    check_a = checked(tenant, TREE_A)

    def save(tree: Mapping[str, Any], check_id: str, version: int = 0, **values: Any) -> httpx.Response:
        return ask(tenant, "POST", "/rules", {"rule": rule(tree, **values), "check_id": check_id, "version": version})

    refused = save(TREE_B, check_a)
    assert (refused.status_code, refused.json()["error"]) == (409, "NotChecked")
    assert save(TREE_A, "0" * 32).json()["error"] == "NotChecked"
    backtest = ask(tenant, "POST", "/triggers/backtests", {}).json()["task_id"]
    assert save(TREE_A, backtest).json()["error"] == "NotChecked", "a task of another kind"
    waiting = ask(tenant, "POST", "/rules/checks", {"rule": rule(TREE_B)}).json()["task_id"]
    assert save(TREE_B, waiting).json()["error"] == "NotChecked", "not done yet"
    assert ask(tenant, "GET", "/rules").json() == {"items": []}

    # What is not the tree may be put otherwise.
    saved = save(TREE_A, check_a, name="Very many tickets")
    assert (saved.status_code, saved.json()) == (201, {"rule_id": "many-tickets", "version": 1, "is_active": True})
    [held] = ask(tenant, "GET", "/rules", role=Role.VIEWER).json()["items"]
    assert (held["name"], held["when"], held["dry_run"]["card_count"]) == ("Very many tickets", TREE_A, 14)
    assert save(TREE_A, check_a).json()["error"] == "RuleChangedMeanwhile"

    with tenant.api.engine.begin() as connection:
        old = datetime.now(UTC) - timedelta(days=1, minutes=1)
        connection.execute(update(task_table).where(task_table.c.task_id == check_a).values(ended_at=old))
    assert save(TREE_A, check_a, 1, name="Again").json()["error"] == "NotChecked", "older than a day"


def test_rules_are_switched_and_deleted_and_every_version_stays(tenant: NewTenant) -> None:
    body = {"rule": rule(), "check_id": checked(tenant, TREE_A), "version": 0}
    assert ask(tenant, "POST", "/rules", body, Role.MEMBER).status_code == 403
    ask(tenant, "POST", "/rules", body)
    off = ask(tenant, "POST", "/rules/many-tickets/switch", {"is_active": False, "version": 1})
    assert off.json() == {"rule_id": "many-tickets", "version": 2, "is_active": False}
    late = ask(tenant, "POST", "/rules/many-tickets/switch", {"is_active": True, "version": 1})
    assert (late.status_code, late.json()["error"]) == (409, "RuleChangedMeanwhile")
    assert ask(tenant, "POST", "/rules/many-tickets/switch", {"is_active": True, "version": 2}).json()["version"] == 3
    versions = ask(tenant, "GET", "/rules/many-tickets").json()["items"]
    assert [(one["version"], one["is_active"]) for one in versions] == [(3, True), (2, False), (1, True)]
    assert ask(tenant, "DELETE", "/rules/many-tickets?version=3").json()["is_active"] is False
    assert ask(tenant, "GET", "/rules").json() == {"items": []}
    for method, path, sent in (
        ("GET", "/rules/many-tickets", None),
        ("DELETE", "/rules/many-tickets?version=4", None),
        ("POST", "/rules/many-tickets/switch", {"is_active": True, "version": 4}),
    ):
        gone = ask(tenant, method, path, sent)
        assert (gone.status_code, gone.json()["error"]) == (404, "RuleNotFound")


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"fact": "nonsense", "op": "=", "value": 1}, "There is no fact 'nonsense'"),
        ({"all": []}, "when.all"),
        ({"fact": "topic_ticket_count", "op": ">", "value": 1, "within_days": 7, "topic": "moon"}, "no topic 'moon'"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_place(
    tenant: NewTenant, tree: Mapping[str, Any], said: str
) -> None:
    refused = ask(tenant, "POST", "/rules/checks", {"rule": rule(tree)})
    assert (refused.status_code, refused.json()["error"]) == (422, "UnusableRule")
    assert said in refused.json()["detail"]


def test_facts_are_all_there_are(tenant: NewTenant) -> None:
    told = ask(tenant, "GET", "/rules/facts", role=Role.VIEWER).json()
    assert [one["name"] for one in told["items"]] == list(FACTS)
    assert told["topics"] == []


def test_the_budget_is_set_and_how_the_month_stands_is_told(tenant: NewTenant) -> None:
    told = ask(tenant, "GET", "/budget", role=Role.VIEWER).json()
    assert (told["version"], told["monthly_usd"], told["standing"], told["limit_usd"]) == (
        0,
        None,
        None,
        told["default_usd"],
    )
    told = ask(tenant, "PUT", "/budget", {"monthly_usd": 12.5, "version": 0}).json()
    assert (told["version"], told["limit_usd"], told["history"][0]["monthly_usd"]) == (1, 12.5, 12.5)
    late = ask(tenant, "PUT", "/budget", {"monthly_usd": 1, "version": 0})
    assert (late.status_code, late.json()["error"]) == (409, "BudgetChangedMeanwhile")
    assert ask(tenant, "PUT", "/budget", {"monthly_usd": -1, "version": 1}).status_code == 422
    note = StandingNote(
        tenant_id=tenant.tenant_id,
        month="2026-03",
        spent_usd=3.25,
        reserved_usd=0.5,
        deferred_count=7,
        deferred_usd=0.75,
        unread_count=None,
        unread_usd=None,
        is_paid=True,
        measured_at=datetime(2026, 3, 31, tzinfo=UTC),
    )
    Budgets(tenant.api.engine, None).note(note)
    standing = ask(tenant, "GET", "/budget").json()["standing"]
    assert (standing["spent_usd"], standing["deferred_count"]) == (3.25, 7)
    assert ask(tenant, "POST", "/budget/counts", role=Role.MEMBER).json()["kind"] == TaskKind.BUDGET_COUNT


def test_the_tenant_is_set(tenant: NewTenant) -> None:
    tenant.publish(companies=[company(1), company(2, owner_id="10", owner_name="Edsger Dijkstra")])
    held = ask(tenant, "GET", "/tenant", role=Role.VIEWER).json()
    assert held["owners"] == [
        {"owner_id": "10", "owner_name": "Edsger Dijkstra"},
        {"owner_id": "9", "owner_name": "Grace Hopper"},
    ]
    named = ("name", "currency", "is_masked", "default_owner_id", "expire_after_days", "retention_days")
    wanted = {name: held[name] for name in named} | {
        "name": "  Renamed ",
        "is_masked": False,
        "default_owner_id": "10",
        "retention_days": 400,
        "version": held["version"],
    }
    told = ask(tenant, "PUT", "/tenant", wanted).json()
    assert {name: told[name] for name in (*named, "version")} == wanted | {"name": "Renamed", "version": 2}
    wanted |= {"name": "Renamed", "version": 2}
    assert ask(tenant, "PUT", "/tenant", wanted).json() == told, "nothing is otherwise, so it is the same version"
    for wrong, error in (
        ({"default_owner_id": "77"}, "NoSuchOwner"),
        ({"retention_days": 90}, "InvalidRequest"),
        ({"currency": "euro"}, "InvalidRequest"),
        ({"name": "a\nb"}, "InvalidRequest"),
    ):
        refused = ask(tenant, "PUT", "/tenant", wanted | wrong)
        assert (refused.status_code, refused.json()["error"]) == (422, error)
    assert ask(tenant, "PUT", "/tenant", wanted, Role.MEMBER).status_code == 403
    assert ask(tenant, "GET", "/tenant").json() == told


def test_who_changes_settings_that_somebody_else_changed_is_told_by_whom(tenant: NewTenant) -> None:
    held = ask(tenant, "GET", "/tenant").json()
    named = ("name", "currency", "is_masked", "default_owner_id", "expire_after_days", "retention_days", "version")
    seen = {name: held[name] for name in named}
    theirs = ask(tenant, "PUT", "/tenant", seen | {"currency": "CHF", "retention_days": 365}).json()
    refused = ask(tenant, "PUT", "/tenant", seen | {"is_masked": False})
    body = refused.json()
    assert (refused.status_code, body["error"], body["settings"]) == (409, "SettingsChangedMeanwhile", theirs)
    [change] = body["changes"]
    assert change["details"]["said"] == "currency CHF (before: USD), words are kept for 365 days (before: for good)"
    assert change["actor"] == f"demo|{tenant.tenant_id}|admin"
    assert ask(tenant, "GET", "/tenant").json() == theirs
    # From a terminal it is another version too.
    TenantDirectory(tenant.api.engine).set_retention(tenant.tenant_id, None)
    late = ask(tenant, "PUT", "/tenant", {**seen, "version": theirs["version"]})
    assert (late.status_code, late.json()["changes"]) == (409, [])
    assert late.json()["settings"]["version"] == theirs["version"] + 1


def test_two_who_change_settings_at_once_do_not_undo_each_other(tenant: NewTenant) -> None:
    held = ask(tenant, "GET", "/tenant").json()
    named = ("name", "currency", "is_masked", "default_owner_id", "expire_after_days", "retention_days", "version")
    seen = {name: held[name] for name in named}
    wanted = [seen | {"currency": currency} for currency in ("CHF", "EUR", "SEK", "NOK")]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda body: ask(tenant, "PUT", "/tenant", body), wanted))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert ask(tenant, "GET", "/tenant").json() == won


def test_every_change_of_settings_is_in_the_trail_in_words(tenant: NewTenant) -> None:
    fields = [{"field": "mrr", "property_name": "revenue", "unit": "year", "currency": "EUR"}]
    Imports(tenant.api.engine).keep_candidates(
        tenant.tenant_id,
        [FieldCandidate(name="revenue", label="Revenue", type="number", fits={MappedField.MRR: 3}, filled_count=1)],
    )
    values = [{"trigger_type": "frustrated", "name": "t_on", "value": 1.5}]
    for method, path, body in (
        ("POST", "/triggers/versions", {"version": 0, "preset": "quiet", "values": values, "note": "of Ada Lovelace"}),
        ("POST", "/triggers/versions", {"version": 2, "values": values, "note": "again"}),
        ("PUT", "/budget", {"monthly_usd": 20, "version": 0}),
        ("PUT", "/budget", {"monthly_usd": 20, "version": 1}),
        ("PUT", "/budget", {"monthly_usd": None, "version": 0}),
        ("PUT", "/fields", {"items": fields}),
        ("PUT", "/fields", {"items": fields}),
    ):
        assert ask(tenant, method, path, body).status_code in {200, 201, 409}
    rows = ask(tenant, "GET", "/audit").json()["items"]
    assert [(row["action"], row["details"]["said"]) for row in rows] == [
        ("fields_mapped", "mrr revenue per year in EUR (before: not mapped)"),
        ("budget_set", "budget of a month $20 (before: as the installation allows)"),
        ("triggers_changed", "preset quiet (before: balanced), frustrated.t on 1.5 (before: as the preset)"),
    ], "what changed nothing, or was refused, is not told"
    assert "Lovelace" not in str(rows)
    assert {row["actor"] for row in rows} == {f"demo|{tenant.tenant_id}|admin"}
    assert all(row["request_id"] for row in rows)


def test_what_people_wrote_can_be_taken_along(tenant: NewTenant) -> None:
    values = [{"trigger_type": "frustrated", "name": "t_on", "value": 1.5}]
    ask(tenant, "POST", "/triggers/versions", {"version": 0, "values": values, "note": "quieter please"})
    answer = ask(tenant, "GET", "/tenant/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == f'attachment; filename="churnboard-{tenant.tenant_id}.json"'
    assert answer.json()["tables"]["trigger_param"][0]["note"] == "quieter please"
    assert "beta" not in json.dumps(answer.json()["tables"])
    assert ask(tenant, "GET", "/tenant/export", role=Role.MEMBER).status_code == 403


def test_a_tenant_is_deleted_by_who_can_type_its_name_and_leaves_a_receipt(tenant: NewTenant) -> None:
    name = ask(tenant, "GET", "/tenant").json()["name"]
    wrong = ask(tenant, "POST", "/tenant/deletion", {"name": f"{name}x"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "NotItsName")
    assert ask(tenant, "POST", "/tenant/deletion", {"name": name}, Role.MEMBER).status_code == 403
    asked = ask(tenant, "POST", "/tenant/deletion", {"name": name})
    receipt_id = asked.json()["receipt_id"]
    assert (asked.status_code, len(receipt_id)) == (202, 43)
    # It needs no token: there will be nobody to sign in.
    told = tenant.api.get(f"/receipts/{receipt_id}")
    assert (told.status_code, told.json()["status"], told.json()["tenant_id"]) == (
        200,
        DeletionStatus.REQUESTED,
        tenant.tenant_id,
    )
    missing = tenant.api.get("/receipts/nonsense")
    assert (missing.status_code, missing.json()["error"]) == (404, "NoSuchReceipt")
    with tenant.api.engine.connect() as connection:
        query = select(task_table.c.kind, task_table.c.arguments).where(task_table.c.tenant_id == tenant.tenant_id)
        assert connection.execute(query).all() == [(TaskKind.TENANT_DELETION, {"receipt_id": receipt_id})]


def test_another_tenant_s_settings_are_out_of_reach(tenant: NewTenant) -> None:
    with tenant.api.engine.begin() as connection:
        connection.execute(
            insert(trigger_param).values(
                tenant_id="beta",
                trigger_type=TriggerType.FRUSTRATED,
                name=f"t_{tenant.tenant_id}",
                version=1,
                value=9.0,
                valid_from_at=datetime(2026, 1, 1, tzinfo=UTC),
                author="somebody",
            )
        )
    assert ask(tenant, "GET", "/triggers").json()["version"] == 0
    check = checked(tenant, TREE_A)
    headers = {"Authorization": f"Bearer {tenant.api.token('acme', Role.ADMIN)}"}
    body = {"rule": rule(), "check_id": check, "version": 0}
    foreign = tenant.api.client.post("/api/v1/rules", headers=headers, json=body)
    assert foreign.json()["error"] == "NotChecked", "a check of another tenant does not exist"
