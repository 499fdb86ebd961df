"""Disconnecting: HubSpot is told first, then the credentials are wiped, whatever HubSpot answered.

A person who disconnects wants access to end. Where HubSpot cannot be told, ours ends all the same, and the sentence says what is
left to do there.
"""

from core.connections.failures import AppMisconfigured, ConnectionRevoked, HubSpotUnavailable, NotConnected
from core.connections.oauth import OAuthClient
from core.connections.store import ConnectionStore, Credentials
from core.logging import get_logger
from core.secrets import UnreadableSecret

_log = get_logger(__name__)

_LEFT = "remove the app in HubSpot under Settings, Connected apps"


def disconnect(store: ConnectionStore, oauth: OAuthClient) -> str:
    """End a tenant's connection; returns what was done, and what is left to do, as a sentence.

    Raises:
        NotConnected: There is none.
    """
    try:
        told = _tell(store.credentials(), oauth, store.tenant_id)
    except NotConnected:
        raise
    except UnreadableSecret:
        told = f"The stored credentials could not be read any more and are gone; {_LEFT}."
    store.disconnect(told)
    return told


def _tell(held: Credentials, oauth: OAuthClient, tenant_id: str) -> str:
    if held.refresh_token is None:
        return "The access token is gone from churnboard; delete it in HubSpot too, since only HubSpot can end it."
    try:
        # A fresh one, since the stored one may have expired, and an expired one cannot uninstall.
        oauth.uninstall(oauth.refresh(held.refresh_token, tenant_id=tenant_id).access_token, tenant_id=tenant_id)
    except ConnectionRevoked:
        return "HubSpot had already taken the access back; the credentials are gone from churnboard."
    except (AppMisconfigured, HubSpotUnavailable) as error:
        _log.warning("connection.farewell_failed", tenant=tenant_id, error=str(error))
        return f"The credentials are gone from churnboard, but HubSpot could not be told; {_LEFT}."
    return "The app is uninstalled in HubSpot, and the credentials are gone from churnboard."
