"""What happens between a browser that leaves for HubSpot and one that comes back.

The one that comes back has no bearer token: it proves who it is by the one-time state, and that it is the browser that left by a
cookie only this address sees. Tokens of a consent that cannot be kept (the portal is another tenant's, say) are dropped without
telling HubSpot: an app has one installation a portal, and ending it would end the other tenant's.
"""

from collections.abc import Mapping

from core.connections import HubSpotUnavailable
from core.errors import ChurnboardError
from core.logging import get_logger
from core.vocabulary import Role
from serve.auth.users import User
from serve.errors import BadRequest, Conflict, Forbidden, NotFound
from serve.services import Services

CONNECTED = "connected"
"""The outcome of a consent that became a connection; every other outcome is the name of an error."""

_log = get_logger(__name__)


class NoHubSpotApp(Conflict):
    """This installation has no HubSpot app to connect with."""


class NothingConnected(NotFound):
    """There is no connection to end."""


class ConsentDeclined(BadRequest):
    """The consent was not given."""


class StateRefused(BadRequest):
    """The state is unknown, used, expired, or of another browser."""


class AdminNoLonger(Forbidden):
    """Who asked for the consent may not connect any more."""


def finish_consent(services: Services, answer: Mapping[str, str], browser_token: str) -> str:
    """Turn what a browser brought back from HubSpot into a connection; never raises for what the browser brought.

    Args:
        services: Of the application.
        answer: Query parameters: `state`, and `code` or `error`.
        browser_token: The cookie.

    Returns:
        `CONNECTED`, or the name of the error that stood in the way; the rest of it is in the log.
    """
    try:
        user = _connected(services, answer, browser_token)
    except ChurnboardError as error:
        _log.warning("connection.consent_failed", error=type(error).__name__, reason=str(error))
        return type(error).__name__
    _log.info("connection.consent_given", tenant=user.tenant_id, user=user.subject)
    return CONNECTED


def _connected(services: Services, answer: Mapping[str, str], browser_token: str) -> User:
    pending = services.writing.redeem_consent(answer.get("state", ""), browser_token)
    if pending is None:
        raise StateRefused(
            "A browser came back from HubSpot with a state that is unknown, used, expired or not its own."
        )
    if "code" not in answer:
        raise ConsentDeclined(f"The consent for tenant {pending.tenant_id} was not given in HubSpot.")
    user = services.users.by_subject(pending.subject)
    if user.tenant_id != pending.tenant_id or user.role != Role.ADMIN:
        raise AdminNoLonger(f"User {user.subject} is no longer an admin of tenant {pending.tenant_id}.")
    grant = services.oauth.exchange(
        answer["code"],
        redirect_uri=pending.redirect_uri,
        code_verifier=pending.code_verifier,
        tenant_id=pending.tenant_id,
    )
    if grant.hub_id is None:
        # Without it nothing would keep one portal out of two tenants.
        raise HubSpotUnavailable(f"HubSpot did not say which portal the consent for tenant {pending.tenant_id} is of.")
    services.writing.of(user).connection.keep(
        grant, hub_id=grant.hub_id, scopes=grant.scopes, connected_by=user.subject
    )
    return user
