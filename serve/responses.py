"""JSON answers, and the ETag that lets a client ask again for nothing.

Rows come typed from the database and go straight to bytes; that they are what the OpenAPI document says is held by the contract
tests, not paid for on every request.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
"""Headers of an answer that belongs to one tenant: keep it, but ask before using it again."""

Json = Mapping[str, Any]


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
    parts = (*version, request.url.path, request.url.query)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    headers = PRIVATE | {"ETag": f'W/"{digest}"'}
    if is_known(request.headers.get("If-None-Match", ""), digest):
        return Response(status_code=304, headers=headers)
    return json_response(content(), headers=headers)


def is_known(if_none_match: str, digest: str) -> bool:
    """Whether an `If-None-Match` header names the digest, by weak comparison (RFC 9110 §13.1.2)."""
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in named or f'"{digest}"' in named
