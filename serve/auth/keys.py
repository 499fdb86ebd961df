"""Public keys of issuers: our own in `local`, an OIDC issuer's by its JWKS address.

The JWKS client of PyJWT caches for some minutes; on top of that, keys seen within a day are used when the issuer does not
answer, and a silent issuer is not asked again for a moment, so that its outage does not become ours.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from jwt import PyJWK, PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError

from core.logging import get_logger
from serve.errors import Unavailable

_log = get_logger(__name__)

_TIMEOUT_SECONDS = 5
_PAUSE_SECONDS = 10
_KEEP_SECONDS = 24 * 3600


_OUTAGES = (PyJWTError, OSError, ValueError, TypeError, AttributeError, LookupError)
"""What the client raises when the issuer is silent or sends something that is not a key set; it checks little of what it reads."""


class IssuerUnavailable(Unavailable):
    """The issuer's keys cannot be fetched, and none we hold fits the token."""


class KeySource(Protocol):
    """Knows an issuer's public keys."""

    def key(self, kid: str) -> PyJWK | None:
        """The key of that id, or None where the issuer has no such key.

        Raises:
            IssuerUnavailable: It cannot be asked, and no key we hold fits.
        """


class FixedKeys:
    """Keys that are known beforehand."""

    def __init__(self, *keys: PyJWK) -> None:
        self._keys = {key.key_id: key for key in keys}

    def key(self, kid: str) -> PyJWK | None:
        """The key of that id."""
        return self._keys.get(kid)


class RemoteKeys:
    """Keys behind a JWKS address."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = PyJWKClient(url, timeout=_TIMEOUT_SECONDS)
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, PyJWK]] = {}
        self._asked_again_at = 0.0

    def key(self, kid: str) -> PyJWK | None:
        """The key of that id, fetched, cached, or seen within a day.

        Raises:
            IssuerUnavailable: The issuer does not answer with keys, and we never saw this one.
        """
        with self._lock:
            if self._clock() < self._asked_again_at:
                return self._remembered(kid)
            try:
                return self._fetched(kid)
            except _OUTAGES as error:
                _log.warning("auth.jwks_unavailable", reason=str(error))
                self._asked_again_at = self._clock() + _PAUSE_SECONDS
                return self._remembered(kid)

    def _fetched(self, kid: str) -> PyJWK | None:
        found = self._client.match_kid(self._client.get_signing_keys(), kid)
        if found is None:
            # Rotated since we last looked, or made up: the client asks again, within its own cooldown.
            try:
                found = self._client.get_signing_key(kid)
            except PyJWKClientConnectionError:
                raise
            except PyJWTError:
                return None
        self._seen[kid] = (self._clock(), found)
        return found

    def _remembered(self, kid: str) -> PyJWK:
        seen_at, key = self._seen.get(kid, (0.0, None))
        if key is None or self._clock() - seen_at > _KEEP_SECONDS:
            raise IssuerUnavailable(
                "Your sign-in cannot be checked, because the identity provider does not answer: try again in a moment."
            )
        return key
