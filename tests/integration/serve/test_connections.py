"""Connecting and disconnecting HubSpot through the API, with the sandbox at the other end; on both engines."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, update
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from structlog.testing import LogCapture

from core.appdb.tables import user as user_table
from core.connections import ConnectionStore
from core.connections.scopes import REQUIRED
from core.settings import Environment, RuntimeSettings, ServeSettings, Settings, StoreSettings, UnsafeSettings
from core.vocabulary import Role
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import TenantProfile, World
from serve.connections.endpoints import COOKIE
from serve.services import check_settings, root_of
from tests.support.api import Api, local_settings, running_api
from tests.support.connections import app_settings, served_store
from tests.support.published import add_tenant

CONNECTIONS, AUTHORIZE = "/api/v1/connections", "/api/v1/connections/hubspot/authorize"
CALLBACK, HUBSPOT = "/api/v1/connections/hubspot/callback", "/api/v1/connections/hubspot"
TOKEN_PATH = "/oauth/2026-09/token"


@dataclass
class Stage:
    """One API, two tenants, and the HubSpot they connect."""

    api: Api
    sandbox: RunningSandbox
    acme: ConnectionStore
    beta: ConnectionStore

    def ask(
        self, method: str, path: str, tenant: str = "acme", role: Role = Role.ADMIN, **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.api.token(tenant, role)}"}
        return self.api.client.request(method, path, headers=headers, follow_redirects=False, **options)

    def hubspot(self, tenant: str = "acme") -> dict[str, Any]:
        answer = self.ask("GET", CONNECTIONS, tenant, Role.VIEWER)
        assert answer.status_code == 200
        [item] = answer.json()["items"]
        found: dict[str, Any] = item
        return found

    def consent(self, portal: str, tenant: str = "acme", *, keeps_cookie: bool = True, page: str = "") -> str:
        """Ask for consent and give it in the sandbox; returns the callback's query."""
        self.api.client.cookies.clear()
        asked = self.ask("POST", AUTHORIZE, tenant, params={"page": page} if page else None)
        assert asked.status_code == 200
        if not keeps_cookie:
            self.api.client.cookies.clear()
        page = httpx.get(asked.json()["url"])
        portal_id = self.sandbox.world.portal(portal).portal_id
        assert f"/oauth/{portal_id}/authorize?" in page.text
        given = httpx.get(asked.json()["url"].replace("/oauth/authorize", f"/oauth/{portal_id}/authorize"))
        assert given.status_code == 302
        back = urlsplit(given.headers["location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == f"http://testserver{CALLBACK}"
        return back.query

    def come_back(self, query: str, page: str = "settings") -> str:
        """Follow the browser to where it ends; returns the outcome."""
        answer = self.api.client.get(f"{CALLBACK}?{query}", follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.content == b""
        ends = urlsplit(answer.headers["location"])
        assert (ends.netloc, ends.path) == ("", f"/{page}")
        [outcome] = parse_qs(ends.query)["connection"]
        return outcome


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    world = World()
    for slug in ("acme", "beta"):
        world.add_portal(TenantProfile(slug, slug.title()))
    with running_sandbox(world) as running:
        yield running


@pytest.fixture
def stage(app_database: Engine, tmp_path: Path, sandbox: RunningSandbox) -> Iterator[Stage]:
    stores = [served_store(app_database, tmp_path, add_tenant(app_database, slug)) for slug in ("acme", "beta")]
    settings = local_settings(tmp_path).model_copy(update={"hubspot": app_settings(sandbox.base_url)})
    with running_api(app_database, tmp_path, settings=settings) as api:
        yield Stage(api, sandbox, *stores)
    sandbox.intercept(None)


def test_from_never_connected_to_connected_to_disconnected(stage: Stage, logs: LogCapture) -> None:
    before = stage.hubspot()
    assert (before["status"], before["method"], before["connected_at"]) == ("disconnected", None, None)
    assert {scope["is_granted"] for scope in before["scopes"]} == {None}
    portal = stage.sandbox.world.portal("acme")
    assert stage.come_back(stage.consent("acme")) == "connected"
    held = stage.hubspot()
    assert (held["status"], held["method"], held["hub_id"]) == ("active", "oauth", str(portal.portal_id))
    assert held["connected_by"] == "Demo admin of Acme"
    assert {scope["name"] for scope in held["scopes"] if scope["is_granted"]} == set(REQUIRED)
    assert all(scope["purpose"] for scope in held["scopes"])
    credentials = stage.acme.credentials()
    gone = stage.ask("DELETE", HUBSPOT)
    assert gone.status_code == 200
    assert "uninstalled in HubSpot" in gone.json()["message"]
    assert credentials.refresh_token is not None
    assert portal.tokens.refresh_scopes(credentials.refresh_token.get_secret_value()) is None
    after = stage.hubspot()
    assert (after["status"], after["hub_id"], after["message"]) == ("disconnected", None, gone.json()["message"])
    said = f"{logs.entries} {before} {held} {after} {gone.headers}"
    for secret in (credentials.access_token, credentials.refresh_token):
        assert secret.get_secret_value() not in said


def test_what_is_connected_is_imported_at_once_and_the_browser_is_back_where_it_began(stage: Stage) -> None:
    assert stage.ask("POST", AUTHORIZE, params={"page": "elsewhere"}).status_code == 422
    assert stage.come_back(stage.consent("acme", page="onboarding"), "onboarding") == "connected"
    [task] = stage.ask("GET", "/api/v1/tasks", role=Role.VIEWER).json()["items"]
    assert (task["kind"], task["status"], task["asked_by"]) == ("import", "queued", "demo|acme|admin")
    assert stage.come_back(stage.consent("acme", page="onboarding").replace("code=", "error="), "onboarding")


@pytest.mark.parametrize(
    ("public", "asked", "root"),
    [
        ("", "http://board.example/", "http://board.example/"),
        ("https://board.example", "http://10.0.0.7/", "https://board.example"),
        ("http://127.0.0.1:8000", "http://localhost:8000/", "http://localhost:8000/"),
        ("http://127.0.0.1:8000", "http://evil.example/", "http://127.0.0.1:8000"),
        ("https://board.example", "http://localhost/", "https://board.example"),
        ("http://0.0.0.0:8000", "http://192.168.0.9:8000/", "http://192.168.0.9:8000/"),
    ],
)
def test_who_came_by_another_name_of_one_machine_comes_back_by_it(public: str, asked: str, root: str) -> None:
    assert root_of(public, asked) == root


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_only_an_admin_connects_and_disconnects(stage: Stage, role: Role) -> None:
    assert stage.ask("GET", CONNECTIONS, role=role).status_code == 200
    for method, path in (("POST", AUTHORIZE), ("DELETE", HUBSPOT)):
        answer = stage.ask(method, path, role=role)
        assert (answer.status_code, answer.json()["error"]) == (403, "RoleTooLow")


def test_a_state_is_good_once_and_in_the_browser_that_asked(stage: Stage) -> None:
    query = stage.consent("acme", keeps_cookie=False)
    assert stage.come_back(query) == "StateRefused"
    assert stage.hubspot()["status"] == "disconnected"
    query = stage.consent("acme")
    cookie = stage.api.client.cookies[COOKIE]
    assert stage.come_back(query) == "connected"
    stage.api.client.cookies.set(COOKIE, cookie, domain="testserver.local", path=CALLBACK)
    assert stage.come_back(query) == "StateRefused"


def test_of_two_browsers_with_one_state_one_connects(stage: Stage) -> None:
    query = stage.consent("acme")
    cookie = {"Cookie": f"{COOKIE}={stage.api.client.cookies[COOKIE]}"}
    together, outcomes = threading.Barrier(3), []

    def come_back() -> None:
        together.wait()
        answer = stage.api.client.get(f"{CALLBACK}?{query}", headers=cookie, follow_redirects=False)
        outcomes.append(answer.headers["location"].rpartition("=")[2])

    threads = [threading.Thread(target=come_back) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["StateRefused", "StateRefused", "connected"]


def test_the_cookie_opens_nothing_else(stage: Stage) -> None:
    asked = stage.ask("POST", AUTHORIZE)
    cookie = asked.headers["Set-Cookie"]
    for wanted in ("HttpOnly", "SameSite=lax", f"Path={CALLBACK}", "Max-Age=600"):
        assert wanted in cookie
    assert "Secure" not in cookie, "the request came in the clear, as it may on one machine only"
    state = parse_qs(urlsplit(asked.json()["url"]).query)["state"][0]
    assert state not in cookie


def test_a_portal_of_another_tenant_is_refused_and_stays_connected(stage: Stage) -> None:
    assert stage.come_back(stage.consent("beta", tenant="beta")) == "connected"
    theirs = stage.beta.credentials()
    assert stage.come_back(stage.consent("beta", tenant="acme")) == "PortalTaken"
    assert stage.hubspot()["status"] == "disconnected"
    assert stage.beta.credentials() == theirs
    assert theirs.refresh_token is not None
    portal = stage.sandbox.world.portal("beta")
    assert portal.tokens.refresh_scopes(theirs.refresh_token.get_secret_value()) is not None


def test_an_admin_ends_their_own_connection_and_nobody_else_s(stage: Stage) -> None:
    assert stage.come_back(stage.consent("beta", tenant="beta")) == "connected"
    answer = stage.ask("DELETE", HUBSPOT, "acme")
    assert (answer.status_code, answer.json()["error"]) == (404, "NothingConnected")
    assert stage.hubspot("beta")["status"] == "active"


def test_another_portal_would_mix_records(stage: Stage) -> None:
    assert stage.come_back(stage.consent("acme")) == "connected"
    assert stage.come_back(stage.consent("beta")) == "OtherPortal"
    assert stage.hubspot()["hub_id"] == str(stage.sandbox.world.portal("acme").portal_id)


def test_who_declines_is_told_so_and_has_spent_the_state(stage: Stage) -> None:
    query = stage.consent("acme")
    state = parse_qs(query)["state"][0]
    assert stage.come_back(f"state={state}&error=access_denied&error_description=no") == "ConsentDeclined"
    assert stage.come_back(query) == "StateRefused"


@pytest.mark.parametrize(("meanwhile", "outcome"), [("left", "UnknownUser"), ("demoted", "AdminNoLonger")])
def test_who_is_no_longer_admin_does_not_connect(stage: Stage, meanwhile: str, outcome: str) -> None:
    query = stage.consent("acme")
    asker = user_table.c.subject == "demo|acme|admin"
    with stage.api.engine.begin() as connection:
        if meanwhile == "left":
            connection.execute(delete(user_table).where(asker))
        else:
            connection.execute(update(user_table).where(asker).values(role="member"))
    assert stage.come_back(query) == outcome
    assert stage.sandbox.seen[-1].path != TOKEN_PATH, "the code must not even be tried"


def test_a_code_of_somebody_else_s_consent_is_worthless(stage: Stage) -> None:
    """A stolen code fails on the verifier, which never left the server."""
    stolen = parse_qs(stage.consent("beta", tenant="beta"))["code"][0]
    mine = parse_qs(stage.consent("acme"))["state"][0]
    assert stage.come_back(f"state={mine}&code={stolen}") == "ConsentSpent"
    assert stage.hubspot()["status"] == "disconnected"


def test_hubspot_away_while_connecting_and_disconnecting(stage: Stage) -> None:
    def away(request: Request) -> Response | None:
        return HTMLResponse("<h1>502</h1>", 502) if request.method != "GET" else None

    query = stage.consent("acme")
    stage.sandbox.intercept(away)
    assert stage.come_back(query) == "HubSpotUnavailable"
    stage.sandbox.intercept(None)
    assert stage.come_back(stage.consent("acme")) == "connected"
    stage.sandbox.intercept(away)
    gone = stage.ask("DELETE", HUBSPOT)
    assert gone.status_code == 200
    assert "HubSpot could not be told" in gone.json()["message"]
    assert stage.hubspot()["status"] == "disconnected"


def test_an_installation_without_an_app_says_so(app_database: Engine, tmp_path: Path, sandbox: RunningSandbox) -> None:
    add_tenant(app_database, "acme")
    store = served_store(app_database, tmp_path, "acme")
    with running_api(app_database, tmp_path) as api:
        bare = Stage(api, sandbox, store, store)
        assert bare.ask("GET", CONNECTIONS).json()["can_connect"] is False
        answer = bare.ask("POST", AUTHORIZE)
        assert (answer.status_code, answer.json()["error"]) == (409, "NoHubSpotApp")
        assert "HUBSPOT_CLIENT_ID" in answer.json()["detail"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(st.sampled_from(["state", "code", "error", "x"]), st.text(max_size=60), max_size=4),
    cookie=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=';,"\\'), max_size=60),
)
def test_whatever_a_browser_brings_it_ends_on_the_settings_page(
    stage: Stage, query: dict[str, str], cookie: str
) -> None:
    answer = stage.api.client.get(
        CALLBACK, params=query, headers={"Cookie": f"{COOKIE}={cookie}"}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/settings?connection=StateRefused"


def test_outside_local_consents_come_back_over_https_only(tmp_path: Path) -> None:
    def settings_with(public_url: str) -> Settings:
        return Settings.model_construct(
            runtime=RuntimeSettings(environment=Environment.PRODUCTION),
            stores=StoreSettings(data_dir=tmp_path),
            hubspot=app_settings("https://api.hubapi.com"),
            serve=ServeSettings(
                api_public_url=public_url,
                auth_issuer="https://issuer.example",
                auth_jwks_url="https://issuer.example/k",
            ),
        )

    check_settings(settings_with("https://board.example"))
    for unsafe in ("", "http://board.example", "board.example"):
        with pytest.raises(UnsafeSettings, match="API_PUBLIC_URL"):
            check_settings(settings_with(unsafe))


def test_the_public_address_is_where_hubspot_sends_people_back_to(
    app_database: Engine, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    add_tenant(app_database, "acme")
    store = served_store(app_database, tmp_path, "acme")
    given_settings = local_settings(tmp_path, api_public_url="https://board.example/").model_copy(
        update={"hubspot": app_settings(sandbox.base_url)}
    )
    with running_api(app_database, tmp_path, settings=given_settings) as api:
        asked = Stage(api, sandbox, store, store).ask("POST", AUTHORIZE)
    query = parse_qs(urlsplit(asked.json()["url"]).query)
    assert query["redirect_uri"] == [f"https://board.example{CALLBACK}"]
    assert "Secure" in asked.headers["Set-Cookie"]
