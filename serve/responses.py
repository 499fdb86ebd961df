"""JSON answers, and the ETag that lets a client ask again for nothing.

Rows come typed from the database and go straight to bytes; that they are what the OpenAPI document says is held by the contract
tests, not paid for on every request.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from serve.auth.users import User

PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
"""Headers of an answer that belongs to one tenant: keep it, but ask before using it again."""

NO_STORE = {"Cache-Control": "no-store"}
"""Headers of an answer that is good for this moment, or holds a secret."""

KEEP = "keep"
"""Where, in the state of a request, an endpoint leaves the `Keep` of an answer that may be given again."""

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Keep:
    """Until when an answer is good, and for whom.

    Attributes:
        user: Who asked.
        version: Of the tenant's rows: good while it stays.
        tag: The entity tag, without quotes.
        is_own: Whether the answer is this user's own, and not everybody's of the same role.
    """

    user: "User"
    version: tuple[str, ...]
    tag: str
    is_own: bool


class JsonResponse(Response):
    """JSON written by orjson; moments end in `Z`."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body as bytes."""
        return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def json_response(content: Json, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`content` as JSON."""
    return JsonResponse(content, status_code=status, headers=dict(headers or {}))


def conditional(request: Request, version: tuple[str, ...], content: Callable[[], Json]) -> Response:
    """The answer to a read, or 304 where the client already has it.

    Args:
        request: Its path, query and `If-None-Match` are looked at.
        version: Everything besides path and query that the answer depends on.
        content: Makes the body; not called for a 304.
    """
    return _conditional(request, _digest(request, version), content)


def kept(
    request: Request, user: "User", version: tuple[str, ...], content: Callable[[], Json], *, own: str = ""
) -> Response:
    """The same of an answer that rests on nothing but the tenant's rows in that version: until it changes, it is given again.

    Args:
        request: As for `conditional`.
        user: Who asks.
        version: `TenantSession.version`, read in the session that `content` reads in.
        content: As for `conditional`.
        own: What the answer depends on besides, of the one who asks; empty: everybody of the same role is answered the same.
    """
    digest = _digest(request, (*version, own))
    setattr(request.state, KEEP, Keep(user=user, version=version, tag=digest, is_own=bool(own)))
    return _conditional(request, digest, content)


def _digest(request: Request, version: tuple[str, ...]) -> str:
    parts = (*version, request.url.path, request.url.query)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _conditional(request: Request, digest: str, content: Callable[[], Json]) -> Response:
    headers = PRIVATE | {"ETag": f'W/"{digest}"'}
    if is_known(request.headers.get("If-None-Match", ""), digest):
        return Response(status_code=304, headers=headers)
    return json_response(content(), headers=headers)


def is_known(if_none_match: str, digest: str) -> bool:
    """Whether an `If-None-Match` header names the digest, by weak comparison (RFC 9110 §13.1.2)."""
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in named or f'"{digest}"' in named
