"""The tenant's connection as its people read it."""

from collections.abc import Mapping
from typing import Any

from core.connections import SCOPES
from core.vocabulary import ConnectionMethod, ConnectionStatus
from serve.tenancy import TenantSession

_NEVER: Mapping[str, Any] = {
    "status": ConnectionStatus.DISCONNECTED,
    "message": None,
    "hub_id": None,
    "scopes": None,
    "expires_at": None,
    "connected_by": None,
    "connected_at": None,
    "last_synced_at": None,
}


def hubspot_connection(session: TenantSession) -> dict[str, Any]:
    """The `ConnectionBody` of the HubSpot connection, whether or not there ever was one."""
    held = {**(session.hubspot_connection() or _NEVER)}
    expires_at, granted = held.pop("expires_at"), held.pop("scopes")
    method = None
    if held["status"] != ConnectionStatus.DISCONNECTED:
        # HubSpot dates every token it grants; only those of private apps last.
        method = ConnectionMethod.OAUTH if expires_at else ConnectionMethod.ACCESS_TOKEN
    scopes = [
        {
            "name": scope.name,
            "purpose": scope.purpose,
            "is_required": scope.is_required,
            "is_granted": None if granted is None else scope.name in granted,
        }
        for scope in SCOPES
    ]
    return {"type": "hubspot", **held, "method": method, "scopes": scopes}
