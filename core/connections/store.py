"""One tenant's HubSpot connection in the application database: credentials encrypted, everything else in the clear.

A store is bound to its tenant and to whoever opens its transactions: the API hands in ones that row-level security knows the
tenant of, workers their own. A row is never deleted: it remembers, after a disconnect, whose records the tenant holds.

Token changes are compare-and-set on the stored ciphertext (no two are equal, Fernet salts them), so that a refresh which ends
after a person has disconnected or connected anew changes nothing.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection as Database
from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.appdb.tables import connection as table
from core.connections.failures import NotConnected, OtherPortal, PortalTaken
from core.connections.oauth import Grant
from core.logging import get_logger
from core.secrets import Vault
from core.tenants import TenantId
from core.vocabulary import ConnectionStatus

Transaction = Callable[[], AbstractContextManager[Database]]
"""Opens a write transaction, committed at the end of its block."""

HUBSPOT = "hubspot"
"""The `type` of a HubSpot connection."""

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """How a tenant's portal is reached.

    Attributes:
        refresh_token: None for the access token of a private app, which nothing can refresh.
        expires_at: When HubSpot stops accepting the access token; None: never.
        version: Changes with every change of what is stored.
    """

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: datetime | None = None
    version: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How a connection stands; nothing secret."""

    status: ConnectionStatus
    hub_id: str | None
    scopes: tuple[str, ...] | None
    expires_at: datetime | None
    last_synced_at: datetime | None
    error_message: str | None
    connected_by: str | None
    connected_at: datetime | None


