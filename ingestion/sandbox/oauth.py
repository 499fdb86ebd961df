"""OAuth codes and tokens of one portal: issued, refreshed, introspected, revoked, expired by the portal's clock.

HubSpot's rules as documented: a code is good once and briefly, an access token for 30 minutes, a refresh token until
the app is uninstalled or the token revoked.
"""

import base64
import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import Terminal
from ingestion.sandbox.clock import Clock

REQUIRED_SCOPES = (
    "oauth",
    "tickets",
    "crm.objects.companies.read",
    "crm.objects.contacts.read",
    "crm.objects.owners.read",
)
"""What an app that reads tickets asks for; a static token has all of them."""

_CODE_LIFETIME = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token: what it opens and until when (None: for ever)."""

    token: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    refresh_token: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A one-time code waiting to be exchanged."""

    redirect_uri: str
    scopes: tuple[str, ...]
    code_challenge: str | None
    expires_at: datetime


class TokenRefused(Terminal):
    """A code or token was not accepted; ``status`` is HubSpot's name for the reason."""

    def __init__(self, status: str, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description


class TokenBook:
    """All codes and tokens of one portal. Thread-safe.

    Attributes:
        access_lifetime: How long the next access token lives.
    """

    def __init__(self, clock: Clock) -> None:
        self.access_lifetime = timedelta(seconds=1800)
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[str, AuthorizationCode] = {}
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, tuple[str, ...]] = {}

    def issue_code(
        self, *, redirect_uri: str, scopes: tuple[str, ...] = REQUIRED_SCOPES, code_challenge: str | None = None
    ) -> str:
        """A new one-time code, as the consent page hands to the redirect URI."""
        with self._lock:
            code = secrets.token_hex(16)
            expires_at = self._clock() + _CODE_LIFETIME
            self._codes[code] = AuthorizationCode(redirect_uri, scopes, code_challenge, expires_at)
            return code

    def grant(self, *, scopes: tuple[str, ...] = REQUIRED_SCOPES, expires_in: timedelta | None = None) -> Grant:
        """An access token with a refresh token, without the consent round trip."""
        with self._lock:
            refresh_token = f"na1-{secrets.token_urlsafe(24)}"
            self._refresh[refresh_token] = scopes
            return self._new_access(refresh_token, scopes, expires_in)

    def knows_code(self, code: str) -> bool:
        """Whether the code was issued here and not yet used."""
        return code in self._codes

    def exchange(self, code: str, *, redirect_uri: str, code_verifier: str | None) -> Grant:
        """Turn a code into tokens; whatever happens, the code is spent.

        Raises:
            TokenRefused: The code is unknown, spent or expired, or was issued for another redirect URI or verifier.
        """
        with self._lock:
            issued = self._codes.pop(code, None)
            if issued is None or issued.expires_at <= self._clock():
                raise TokenRefused("BAD_AUTH_CODE", "invalid_grant", "missing or unknown auth code")
            if issued.redirect_uri != redirect_uri:
                raise TokenRefused("BAD_REDIRECT_URI", "invalid_grant", "missing or mismatching redirect uri")
            if issued.code_challenge is not None and not _verifies(issued.code_challenge, code_verifier):
                raise TokenRefused("BAD_CODE_VERIFIER", "invalid_grant", "missing or mismatching code verifier")
            refresh_token = f"na1-{secrets.token_urlsafe(24)}"
            self._refresh[refresh_token] = issued.scopes
            return self._new_access(refresh_token, issued.scopes, None)

    def refresh(self, refresh_token: str) -> Grant:
        """A fresh access token for a living refresh token.

        Raises:
            TokenRefused: The refresh token is unknown or revoked.
        """
        with self._lock:
            scopes = self._refresh.get(refresh_token)
            if scopes is None:
                raise TokenRefused("BAD_REFRESH_TOKEN", "invalid_grant", "refresh token is invalid, expired or revoked")
            return self._new_access(refresh_token, scopes, None)

    def access(self, token: str) -> Grant | None:
        """The grant behind an access token, expired or not; None when it is unknown or revoked."""
        return self._access.get(token)

    def refresh_scopes(self, refresh_token: str) -> tuple[str, ...] | None:
        """The scopes of a living refresh token; None when it is unknown or revoked."""
        return self._refresh.get(refresh_token)

    def revoke(self, token: str) -> bool:
        """Kill an access token, or a refresh token with every access token made from it; False when unknown."""
        with self._lock:
            if self._access.pop(token, None) is not None:
                return True
            if self._refresh.pop(token, None) is None:
                return False
            self._access = {key: one for key, one in self._access.items() if one.refresh_token != token}
            return True

    def uninstall(self) -> None:
        """Kill every code and token, as a customer who uninstalls the app does."""
        with self._lock:
            self._codes.clear()
            self._access.clear()
            self._refresh.clear()

    def _new_access(self, refresh_token: str, scopes: tuple[str, ...], expires_in: timedelta | None) -> Grant:
        lifetime = self.access_lifetime if expires_in is None else expires_in
        token = f"CKj-{secrets.token_urlsafe(48)}"
        grant = Grant(token, scopes, self._clock() + lifetime, refresh_token)
        self._access[token] = grant
        return grant


def _verifies(challenge: str, verifier: str | None) -> bool:
    digest = hashlib.sha256((verifier or "").encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)
