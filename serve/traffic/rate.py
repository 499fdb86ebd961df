"""How many requests a caller may send: a sliding minute for each token, and a wider one for each address they come from.

Counted in this process: where several answer, each lets as many in. Only the API is counted; the board's own files are not.
"""

import hashlib
import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.errors import TooManyRequests, error_response, status_of

_CALLERS_BEHIND_ONE_ADDRESS = 10
"""An office shares an address; whoever makes up a new token for each request comes no further than this."""


class RateLimited:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, per_minute: int, prefix: str) -> None:
        """Wrap an application.

        Args:
            app: The application.
            per_minute: Requests of one token, or of one address without one; 0: any number.
            prefix: Paths that are counted start so.
        """
        self._app = app
        self._prefix = prefix
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._caller = RateLimitItemPerMinute(per_minute, namespace="caller") if per_minute else None
        self._address = RateLimitItemPerMinute(per_minute * _CALLERS_BEHIND_ONE_ADDRESS or 1, namespace="address")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer 429."""
        if scope["type"] == "http" and self._caller and scope["path"].startswith(self._prefix):
            address = (scope.get("client") or ("unknown",))[0]
            token = Headers(scope=scope).get("Authorization", "")
            caller = hashlib.sha256(token.encode()).hexdigest() if token else address
            for limit, key in ((self._address, address), (self._caller, caller)):
                if not self._limiter.hit(limit, key):
                    await self._refusal(limit, key)(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _refusal(self, limit: RateLimitItem, key: str) -> ASGIApp:
        wait = max(1, math.ceil(self._limiter.get_window_stats(limit, key).reset_time - time.time()))
        detail = f"More than {limit.amount:,} requests came within a minute: send the next one in {wait} s."
        name = TooManyRequests.__name__
        return error_response(status_of(TooManyRequests), name, detail, {"Retry-After": str(wait)})
