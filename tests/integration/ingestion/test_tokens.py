"""Tokens of a stored connection: fresh, refreshed once over all processes, and each failure at the right door."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from core.appdb import open_app_database
from core.connections import (
    AppMisconfigured,
    Connection,
    ConnectionRevoked,
    ConnectionStore,
    Credentials,
    HubSpotUnavailable,
    NotConnected,
    OAuthClient,
)
from core.vocabulary import ConnectionStatus
from ingestion.hubspot.client import HubSpotClient
from ingestion.hubspot.limiter import PortalLimiter
from ingestion.hubspot.tokens import SKEW, StoredTokens
from ingestion.sandbox.clock import ManualClock
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, TenantProfile, World
from tests.support.connections import KEY, app_settings, client, connect_portal, grant, store_of
from tests.support.portals import UNLIMITED

ROOT = Path(__file__).parents[3]
TOKEN_PATH = "/oauth/2026-09/token"
PROCESSES = 4


@dataclass
class Line:
    """One stored connection and the portal at its other end, under one clock that is moved by hand."""

    sandbox: RunningSandbox
    portal: Portal
    store: ConnectionStore
    clock: ManualClock

    def tokens(self, oauth: OAuthClient | None = None) -> StoredTokens:
        oauth = oauth or OAuthClient(app_settings(self.sandbox.base_url), sleep=lambda _seconds: None, now=self.clock)
        return StoredTokens(self.store, oauth, nullcontext, now=self.clock)

    def hubspot(self, tokens: StoredTokens) -> HubSpotClient:
        limiter = PortalLimiter(UNLIMITED, clock=lambda: 0.0, sleep=lambda _seconds: None)
        return HubSpotClient(self.sandbox.base_url, "acme", tokens, limiter=limiter, sleep=lambda _seconds: None)

    @property
    def refreshes(self) -> int:
        return sum(seen.path == TOKEN_PATH for seen in self.sandbox.seen)

    @property
    def connection(self) -> Connection:
        held = self.store.connection()
        assert held is not None
        return held


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def line(sqlite: Engine) -> Iterator[Line]:
    clock = ManualClock(datetime.now(UTC))
    world = World(clock=clock)
    portal = world.add_portal(TenantProfile("acme", "Acme"))
    with running_sandbox(world) as sandbox:
        yield Line(sandbox, portal, store_of(sqlite, "acme"), clock)


def test_a_token_is_used_until_shortly_before_its_end_and_then_refreshed_and_stored(line: Line) -> None:
    first = connect_portal(line.store, line.portal)
    tokens = line.tokens()
    line.clock.advance((timedelta(minutes=30) - SKEW).total_seconds() - 2)
    assert tokens(None) == first.access_token
    line.clock.advance(3)
    second = tokens(None)
    assert second != first.access_token
    assert line.store.credentials().access_token == second
    assert line.connection.expires_at == line.clock() + timedelta(minutes=30)
    assert (tokens(None), line.refreshes) == (second, 1)


def test_a_token_hubspot_calls_expired_is_refreshed_in_the_middle_of_a_sync(line: Line) -> None:
    connect_portal(line.store, line.portal)
    tokens = line.tokens()
    with line.hubspot(tokens) as hubspot:
        hubspot.get("/account-info/2026-09/details", what="account details")
        # HubSpot ends it early: by the stored time it is still good.
        given = line.store.credentials().access_token.get_secret_value()
        held = line.portal.tokens._access[given]
        line.portal.tokens._access[given] = type(held)(held.token, held.scopes, line.clock(), held.refresh_token)
        hubspot.get("/account-info/2026-09/details", what="account details")
    assert line.refreshes == 1
    assert line.store.credentials().access_token.get_secret_value() != given


def test_a_changed_refresh_token_replaces_the_old_one(line: Line) -> None:
    first = connect_portal(line.store, line.portal)
    issued = line.portal.tokens.grant()
    rotated = {
        "access_token": issued.token,
        "refresh_token": issued.refresh_token,
        "expires_in": 1800,
        "hub_id": line.portal.portal_id,
        "scopes": ["oauth"],
    }

    def hook(request: Request) -> Response | None:
        return JSONResponse(rotated) if request.url.path == TOKEN_PATH else None

    line.sandbox.intercept(hook)
    line.tokens()(first.access_token)
    assert line.store.credentials().refresh_token == SecretStr(str(issued.refresh_token))
    assert line.connection.scopes == ("oauth",)


def test_access_taken_back_is_said_on_the_connection(line: Line) -> None:
    first = connect_portal(line.store, line.portal)
    line.portal.tokens.uninstall()
    tokens = line.tokens()
    with pytest.raises(ConnectionRevoked, match="Connect HubSpot again") as failed:
        tokens(first.access_token)
    assert tokens.failure is failed.value
    assert (line.connection.status, line.connection.error_message) == (ConnectionStatus.ERROR, str(failed.value))


def test_a_mistake_of_ours_is_not_put_on_the_customer(line: Line) -> None:
    first = connect_portal(line.store, line.portal)
    tokens = line.tokens(client(line.sandbox.base_url, hubspot_client_secret="x"))
    with pytest.raises(AppMisconfigured, match="HUBSPOT_CLIENT_SECRET"):
        tokens(first.access_token)
    assert line.connection.status is ConnectionStatus.ACTIVE
    assert line.store.credentials().refresh_token == first.refresh_token


def test_an_outage_changes_nothing(line: Line) -> None:
    first = connect_portal(line.store, line.portal)
    line.sandbox.intercept(
        lambda request: HTMLResponse("<h1>502</h1>", 502) if request.url.path == TOKEN_PATH else None
    )
    with pytest.raises(HubSpotUnavailable):
        line.tokens()(first.access_token)
    assert line.connection.status is ConnectionStatus.ACTIVE
    assert line.store.credentials().access_token == first.access_token


def test_an_access_token_of_a_private_app_is_handed_out_for_ever_and_never_refreshed(line: Line) -> None:
    line.store.keep(Credentials(access_token=SecretStr("pat-secret")))
    tokens = line.tokens()
    line.clock.advance(10**9)
    assert tokens(None) == SecretStr("pat-secret")
    with pytest.raises(ConnectionRevoked, match="nothing can refresh it"):
        tokens(SecretStr("pat-secret"))
    assert (line.refreshes, line.connection.status) == (0, ConnectionStatus.ERROR)


@pytest.mark.parametrize("meanwhile", ["connected anew", "disconnected"])
def test_what_a_person_does_while_hubspot_answers_counts(line: Line, meanwhile: str) -> None:
    first = connect_portal(line.store, line.portal)

    def hook(request: Request) -> Response | None:
        if request.url.path == TOKEN_PATH:
            if meanwhile == "disconnected":
                line.store.disconnect()
            else:
                line.store.keep(grant("theirs"), hub_id=str(line.portal.portal_id))
        return None

    line.sandbox.intercept(hook)
    if meanwhile == "disconnected":
        with pytest.raises(NotConnected):
            line.tokens()(first.access_token)
    else:
        assert line.tokens()(first.access_token) == SecretStr("access-secret-theirs")


@pytest.mark.parametrize("reason", ["due", "rejected"])
def test_many_processes_refresh_once(app_database: Engine, app_database_url: str, tmp_path: Path, reason: str) -> None:
    world = World()
    portal = world.add_portal(TenantProfile("acme", "Acme"))
    on_postgres = app_database.dialect.name == "postgresql"
    with running_sandbox(world) as sandbox:
        store = store_of(app_database, "acme")
        lifetime = timedelta(seconds=30) if reason == "due" else timedelta(minutes=30)
        first = connect_portal(store, portal, expires_in=lifetime)
        given = {
            "tenant": "acme",
            "base_url": sandbox.base_url,
            "app_database": app_database_url,
            "warehouse": app_database_url if on_postgres else f"duckdb:///{tmp_path / 'warehouse.duckdb'}",
            "key": KEY,
            "go": str(tmp_path / "go"),
            "rejected": first.access_token.get_secret_value() if reason == "rejected" else None,
        }
        command = [sys.executable, "-m", "tests.support.token_worker", json.dumps(given)]
        workers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        try:
            for worker in workers:
                assert worker.stdout is not None
                assert worker.stdout.readline() == "ready\n"
            Path(given["go"]).touch()
            answers = [worker.communicate(timeout=60)[0].strip() for worker in workers]
        finally:
            for worker in workers:
                worker.kill()
        assert [worker.returncode for worker in workers] == [0] * PROCESSES
        stored = store.credentials().access_token.get_secret_value()
        assert set(answers) == {hashlib.sha256(stored.encode()).hexdigest()}
        assert stored != first.access_token.get_secret_value()
        assert sum(seen.path == TOKEN_PATH for seen in sandbox.seen) == 1
