"""The configured OIDC issuer as people sign in at it: where to send a browser, and what its code is worth.

Authorization code with PKCE (RFC 7636). The browser makes verifier, state and nonce and keeps them; the exchange happens here,
because some issuers (Google among them) want a client secret even beside PKCE, and few let a page of another origin call their
token endpoint. Nothing is kept: the ID token goes to the browser, which sends it as its bearer token until it expires.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from core.logging import get_logger
from core.settings import ServeSettings
from serve.auth.keys import IssuerUnavailable
from serve.errors import BadRequest, Conflict

SCOPES = "openid email profile"
"""What is asked for: who it is, and the verified address an invitation is compared with."""

CALLBACK = "/sign-in/callback"
"""Where the issuer sends the browser back to; to be registered there under the root of `API_PUBLIC_URL`."""

_TIMEOUT = httpx.Timeout(5.0)
_KEEP_SECONDS = 3600

_log = get_logger(__name__)


class CodeRefused(BadRequest):
    """The issuer does not take the code: it was used, is too old, or is of another browser."""


class SignInMisconfigured(Conflict):
    """The issuer does not accept this installation as its client, or is not what the settings say."""


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Addresses of the issuer."""

    authorize_url: str
    token_url: str


class OidcClient:
    """This installation as the issuer's client."""

    def __init__(
        self, settings: ServeSettings, *, is_plain_allowed: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make a client; nothing is asked yet.

        Args:
            settings: Issuer, client, and addresses that are not to be discovered.
            is_plain_allowed: Whether addresses may be `http`, in `local` only.
            clock: Seconds, for keeping what was discovered an hour.
        """
        self._settings = settings
        self._schemes = {"http", "https"} if is_plain_allowed else {"https"}
        self._clock = clock
        self._lock = threading.Lock()
        self._found: tuple[float, Endpoints] | None = None

    @property
    def issuer(self) -> str:
        """The issuer's name, which is its address."""
        return self._settings.auth_issuer

    @property
    def client_id(self) -> str:
        """The issuer's name for this installation."""
        return self._settings.auth_client_id

    @property
    def is_configured(self) -> bool:
        """Whether people can sign in at the issuer from the board."""
        return bool(self._settings.auth_issuer and self._settings.auth_client_id)

    def endpoints(self) -> Endpoints:
        """Where to authorize and to exchange: as set, otherwise as the issuer says (OpenID Connect Discovery 1.0).

        Raises:
            IssuerUnavailable: It does not answer.
            SignInMisconfigured: What it answers is not of this issuer, or names no safe address.
        """
        with self._lock:
            if self._found is None or self._clock() - self._found[0] > _KEEP_SECONDS:
                self._found = (self._clock(), self._discovered())
            return self._found[1]

    def exchange(self, code: str, *, code_verifier: str, redirect_uri: str) -> str:
        """The ID token that a code is worth, unchecked. Not retried: a code is good once, and a person is waiting.

        Raises:
            CodeRefused: Used, too old, or of another verifier or redirect URI.
            IssuerUnavailable: The issuer does not answer.
            SignInMisconfigured: It does not accept the client, or answers without an ID token.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": code_verifier,
            "redirect_uri": redirect_uri,
            "client_id": self._settings.auth_client_id,
        }
        secret = self._settings.auth_client_secret.get_secret_value()
        if secret:
            form["client_secret"] = secret
        status, told = self._asked("POST", self.endpoints().token_url, data=form)
        if status == 400 and told.get("error") == "invalid_grant":
            raise CodeRefused(
                "This sign-in was used already, took too long, or began in another browser: sign in again."
            )
        token = told.get("id_token")
        if status != 200 or not isinstance(token, str):
            _log.error("auth.exchange_refused", status=status, error=str(told.get("error")))
            raise SignInMisconfigured(
                "The identity provider does not accept this installation: whoever runs churnboard looks at AUTH_CLIENT_ID and "
                "AUTH_CLIENT_SECRET, and at the redirect address registered there."
            )
        return token

    def _discovered(self) -> Endpoints:
        known = self._settings
        told: Mapping[str, Any] = {}
        if not (known.auth_authorize_url and known.auth_token_url):
            url = f"{known.auth_issuer.rstrip('/')}/.well-known/openid-configuration"
            status, told = self._asked("GET", url)
            if status != 200 or told.get("issuer") != known.auth_issuer:
                raise SignInMisconfigured(
                    f"{url} does not describe the issuer {known.auth_issuer}: whoever runs churnboard looks at AUTH_ISSUER, or "
                    f"sets AUTH_AUTHORIZE_URL and AUTH_TOKEN_URL."
                )
        found = Endpoints(
            authorize_url=known.auth_authorize_url or str(told.get("authorization_endpoint")),
            token_url=known.auth_token_url or str(told.get("token_endpoint")),
        )
        for url in (found.authorize_url, found.token_url):
            if urlsplit(url).scheme not in self._schemes:
                raise SignInMisconfigured(
                    f"The identity provider's address {url} is not an https:// one: codes sent there could be read on the way."
                )
        return found

    def _asked(self, method: str, url: str, **sent: Any) -> tuple[int, Mapping[str, Any]]:
        try:
            answer = httpx.request(method, url, timeout=_TIMEOUT, headers={"Accept": "application/json"}, **sent)
            told = answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("auth.issuer_unavailable", url=url, reason=type(error).__name__)
            raise _unavailable() from error
        if answer.status_code >= 500:
            raise _unavailable()
        return answer.status_code, told if isinstance(told, dict) else {}


def _unavailable() -> IssuerUnavailable:
    return IssuerUnavailable("The identity provider does not answer, so nobody can sign in: try again in a moment.")
