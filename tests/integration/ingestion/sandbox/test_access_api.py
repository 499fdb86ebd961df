"""Who gets in: tokens and scopes, the OAuth flow, rate limits, scripted answers."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ingestion.sandbox.app import CLIENT_ID, CLIENT_SECRET
from ingestion.sandbox.clock import ManualClock
from ingestion.sandbox.limits import Limits
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, World

TICKETS_PATH = "/crm/objects/2026-09/tickets"
TOKEN_PATH = "/oauth/2026-09/token"
CREDENTIALS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
REDIRECT = "http://127.0.0.1:1/callback"


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def exchange(client: httpx.Client, path: str = TOKEN_PATH, **form: str) -> httpx.Response:
    return client.post(path, data=CREDENTIALS | form)


@pytest.mark.parametrize("headers", [{}, bearer("unknown"), {"Authorization": "Basic eDp5"}])
def test_no_token_or_an_unknown_one_is_a_401(client: httpx.Client, headers: dict[str, str]) -> None:
    answer = client.get(TICKETS_PATH, headers=headers)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_an_expired_token_says_so(client: httpx.Client, portal: Portal, clock: ManualClock) -> None:
    token = portal.tokens.grant(expires_in=timedelta(seconds=60)).token
    assert client.get(TICKETS_PATH, headers=bearer(token)).status_code == 200
    clock.advance(75)
    answer = client.get(TICKETS_PATH, headers=bearer(token))
    assert (answer.status_code, answer.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert "expired 15 second(s) ago" in answer.json()["message"]


def test_a_missing_scope_is_a_403_that_names_it(client: httpx.Client, portal: Portal) -> None:
    headers = bearer(portal.tokens.grant(scopes=("oauth", "tickets")).token)
    assert client.get(TICKETS_PATH, headers=headers).status_code == 200
    for method, path, scope in (
        ("GET", "/crm/objects/2026-09/companies", "crm.objects.companies.read"),
        ("POST", "/crm/associations/2026-09/tickets/contacts/batch/read", "crm.objects.contacts.read"),
        ("GET", "/crm/owners/2026-09", "crm.objects.owners.read"),
        ("GET", "/crm/objects/2026-09/emails", "sales-email-read"),
        ("POST", "/crm/associations/2026-09/tickets/emails/batch/read", "sales-email-read"),
        ("GET", "/crm/objects/2026-09/notes", "crm.objects.contacts.read"),
    ):
        answer = client.request(method, path, headers=headers, json={"inputs": []} if method == "POST" else None)
        assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
        assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == [scope]
    assert client.get("/account-info/2026-09/details", headers=headers).status_code == 200


def test_consent_to_tokens_to_data_to_uninstall(client: httpx.Client, portal: Portal) -> None:
    verifier = "a-verifier-of-some-length"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT,
        "scope": "oauth tickets",
        "state": "s&1",
        "code_challenge": challenge,
    }
    chooser = client.get("/oauth/authorize", params=asked)
    assert f"/oauth/{portal.portal_id}/authorize?" in chooser.text
    consent = client.get(f"/oauth/{portal.portal_id}/authorize", params=asked)
    assert consent.status_code == 302
    back = parse_qs(urlsplit(consent.headers["location"]).query)
    assert back["state"] == ["s&1"]
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": back["code"][0]}
    granted = exchange(client, **form, code_verifier=verifier).json()
    assert (granted["expires_in"], granted["hub_id"], granted["token_use"]) == (1800, portal.portal_id, "access_token")
    assert granted["scopes"] == ["oauth", "tickets"]
    assert exchange(client, **form, code_verifier=verifier).json()["status"] == "BAD_AUTH_CODE"
    headers = bearer(granted["access_token"])
    assert client.get(TICKETS_PATH, headers=headers).status_code == 200
    assert client.delete("/appinstalls/2026-09/external-install", headers=headers).status_code == 204
    assert client.get(TICKETS_PATH, headers=headers).status_code == 401
    refreshed = exchange(client, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert (refreshed.status_code, refreshed.json()["status"]) == (400, "BAD_REFRESH_TOKEN")


@pytest.mark.parametrize("path", ["/oauth/2026-09/token", "/oauth/2026-03/token", "/oauth/v3/token", "/oauth/v1/token"])
def test_a_refresh_gives_a_new_access_token_on_every_path(client: httpx.Client, portal: Portal, path: str) -> None:
    grant = portal.tokens.grant()
    assert grant.refresh_token
    body = exchange(client, path, grant_type="refresh_token", refresh_token=grant.refresh_token).json()
    assert body["access_token"] != grant.token
    assert body["refresh_token"] == grant.refresh_token
    assert client.get(TICKETS_PATH, headers=bearer(body["access_token"])).status_code == 200


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"client_id": "x"}, "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT}, "BAD_AUTH_CODE"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "BAD_REFRESH_TOKEN"),
    ],
)
def test_refused_token_requests_name_the_reason(client: httpx.Client, form: dict[str, str], status: str) -> None:
    answer = exchange(client, **({"grant_type": "refresh_token"} | form))
    assert answer.status_code == 400
    body = answer.json()
    assert body["status"] == status
    assert body["error"]
    assert body["error_description"] == body["message"]


def test_a_code_is_bound_to_redirect_verifier_and_a_minute(
    client: httpx.Client, portal: Portal, clock: ManualClock
) -> None:
    def status(code: str, **form: str) -> Any:
        asked = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": code} | form
        return exchange(client, **asked).json().get("status", "granted")

    issue = portal.tokens.issue_code
    assert status(issue(redirect_uri=REDIRECT)) == "granted"
    assert status(issue(redirect_uri="http://elsewhere")) == "BAD_REDIRECT_URI"
    assert status(issue(redirect_uri=REDIRECT, code_challenge="abc"), code_verifier="x") == "BAD_CODE_VERIFIER"
    late = issue(redirect_uri=REDIRECT)
    clock.advance(61)
    assert status(late) == "BAD_AUTH_CODE"


def test_introspection_and_revocation(client: httpx.Client, portal: Portal) -> None:
    grant = portal.tokens.grant()

    def introspect(token: str) -> dict[str, Any]:
        found: dict[str, Any] = client.post(f"{TOKEN_PATH}/introspect", data=CREDENTIALS | {"token": token}).json()
        return found

    found = introspect(grant.token)
    assert (found["active"], found["hub_id"], found["expires_in"]) == (True, portal.portal_id, 1800)
    assert client.get(f"/oauth/v1/access-tokens/{grant.token}").json()["hub_id"] == portal.portal_id
    assert client.get(f"/oauth/v1/refresh-tokens/{grant.refresh_token}").json()["token_type"] == "refresh"
    assert introspect(str(grant.refresh_token))["token_use"] == "refresh_token"
    revoked = client.post(f"{TOKEN_PATH}/revoke", data=CREDENTIALS | {"token": str(grant.refresh_token)})
    assert revoked.status_code == 200
    assert introspect(grant.token) == {"active": False}
    assert client.get(f"/oauth/v1/access-tokens/{grant.token}").status_code == 404
    another = portal.tokens.grant()
    assert client.delete(f"/oauth/v1/refresh-tokens/{another.refresh_token}").status_code == 204
    assert client.get(TICKETS_PATH, headers=bearer(another.token)).status_code == 401


@pytest.mark.parametrize("asked", [{"client_id": "x"}, {"client_id": CLIENT_ID, "redirect_uri": "javascript:alert(1)"}])
def test_consent_is_not_offered_to_strangers(client: httpx.Client, asked: dict[str, str]) -> None:
    assert client.get("/oauth/authorize", params=asked).status_code == 400


def test_limits_answer_429_with_their_name_and_leave_other_portals_alone(world: World) -> None:
    with running_sandbox(world, limits=Limits(burst=3, search_per_second=1)) as sandbox:
        mine, other = bearer(sandbox.token("acme")), bearer(sandbox.token("other"))
        with httpx.Client(base_url=sandbox.base_url) as client:
            passed = [client.get(TICKETS_PATH, headers=mine) for _ in range(3)]
            assert [one.headers["X-HubSpot-RateLimit-Remaining"] for one in passed] == ["2", "1", "0"]
            assert passed[0].headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
            refused = client.get(TICKETS_PATH, headers=mine)
            assert refused.status_code == 429
            body = refused.json()
            assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
            assert "category" not in body
            searches = [client.post(f"{TICKETS_PATH}/search", headers=mine, json={}) for _ in range(20)]
            assert {one.status_code for one in searches} == {200, 429}
            assert not any("X-HubSpot-RateLimit-Max" in one.headers for one in searches)
            assert {one.json()["policyName"] for one in searches if one.status_code == 429} == {"SECONDLY"}
            assert client.get(TICKETS_PATH, headers=other).status_code == 200


def test_an_intercept_answers_in_the_apis_place_and_requests_are_remembered(
    sandbox: RunningSandbox, api: httpx.Client
) -> None:
    def bad_gateway(request: Request) -> Response | None:
        return PlainTextResponse("bad gateway", 502) if request.url.path.endswith("/search") else None

    sandbox.intercept(bad_gateway)
    assert api.post(f"{TICKETS_PATH}/search", json={}).status_code == 502
    assert api.get(f"{TICKETS_PATH}?limit=1").status_code == 200
    sandbox.intercept(None)
    assert api.post(f"{TICKETS_PATH}/search", json={}).status_code == 200
    assert [(one.method, one.query, one.status) for one in sandbox.seen] == [
        ("POST", "", 502),
        ("GET", "limit=1", 200),
        ("POST", "", 200),
    ]
