"""The API's description: stable names, one error body, the marts' own columns, and answers that are what it says."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import select

from core.appdb import open_app_database
from core.appdb.tables import PUBLISHED, audit, card_state
from core.appdb.topics import Topics
from core.vocabulary import AuditAction, Role
from ingestion.sandbox.app import CLIENT_SECRET
from ingestion.sandbox.webhooks import signed
from serve.api import api_router
from serve.board.schemas import Card, CardTicket, Evidence
from serve.companies.schemas import Company, CompanyDay
from serve.corrections.schemas import Ticket
from serve.metrics.schemas import (
    AlertPrecision,
    ChurnRecall,
    CostDay,
    EmergingTopic,
    LeaderboardCompany,
    QualityDay,
    RiskDay,
    SentimentDay,
    SentimentWeek,
    TopicDay,
    TopicImpact,
    TopicWeek,
)
from serve.openapi import openapi_document
from serve.sources.schemas import Source
from serve.threads.schemas import Message
from serve.tickets.schemas import ListedTicket
from tests.support.api import Api, local_settings, running_api
from tests.support.connections import app_settings, connect
from tests.support.published import add_tenant, publish_sample
from tests.support.standing import RULE, finished_check, plant

DOCUMENT = openapi_document()
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_names_that_clients_are_generated_from_do_not_change() -> None:
    assert {name: f"{method} {path}" for name, (method, path, _) in OPERATIONS.items()} == {
        "get_health": "GET /api/v1/health",
        "get_ready": "GET /api/v1/ready",
        "list_demo_users": "GET /api/v1/auth/demo",
        "sign_in_demo_user": "POST /api/v1/auth/demo",
        "get_jwks": "GET /api/v1/auth/jwks",
        "get_me": "GET /api/v1/me",
        "list_users": "GET /api/v1/users",
        "list_cards": "GET /api/v1/cards",
        "get_card": "GET /api/v1/cards/{card_id}",
        "act_on_card": "POST /api/v1/cards/{card_id}/events",
        "get_prompt": "GET /api/v1/prompts/{task}/{prompt_version}",
        "list_card_messages": "GET /api/v1/cards/{card_id}/tickets/{ticket_id}/messages",
        "count_cards": "GET /api/v1/cards/counts",
        "list_views": "GET /api/v1/views",
        "add_view": "POST /api/v1/views",
        "change_view": "PUT /api/v1/views/{view_id}",
        "delete_view": "DELETE /api/v1/views/{view_id}",
        "list_notifications": "GET /api/v1/notifications",
        "read_notifications": "POST /api/v1/notifications/read",
        "get_notification_preferences": "GET /api/v1/notifications/preferences",
        "set_notification_preferences": "PUT /api/v1/notifications/preferences",
        "get_notification_channels": "GET /api/v1/notifications/channels",
        "set_notification_channels": "PUT /api/v1/notifications/channels",
        "test_notifications": "POST /api/v1/notifications/tests",
        "stream": "GET /api/v1/stream",
        "list_topic_metrics": "GET /api/v1/metrics/topics",
        "list_sentiment_metrics": "GET /api/v1/metrics/sentiment",
        "list_topic_trends": "GET /api/v1/metrics/topic-trends",
        "list_risk_metrics": "GET /api/v1/metrics/risks",
        "list_topic_impact": "GET /api/v1/metrics/topic-impact",
        "list_emerging_topics": "GET /api/v1/metrics/emerging-topics",
        "list_company_metrics": "GET /api/v1/metrics/companies",
        "get_precision_metrics": "GET /api/v1/metrics/precision",
        "list_sentiment_trends": "GET /api/v1/metrics/sentiment-trends",
        "list_recall_metrics": "GET /api/v1/metrics/recall",
        "list_cost_metrics": "GET /api/v1/metrics/costs",
        "list_quality_metrics": "GET /api/v1/metrics/quality",
        "list_segments": "GET /api/v1/metrics/segments",
        "list_tickets": "GET /api/v1/tickets",
        "list_companies": "GET /api/v1/companies",
        "get_company": "GET /api/v1/companies/{company_id}",
        "list_topics": "GET /api/v1/topics",
        "edit_topics": "POST /api/v1/topics/edits",
        "undo_topic_edits": "POST /api/v1/topics/undo",
        "list_topic_versions": "GET /api/v1/topics/versions",
        "restore_topic_version": "POST /api/v1/topics/versions/{version}/restore",
        "compare_topics": "GET /api/v1/topics/diff",
        "list_topic_proposals": "GET /api/v1/topics/proposals",
        "accept_topic_proposal": "POST /api/v1/topics/proposals/{proposal_id}/accept",
        "dismiss_topic_proposal": "POST /api/v1/topics/proposals/{proposal_id}/dismiss",
        "discover_topics": "POST /api/v1/topics/discovery",
        "preview_topics": "POST /api/v1/topics/preview",
        "ship_topics": "POST /api/v1/topics/shipping",
        "retag_tickets": "POST /api/v1/topics/retagging",
        "get_ticket": "GET /api/v1/tickets/{ticket_id}",
        "correct_ticket_topics": "PUT /api/v1/tickets/{ticket_id}/topics",
        "correct_ticket_sentiment": "PUT /api/v1/tickets/{ticket_id}/sentiment",
        "list_corrections": "GET /api/v1/corrections",
        "withdraw_correction": "DELETE /api/v1/corrections/{correction_id}",
        "list_sources": "GET /api/v1/sources",
        "get_onboarding": "GET /api/v1/onboarding",
        "start_import": "POST /api/v1/onboarding/import",
        "finish_onboarding_step": "PUT /api/v1/onboarding/steps/{step}",
        "list_fields": "GET /api/v1/fields",
        "map_fields": "PUT /api/v1/fields",
        "list_connections": "GET /api/v1/connections",
        "authorize_hubspot": "POST /api/v1/connections/hubspot/authorize",
        "finish_hubspot": "GET /api/v1/connections/hubspot/callback",
        "disconnect_hubspot": "DELETE /api/v1/connections/hubspot",
        "list_tasks": "GET /api/v1/tasks",
        "cancel_task": "POST /api/v1/tasks/{task_id}/cancel",
        "get_task": "GET /api/v1/tasks/{task_id}",
        "receive_hubspot_events": "POST /api/v1/webhooks/hubspot",
        "get_sign_in": "GET /api/v1/auth/sign-in",
        "sign_in_with_code": "POST /api/v1/auth/code",
        "sign_in_demo_person": "POST /api/v1/auth/demo/person",
        "change_role": "PATCH /api/v1/users/{subject}",
        "remove_user": "DELETE /api/v1/users/{subject}",
        "list_invitations": "GET /api/v1/invitations",
        "invite": "POST /api/v1/invitations",
        "look_at_invitation": "POST /api/v1/join/look",
        "accept_invitation": "POST /api/v1/join",
        "resend_invitation": "POST /api/v1/invitations/{invitation_id}/resend",
        "revoke_invitation": "DELETE /api/v1/invitations/{invitation_id}",
        "list_api_keys": "GET /api/v1/api-keys",
        "make_api_key": "POST /api/v1/api-keys",
        "revoke_api_key": "DELETE /api/v1/api-keys/{prefix}",
        "list_audit": "GET /api/v1/audit",
        "get_triggers": "GET /api/v1/triggers",
        "change_triggers": "POST /api/v1/triggers/versions",
        "try_triggers": "POST /api/v1/triggers/backtests",
        "list_rule_facts": "GET /api/v1/rules/facts",
        "list_rules": "GET /api/v1/rules",
        "save_rule": "POST /api/v1/rules",
        "check_rule": "POST /api/v1/rules/checks",
        "switch_rule": "POST /api/v1/rules/{rule_id}/switch",
        "get_rule": "GET /api/v1/rules/{rule_id}",
        "delete_rule": "DELETE /api/v1/rules/{rule_id}",
        "get_budget": "GET /api/v1/budget",
        "set_budget": "PUT /api/v1/budget",
        "count_budget": "POST /api/v1/budget/counts",
        "get_tenant": "GET /api/v1/tenant",
        "change_tenant": "PUT /api/v1/tenant",
        "export_tenant": "GET /api/v1/tenant/export",
        "delete_tenant": "POST /api/v1/tenant/deletion",
        "get_receipt": "GET /api/v1/receipts/{receipt_id}",
    }


def test_an_operation_has_the_name_of_its_function() -> None:
    """Which is what requests are counted under."""
    named = {route.endpoint.__name__ for route in iter_route_contexts(api_router(has_demo_sign_in=True).routes)}
    assert set(OPERATIONS) == named


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described(name: str) -> None:
    _, _, operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
    for status, response in operation["responses"].items():
        if int(status) == 303:
            assert "content" not in response
            continue
        if (name, status) == ("stream", "200"):
            assert list(response["content"]) == ["text/event-stream"]
            continue
        schema = response["content"]["application/json"]["schema"]
        model = schema["$ref"].rpartition("/")[2]
        if int(status) >= 400:
            assert model in {
                "ErrorBody",
                "NotReadyBody",
                "CardChangedBody",
                "DraftChangedBody",
                "SettingsChangedBody",
            }, (name, status)
            assert response["description"].startswith("`")
        else:
            assert model not in {"ErrorBody", "HTTPValidationError"}
    if operation["x-required-role"] in set(Role):
        assert {"401", "403", "503"} <= set(operation["responses"])


def test_the_framework_s_own_error_body_is_nowhere() -> None:
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


KEYS_OF_PATHS = {
    "card_evidence": {"card_id"},
    "card_tickets": {"card_id"},
    "card_messages": {"ticket_id"},
    "company_sentiment_daily": {"company_id"},
    # Told as quotes, and kept with corrections.
    "ticket_readings": {"quote_spans", "input_hash"},
}
"""What an answer does not repeat: it was asked for by it."""

STATES = {column.name for column in card_state.columns} - {
    *("tenant_id", "card_id"),
    "last_seq",  # told as `seq`
    "severity_override",  # told as `severity`
    "last_touched_at",
}


@pytest.mark.parametrize(
    ("schema", "mart", "extra"),
    [
        (Card, "churn_risk_cards", {"seq", "computed_severity", *STATES}),
        (Evidence, "card_evidence", set()),
        (CardTicket, "card_tickets", {"message_count"}),
        (Message, "card_messages", set()),
        (Company, "companies", set()),
        (Ticket, "ticket_readings", {"quotes", "corrections", "cards", "build"}),
        (CompanyDay, "company_sentiment_daily", set()),
        (TopicDay, "topic_metrics_daily", set()),
        (TopicWeek, "topic_trends_weekly", set()),
        (TopicImpact, "topic_impact", set()),
        (EmergingTopic, "emerging_topics", set()),
        (LeaderboardCompany, "company_leaderboard", set()),
        (RiskDay, "risks_daily", set()),
        (SentimentDay, "sentiment_daily", set()),
        (Source, "source_health", set()),
        (AlertPrecision, "alert_precision", set()),
        (ChurnRecall, "churn_recall", set()),
        (SentimentWeek, "sentiment_trends_weekly", set()),
        (CostDay, "llm_costs_daily", set()),
        (QualityDay, "enrichment_quality", set()),
        (ListedTicket, "tickets", {"company_name", "topics", "card_ids"}),
    ],
)
def test_bodies_are_the_columns_of_their_mart(schema: Any, mart: str, extra: set[str]) -> None:
    """All of them and no other: a new column of a mart is either shown, or decided against here."""
    hidden = {"tenant_id", "build_id"} | KEYS_OF_PATHS.get(mart, set())
    columns = {column.name for column in PUBLISHED[mart].columns} - hidden
    assert set(schema.model_fields) == columns | extra
    marts = (Path(__file__).parents[2] / "docs" / "names.md").read_text().partition("## marts")[2]
    [row] = [line for line in marts.splitlines() if line.startswith(f"| `{mart}` |")]
    assert columns <= set(re.findall(r"`([a-z0-9_]+)`", row))


PUBLIC_URL = "http://127.0.0.1:2"
EVENTS = [
    {"portalId": 48100001, "subscriptionType": "ticket.creation", "subscriptionId": 1, "objectId": 7, "occurredAt": 1},
    {"portalId": 48100001, "subscriptionType": "object.creation", "objectTypeId": "0-5", "objectId": 7, "isNew": True},
]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("contract")
    engine = open_app_database(f"sqlite:///{folder / 'app.db'}")
    add_tenant(engine, "acme")
    publish_sample(engine, "acme")
    # Nothing listens there: whoever disconnects is told so.
    settings = local_settings(folder, api_public_url=PUBLIC_URL).model_copy(
        update={"hubspot": app_settings("http://127.0.0.1:1")}
    )
    connect(engine, folder, "acme")
    IDS.update(plant(engine, "acme"))
    BODIES["save_rule"]["check_id"] = finished_check(engine, "acme", RULE)
    with running_api(engine, folder, settings=settings) as api:
        yield api
    engine.dispose()


CARD = "00000000-0000-5000-8000-000000000001"
IDS = {"step": "fields", "company_id": "1002", "ticket_id": "5001"}
"""By path parameter, something there is to ask for; cards are asked for one by one."""


def on_draft(**sent: Any) -> Callable[[Api], dict[str, Any]]:
    """Something done to the draft as it is now."""

    def body(api: Api) -> dict[str, Any]:
        return {"seq": Topics(api.engine).draft("acme").seq} | sent

    return body


def as_it_is(**changes: Any) -> Callable[[Api], dict[str, Any]]:
    """The tenant's settings as somebody who looked at them sends them back, with changes."""

    def body(api: Api) -> dict[str, Any]:
        held = api.get("/tenant", "acme").json()
        named = ("name", "currency", "is_masked", "default_owner_id", "expire_after_days", "retention_days", "version")
        return {name: held[name] for name in named} | changes

    return body


