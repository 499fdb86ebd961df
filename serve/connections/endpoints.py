"""Addresses of the tenant's connection to HubSpot."""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from core.connections import NotConnected
from core.connections.consent import LIFETIME
from core.connections.farewell import disconnect
from core.vocabulary import AuditAction, ConnectionStatus
from serve.auth.dependencies import AUTH_ERRORS, Admin, Viewer
from serve.connections.repository import hubspot_connection
from serve.connections.schemas import ConnectionList, Consent, Disconnected
from serve.connections.service import ConsentPage, NoHubSpotApp, NothingConnected, finish_consent
from serve.errors import DatabaseUnavailable, InvalidRequest, documented
from serve.responses import NO_STORE, PRIVATE, json_response
from serve.services import public_root, services_of

router = APIRouter(prefix="/connections", tags=["connections"])

COOKIE = "churnboard_consent"
"""Ties the consent to the browser that asked for it; good for nothing else, and sent to the callback alone."""


@router.get(
    "",
    operation_id="list_connections",
    summary="How HubSpot is reached",
    response_model=ConnectionList,
    responses=documented(*AUTH_ERRORS),
)
def list_connections(request: Request, caller: Viewer) -> Response:
    """The connection's state, what is wrong with it, and each permission with what it is for."""
    with caller.session() as session:
        items = [hubspot_connection(session)]
    return json_response({"items": items, "can_connect": services_of(request).oauth.has_app}, headers=PRIVATE)


@router.post(
    "/hubspot/authorize",
    operation_id="authorize_hubspot",
    summary="Start connecting HubSpot",
    response_model=Consent,
    responses=documented(*AUTH_ERRORS, NoHubSpotApp, InvalidRequest),
)
def authorize_hubspot(
    request: Request, caller: Admin, page: Annotated[ConsentPage, Query()] = ConsentPage.SETTINGS
) -> Response:
    """Where to send the browser for consent; needs the role admin. Sets a cookie that the same browser has to bring back.

    In the end the browser is back on `page` of the board, and what was connected is being imported.
    """
    services = services_of(request)
    if not services.oauth.has_app:
        raise NoHubSpotApp(
            "This installation has no HubSpot app to connect with: its operator has to set HUBSPOT_CLIENT_ID and "
            "HUBSPOT_CLIENT_SECRET."
        )
    redirect_uri = f"{public_root(request)}{_callback_path(request)}"
    asked = caller.writer.ask_consent(redirect_uri, page=page)
    url = services.oauth.authorize_url(
        redirect_uri=redirect_uri, state=asked.state, code_challenge=asked.code_challenge
    )
    seconds = int(LIFETIME.total_seconds())
    response = json_response({"url": url, "expires_in": seconds}, headers=NO_STORE)
    response.set_cookie(
        COOKIE,
        asked.browser_token,
        max_age=seconds,
        path=_callback_path(request),
        secure=urlsplit(redirect_uri).scheme == "https",
        httponly=True,
        # Lax, not strict: the browser comes back from another site.
        samesite="lax",
    )
    return response


@router.get(
    "/hubspot/callback",
    operation_id="finish_hubspot",
    summary="Where HubSpot sends the browser back to",
    status_code=303,
    response_class=RedirectResponse,
    responses={
        303: {"description": "To the page it began on, with the outcome in `connection`."},
        **documented(DatabaseUnavailable),
    },
)
def finish_hubspot(request: Request) -> Response:
    """Turns the consent into a connection, has it imported, and sends the browser back to the page of the board it began on.

    Needs no bearer token, which a browser on its way back cannot carry: the one-time `state` says who asked, and the cookie that
    this is the browser they asked in. The outcome is `connected`, or the class of an error; never a token.
    """
    outcome, page = finish_consent(services_of(request), request.query_params, request.cookies.get(COOKIE, ""))
    response = RedirectResponse(f"/{page}?{urlencode({'connection': outcome})}", status_code=303, headers=NO_STORE)
    response.delete_cookie(COOKIE, path=_callback_path(request))
    return response


@router.delete(
    "/hubspot",
    operation_id="disconnect_hubspot",
    summary="Disconnect HubSpot",
    response_model=Disconnected,
    responses=documented(*AUTH_ERRORS, NothingConnected),
)
def disconnect_hubspot(request: Request, caller: Admin) -> Response:
    """Uninstalls the app in HubSpot, then wipes the credentials, also where HubSpot does not answer; needs the role admin."""
    writer = caller.writer
    try:
        message = disconnect(writer.connection, services_of(request).oauth)
    except NotConnected as error:
        raise NothingConnected("HubSpot is not connected, so there is nothing to disconnect.") from error
    writer.audit(AuditAction.DISCONNECTED, "connection", "hubspot", {"message": message})
    return json_response({"status": ConnectionStatus.DISCONNECTED, "message": message}, headers=NO_STORE)


def _callback_path(request: Request) -> str:
    return str(request.app.url_path_for("finish_hubspot"))
