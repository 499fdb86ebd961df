"""The address that tells what happens."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Request
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.errors import ErrorBody, InvalidRequest, documented
from serve.live.hub import LiveHub, Message, Stopping, TooManyStreams
from serve.live.schemas import LiveMessage
from serve.services import services_of

router = APIRouter(tags=["live"])

_HEADERS = {
    "Cache-Control": "no-store",
    # nginx and those like it would collect messages until a buffer is full.
    "X-Accel-Buffering": "no",
}


class EventStream(StreamingResponse):
    """Messages as they come; whoever listens is let go the moment the client is gone."""

    media_type = "text/event-stream"

    def __init__(self, messages: AsyncGenerator[Message | None, None]) -> None:
        self._frames = _frames(messages)
        super().__init__(self._frames, headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._frames.aclose()


def _as_json(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Failures are JSON like everywhere; FastAPI would say they come as the answer does."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}}}
    return {
        status: {"description": response["description"], "content": content} for status, response in responses.items()
    }


_MESSAGE = {
    "type": "object",
    "description": "One message: its `id` to go on from, its type, and its body as JSON.",
    "properties": {"id": {"type": "string"}, "event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["event", "data"],
}


@router.get(
    "/stream",
    operation_id="stream",
    summary="What happens, as it happens",
    status_code=200,
    response_model=LiveMessage,
    response_class=EventStream,
    responses=_as_json(documented(*AUTH_ERRORS, TooManyStreams, Stopping, InvalidRequest)),
    openapi_extra={"responses": {"200": {"content": {EventStream.media_type: {"schema": _MESSAGE}}}}},
)
async def stream(
    request: Request,
    caller: Viewer,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**31 - 1)] = None,
) -> EventStream:
    """Server-sent events of your company: `card`, `build`; first of all `started`, and `reload` where you have missed something.

    Send the `id` of the last message you have as `Last-Event-ID`, and what came since is sent again. A comment comes every 15
    seconds without news. The stream ends with the token.
    """
    hub: LiveHub = services_of(request).live
    hub.check_room(caller.user)
    return EventStream(hub.listen(caller.user, after=last_event_id, until=caller.expires_at))


async def _frames(messages: AsyncGenerator[Message | None, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(messages):
        async for message in messages:
            if message is None:
                yield format_sse_event(comment="still here")
            else:
                body = orjson.dumps(message.body).decode()
                yield format_sse_event(event=message.kind, data_str=body, id=str(message.position))
