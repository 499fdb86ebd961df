"""HubSpot's OAuth endpoints (version 2026-09): consent address, codes and refresh tokens into access tokens, and the way out.

Answers are read defensively: of a token response only the tokens must be there. How long one lives is always what HubSpot says;
portal and scopes come from the raw response or from introspection, never from a guess. Left out on purpose: storing anything,
and deciding when to refresh. No token is ever part of a message or a log event.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx
from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from core.connections.failures import ConnectionRevoked, HubSpotUnavailable, failure, no_app
from core.connections.scopes import OPTIONAL, REQUIRED
from core.errors import Terminal
from core.settings import HubSpotSettings

VERSION = "2026-09"
"""Of the token and the uninstall endpoints; OAuth v1 ends in February 2027."""

_TOKEN = f"/oauth/{VERSION}/token"
_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_UNTOLD = timedelta(0)

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What HubSpot granted.

    Attributes:
        expires_at: When the access token dies, by HubSpot's word; the moment of the grant where it did not say, so that the
            token is refreshed before it is trusted for long.
        hub_id: The portal; None where neither answer nor introspection named it.
        scopes: As granted, in HubSpot's order; None where they were not named.
    """

    access_token: SecretStr
    refresh_token: SecretStr
    expires_at: datetime
    hub_id: str | None
    scopes: tuple[str, ...] | None