def going_back(api: Api) -> dict[str, Any]:
    Topics(api.engine).undo("acme", is_all=True)
    return on_draft()(api)


OF = {"accept_topic_proposal": {"proposal_id": "1"}, "restore_topic_version": {"version": "1"}}
"""Where an operation must not be about the newest of them."""

BODIES: dict[str, Any] = {
    "edit_topics": on_draft(edit={"kind": "add", "name": "telex"}),
    "undo_topic_edits": on_draft(),
    "restore_topic_version": going_back,
    "accept_topic_proposal": on_draft(name="Labels"),
    "discover_topics": {},
    "preview_topics": on_draft(edit={"kind": "add_rule", "text": "A refund is billing."}),
    "ship_topics": on_draft(),
    "retag_tickets": {"from_month": "2026-01"},
    "correct_ticket_topics": {"topics": ["billing"], "why": "It is."},
    "correct_ticket_sentiment": {"sentiment": "neutral", "churn_intent": "none"},
    "sign_in_demo_user": {"tenant": "acme", "role": "viewer"},
    "add_view": {"name": "My critical ones", "query": {"assignee": "me"}},
    "change_view": {"name": "Ours", "is_shared": True, "query": {"trigger": ["frustrated"], "sort": "severity"}},
    "read_notifications": {"notification_ids": None},
    "set_notification_preferences": {"items": [{"kind": "card", "is_in_app": True, "is_email": False}]},
    "set_notification_channels": {
        "version": 1,
        "weekly_budget": 5,
        "slack": {"url": "http://127.0.0.1:1/hook", "name": "#churn", "kinds": ["card"]},
    },
    "test_notifications": {"channel": "email"},
    "map_fields": {"items": [{"field": "mrr", "property_name": "revenue"}]},
    "sign_in_demo_person": {"email": "ada@acme.example"},
    "act_on_card": {"type": "assigned", "assignee": "demo|acme|admin", "seq": 0},
    "change_role": {"role": "viewer"},
    "invite": {"email": "new@acme.example", "role": "viewer"},
    "make_api_key": {"name": "Looker"},
    "change_triggers": {"version": 1, "preset": "quiet", "note": "quieter"},
    "try_triggers": {"values": [{"trigger_type": "frustrated", "name": "t_on", "value": 2.5}]},
    "check_rule": {"rule": dict(RULE)},
    "save_rule": {"rule": dict(RULE), "version": 0},
    "switch_rule": {"is_active": False, "version": 1},
    "set_budget": {"monthly_usd": 25.5, "version": 1},
    "change_tenant": as_it_is(name="Acme", is_masked=True, expire_after_days=30, retention_days=400),
    "delete_tenant": {"name": "Acme"},
}


