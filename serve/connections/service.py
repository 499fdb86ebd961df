"""What happens between a browser that leaves for HubSpot and one that comes back.

The one that comes back has no bearer token: it proves who it is by the one-time state, and that it is the browser that left by a
cookie only this address sees. Tokens of a consent that cannot be kept (the portal is another tenant's, say) are dropped without
telling HubSpot: an app has one installation a portal, and ending it would end the other tenant's.
"""

from collections.abc import Mapping
from enum import StrEnum

from core.connections import HubSpotUnavailable, PendingConsent
from core.errors import ChurnboardError
from core.logging import get_logger
from core.vocabulary import AuditAction, Role, TaskKind
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


class ConsentPage(StrEnum):
    """Where on the board a consent begins, and ends."""

    SETTINGS = "settings"
    ONBOARDING = "onboarding"


def finish_consent(services: Services, answer: Mapping[str, str], browser_token: str) -> tuple[str, ConsentPage]:
    """Turn what a browser brought back from HubSpot into a connection; never raises for what the browser brought.

    What was connected is imported at once.

    Args:
        services: Of the application.
        answer: Query parameters: `state`, and `code` or `error`.
        browser_token: The cookie.

    Returns:
        `CONNECTED`, or the name of the error that stood in the way, whose rest is in the log; and where to go on.
    """
    page = ConsentPage.SETTINGS
    try:
        pending = services.writing.redeem_consent(answer.get("state", ""), browser_token)
        if pending is not None and pending.page in list(ConsentPage):
            page = ConsentPage(pending.page)
        user = _connected(services, answer, pending)
    except ChurnboardError as error:
        _log.warning("connection.consent_failed", error=type(error).__name__, reason=str(error))
        return type(error).__name__, page
    services.writing.of(user).tasks.ask(TaskKind.IMPORT, {}, asked_by=user.subject)
    _log.info("connection.consent_given", tenant=user.tenant_id, user=user.subject)
    return CONNECTED, page


def _connected(services: Services, answer: Mapping[str, str], pending: PendingConsent | None) -> User:
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
    writer = services.writing.of(user)
    with writer.together():
        writer.connection.keep(grant, hub_id=grant.hub_id, scopes=grant.scopes, connected_by=user.subject)
        writer.audit(AuditAction.CONNECTED, "connection", "hubspot", {"hub_id": grant.hub_id})
    return user
