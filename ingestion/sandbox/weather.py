"""Carrying faults out over HTTP: late, refused, spoilt, cut off, broken."""

import asyncio
import socket
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ingestion.sandbox.faults import SPOILING, Fault, Kind
from ingestion.sandbox.refusals import Refusal, invalid, missing_scopes, too_many, unauthenticated, uri_too_long

_TRANSPORT = "sandbox_transport"
_PIECES = 20
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

SEARCH_WALL = "search_wall"
"""Where a request's state says how far it may search; only where that is not as far as usual."""


class BreakableProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol, which lets a request break its own connection."""

    def connection_made(self, transport: Any) -> None:
        """Remember the connection for the requests that come over it."""
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, _TRANSPORT: transport}


async def suffer(
    faults: list[Fault], app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, asked: bytes
) -> None:
    """Answer one request, whose body is `asked`, with these faults acting on it."""
    for fault in faults:
        if fault.kind is Kind.LATENCY:
            await asyncio.sleep(fault.seconds)
        elif fault.kind is Kind.SEARCH_WALL:
            scope["state"][SEARCH_WALL] = min(fault.wall, scope["state"].get(SEARCH_WALL, fault.wall))
        elif fault.kind in {Kind.RESET, Kind.HANG_UP}:
            _break(scope, is_reset=fault.kind is Kind.RESET)
            return
        elif (refusal := _refusal(fault)) is not None:
            await refusal(scope, receive, send)
            return
    spoiling = [fault for fault in faults if fault.kind in SPOILING]
    if not spoiling:
        await app(scope, receive, send)
        return
    start, body = await _answered(app, scope, receive)
    for fault in spoiling:
        if fault.kind is Kind.PARTIAL:
            start, body = _partly(fault, start, body, asked)
        elif fault.kind in _BODIES:
            body = _BODIES[fault.kind](body)
    await _give(spoiling, start, body, scope, send)


_BODIES: dict[Kind, Callable[[bytes], bytes]] = {
    Kind.TRUNCATED: lambda body: body[: len(body) // 2],
    Kind.RESHAPED: lambda _body: orjson.dumps({"results": [{"surprise": True}], "total": "many"}),
    Kind.EMPTY: lambda _body: b"",
}


def _refusal(fault: Fault) -> Response | None:
    headers = _retry_after(fault)
    made: dict[Kind, Refusal] = {
        Kind.RATE_LIMIT: too_many(fault.policy, headers),
        Kind.EXPIRED_TOKEN: unauthenticated(
            "The OAuth token used to make this call expired 7 second(s) ago.", "EXPIRED_AUTHENTICATION"
        ),
        Kind.INVALID_TOKEN: unauthenticated("The OAuth token used to make this call is not known."),
        Kind.MISSING_SCOPE: missing_scopes((fault.scope,)),
        Kind.BANNED: Refusal(403, "BANNED", "This account was locked."),
        Kind.BAD_REQUEST: invalid("An id in the request is not one."),
    }
    if fault.kind is Kind.URL_TOO_LONG:
        return uri_too_long()
    if fault.kind is Kind.STATUS:
        page = (
            f"<html><head><title>{fault.status}</title></head><body><h1>{fault.status}</h1>sandbox edge</body></html>"
        )
        return Response(page, fault.status, headers, media_type="text/html")
    return made[fault.kind].response() if fault.kind in made else None


def _retry_after(fault: Fault) -> dict[str, str]:
    if fault.retry_after is None:
        return {}
    if not fault.is_retry_date:
        return {"Retry-After": fault.retry_after}
    moment = datetime.now(UTC) + timedelta(seconds=int(fault.retry_after))
    return {"Retry-After": format_datetime(moment, usegmt=True)}


async def _answered(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """The answer the API gives."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0], b"".join(one.get("body", b"") for one in messages[1:])


async def _give(faults: list[Fault], start: Message, body: bytes, scope: Scope, send: Send) -> None:
    headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({**start, "headers": headers})
    kinds = {fault.kind: fault for fault in faults}
    if Kind.RESET_BODY in kinds:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0.05)
        _break(scope, is_reset=True)
        return
    if Kind.SLOW_BODY in kinds and body:
        size = max(1, len(body) // _PIECES)
        for place in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[place : place + size], "more_body": True})
            await asyncio.sleep(kinds[Kind.SLOW_BODY].seconds / _PIECES)
        body = b""
    await send({"type": "http.response.body", "body": body})


def _partly(fault: Fault, start: Message, body: bytes, asked: bytes) -> tuple[Message, bytes]:
    """The answer of a batch without what it says of some inputs, and a reason, which is none a record could have."""
    if start["status"] >= 300:
        return start, body
    answer = orjson.loads(body)
    lost = set(fault.record_ids) or {str(one["id"]) for one in orjson.loads(asked)["inputs"][-1:]}
    answer["results"] = [one for one in answer["results"] if _id(one) not in lost]
    kept = [left for error in answer.get("errors", []) if (left := _without(error, lost)) is not None]
    answer["errors"] = [*kept, _failure(lost)]
    answer["numErrors"] = len(answer["errors"])
    return {**start, "status": 207}, orjson.dumps(answer)


def _failure(lost: set[str]) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "INTERNAL_ERROR",
        "subCategory": "crm.batch.INPUT_NOT_PROCESSED",
        "message": "Some inputs could not be read this time.",
        "context": {"ids": sorted(lost)},
    }


def _without(error: dict[str, Any], lost: set[str]) -> dict[str, Any] | None:
    """What an error says of other inputs; None where it is about those lost alone."""
    name = "fromObjectId" if "fromObjectId" in error["context"] else "ids"
    left = [one for one in error["context"][name] if one not in lost]
    return {**error, "context": {**error["context"], name: left}} if left else None


def _id(result: dict[str, Any]) -> str:
    return str(result["from"]["id"] if "from" in result else result["id"])


def _break(scope: Scope, *, is_reset: bool) -> None:
    transport = scope["state"][_TRANSPORT]
    if is_reset:
        # Closing without lingering is what makes the kernel send a reset and not an orderly end.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