AUDITED = {
    "invite": AuditAction.INVITED,
    "accept_invitation": AuditAction.JOINED,
    "resend_invitation": AuditAction.INVITATION_RESENT,
    "revoke_invitation": AuditAction.INVITATION_REVOKED,
    "change_role": AuditAction.ROLE_CHANGED,
    "remove_user": AuditAction.USER_REMOVED,
    "make_api_key": AuditAction.API_KEY_MADE,
    "revoke_api_key": AuditAction.API_KEY_REVOKED,
    "disconnect_hubspot": AuditAction.DISCONNECTED,
    "cancel_task": AuditAction.TASK_CANCELLED,
    "change_triggers": AuditAction.TRIGGERS_CHANGED,
    "save_rule": AuditAction.RULE_SAVED,
    "switch_rule": AuditAction.RULE_SWITCHED,
    "delete_rule": AuditAction.RULE_DELETED,
    "set_budget": AuditAction.BUDGET_SET,
    "change_tenant": AuditAction.SETTINGS_CHANGED,
    "map_fields": AuditAction.FIELDS_MAPPED,
    "set_notification_channels": AuditAction.NOTIFICATIONS_CHANGED,
}
"""Operations that leave a row in the audit trail when they change something."""

_OWN_COURSE = "its own history says who, when and what"
_A_TASK = "changes nothing by itself; the task says who asked, when and for what"
_SIGN_IN = "changes nothing; whoever signs in is the issuer's to note"
NOT_AUDITED = {
    "finish_hubspot": "does leave a row, where HubSpot agrees: see tests/integration/serve/test_connections.py",
    "authorize_hubspot": "notes a consent that may never be given; the connection made by it is audited",
    "act_on_card": _OWN_COURSE,
    "edit_topics": _OWN_COURSE,
    "undo_topic_edits": _OWN_COURSE,
    "restore_topic_version": _OWN_COURSE,
    "accept_topic_proposal": _OWN_COURSE,
    "dismiss_topic_proposal": _OWN_COURSE,
    "correct_ticket_topics": _OWN_COURSE,
    "correct_ticket_sentiment": _OWN_COURSE,
    "withdraw_correction": _OWN_COURSE,
    "finish_onboarding_step": _OWN_COURSE,
    "add_view": "a person's own way of looking; nobody else's board changes",
    "change_view": "a person's own way of looking; nobody else's board changes",
    "delete_view": "a person's own way of looking; nobody else's board changes",
    "read_notifications": "what a person has read is theirs",
    "set_notification_preferences": "what a person wants to be told is theirs; nobody else is told otherwise",
    "test_notifications": _A_TASK,
    "start_import": _A_TASK,
    "discover_topics": _A_TASK,
    "preview_topics": _A_TASK,
    "ship_topics": _A_TASK,
    "retag_tickets": _A_TASK,
    "try_triggers": _A_TASK,
    "check_rule": _A_TASK,
    "count_budget": _A_TASK,
    "delete_tenant": "the trail goes with the tenant; the receipt stays",
    "receive_hubspot_events": "HubSpot speaks here, for no tenant yet",
    "sign_in_demo_user": _SIGN_IN,
    "sign_in_demo_person": _SIGN_IN,
    "sign_in_with_code": _SIGN_IN,
    "look_at_invitation": "reads; a secret does not stand in an address",
}
"""Every other operation that is no GET, or writes all the same, and why it leaves none."""


