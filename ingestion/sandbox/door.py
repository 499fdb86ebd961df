"""The way in: who calls, may they, how often; then the handler; then one place where refusals become answers.

Two things stand here. ``FrontDoor`` wraps the whole application: it refuses over-long addresses, keeps the list of requests
seen, lets scripted faults act, and asks the ``intercept`` hook, where a test does something at just that moment. ``guarded`` wraps
one handler: token, scopes, rate limit, JSON body.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingestion.sandbox.catalogue import ObjectKind, kind_of
from ingestion.sandbox.faults import FaultScript
from ingestion.sandbox.limits import Limiter, Policy
from ingestion.sandbox.refusals import Refusal, invalid, missing_scopes, too_many, unauthenticated, uri_too_long
from ingestion.sandbox.weather import SEARCH_WALL, suffer
from ingestion.sandbox.world import Portal, World

MAX_URL = 8_000
"""Characters of path and query beyond which the proxy answers 414."""

_REMEMBERED = 100_000

ADMIN = "/_sandbox/"
"""Addresses of the sandbox's own, which no fault touches."""

_WITH_BODY = ("PATCH", "POST")

Intercept = Callable[[Request], Response | None]
"""Looks at a request before anyone else; a response it returns is the answer, None lets the request through."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it was answered."""

    method: str
    path: str
    query: str
    status: int


@dataclass(slots=True)
class Sandbox:
    """What all handlers share.

    Attributes:
        wall: Search offset plus limit beyond this is refused.
        intercept: May answer in the API's place.
        seen: The latest 100,000 requests with the status they got, oldest first.
    """

    world: World
    limiter: Limiter
    client_id: str
    client_secret: str
    wall: int
    seen: deque[Seen]
    intercept: Intercept | None = None

    @classmethod
    def of(cls, world: World, limiter: Limiter, client_id: str, client_secret: str, wall: int) -> "Sandbox":
        """A sandbox that has seen nothing yet."""
        return cls(world, limiter, client_id, client_secret, wall, deque(maxlen=_REMEMBERED))

    @property
    def faults(self) -> FaultScript:
        """Scripted bad days."""
        return self.world.faults


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request.

    Attributes:
        body: The decoded JSON of a POST or PATCH; None otherwise.
        is_dated: Whether it came by a dated path (2026-09) and not by v3 or v4.
    """

    sandbox: Sandbox
    portal: Portal
    request: Request
    body: Any
    is_dated: bool

    def kind(self, parameter: str = "object_type") -> ObjectKind:
        """The object type named in the path.

        Raises:
            Refusal: 400 when it is none the sandbox serves.
        """
        spelling = self.request.path_params[parameter]
        kind = kind_of(spelling)
        if kind is None:
            raise invalid(f"Unable to infer object type from: {spelling}")
        return kind

    @property
    def wall(self) -> int:
        """Search offset plus limit beyond this is refused."""
        return min(self.sandbox.wall, getattr(self.request.state, SEARCH_WALL, self.sandbox.wall))

    def is_flag_set(self, name: str) -> bool:
        """A boolean of the query string, in whatever case clients write it."""
        return self.request.query_params.get(name, "false").lower() == "true"


Handler = Callable[[Call], Response]
Needs = Callable[[Request], list[tuple[str, ...]]]
"""The scopes an endpoint asks for: of each tuple one is enough, all tuples must be met."""


class FrontDoor:
    """ASGI middleware around the whole sandbox."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app, self._sandbox = app, sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")

        async def remember(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._sandbox.seen.append(Seen(scope["method"], scope["path"], query, message["status"]))
            await send(message)

        answer: ASGIApp = self._app
        if len(scope["path"]) + len(query) + 1 > MAX_URL:
            answer = uri_too_long()
        elif self._sandbox.intercept is not None:
            answer = self._sandbox.intercept(Request(scope)) or self._app
        if answer is self._app and self._sandbox.faults.standings and not scope["path"].startswith(ADMIN):
            await self._through_weather(scope, receive, remember)
            return
        await answer(scope, receive, remember)

    async def _through_weather(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole(receive)

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        faults = self._sandbox.faults.acting(
            method=scope["method"], path=scope["path"], portal=_tenant(self._sandbox.world, Request(scope)), body=body
        )
        await suffer(faults, self._app, scope, again, send, asked=body)


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _tenant(world: World, request: Request) -> str:
    try:
        return _caller(world, request)[0].tenant.tenant_id
    except Refusal:
        return ""


def guarded(
    sandbox: Sandbox, handler: Handler, *, needs: Needs, is_dated: bool, policy: Policy = "burst"
) -> Callable[[Request], Awaitable[Response]]:
    """Put token, scope and rate checks before a handler, and turn its refusals into answers."""

    async def endpoint(request: Request) -> Response:
        try:
            portal, scopes = _caller(sandbox.world, request)
            verdict = sandbox.limiter.take(portal.portal_id, policy)
            if verdict.policy_name is not None:
                raise too_many(verdict.policy_name, verdict.headers)
            for alternatives in needs(request):
                if scopes is not None and not scopes.intersection(alternatives):
                    raise missing_scopes(alternatives)
            body = _decoded(await request.body()) if request.method in _WITH_BODY else None
            response = handler(Call(sandbox, portal, request, body, is_dated))
        except Refusal as refusal:
            return refusal.response()
        response.headers.update(verdict.headers)
        return response

    return endpoint


def _decoded(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise invalid("Invalid input JSON: the request body could not be read.") from None


def _caller(world: World, request: Request) -> tuple[Portal, set[str] | None]:
    """The portal a token belongs to and the token's scopes (None: all)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated(
            "Authentication credentials not found. This API supports OAuth 2.0 authentication: send a bearer token."
        )
    for portal in world.portals.values():
        if token == portal.static_token:
            return portal, None
        grant = portal.tokens.access(token)
        if grant is not None:
            _refuse_expired(grant.expires_at, world.clock())
            return portal, set(grant.scopes)
    raise unauthenticated("The OAuth token used to make this call is not known: it was never issued, or was revoked.")


def _refuse_expired(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        seconds = int((now - expires_at).total_seconds())
        raise unauthenticated(
            f"The OAuth token used to make this call expired {seconds} second(s) ago.", "EXPIRED_AUTHENTICATION"
        )