class OAuthClient:
    """The OAuth app of this installation, as HubSpot knows it.

    Args:
        settings: Addresses, client id and secret.
        attempts: How often a call is made before `HubSpotUnavailable` is believed.
        sleep: Waits that many seconds between attempts.
        now: The present; tokens are dated by it.
    """

    def __init__(
        self,
        settings: HubSpotSettings,
        *,
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._attempts = attempts
        self._sleep = sleep
        self._now = now

    @property
    def has_app(self) -> bool:
        """Whether this installation has an app that portals can be connected with."""
        return bool(self._settings.hubspot_client_id and self._settings.hubspot_client_secret.get_secret_value())

    def authorize_url(self, *, redirect_uri: str, state: str, code_challenge: str) -> str:
        """Where a portal's administrator consents.

        Raises:
            AppMisconfigured: The installation has no app.
        """
        if not self.has_app:
            raise no_app()
        query = {
            "client_id": self._settings.hubspot_client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(REQUIRED),
            "optional_scope": " ".join(OPTIONAL),
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        # HubSpot separates scopes by %20; a plus sign would be part of a name.
        return f"{self._settings.hubspot_app_url.rstrip('/')}/oauth/authorize?{urlencode(query, quote_via=quote)}"

    def exchange(self, code: str, *, redirect_uri: str, code_verifier: str, tenant_id: str) -> Grant:
        """Turn the code of a consent into tokens. Not retried: a code is good once, and a person is waiting.

        Raises:
            ConsentSpent: The code is used, expired, or of another redirect URI or verifier.
            AppMisconfigured: HubSpot does not accept the app.
            HubSpotUnavailable: It did not answer.
        """
        form = {"code": code, "redirect_uri": redirect_uri, "code_verifier": code_verifier}
        return self._grant("authorization_code", form, tenant_id, is_refresh=False)

    def refresh(self, refresh_token: SecretStr, *, tenant_id: str) -> Grant:
        """A new access token; the refresh token that comes with it replaces the one presented.

        Raises:
            ConnectionRevoked: The refresh token is dead.
            AppMisconfigured: HubSpot does not accept the app.
            HubSpotUnavailable: It did not answer.
        """
        form = {"refresh_token": refresh_token.get_secret_value()}
        return self._retrying(lambda: self._grant("refresh_token", form, tenant_id, is_refresh=True))

    def introspect(self, token: SecretStr, *, tenant_id: str) -> Mapping[str, Any]:
        """What HubSpot knows of a token: `active`, and where it is, `hub_id`, `scopes`, `expires_in`.

        Raises:
            AppMisconfigured: HubSpot does not accept the app.
            HubSpotUnavailable: It did not answer.
        """
        form = {"token": token.get_secret_value(), "token_type_hint": "access_token"}
        told = self._retrying(lambda: self._post(f"{_TOKEN}/introspect", form, tenant_id, is_refresh=False))
        return told if isinstance(told.get("active"), bool) else {"active": False}

    def revoke(self, refresh_token: SecretStr, *, tenant_id: str) -> None:
        """Kill a refresh token and what was made from it; one that is dead already is no error.

        Raises:
            AppMisconfigured: HubSpot does not accept the app.
            HubSpotUnavailable: It did not answer.
        """
        form = {"token": refresh_token.get_secret_value(), "token_type_hint": "refresh_token"}
        self._retrying(lambda: self._sent("POST", f"{_TOKEN}/revoke", tenant_id, is_refresh=False, form=form))

    def uninstall(self, access_token: SecretStr, *, tenant_id: str) -> None:
        """Take the app out of the portal, as its administrator could: every token of it dies.

        Raises:
            ConnectionRevoked: The access token is not accepted.
            AppMisconfigured: HubSpot refuses for another reason.
            HubSpotUnavailable: It did not answer.
        """
        path = f"/appinstalls/{VERSION}/external-install"
        bearer = {"Authorization": f"Bearer {access_token.get_secret_value()}"}
        self._retrying(lambda: self._sent("DELETE", path, tenant_id, is_refresh=True, headers=bearer))

    def _grant(self, grant_type: str, form: dict[str, str], tenant_id: str, *, is_refresh: bool) -> Grant:
        asked_at = self._now()
        told = self._post(_TOKEN, {"grant_type": grant_type, **form}, tenant_id, is_refresh=is_refresh)
        access, refresh = told.get("access_token"), told.get("refresh_token")
        if not (isinstance(access, str) and access):
            raise _no_token(tenant_id)
        if not (isinstance(refresh, str) and refresh):
            refresh = form.get("refresh_token")
        if not refresh:
            raise _no_token(tenant_id)
        token = SecretStr(access)
        facts = _facts(told)
        if None in facts.values():
            facts = self._introspected(token, tenant_id) | {name: value for name, value in facts.items() if value}
        lifetime: timedelta | None = facts.get("lifetime")
        return Grant(
            access_token=token,
            refresh_token=SecretStr(refresh),
            expires_at=asked_at + (lifetime or _UNTOLD),
            hub_id=facts.get("hub_id"),
            scopes=facts.get("scopes"),
        )

    def _introspected(self, token: SecretStr, tenant_id: str) -> dict[str, Any]:
        try:
            return _facts(self.introspect(token, tenant_id=tenant_id))
        except (Terminal, HubSpotUnavailable):
            # The tokens are good and must be kept: a refresh token that was changed is lost otherwise.
            return {}

    def _post(self, path: str, form: dict[str, str], tenant_id: str, *, is_refresh: bool) -> Mapping[str, Any]:
        body = _json(self._sent("POST", path, tenant_id, is_refresh=is_refresh, form=form))
        if not isinstance(body, Mapping):
            raise HubSpotUnavailable(
                f"HubSpot answered about the connection of tenant {tenant_id} with something that is not JSON: something "
                f"between us and HubSpot answers in its place. It is tried again; check HUBSPOT_BASE_URL if it stays."
            )
        return body

    def _sent(
        self,
        method: str,
        path: str,
        tenant_id: str,
        *,
        is_refresh: bool,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        if not self.has_app:
            raise no_app()
        app = {
            "client_id": self._settings.hubspot_client_id,
            "client_secret": self._settings.hubspot_client_secret.get_secret_value(),
        }
        try:
            response = httpx.request(
                method,
                f"{self._settings.hubspot_base_url.rstrip('/')}{path}",
                data=None if form is None else app | form,
                headers={"User-Agent": "churnboard"} | (headers or {}),
                timeout=_TIMEOUT,
            )
        except httpx.HTTPError as error:
            raise HubSpotUnavailable(
                f"HubSpot does not answer about the connection of tenant {tenant_id}: {type(error).__name__}. It is tried "
                f"again; check the network and HUBSPOT_BASE_URL if it stays."
            ) from error
        if response.is_success:
            return response
        if headers and response.status_code == 401:
            raise ConnectionRevoked(
                f"HubSpot no longer accepts the access token of tenant {tenant_id}: connect HubSpot again in the settings."
            )
        raise failure(response.status_code, _json(response), tenant_id=tenant_id, is_refresh=is_refresh)

    def _retrying(self, call: Callable[[], _Answer]) -> _Answer:
        retrying = Retrying(
            retry=retry_if_exception_type(HubSpotUnavailable),
            stop=stop_after_attempt(self._attempts),
            wait=wait_random_exponential(multiplier=0.5, max=5),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(call)


def _facts(told: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says of a token besides itself; None for what it does not say."""
    seconds, hub_id, scopes = told.get("expires_in"), told.get("hub_id"), told.get("scopes")
    return {
        "lifetime": timedelta(seconds=seconds) if isinstance(seconds, int | float) and 0 < seconds < 10**9 else None,
        "hub_id": str(hub_id) if isinstance(hub_id, int | str) and str(hub_id).isdecimal() else None,
        "scopes": tuple(map(str, scopes)) if isinstance(scopes, list) else None,
    }


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _no_token(tenant_id: str) -> HubSpotUnavailable:
    return HubSpotUnavailable(
        f"HubSpot answered about the connection of tenant {tenant_id} without a token. It is tried again; check "
        f"HUBSPOT_BASE_URL if it stays."
    )
