"""How a tenant's HubSpot is reached: HubSpot's OAuth, what it granted, and where that is kept.

Both the workers, who use and refresh tokens, and the API, where a person connects and disconnects, stand on this room. It reads
no record of a portal: that is `ingestion`.
"""

from core.connections.consent import ConsentBook, PendingConsent
from core.connections.failures import (
    AppMisconfigured,
    ConnectionRevoked,
    ConsentSpent,
    HubSpotUnavailable,
    NotConnected,
    OtherPortal,
    PortalTaken,
)
from core.connections.oauth import Grant, OAuthClient
from core.connections.scopes import SCOPES, Scope
from core.connections.store import Connection, ConnectionStore, Credentials

__all__ = [
    "SCOPES",
    "AppMisconfigured",
    "Connection",
    "ConnectionRevoked",
    "ConnectionStore",
    "ConsentBook",
    "ConsentSpent",
    "Credentials",
    "Grant",
    "HubSpotUnavailable",
    "NotConnected",
    "OAuthClient",
    "OtherPortal",
    "PendingConsent",
    "PortalTaken",
    "Scope",
]