def trail(api: Api) -> list[tuple[str, str]]:
    """Action and actor of every row of the audit trail, oldest first."""
    with api.engine.connect() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.actor).order_by(audit.c.occurred_at))
        return [(action, actor) for action, actor in rows]


def test_every_operation_that_writes_is_audited_or_has_a_reason_not_to_be() -> None:
    writing = {name for name, (method, _, _) in OPERATIONS.items() if method != "GET"} | {"finish_hubspot"}
    assert set(AUDITED) | set(NOT_AUDITED) == writing
    assert set(AUDITED) & set(NOT_AUDITED) == set()
    assert set(AUDITED.values()) | {AuditAction.CONNECTED} == set(AuditAction)


def invited(api: Api, name: str) -> tuple[str, str]:
    """The secret of a new invitation, and a token that proves its address."""
    email = f"{name}@acme.example"
    headers = {"Authorization": f"Bearer {api.token('acme', Role.ADMIN)}"}
    told = api.client.post("/api/v1/invitations", json={"email": email, "role": "viewer"}, headers=headers).json()
    proof = api.client.post("/api/v1/auth/demo/person", json={"email": email}).json()["access_token"]
    return told["link"].partition("#")[2], proof


def webhook_headers(body: bytes) -> dict[str, str]:
    return signed(CLIENT_SECRET, f"{PUBLIC_URL}/api/v1/webhooks/hubspot", body, at=datetime.now(UTC))


