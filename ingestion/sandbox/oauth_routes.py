"""Handlers of OAuth: consent, token, introspection, revocation, uninstall. No bearer token, no rate limit on most of them.

Where HubSpot shows a consent page with a choice of accounts, the sandbox shows the list of its portals; choosing one is
consent.
"""

import html
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ingestion.sandbox.door import Call, Sandbox
from ingestion.sandbox.oauth import REQUIRED_SCOPES, Grant, TokenRefused
from ingestion.sandbox.refusals import Refusal, invalid, json_response, not_found
from ingestion.sandbox.world import Portal

Endpoint = Callable[[Request], Awaitable[Response]]

_USER_ID = 7_100_001


class OAuthEndpoints:
    """The OAuth endpoints of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def authorize(self, request: Request) -> Response:
        """Show the portals to choose from, or, with one in the path, hand a code to the redirect URI."""
        parameters = request.query_params
        redirect_uri, scope = parameters.get("redirect_uri", ""), parameters.get("scope", "")
        if parameters.get("client_id") != self._sandbox.client_id:
            return invalid("Invalid client_id: no app with this id is registered here.").response()
        if urlsplit(redirect_uri).scheme not in {"http", "https"}:
            return invalid("Invalid redirect_uri: an absolute http or https address is expected.").response()
        given = request.path_params.get("portal_id")
        if given is None:
            return HTMLResponse(self._chooser(str(request.url.query)))
        portal = self._sandbox.world.portal_by_id(int(given)) if given.isdecimal() else None
        if portal is None:
            return not_found(f"No account with id {given} exists.").response()
        code = portal.tokens.issue_code(
            redirect_uri=redirect_uri,
            scopes=tuple(scope.split()) or REQUIRED_SCOPES,
            code_challenge=parameters.get("code_challenge"),
        )
        answer = {"code": code} | ({"state": parameters["state"]} if "state" in parameters else {})
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", status_code=302)

    async def token(self, request: Request) -> Response:
        """Exchange a code or a refresh token for an access token; a form post with the app's credentials in it."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            self._check_client(form)
            portal, grant = self._grant_for(form)
        except TokenRefused as refused:
            return _refused(refused)
        return self._granted(portal, grant)

    async def introspect(self, request: Request) -> Response:
        """Tell what a token is good for; a dead one is only ``active: false``."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            self._check_client(form)
        except TokenRefused as refused:
            return _refused(refused)
        return json_response(self._introspected(form.get("token", "")))

    async def revoke(self, request: Request) -> Response:
        """Kill a token; an unknown one is no error."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            self._check_client(form)
        except TokenRefused as refused:
            return _refused(refused)
        for portal in self._sandbox.world.portals.values():
            portal.tokens.revoke(form.get("token", ""))
        return Response(status_code=200)

    async def access_token_info(self, request: Request) -> Response:
        """Version 1 of introspection, with the token in the path."""
        return self._info(request.path_params["token"], "token_type", "access")

    async def refresh_token_info(self, request: Request) -> Response:
        """The same for a refresh token; DELETE revokes it."""
        token = request.path_params["token"]
        if request.method != "DELETE":
            return self._info(token, "token_type", "refresh")
        if any(portal.tokens.revoke(token) for portal in self._sandbox.world.portals.values()):
            return Response(status_code=204)
        return not_found("The refresh token is not known.").response()

    def _info(self, token: str, field: str, expected: str) -> Response:
        found = self._introspected(token)
        if not found["active"] or found["token_use"] != f"{expected}_token":
            return not_found("The token is invalid, expired or revoked.").response()
        del found["active"], found["token_use"]
        return json_response({**found, field: "bearer" if expected == "access" else "refresh"})

    def _grant_for(self, form: dict[str, str]) -> tuple[Portal, Grant]:
        kind, code, refresh_token = (form.get(name, "") for name in ("grant_type", "code", "refresh_token"))
        portals = self._sandbox.world.portals.values()
        if kind == "authorization_code":
            for portal in portals:
                if portal.tokens.knows_code(code):
                    return portal, portal.tokens.exchange(
                        code, redirect_uri=form.get("redirect_uri", ""), code_verifier=form.get("code_verifier")
                    )
            raise TokenRefused("BAD_AUTH_CODE", "invalid_grant", "missing or unknown auth code")
        if kind == "refresh_token":
            for portal in portals:
                if portal.tokens.refresh_scopes(refresh_token) is not None:
                    return portal, portal.tokens.refresh(refresh_token)
            raise TokenRefused("BAD_REFRESH_TOKEN", "invalid_grant", "refresh token is invalid, expired or revoked")
        raise TokenRefused("BAD_GRANT_TYPE", "unsupported_grant_type", "missing or unknown grant type")

    def _granted(self, portal: Portal, grant: Grant) -> Response:
        body = {
            "token_type": "bearer",
            "token_use": "access_token",
            "access_token": grant.token,
            "refresh_token": grant.refresh_token,
            "expires_in": self._seconds_left(grant),
            "hub_id": portal.portal_id,
            "user_id": _USER_ID,
            "scopes": list(grant.scopes),
        }
        return json_response(body, headers={"Cache-Control": "no-store"})

    def _introspected(self, token: str) -> dict[str, Any]:
        for portal in self._sandbox.world.portals.values():
            common = {
                "active": True,
                "token": token,
                "hub_id": portal.portal_id,
                "hub_domain": f"{portal.tenant.tenant_id}.example",
                "user": f"admin@{portal.tenant.tenant_id}.example",
                "user_id": _USER_ID,
                "client_id": self._sandbox.client_id,
                "token_type": "bearer",
            }
            grant = portal.tokens.access(token)
            if grant is not None and self._seconds_left(grant) > 0:
                details = {
                    "token_use": "access_token",
                    "app_id": 3_100_001,
                    "scopes": list(grant.scopes),
                    "expires_in": self._seconds_left(grant),
                    "is_private_distribution": True,
                }
                return common | details
            scopes = portal.tokens.refresh_scopes(token)
            if scopes is not None:
                return common | {"token_use": "refresh_token", "scopes": list(scopes)}
        return {"active": False}

    def _seconds_left(self, grant: Grant) -> int:
        if grant.expires_at is None:
            return 0
        return int((grant.expires_at - self._sandbox.world.clock()).total_seconds() + 0.5)

    def _check_client(self, form: dict[str, str]) -> None:
        if form.get("client_id") != self._sandbox.client_id:
            raise TokenRefused("BAD_CLIENT_ID", "invalid_client", "missing or unknown client id")
        if form.get("client_secret") != self._sandbox.client_secret:
            raise TokenRefused("BAD_CLIENT_SECRET", "invalid_client", "missing or invalid client secret")

    def _chooser(self, query: str) -> str:
        rows = "".join(
            f'<li><a href="/oauth/{one.portal_id}/authorize?{html.escape(query)}">{html.escape(one.tenant.name)}</a></li>'
            for one in self._sandbox.world.portals.values()
        )
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Connect an account</title>'
            f"<h1>Choose the account to connect</h1><ul>{rows}</ul></html>"
        )


def uninstall(call: Call) -> Response:
    """``DELETE /appinstalls/…/external-install``: the app leaves the portal, every token of it dies."""
    call.portal.tokens.uninstall()
    return Response(status_code=204)


def _refused(refused: TokenRefused) -> Response:
    refusal = Refusal(
        400,
        "VALIDATION_ERROR",
        refused.description,
        error=refused.error,
        error_description=refused.description,
    )
    refusal.fields["status"] = refused.status
    return refusal.response()
