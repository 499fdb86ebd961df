"""The API's description: stable names, one error body, the marts' own columns, and answers that are what it says."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.appdb import open_app_database
from core.appdb.tables import PUBLISHED, card_state
from core.vocabulary import Role
from ingestion.sandbox.app import CLIENT_SECRET
from ingestion.sandbox.webhooks import signed
from serve.board.schemas import Card, Evidence
from serve.companies.schemas import Company
from serve.metrics.schemas import (
    AlertPrecision,
    ChurnRecall,
    EmergingTopic,
    LeaderboardCompany,
    RiskDay,
    SentimentDay,
    TopicDay,
    TopicImpact,
    TopicWeek,
)
from serve.openapi import openapi_document
from serve.sources.schemas import Source
from tests.support.api import Api, local_settings, running_api
from tests.support.connections import app_settings, connect
from tests.support.published import add_tenant, publish_sample

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
        "list_topic_metrics": "GET /api/v1/metrics/topics",
        "list_sentiment_metrics": "GET /api/v1/metrics/sentiment",
        "list_topic_trends": "GET /api/v1/metrics/topic-trends",
        "list_risk_metrics": "GET /api/v1/metrics/risks",
        "list_topic_impact": "GET /api/v1/metrics/topic-impact",
        "list_emerging_topics": "GET /api/v1/metrics/emerging-topics",
        "list_company_metrics": "GET /api/v1/metrics/companies",
        "get_precision_metrics": "GET /api/v1/metrics/precision",
        "list_companies": "GET /api/v1/companies",
        "get_company": "GET /api/v1/companies/{company_id}",
        "list_sources": "GET /api/v1/sources",
        "list_connections": "GET /api/v1/connections",
        "authorize_hubspot": "POST /api/v1/connections/hubspot/authorize",
        "finish_hubspot": "GET /api/v1/connections/hubspot/callback",
        "disconnect_hubspot": "DELETE /api/v1/connections/hubspot",
        "receive_hubspot_events": "POST /api/v1/webhooks/hubspot",
    }


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
        schema = response["content"]["application/json"]["schema"]
        model = schema["$ref"].rpartition("/")[2]
        if int(status) >= 400:
            assert model in {"ErrorBody", "NotReadyBody", "CardChangedBody"}, (name, status)
            assert response["description"].startswith("`")
        else:
            assert model not in {"ErrorBody", "HTTPValidationError"}
    if "security" in operation:
        assert {"401", "403", "503"} <= set(operation["responses"])


def test_what_needs_a_token_says_so() -> None:
    open_to_all = {
        *("get_health", "get_ready", "list_demo_users", "sign_in_demo_user", "get_jwks", "finish_hubspot"),
        # HubSpot signs what it sends.
        "receive_hubspot_events",
    }
    assert {name for name, (_, _, operation) in OPERATIONS.items() if "security" not in operation} == open_to_all


def test_the_framework_s_own_error_body_is_nowhere() -> None:
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


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
        (Company, "companies", set()),
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
    ],
)
def test_bodies_are_the_columns_of_their_mart(schema: Any, mart: str, extra: set[str]) -> None:
    """All of them and no other: a new column of a mart is either shown, or decided against here."""
    hidden = {"tenant_id", "build_id"} | ({"card_id"} if mart == "card_evidence" else set())
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
    with running_api(engine, folder, settings=settings) as api:
        yield api
    engine.dispose()


BODIES = {
    "sign_in_demo_user": {"tenant": "acme", "role": "viewer"},
    "act_on_card": {"type": "assigned", "assignee": "demo|acme|admin", "seq": 0},
}


def webhook_headers(body: bytes) -> dict[str, str]:
    return signed(CLIENT_SECRET, f"{PUBLIC_URL}/api/v1/webhooks/hubspot", body, at=datetime.now(UTC))


def validate(operation: dict[str, Any], status: int, body: Any) -> None:
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    resolvable = schema | {"components": DOCUMENT["components"]}
    jsonschema.validate(
        body, resolvable, jsonschema.Draft202012Validator, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_are_what_the_description_says(api: Api, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    if name == "receive_hubspot_events":
        body = json.dumps(EVENTS).encode()
        answer = api.client.post(path, content=body, headers=webhook_headers(body))
        assert answer.status_code == 200
        validate(operation, 200, answer.json())
        return
    cards = [f"00000000-0000-5000-8000-00000000000{number}" for number in range(1, 5)]
    for card_id in cards if "{card_id}" in path else [""]:
        answer = api.client.request(
            method,
            path.format_map({"card_id": card_id, "company_id": "1002"}),
            headers={"Authorization": f"Bearer {api.token('acme', Role.ADMIN)}"},
            json=BODIES.get(name),
            follow_redirects=False,
        )
        if "303" in operation["responses"]:
            assert answer.status_code == 303
            return
        expected = 201 if "201" in operation["responses"] else 200
        assert answer.status_code == expected, answer.text
        validate(operation, expected, answer.json())


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("get_me", "/me", 401),
        ("list_cards", "/cards?limit=0", 422),
        ("list_cards", "/cards?cursor=x", 400),
        ("get_card", "/cards/none", 404),
        ("get_company", "/companies/none", 404),
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