def validate(operation: dict[str, Any], status: int, body: Any) -> None:
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    resolvable = schema | {"components": DOCUMENT["components"]}
    jsonschema.validate(
        body, resolvable, jsonschema.Draft202012Validator, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


# In the order of the description, in which nothing is taken away before it is read. A stream never ends: test_live.py.
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "stream"])
def test_answers_are_what_the_description_says(api: Api, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    if name == "receive_hubspot_events":
        sent = json.dumps(EVENTS).encode()
        answer = api.client.post(path, content=sent, headers=webhook_headers(sent))
        assert answer.status_code == 200
        validate(operation, 200, answer.json())
        return
    if name == "sign_in_with_code":
        pytest.skip("there is no issuer here to bring a code from: see tests/integration/serve/test_oidc.py")
    cards = [f"00000000-0000-5000-8000-00000000000{number}" for number in range(1, 5)]
    token, body = api.token("acme", Role.ADMIN), BODIES.get(name)
    if name in {"look_at_invitation", "accept_invitation"}:
        secret, token = invited(api, name)
        body = {"secret": secret}
    noted = len(trail(api))
    for card_id in cards if "{card_id}" in path else [""]:
        answer = api.client.request(
            method,
            path.format_map(IDS | {"card_id": card_id} | OF.get(name, {})),
            headers={"Authorization": f"Bearer {token}"},
            json=body(api) if callable(body) else body,
            follow_redirects=False,
        )
        if "303" in operation["responses"]:
            assert answer.status_code == 303
            return
        expected = next((status for status in (201, 202) if str(status) in operation["responses"]), 200)
        assert answer.status_code == expected, answer.text
        validate(operation, expected, answer.json())
    if name != "delete_tenant":
        assert [action for action, _ in trail(api)[noted:]] == ([AUDITED[name]] if name in AUDITED else [])


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("get_me", "/me", 401),
        ("list_cards", "/cards?limit=0", 422),
        ("list_cards", "/cards?cursor=x", 400),
        ("get_card", "/cards/none", 404),
        ("count_cards", "/cards/counts?mrr_min=-1", 422),
        ("get_company", "/companies/none", 404),
        ("list_card_messages", "/cards/none/tickets/5001/messages", 404),
        ("list_card_messages", f"/cards/{CARD}/tickets/none/messages", 404),
        ("list_card_messages", f"/cards/{CARD}/tickets/5001/messages?cursor=x", 400),
        ("list_topic_metrics", "/metrics/topics?from=2026-02-01&to=2026-01-01", 422),
        ("list_connections", "/connections", 401),
    ],
)
def test_refusals_are_what_the_description_says(api: Api, name: str, path: str, status: int) -> None:
    answer = api.get(path, None if status == 401 else "acme")
    assert answer.status_code == status
    validate(OPERATIONS[name][2], status, answer.json())
    assert answer.json()["error"] in OPERATIONS[name][2]["responses"][str(status)]["description"]


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        ({"type": "status_changed", "status": "working", "seq": 7}, 409, "CardChangedMeanwhile"),
        ({"type": "status_changed", "status": "waiting", "seq": 1}, 422, "IllegalMove"),
        ({"type": "assigned", "assignee": "nobody", "seq": 1}, 422, "UnknownColleague"),
        ({"type": "woken", "seq": 1}, 422, "InvalidRequest"),
        ({"type": "completed", "seq": 1}, 422, "InvalidRequest"),
        ({"type": "commented", "text": " ", "seq": 1}, 422, "InvalidRequest"),
    ],
)
def test_acts_are_refused_as_described(api: Api, sent: dict[str, Any], status: int, error: str) -> None:
    method, path, operation = OPERATIONS["act_on_card"]
    card_id = "00000000-0000-5000-8000-000000000003"
    headers = {"Authorization": f"Bearer {api.token('acme', Role.MEMBER)}"}
    answer = api.client.request(method, path.format(card_id=card_id), json=sent, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    validate(operation, status, answer.json())
    assert error in operation["responses"][str(status)]["description"]


def test_what_hubspot_delivers_is_described_and_refused_as_described(api: Api) -> None:
    method, path, operation = OPERATIONS["receive_hubspot_events"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate(EVENTS, schema, jsonschema.Draft202012Validator)
    jsonschema.validate(
        schema["items"]["properties"]["portalId"]["examples"][0], schema["items"]["properties"]["portalId"]
    )
    headers = {one["name"] for one in operation["parameters"] if one["in"] == "header" and one["required"]}
    assert headers < set(webhook_headers(b"")), "what is sent is what is asked for"
    unlike = [{"subscriptionType": "ticket.creation"}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(unlike, schema, jsonschema.Draft202012Validator)
    for body, sent, status in (
        (json.dumps(unlike).encode(), webhook_headers(json.dumps(unlike).encode()), 400),
        (b"[]", webhook_headers(b"[ ]"), 401),
        (b"[]", {}, 401),
    ):
        answer = api.client.request(method, path, content=body, headers=sent)
        assert answer.status_code == status
        validate(operation, status, answer.json())
        assert answer.json()["error"] in operation["responses"][str(status)]["description"]


def test_the_served_document_is_the_printed_one(api: Api) -> None:
    assert api.client.get("/api/v1/openapi.json").json() == DOCUMENT


def test_examples_fit_their_fields() -> None:
    checked = 0
    for model in DOCUMENT["components"]["schemas"].values():
        for field in model.get("properties", {}).values():
            for example in field.get("examples", []):
                jsonschema.validate(example, field | {"components": DOCUMENT["components"]})
                checked += 1
    assert checked > 10
