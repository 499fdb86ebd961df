"""The demo sign-in of a local installation, and real issuers elsewhere."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, func, select, update

from core.appdb.tables import user as user_table
from core.secrets import Vault
from core.settings import Environment, RuntimeSettings, ServeSettings, Settings, StoreSettings, UnsafeSettings
from core.vocabulary import Role
from serve.app import create_app
from serve.auth.issuer import open_local_issuer
from tests.integration.serve.conftest import Installation, NewTenant
from tests.support.api import AUDIENCE, Api, rsa_key, running_api, signed
from tests.support.jwks import JwksServer
from tests.support.published import add_tenant, publish_sample

FERNET = "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="


def sign_in(api: Api, tenant_id: str, role: str) -> httpx.Response:
    return api.client.post("/api/v1/auth/demo", json={"tenant": tenant_id, "role": role})


def test_the_demo_lists_tenants_and_roles(installation: Installation) -> None:
    body = installation.api.client.get("/api/v1/auth/demo").json()
    assert {"tenant_id": "acme", "name": "Acme"} in body["tenants"]
    assert body["roles"] == ["viewer", "member", "admin"]


@pytest.mark.parametrize("role", list(Role))
def test_a_demo_token_opens_the_tenant(installation: Installation, role: Role) -> None:
    api = installation.api
    answer = sign_in(api, "acme", role)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 43200)
    me = api.client.get("/api/v1/me", headers={"Authorization": f"Bearer {body['access_token']}"}).json()
    assert me == body["user"]
    assert me == {
        "subject": f"demo|acme|{role}",
        "email": f"{role}@acme.example",
        "name": f"Demo {role} of Acme",
        "role": role,
        "tenant": {"tenant_id": "acme", "name": "Acme", "plan_tier": "starter", "currency": "USD"},
    }


def test_signing_in_twice_keeps_one_user(tenant: NewTenant) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: sign_in(tenant.api, tenant.tenant_id, "member"), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    mine = user_table.c.tenant_id == tenant.tenant_id
    with tenant.api.engine.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(user_table).where(mine)) == 1
        connection.execute(update(user_table).where(mine).values(role="viewer", name="Changed"))
    assert sign_in(tenant.api, tenant.tenant_id, "member").json()["user"]["role"] == "member"


def test_the_published_keys_check_its_tokens(installation: Installation) -> None:
    token = sign_in(installation.api, "acme", "viewer").json()["access_token"]
    keys = jwt.PyJWKSet.from_dict(installation.api.client.get("/api/v1/auth/jwks").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer="churnboard-local")
    assert claims["sub"] == "demo|acme|viewer"
    assert "d" not in installation.api.client.get("/api/v1/auth/jwks").json()["keys"][0]


def test_the_issuer_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        issuers = list(threads.map(lambda _: open_local_issuer(tmp_path / "new", audience=AUDIENCE), range(2)))
    token = issuers[0].sign("demo|acme|viewer")
    assert issuers[1].verifier().subject(token) == "demo|acme|viewer"
    path = tmp_path / "new" / "issuer.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def deployed(data_dir: Path, **serve: Any) -> Settings:
    serve = {"auth_issuer": "https://issuer.example", "auth_jwks_url": "https://issuer.example/jwks"} | serve
    return Settings(
        runtime=RuntimeSettings(environment=Environment.PRODUCTION),
        stores=StoreSettings(data_dir=data_dir, encryption_key=SecretStr(FERNET)),
        serve=ServeSettings(**serve),
    )


def test_outside_local_there_is_no_demo(installation: Installation, tmp_path: Path) -> None:
    assert Vault(FERNET)
    with running_api(installation.api.engine, tmp_path, settings=deployed(tmp_path)) as api:
        for answer in (
            api.client.get("/api/v1/auth/demo"),
            sign_in(api, "acme", "viewer"),
            api.client.get("/api/v1/auth/jwks"),
        ):
            unknown = api.client.get("/api/v1/nothing")
            assert (answer.status_code, answer.content) == (404, unknown.content)
        assert "/api/v1/auth/demo" not in api.client.get("/api/v1/openapi.json").json()["paths"]


@pytest.mark.parametrize(
    "serve", [{"auth_issuer": ""}, {"auth_jwks_url": ""}, {"auth_jwks_url": "http://issuer.example/jwks"}]
)
def test_unsafe_settings_refuse_to_start_outside_local(tmp_path: Path, serve: dict[str, str]) -> None:
    with pytest.raises(UnsafeSettings, match="AUTH_"):
        create_app(deployed(tmp_path, **serve))
    assert list(tmp_path.iterdir()) == []


def test_half_an_issuer_is_refused_in_local_too(tmp_path: Path) -> None:
    with pytest.raises(UnsafeSettings, match="AUTH_JWKS_URL is empty"):
        create_app(Settings(serve=ServeSettings(auth_issuer="https://issuer.example")))
    with pytest.raises(UnsafeSettings, match="starts with file"):
        create_app(Settings(serve=ServeSettings(auth_issuer="https://x", auth_jwks_url="file:///etc/passwd")))


@pytest.fixture
def jwks() -> Iterator[JwksServer]:
    with JwksServer() as server:
        server.publish("key-1", rsa_key("issuer"))
        yield server


@pytest.fixture
def oidc(app_database: Engine, tmp_path: Path, jwks: JwksServer) -> Iterator[Api]:
    """An installation with a real issuer, and one user of it."""
    add_tenant(app_database, "acme")
    publish_sample(app_database, "acme")
    with app_database.begin() as connection:
        values = {"email": "ada@acme.example", "name": "Ada", "role": "member"}
        connection.execute(user_table.insert().values(tenant_id="acme", subject="idp|ada", **values))
        values["email"] = "demo@acme.example"
        connection.execute(user_table.insert().values(tenant_id="acme", subject="demo|acme|admin", **values))
    serve = ServeSettings(auth_issuer="https://issuer.example", auth_jwks_url=jwks.url)
    settings = Settings(stores=StoreSettings(data_dir=tmp_path), serve=serve)
    with running_api(app_database, tmp_path, settings=settings) as api:
        yield api


def me(api: Api, **values: Any) -> httpx.Response:
    token = signed(rsa_key("issuer"), values.pop("kid", "key-1"), **{"iss": "https://issuer.example"} | values)
    return api.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def test_a_real_issuer(oidc: Api, jwks: JwksServer) -> None:
    answer = me(oidc, sub="idp|ada")
    assert (answer.status_code, answer.json()["name"]) == (200, "Ada")
    assert me(oidc, sub="idp|eve").json()["error"] == "UnknownUser"
    # A demo user left in the database is nobody to a real issuer, and the built-in issuer nobody to this installation.
    assert me(oidc, sub="demo|acme|admin").status_code == 401
    assert me(oidc, sub="idp|ada", iss="churnboard-local").json()["error"] == "ForeignToken"
    assert oidc.client.get("/api/v1/auth/demo").status_code == 404
    assert jwks.requests == 1

    # An outage changes nothing for a key we hold, and is a 503 for one we do not.
    jwks.stop()
    assert me(oidc, sub="idp|ada").status_code == 200


def test_an_issuer_that_does_not_answer(oidc: Api, jwks: JwksServer) -> None:
    jwks.stop()
    for _ in range(2):
        answer = me(oidc, sub="idp|ada")
        assert (answer.status_code, answer.json()["error"]) == (503, "IssuerUnavailable")
        assert answer.headers["Retry-After"]
