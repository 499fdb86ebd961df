"""Signing in at an OIDC issuer: what the page is told, and what a code is worth. The browser's part: tests/e2e/test_access.py."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from core.appdb import open_app_database
from core.settings import Environment, RuntimeSettings, ServeSettings, Settings, StoreSettings, UnsafeSettings
from serve.app import create_app
from serve.auth.issuer import open_local_issuer
from tests.support.api import AUDIENCE, Api, local_settings, running_api
from tests.support.issuer import CLIENT_ID, FakeIssuer
from tests.support.published import add_tenant

ROOT = "http://testserver"
VERIFIER = "v" * 43
NONCE = "n" * 20


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with FakeIssuer(client_secret="hush") as issuer:
        issuer.redirect_uris.add(f"{ROOT}/sign-in/callback")
        yield issuer


def settings_for(issuer: FakeIssuer, folder: Path, **changes: Any) -> Settings:
    serve: dict[str, Any] = {
        "auth_issuer": issuer.url,
        "auth_jwks_url": f"{issuer.url}/jwks",
        "auth_client_id": CLIENT_ID,
        "auth_client_secret": SecretStr("hush"),
        "api_public_url": ROOT,
    }
    return local_settings(folder, **serve | changes)


@pytest.fixture
def api(issuer: FakeIssuer, tmp_path: Path) -> Iterator[Api]:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    add_tenant(engine, "acme")
    with running_api(engine, tmp_path, settings=settings_for(issuer, tmp_path)) as api:
        yield api
    engine.dispose()


def code(api: Api, *, nonce: str = NONCE, email: str = "ada@acme.example") -> str:
    """What a browser brings back that went to sign in."""
    told = api.client.get("/api/v1/auth/sign-in").json()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": told["client_id"],
        "redirect_uri": told["redirect_uri"],
        "scope": told["scope"],
        "state": "s",
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    page = httpx.get(told["authorize_url"], params=asked)
    assert page.status_code == 200, page.text
    login = f"{told['authorize_url'].removesuffix('/authorize')}/login"
    back = httpx.post(login, data=asked | {"email": email}).headers["location"]
    return parse_qs(urlsplit(back).query)["code"][0]


def exchange(api: Api, given: str, **changes: str) -> httpx.Response:
    return api.client.post(
        "/api/v1/auth/code", json={"code": given, "code_verifier": VERIFIER, "nonce": NONCE} | changes
    )


def test_a_code_is_worth_an_id_token_once(api: Api) -> None:
    given = code(api)
    answer = exchange(api, given)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert 3500 < body["expires_in"] <= 3600
    me = api.client.get("/api/v1/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert me.json()["error"] == "UnknownUser", "genuine, but nobody invited them yet"
    again = exchange(api, given)
    assert (again.status_code, again.json()["error"]) == (400, "CodeRefused")


@pytest.mark.parametrize("changes", [{"code_verifier": "w" * 43}, {"nonce": "m" * 20}])
def test_what_another_browser_began_is_refused(api: Api, changes: dict[str, str]) -> None:
    answer = exchange(api, code(api), **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, "CodeRefused")


@pytest.mark.parametrize(
    ("claims", "status", "error"),
    [
        ({"aud": "another"}, 401, "ForeignToken"),
        ({"iss": "https://elsewhere.example"}, 401, "ForeignToken"),
        ({"nonce": None}, 400, "CodeRefused"),
        ({"sub": "demo|acme|admin"}, 401, "InvalidToken"),
        ({"sub": "key|abc"}, 401, "InvalidToken"),
    ],
)
def test_what_the_issuer_answers_is_not_taken_at_its_word(
    api: Api, issuer: FakeIssuer, claims: dict[str, Any], status: int, error: str
) -> None:
    issuer.claims = claims
    answer = exchange(api, code(api))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_an_issuer_that_is_down_or_knows_us_not(api: Api, issuer: FakeIssuer) -> None:
    given = code(api)
    issuer.client_secret = "changed"
    answer = exchange(api, given)
    assert (answer.status_code, answer.json()["error"]) == (409, "SignInMisconfigured")
    assert "hush" not in answer.text


def test_discovery_that_fails_is_told_and_tried_again(issuer: FakeIssuer, tmp_path: Path) -> None:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    issuer.is_silent = True
    with running_api(engine, tmp_path, settings=settings_for(issuer, tmp_path)) as api:
        answer = api.client.get("/api/v1/auth/sign-in")
        assert (answer.status_code, answer.json()["error"]) == (503, "IssuerUnavailable")
        issuer.is_silent = False
        told = api.client.get("/api/v1/auth/sign-in").json()
        assert (told["method"], told["authorize_url"]) == ("oidc", f"{issuer.url}/authorize")
    foreign = settings_for(issuer, tmp_path, auth_issuer=f"{issuer.url}/")
    with running_api(engine, tmp_path, settings=foreign) as api:
        assert api.client.get("/api/v1/auth/sign-in").json()["error"] == "SignInMisconfigured"
    known = {"auth_authorize_url": "http://127.0.0.1:1/a", "auth_token_url": "http://127.0.0.1:1/t"}
    with running_api(engine, tmp_path, settings=settings_for(issuer, tmp_path, **known)) as api:
        assert api.client.get("/api/v1/auth/sign-in").json()["authorize_url"] == "http://127.0.0.1:1/a"
        assert exchange(api, "c").json()["error"] == "IssuerUnavailable"
    engine.dispose()


def test_without_a_client_people_bring_a_token_and_demo_users_choose(issuer: FakeIssuer, tmp_path: Path) -> None:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    with running_api(engine, tmp_path, settings=settings_for(issuer, tmp_path, auth_client_id="")) as api:
        told = api.client.get("/api/v1/auth/sign-in").json()
        assert (told["method"], told["issuer"], told["client_id"]) == ("token", issuer.url, None)
        assert exchange(api, "c").status_code == 404
    with running_api(engine, tmp_path) as api:
        assert api.client.get("/api/v1/auth/sign-in").json()["method"] == "demo"
        assert open_local_issuer(tmp_path, audience=AUDIENCE).verifier()
    engine.dispose()


def test_the_audience_is_the_client_unless_another_is_set() -> None:
    assert ServeSettings().audience == "churnboard"
    assert ServeSettings(auth_client_id="board").audience == "board"
    assert ServeSettings(auth_client_id="board", auth_audience="api").audience == "api"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"api_public_url": ""}, "API_PUBLIC_URL"),
        ({"api_public_url": "http://board.example"}, "API_PUBLIC_URL"),
    ],
)
def test_outside_local_codes_come_back_to_one_https_address(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    serve = {
        "auth_issuer": "https://issuer.example",
        "auth_jwks_url": "https://issuer.example/jwks",
        "auth_client_id": "board",
        "api_public_url": "https://board.example",
    }
    key = SecretStr("MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=")

    def settings(**changed: str) -> Settings:
        return Settings(
            runtime=RuntimeSettings(environment=Environment.PRODUCTION),
            stores=StoreSettings(data_dir=tmp_path, encryption_key=key),
            serve=ServeSettings(**serve | changed),  # type: ignore[arg-type]
        )

    create_app(settings())
    with pytest.raises(UnsafeSettings, match=said):
        create_app(settings(**changes))
    with pytest.raises(UnsafeSettings, match="AUTH_CLIENT_ID"):
        create_app(local_settings(tmp_path, auth_client_id="board"))
