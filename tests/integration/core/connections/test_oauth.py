"""The OAuth client against the sandbox, on good days and bad ones."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from core.appdb import open_app_database
from core.connections import AppMisconfigured, ConnectionRevoked, ConsentSpent, HubSpotUnavailable, NotConnected
from core.connections.farewell import disconnect
from core.vocabulary import ConnectionStatus
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, TenantProfile, World
from tests.support.connections import client, connect_portal, store_of

BACK = "http://127.0.0.1:1/callback"
TOKEN_PATH = "/oauth/2026-09/token"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    world = World()
    world.add_portal(TenantProfile("acme", "Acme"))
    with running_sandbox(world) as running:
        yield running


@pytest.fixture
def portal(sandbox: RunningSandbox) -> Iterator[Portal]:
    yield sandbox.world.portal("acme")
    sandbox.intercept(None)


def instead(path: str, answer: Response, times: int = 10**6) -> Callable[[Request], Response | None]:
    """Answers in the place of one path, that many times."""
    left = [times]

    def hook(request: Request) -> Response | None:
        if request.url.path != path or left[0] == 0:
            return None
        left[0] -= 1
        return answer

    return hook


def calls(sandbox: RunningSandbox, path: str = TOKEN_PATH) -> int:
    return sum(seen.path == path for seen in sandbox.seen)


def test_the_consent_address_asks_for_what_hubspot_wants_to_see(sandbox: RunningSandbox) -> None:
    url = client(sandbox.base_url).authorize_url(redirect_uri=BACK, state="s&1", code_challenge="c")
    assert "+" not in urlsplit(url).query, "scopes are separated by %20"
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert set(query["scope"].split()) == {
        "oauth",
        "tickets",
        "crm.objects.companies.read",
        "crm.objects.contacts.read",
        "crm.objects.owners.read",
    }
    assert set(query["optional_scope"].split()) == {"sales-email-read"}
    assert (query["state"], query["redirect_uri"], query["code_challenge_method"]) == ("s&1", BACK, "S256")


def test_a_code_becomes_tokens_dated_by_hubspot_s_word(sandbox: RunningSandbox, portal: Portal) -> None:
    portal.tokens.access_lifetime = timedelta(seconds=777)
    code = portal.tokens.issue_code(redirect_uri=BACK)
    asked = datetime.now(UTC)
    granted = client(sandbox.base_url).exchange(code, redirect_uri=BACK, code_verifier="v", tenant_id="acme")
    assert timedelta(seconds=770) < granted.expires_at - asked < timedelta(seconds=778)
    assert granted.hub_id == str(portal.portal_id)
    assert granted.scopes is not None
    assert "tickets" in granted.scopes
    with pytest.raises(ConsentSpent):
        client(sandbox.base_url).exchange(code, redirect_uri=BACK, code_verifier="v", tenant_id="acme")


def test_what_the_token_answer_leaves_out_is_asked_for(sandbox: RunningSandbox, portal: Portal) -> None:
    issued = portal.tokens.grant(expires_in=timedelta(seconds=600))
    bare = {"access_token": issued.token, "refresh_token": issued.refresh_token}
    sandbox.intercept(instead(TOKEN_PATH, JSONResponse(bare)))
    granted = client(sandbox.base_url).refresh(SecretStr("any"), tenant_id="acme")
    assert granted.hub_id == str(portal.portal_id)
    assert granted.scopes == issued.scopes
    assert timedelta(seconds=590) < granted.expires_at - datetime.now(UTC) < timedelta(seconds=601)


def test_tokens_are_kept_even_where_nothing_else_is_told(sandbox: RunningSandbox, portal: Portal) -> None:
    bare = {"access_token": "unknown", "refresh_token": "changed", "expires_in": "soon", "scopes": 7, "hub_id": {}}
    sandbox.intercept(instead(TOKEN_PATH, JSONResponse(bare)))
    granted = client(sandbox.base_url).refresh(SecretStr("any"), tenant_id="acme")
    assert granted.refresh_token == SecretStr("changed")
    assert granted.expires_at <= datetime.now(UTC), "a token of unknown age is refreshed before it is trusted"
    assert (granted.hub_id, granted.scopes) == (None, None)


def test_a_refresh_goes_on_after_a_bad_moment(sandbox: RunningSandbox, portal: Portal) -> None:
    issued = portal.tokens.grant()
    sandbox.intercept(instead(TOKEN_PATH, HTMLResponse("<h1>Bad gateway</h1>", 502), times=2))
    before = calls(sandbox)
    granted = client(sandbox.base_url).refresh(SecretStr(str(issued.refresh_token)), tenant_id="acme")
    assert granted.access_token.get_secret_value() != issued.token
    assert calls(sandbox) - before == 3


@pytest.mark.parametrize(
    "answer",
    [
        HTMLResponse("<h1>Blocked</h1>", 403),
        HTMLResponse("<h1>Welcome</h1>", 200),
        JSONResponse({"status": "error", "message": "x", "errorType": "RATE_LIMIT"}, 429),
        JSONResponse([], 200),
        JSONResponse({}, 200),
    ],
    ids=["firewall", "a page", "rate limit", "a list", "nothing"],
)
def test_an_answer_that_is_none_is_a_passing_failure(sandbox: RunningSandbox, portal: Portal, answer: Response) -> None:
    sandbox.intercept(instead(TOKEN_PATH, answer))
    with pytest.raises(HubSpotUnavailable, match="acme") as failed:
        client(sandbox.base_url).refresh(SecretStr("na1-secret"), tenant_id="acme")
    assert "na1-secret" not in str(failed.value)


def test_nobody_listening_is_a_passing_failure() -> None:
    with pytest.raises(HubSpotUnavailable, match="HUBSPOT_BASE_URL"):
        client("http://127.0.0.1:1").refresh(SecretStr("x"), tenant_id="acme")


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"hubspot_client_id": "x"}, "HUBSPOT_CLIENT_ID"),
        ({"hubspot_client_secret": "x"}, "HUBSPOT_CLIENT_SECRET"),
        ({"hubspot_client_id": ""}, "HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET"),
    ],
)
def test_a_wrong_app_names_its_setting(sandbox: RunningSandbox, changes: dict[str, str], setting: str) -> None:
    with pytest.raises(AppMisconfigured, match=setting):
        client(sandbox.base_url, **changes).refresh(SecretStr("x"), tenant_id="acme")


def test_introspection_and_revocation(sandbox: RunningSandbox, portal: Portal) -> None:
    issued, oauth = portal.tokens.grant(), client(sandbox.base_url)
    told = oauth.introspect(SecretStr(issued.token), tenant_id="acme")
    assert (told["active"], told["hub_id"]) == (True, portal.portal_id)
    refresh = SecretStr(str(issued.refresh_token))
    oauth.revoke(refresh, tenant_id="acme")
    oauth.revoke(refresh, tenant_id="acme")
    assert oauth.introspect(SecretStr(issued.token), tenant_id="acme") == {"active": False}
    with pytest.raises(ConnectionRevoked):
        oauth.refresh(refresh, tenant_id="acme")
    with pytest.raises(ConnectionRevoked):
        oauth.uninstall(SecretStr(issued.token), tenant_id="acme")


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    yield engine
    engine.dispose()


def test_disconnecting_uninstalls_at_hubspot_even_with_an_expired_token(
    sandbox: RunningSandbox, portal: Portal, sqlite: Engine
) -> None:
    store = store_of(sqlite, "acme")
    granted = connect_portal(store, portal, expires_in=timedelta(seconds=-60))
    assert "uninstalled in HubSpot" in disconnect(store, client(sandbox.base_url))
    assert portal.tokens.refresh_scopes(granted.refresh_token.get_secret_value()) is None
    with pytest.raises(NotConnected):
        store.credentials()
    with pytest.raises(NotConnected):
        disconnect(store, client(sandbox.base_url))


@pytest.mark.parametrize(
    ("bad_day", "said"),
    [
        ("away", "HubSpot could not be told"),
        ("misconfigured", "HubSpot could not be told"),
        ("revoked", "already taken the access back"),
        ("uninstall refused", "HubSpot could not be told"),
    ],
)
def test_disconnecting_ends_our_access_whatever_hubspot_says(
    sandbox: RunningSandbox, portal: Portal, sqlite: Engine, bad_day: str, said: str
) -> None:
    store = store_of(sqlite, "acme")
    connect_portal(store, portal)
    oauth = client("http://127.0.0.1:1" if bad_day == "away" else sandbox.base_url)
    if bad_day == "misconfigured":
        oauth = client(sandbox.base_url, hubspot_client_secret="x")
    elif bad_day == "revoked":
        portal.tokens.uninstall()
    elif bad_day == "uninstall refused":
        sandbox.intercept(instead("/appinstalls/2026-09/external-install", HTMLResponse("<h1>no</h1>", 503)))
    told = disconnect(store, oauth)
    assert said in told
    held = store.connection()
    assert held is not None
    assert (held.status, held.error_message) == (ConnectionStatus.DISCONNECTED, told)
    with pytest.raises(NotConnected):
        store.credentials()


def test_a_lost_answer_leaves_no_token_in_the_error(sandbox: RunningSandbox) -> None:
    with pytest.raises(HubSpotUnavailable) as failed:
        client("http://127.0.0.1:1").uninstall(SecretStr("CKj-secret"), tenant_id="acme")
    cause = failed.value.__cause__
    assert isinstance(cause, httpx.HTTPError)
    assert "CKj-secret" not in f"{failed.value} {cause!r}"
