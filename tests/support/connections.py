"""A HubSpot app registered in the sandbox, and stored connections of its portals."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import Engine

from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.engine import writing
from core.connections import ConnectionStore, Grant, OAuthClient
from core.secrets import Vault, local_key
from core.settings import HubSpotSettings
from core.tenants import Cell, TenantId
from ingestion.sandbox.app import CLIENT_ID, CLIENT_SECRET
from ingestion.sandbox.world import Portal

KEY = Fernet.generate_key().decode()
VAULT = Vault(KEY)


def app_settings(base_url: str, **changes: Any) -> HubSpotSettings:
    """Settings under which the sandbox is HubSpot, its consent page included."""
    app = {
        "hubspot_base_url": base_url,
        "hubspot_app_url": base_url,
        "hubspot_client_id": CLIENT_ID,
        "hubspot_client_secret": CLIENT_SECRET,
    }
    return HubSpotSettings(**app | changes)


def client(base_url: str, **changes: Any) -> OAuthClient:
    """The app, in no mood to wait between attempts."""
    return OAuthClient(app_settings(base_url, **changes), sleep=lambda _seconds: None)


def store_of(engine: Engine, slug: str, *, vault: Vault = VAULT) -> ConnectionStore:
    """A tenant, made where it is not there yet, and its connection."""
    TenantDirectory(engine).save(Tenant(tenant_id=TenantId(slug), name=slug.title(), cell=Cell(slug)))
    return ConnectionStore(TenantId(slug), lambda: writing(engine), vault)


def grant(name: str = "first", **changes: Any) -> Grant:
    """Tokens that no HubSpot issued."""
    given: dict[str, Any] = {
        "access_token": SecretStr(f"access-secret-{name}"),
        "refresh_token": SecretStr(f"refresh-secret-{name}"),
        "expires_at": datetime.now(UTC) + timedelta(minutes=30),
        "hub_id": "17",
        "scopes": ("oauth", "tickets"),
    }
    return Grant(**given | changes)


def connect_portal(store: ConnectionStore, portal: Portal, *, expires_in: timedelta = timedelta(minutes=30)) -> Grant:
    """Connect a sandbox portal as a finished consent would."""
    issued = portal.tokens.grant(expires_in=expires_in)
    assert issued.refresh_token
    assert issued.expires_at
    granted = Grant(
        access_token=SecretStr(issued.token),
        refresh_token=SecretStr(issued.refresh_token),
        expires_at=issued.expires_at,
        hub_id=str(portal.portal_id),
        scopes=issued.scopes,
    )
    store.keep(granted, hub_id=granted.hub_id, scopes=granted.scopes, connected_by="demo|acme|admin")
    return granted


def served_store(engine: Engine, data_dir: Path, slug: str) -> ConnectionStore:
    """The connection of a tenant that is there already, with the key that the API keeps in `data_dir`."""
    return ConnectionStore(TenantId(slug), lambda: writing(engine), Vault(local_key(data_dir / "local.key")))


def connect(engine: Engine, data_dir: Path, slug: str, *, said: str | None = None) -> ConnectionStore:
    """The same, connected; `said` is what the last sync complained of."""
    store = served_store(engine, data_dir, slug)
    given = grant(slug, hub_id=f"17-{slug}")
    store.keep(given, hub_id=given.hub_id, scopes=given.scopes, connected_by=f"demo|{slug}|admin")
    if said:
        store.note_sync(synced_at=datetime.now(UTC), error=f"HubSpot said {said}.")
    return store
