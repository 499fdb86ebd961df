"""The access token of a stored connection, kept fresh by whichever process needs it first.

A token is refreshed shortly before it dies, or when HubSpot calls it expired, under a lock over all processes: whoever waited for
the lock reads the store again and finds the work done. What HubSpot granted is stored before it is used, since the refresh token
in it may replace the old one. Left out on purpose: obtaining a connection (the API does, with `core.connections`).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from core.connections import ConnectionRevoked, ConnectionStore, Credentials, Grant, OAuthClient
from core.errors import ChurnboardError

SKEW = timedelta(minutes=2)
"""How long before its end a token is refreshed: longer than any one call takes."""


class StoredTokens:
    """A `TokenProvider` for one tenant's stored connection. Thread-safe.

    Args:
        store: The connection.
        oauth: Refreshes tokens.
        lock: Opens the tenant's token lock, exclusive over threads, processes and machines.
        now: The present, by the clock the stored expiry was dated with.
    """

    def __init__(
        self,
        store: ConnectionStore,
        oauth: OAuthClient,
        lock: Callable[[], AbstractContextManager[object]],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._oauth = oauth
        self._lock = lock
        self._now = now
        self.failure: ChurnboardError | None = None
        """Why no token could be given, the last time it was asked for."""

    def __call__(self, rejected: SecretStr | None) -> SecretStr:
        """See `TokenProvider`.

        Raises:
            NotConnected: The tenant disconnected.
            ConnectionRevoked: HubSpot no longer accepts the connection, which now says so.
            AppMisconfigured: HubSpot does not accept our app; the connection is left as it is.
            HubSpotUnavailable: It did not answer.
            WarehouseBusy: Another process held the lock for too long.
        """
        self.failure = None
        try:
            return self._token(rejected)
        except ChurnboardError as error:
            self.failure = error
            raise

    def _token(self, rejected: SecretStr | None) -> SecretStr:
        held = self._store.credentials()
        if self._is_usable(held, rejected):
            return held.access_token
        with self._lock():
            held = self._store.credentials()
            if self._is_usable(held, rejected):
                return held.access_token
            return self._refreshed(held)

    def _refreshed(self, held: Credentials) -> SecretStr:
        try:
            grant = self._granted(held)
        except ConnectionRevoked as error:
            self._store.note_revoked(str(error), replacing=held)
            raise
        if self._store.renew(grant, replacing=held):
            return grant.access_token
        # A person connected anew, or disconnected, while HubSpot answered: what they did counts.
        return self._store.credentials().access_token

    def _granted(self, held: Credentials) -> Grant:
        if held.refresh_token is None:
            raise ConnectionRevoked(
                f"HubSpot calls the access token of tenant {self._store.tenant_id} expired, and nothing can refresh it: "
                f"connect HubSpot again in the settings."
            )
        return self._oauth.refresh(held.refresh_token, tenant_id=self._store.tenant_id)

    def _is_usable(self, held: Credentials, rejected: SecretStr | None) -> bool:
        if rejected is not None and held.access_token == rejected:
            return False
        return held.expires_at is None or self._now() < held.expires_at - SKEW
