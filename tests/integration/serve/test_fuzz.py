"""Whatever is sent, the answer is ours: never a 500, never another tenant's row."""

import base64
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.serve.conftest import CANARY, Installation

NASTY = st.sampled_from(
    ["", "%", "_", "\\", "'", '"', "';--", "' or '1'='1", "\0", "\u202e", "ß", "İ", "💥", "NULL", "true", "-1", "1e999"]
)
TEXT = st.one_of(NASTY, st.text(max_size=40))
NAMES = ["status", "trigger", "severity", "company", "owner", "q", "active", "sort", "limit", "cursor", "from", "to"]
NAMES += ["format", "mrr_band", "negative", "ticket", "sentiment", "task", "active_on", "company_owner"]
PATHS = ["/cards", "/companies", "/metrics/topics", "/metrics/sentiment", "/me", "/health"]
PATHS += [
    "/tickets",
    "/metrics/risks",
    "/metrics/topic-impact",
    "/metrics/costs",
    "/metrics/quality",
    "/metrics/companies",
]


def check(answer: Any) -> None:
    assert answer.status_code in {200, 400, 404, 422}, (answer.status_code, answer.text)
    assert CANARY.encode() not in answer.content
    if answer.status_code != 200:
        assert set(answer.json()) == {"error", "detail"}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), query=st.lists(st.tuples(st.sampled_from([*NAMES, "topic"]), TEXT), max_size=4))
def test_queries(installation: Installation, path: str, query: list[tuple[str, str]]) -> None:
    check(installation.api.get(path, "acme", params=query))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=TEXT, owner=TEXT, company=TEXT)
def test_searches(installation: Installation, q: str, owner: str, company: str) -> None:
    check(installation.api.get("/cards", "acme", params={"q": q, "owner": owner, "company": company}))
    check(installation.api.get("/companies", "acme", params={"q": q}))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(identity=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/?#."), min_size=1, max_size=40))
def test_ids(installation: Installation, identity: str) -> None:
    check(installation.api.get(f"/cards/{quote(identity)}", "acme"))
    check(installation.api.get(f"/companies/{quote(identity)}", "acme"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_bent_cursors(installation: Installation, data: st.DataObject) -> None:
    real = installation.api.get("/cards?limit=1", "acme").json()["next_cursor"]
    position = data.draw(st.integers(0, len(real) - 1))
    bent = real[:position] + data.draw(st.text("ABCxyz019-_=%", max_size=4)) + real[position + 1 :]
    check(installation.api.get("/cards", "acme", params={"limit": 1, "cursor": bent}))


@pytest.mark.parametrize("value", [None, 0, -1, 2**70, 1e308, "x", "", [], {}, True, "\0", "2026-01-01"])
def test_positions_of_any_kind(installation: Installation, value: object) -> None:
    for path in ("/cards?sort=opened_on", "/cards?sort=priority", "/companies?sort=company_name", "/tickets?q="):
        real = installation.api.get(f"{path}&limit=1", "acme").json()["next_cursor"]
        held = orjson.loads(base64.urlsafe_b64decode(real + "=="))
        for changed in (
            [*held[:2], value, held[3]],
            [*held[:3], value],
            [value, *held[1:]],
            [held[0], value, *held[2:]],
        ):
            try:
                forged = base64.urlsafe_b64encode(orjson.dumps(changed)).decode().rstrip("=")
            except TypeError:
                forged = base64.urlsafe_b64encode(str(changed).replace("'", '"').encode()).decode().rstrip("=")
            check(installation.api.get(f"{path}&limit=1&cursor={forged}", "acme"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60), signature=TEXT, timestamp=TEXT)
def test_what_is_delivered_unsigned(installation: Installation, body: bytes, signature: str, timestamp: str) -> None:
    """This installation has no HubSpot app, so nobody can sign for it (with one: test_webhooks.py)."""
    headers = {"X-HubSpot-Signature-v3": signature.encode(), "X-HubSpot-Request-Timestamp": timestamp.encode()}
    answer = installation.api.client.post("/api/v1/webhooks/hubspot", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (503, "WebhooksNotConfigured")
    assert CANARY.encode() not in answer.content
