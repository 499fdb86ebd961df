"""How HubSpot's OAuth says no, and whose turn it is then: the customer's, the operator's, or nobody's but time's.

The three must not be mixed up. Calling a wrong client secret a revoked connection would ask every customer to reconnect for a
mistake of ours; calling a gateway's error page revoked would do so for HubSpot's. So *revoked* is only what HubSpot names by a
documented code; a page that is not JSON never is. Nothing HubSpot says in prose is repeated, since it may quote a token.
"""

import re
from collections.abc import Mapping
from typing import Any

from core.errors import Terminal, Transient


class ConnectionRevoked(Terminal):
    """HubSpot no longer accepts the connection: somebody has to connect again."""


class ConsentSpent(Terminal):
    """The one-time code of a consent is used, expired or of somebody else: connecting has to be started again."""


class AppMisconfigured(Terminal):
    """HubSpot does not accept this installation's app: its operator has to correct a setting."""


class HubSpotUnavailable(Transient):
    """HubSpot's OAuth did not answer, or not with an answer."""


class NotConnected(Terminal):
    """The tenant has no HubSpot connection."""


class PortalTaken(Terminal):
    """The HubSpot portal is connected to another tenant."""


class OtherPortal(Terminal):
    """The tenant holds the records of another portal."""


_REVOKED = frozenset({"BAD_REFRESH_TOKEN", "BAD_HUB"})
_SPENT = frozenset({"BAD_AUTH_CODE", "BAD_CODE_VERIFIER"})
_SETTINGS = {
    "BAD_CLIENT_ID": "HUBSPOT_CLIENT_ID",
    "BAD_CLIENT_SECRET": "HUBSPOT_CLIENT_SECRET",
    "BAD_REDIRECT_URI": "API_PUBLIC_URL, and the redirect URLs of the app in HubSpot",
    "BAD_SCOPES": "the scopes of the app in HubSpot",
    "invalid_client": "HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET",
    "unauthorized_client": "HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET",
    "invalid_scope": "the scopes of the app in HubSpot",
}
_PASSING = frozenset({408, 423, 425, 429, 477})
_CODE = re.compile(r"[A-Za-z0-9_]{1,40}")
_TRACE = re.compile(r"[A-Za-z0-9-]{1,64}")


def failure(status: int, body: Any, *, tenant_id: str, is_refresh: bool) -> Terminal | Transient:
    """The error that an answer of an OAuth endpoint, other than success, stands for.

    Args:
        status: HTTP status.
        body: The decoded JSON body; None where it is not JSON.
        tenant_id: Whose connection it is.
        is_refresh: Whether a stored token was presented, so that a grant called invalid means it is dead.
    """
    fields = body if isinstance(body, Mapping) else {}
    code, general = _code(fields.get("status")), _code(fields.get("error"))
    told = f"HubSpot answered {code or general or f'HTTP {status}'} about the connection of tenant {tenant_id}"
    trace = fields.get("correlationId")
    if isinstance(trace, str) and _TRACE.fullmatch(trace):
        told += f" (correlation id {trace})"
    if status in _PASSING or status >= 500 or not fields:
        return HubSpotUnavailable(f"{told}. This passes by itself; it is tried again.")
    setting = _SETTINGS.get(code) or _SETTINGS.get(general)
    if code in _REVOKED or (not setting and code not in _SPENT and general == "invalid_grant" and is_refresh):
        return ConnectionRevoked(
            f"{told}: access was taken back, or the app was uninstalled. Connect HubSpot again in the settings."
        )
    if code in _SPENT or (not setting and general == "invalid_grant"):
        return ConsentSpent(f"{told}: the consent was used or has expired. Start connecting again in the settings.")
    return AppMisconfigured(
        f"{told}. The connection itself is not at fault: the operator of this installation has to correct "
        f"{setting or 'HUBSPOT_CLIENT_ID, HUBSPOT_CLIENT_SECRET or HUBSPOT_BASE_URL'}."
    )


def no_app() -> AppMisconfigured:
    """The installation has no OAuth app at all."""
    return AppMisconfigured(
        "This installation has no HubSpot app: its operator has to set HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET."
    )


def _code(value: Any) -> str:
    return value if isinstance(value, str) and _CODE.fullmatch(value) and value != "error" else ""
