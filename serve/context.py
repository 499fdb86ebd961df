"""What wraps every request: its id, its line in the log, the headers every answer carries, and the last answer to a failure.

Written against ASGI itself, outside the framework's own handlers, so that nothing that goes wrong escapes it.
"""

import re
import time
import uuid
from collections.abc import Mapping

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.logging import get_logger
from serve.errors import internal_error

_log = get_logger(__name__)

MAX_BODY_BYTES = 16_384
"""What a body may have at most, unless its address takes more."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class RequestContext:
    """ASGI middleware; the outermost one."""

    def __init__(self, app: ASGIApp, larger_bodies: Mapping[str, int] | None = None) -> None:
        """Wrap an application; `larger_bodies` says by path which addresses take more than `MAX_BODY_BYTES`."""
        self._app = app
        self._larger_bodies = larger_bodies or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        answered: list[int] = []

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])
                sent = message["headers"]
                named = {name for name, _ in sent}
                ours = [pair for pair in _HEADERS if pair[0] not in named]
                message["headers"] = [*sent, *ours, (b"x-request-id", request_id.encode())]
            await send(message)

        most = self._larger_bodies.get(scope["path"], MAX_BODY_BYTES)
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413)
            return message

        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive_limited, send_marked)
            except Exception:
                _log.exception("serve.failed", method=scope["method"], path=scope["path"])
                if answered:
                    raise
                await internal_error(request_id)(scope, receive, send_marked)
            finally:
                _log.info(
                    "serve.request",
                    method=scope["method"],
                    # Never the query: people search for names of customers.
                    path=scope["path"],
                    status=answered[0] if answered else 499,
                    tenant=state.get("tenant_id"),
                    duration_ms=round((time.perf_counter() - started) * 1000, 1),
                )


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def request_id() -> str | None:
    """Id of the request that is being answered; None outside of one."""
    found: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return found