class ConnectionStore:
    """Reads and writes one tenant's HubSpot connection."""

    def __init__(self, tenant_id: TenantId, transaction: Transaction, vault: Vault) -> None:
        self.tenant_id = tenant_id
        self._transaction = transaction
        self._vault = vault
        self._mine = (table.c.tenant_id == tenant_id) & (table.c.type == HUBSPOT)

    def keep(
        self,
        credentials: Credentials | Grant,
        *,
        hub_id: str | None = None,
        scopes: tuple[str, ...] | None = None,
        connected_by: str | None = None,
        connected_at: datetime | None = None,
    ) -> None:
        """Store how the tenant's portal is reached, replacing what was stored.

        Of two tenants that connect one portal at the same moment, the database's own constraint lets one through.

        Raises:
            PortalTaken: Another tenant has connected that portal.
            OtherPortal: The tenant holds the records of another portal, which would mix with those of this one.
        """
        values: dict[str, Any] = {
            "status": ConnectionStatus.ACTIVE,
            "credentials": self._sealed(credentials),
            "expires_at": credentials.expires_at,
            "hub_id": hub_id,
            "scopes": list(scopes) if scopes is not None else None,
            "error_message": None,
            "connected_by": connected_by,
            "connected_at": connected_at or datetime.now(UTC),
        }
        if hub_id:
            values["origin_hub_id"] = hub_id
        with self._transaction() as database:
            is_held = self._updated(database, values, hub_id) or self._inserted(database, values, hub_id)
            # Somebody else connected this tenant between the two statements; what they wrote is now there to update.
            if not is_held and not self._updated(database, values, hub_id):
                raise self._other_portal(database, hub_id)
        _log.info("connection.connected", tenant=self.tenant_id, hub_id=hub_id)

    def connection(self) -> Connection | None:
        """How it stands; None where the tenant never connected."""
        columns = [table.c[name] for name in Connection.__dataclass_fields__]
        with self._transaction() as database:
            row = database.execute(select(*columns).where(self._mine)).mappings().first()
        if row is None:
            return None
        scopes = tuple(row["scopes"]) if row["scopes"] is not None else None
        return Connection(**{**row, "status": ConnectionStatus(row["status"]), "scopes": scopes})

    def credentials(self) -> Credentials:
        """The stored credentials, decrypted.

        Raises:
            NotConnected: The tenant never connected, or disconnected.
            UnreadableSecret: They were stored with another key.
        """
        with self._transaction() as database:
            row = database.execute(select(table.c.credentials, table.c.expires_at).where(self._mine)).first()
        if row is None or row.credentials is None:
            raise NotConnected(
                f"Tenant {self.tenant_id} has no HubSpot connection: connect it in the settings of the board, or with "
                f"`churnboard tenants add`."
            )
        secret = json.loads(self._vault.decrypt(row.credentials))
        return Credentials(
            access_token=SecretStr(secret["access_token"]),
            refresh_token=SecretStr(secret["refresh_token"]) if secret["refresh_token"] else None,
            expires_at=row.expires_at,
            version=row.credentials,
        )

    def renew(self, grant: Grant, *, replacing: Credentials) -> bool:
        """Store what a refresh granted; false, and nothing stored, where `replacing` is no longer what is stored."""
        values: dict[str, Any] = {"credentials": self._sealed(grant), "expires_at": grant.expires_at}
        if grant.scopes is not None:
            values["scopes"] = list(grant.scopes)
        return self._compared_and_set(values, replacing)

    def note_revoked(self, message: str, *, replacing: Credentials) -> None:
        """Say on the connection that somebody has to connect again, unless somebody already has."""
        if self._compared_and_set({"status": ConnectionStatus.ERROR, "error_message": message}, replacing):
            _log.warning("connection.revoked", tenant=self.tenant_id)

    def note_sync(self, *, synced_at: datetime, error: str | None, is_broken: bool = True) -> None:
        """Record how the last sync ended; an error keeps the time of the last good one.

        Args:
            synced_at: When.
            error: What went wrong, as a sentence; None: nothing.
            is_broken: Whether the error is the connection's own. One that is not leaves its status as it is.
        """
        values: dict[str, object] = {"error_message": error}
        if error is None:
            values |= {"status": ConnectionStatus.ACTIVE, "last_synced_at": synced_at}
        elif is_broken:
            values["status"] = ConnectionStatus.ERROR
        with self._transaction() as database:
            is_connected = table.c.status != ConnectionStatus.DISCONNECTED
            database.execute(update(table).where(self._mine, is_connected).values(values))

    def disconnect(self, message: str | None = None) -> None:
        """Wipe the credentials and free the portal for other tenants; `message` stays to be read."""
        values = {
            "status": ConnectionStatus.DISCONNECTED,
            "credentials": None,
            "expires_at": None,
            "hub_id": None,
            "scopes": None,
            "error_message": message,
        }
        with self._transaction() as database:
            database.execute(update(table).where(self._mine).values(values))
        _log.info("connection.disconnected", tenant=self.tenant_id)

    def _compared_and_set(self, values: dict[str, Any], replacing: Credentials) -> bool:
        unchanged = table.c.credentials == replacing.version
        with self._transaction() as database:
            return bool(database.execute(update(table).where(self._mine, unchanged).values(values)).rowcount)

    def _updated(self, database: Database, values: dict[str, Any], hub_id: str | None) -> bool:
        change = update(table).where(self._mine)
        if hub_id:
            change = change.where(or_(table.c.origin_hub_id.is_(None), table.c.origin_hub_id == hub_id))
        try:
            with database.begin_nested():
                return bool(database.execute(change.values(values)).rowcount)
        except IntegrityError as error:
            raise self._taken(hub_id) from error

    def _inserted(self, database: Database, values: dict[str, Any], hub_id: str | None) -> bool:
        try:
            with database.begin_nested():
                database.execute(insert(table).values(tenant_id=self.tenant_id, type=HUBSPOT, **values))
        except IntegrityError as error:
            if "hub_id" in str(error.orig):
                raise self._taken(hub_id) from error
            return False
        return True

    def _sealed(self, credentials: Credentials | Grant) -> str:
        refresh = credentials.refresh_token
        secret = {
            "access_token": credentials.access_token.get_secret_value(),
            "refresh_token": refresh.get_secret_value() if refresh else None,
        }
        return self._vault.encrypt(json.dumps(secret))

    def _taken(self, hub_id: str | None) -> PortalTaken:
        # Never whose it is: the sentence is read by people of this tenant.
        return PortalTaken(
            f"HubSpot portal {hub_id} is already connected to another workspace than {self.tenant_id}: disconnect it there "
            f"first, or choose another HubSpot account."
        )

    def _other_portal(self, database: Database, hub_id: str | None) -> OtherPortal:
        origin = database.scalar(select(table.c.origin_hub_id).where(self._mine))
        return OtherPortal(
            f"Workspace {self.tenant_id} holds the records of HubSpot portal {origin}, and those of portal {hub_id} would mix "
            f"with them: choose portal {origin}, or connect {hub_id} to a workspace of its own."
        )
