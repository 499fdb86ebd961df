"""The access token of one connection as many threads use it: fetched when first needed, refreshed by one of them for all."""

import threading
from collections.abc import Callable

from pydantic import SecretStr

from core.errors import ChurnboardError
from ingestion.hubspot.errors import ConnectionBroken, TokenExpired


class Access:
    """The token a client's threads share. Thread-safe.

    Args:
        tenant_id: Whose connection it is, for messages.
        source: A token that never changes, or a `TokenProvider` (`client`).
    """

    def __init__(self, tenant_id: str, source: SecretStr | Callable[[SecretStr | None], SecretStr]) -> None:
        self._tenant_id = tenant_id
        self._source = source
        self._token: SecretStr | None = source if isinstance(source, SecretStr) else None
        self._lock = threading.Lock()
        self._refreshes = 0
        self._failure: ChurnboardError | None = None

    def token(self) -> SecretStr:
        """The token to send. Raises what the provider raises."""
        with self._lock:
            if self._token is None:
                self._token = self._source if isinstance(self._source, SecretStr) else self._source(None)
            return self._token

    def refresh(self, rejected: SecretStr, expired: TokenExpired) -> None:
        """Have `rejected` replaced, unless another thread has done so meanwhile; one that failed has failed for all who waited.

        Raises:
            ConnectionBroken: Nothing can refresh it.
            Terminal: The connection was revoked.
            Transient: The token endpoint did not answer.
        """
        if isinstance(self._source, SecretStr):
            raise ConnectionBroken(
                f"The access token of tenant {self._tenant_id} has expired and nothing can refresh it: "
                f"connect HubSpot again in the settings."
            ) from expired
        seen = self._refreshes
        with self._lock:
            if self._token != rejected:
                return
            if self._refreshes > seen and self._failure is not None:
                raise self._failure
            try:
                self._token, self._failure = self._source(rejected), None
            except ChurnboardError as error:
                self._failure = error
                raise
            finally:
                # Only now: whoever came while it ran has waited for its outcome.
                self._refreshes += 1
