"""The address HubSpot delivers to.

HubSpot waits five seconds and sends anything that was not answered with 2xx again, up to ten times within a day; so nothing is
done here but to check and to write down. A delivery that cannot be written down is refused whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from core.logging import get_logger
from serve.errors import BadRequest, DatabaseUnavailable, Unavailable, documented
from serve.responses import json_response
from serve.services import Services, services_of
from serve.webhooks.schemas import HubSpotEvent, Received, as_stored
from serve.webhooks.signature import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    SignatureRefused,
    check_age,
    check_signature,
)

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

PATH = "/webhooks/hubspot"

MAX_EVENTS = 100
"""HubSpot's own figure for one delivery."""

MAX_BODY_BYTES = 4 * 1024 * 1024
"""A hundred events, each with a property value of forty thousand bytes; HubSpot's own fields take five hundred."""

_log = get_logger(__name__)

_EVENTS = TypeAdapter(list[HubSpotEvent])


class WebhooksNotConfigured(Unavailable):
    """This installation has no HubSpot app, or does not know its own address, so no signature could be checked."""


class InvalidEvents(BadRequest):
    """The body is not an array of at most a hundred of HubSpot's events; nothing of it is kept."""


@dataclass(frozen=True)
class Delivery:
    """A request that claims to come from HubSpot, and recently."""

    signature: str
    timestamp: str
    body: bytes


async def _delivery(request: Request) -> Delivery:
    """What came; a stranger who does not even try is refused before their body is read."""
    services = services_of(request)
    if not services.app_secret.get_secret_value() or not services.public_url:
        raise WebhooksNotConfigured(
            "This installation takes no webhooks: its operator has to set HUBSPOT_CLIENT_SECRET and API_PUBLIC_URL."
        )
    signature = request.headers.get(SIGNATURE_HEADER, "")
    if not signature:
        raise SignatureRefused(f"The request has no {SIGNATURE_HEADER}; older kinds of signature are not taken.")
    timestamp = request.headers.get(TIMESTAMP_HEADER, "")
    check_age(timestamp, now=datetime.now(UTC))
    return Delivery(signature, timestamp, await request.body())


@router.post(
    "/hubspot",
    operation_id="receive_hubspot_events",
    summary="Where HubSpot says what has changed",
    response_model=Received,
    responses=documented(SignatureRefused, InvalidEvents, WebhooksNotConfigured, DatabaseUnavailable),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "array",
                        "maxItems": MAX_EVENTS,
                        "items": HubSpotEvent.model_json_schema(),
                    }
                }
            },
        },
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
            for name in (SIGNATURE_HEADER, TIMESTAMP_HEADER)
        ],
    },
)
def receive_hubspot_events(request: Request, delivery: Annotated[Delivery, Depends(_delivery)]) -> Response:
    """Writes down which records are said to have changed, of whichever tenants; they are read from HubSpot soon after.

    Needs no bearer token: HubSpot signs what it sends (v3) with the secret of the app, over `API_PUBLIC_URL` and this path. The
    same event may come any number of times, in any order.
    """
    services = services_of(request)
    _check(services, request, delivery)
    raw = _events(delivery.body)
    kept = services.writing.keep_webhooks(
        [as_stored(event, found) for event, found in zip(_validated(raw), raw, strict=True)]
    )
    if kept.unknown_portals:
        _log.warning("webhooks.unknown_portals", portals=kept.unknown_portals)
    _log.info("webhooks.received", events=len(raw), new=kept.new_count)
    return json_response({"received": len(raw)}, headers={"Cache-Control": "no-store"})


def _check(services: Services, request: Request, delivery: Delivery) -> None:
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    uri = (
        services.public_url.rstrip("/") + raw_path.decode("latin-1") + ("?" + query.decode("latin-1") if query else "")
    )
    try:
        check_signature(
            delivery.signature,
            services.app_secret,
            method=request.method,
            uri=uri,
            body=delivery.body,
            timestamp=delivery.timestamp,
        )
    except SignatureRefused:
        _log.warning("webhooks.signature_refused", bytes=len(delivery.body))
        raise


def _events(body: bytes) -> list[dict[str, Any]]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidEvents(f"The body is not JSON ({error}); nothing of it is kept.") from error
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise InvalidEvents("The body is not an array of events; nothing of it is kept.")
    if len(found) > MAX_EVENTS:
        raise InvalidEvents(f"The body has {len(found)} events, at most {MAX_EVENTS} are taken; nothing of it is kept.")
    return found


def _validated(raw: list[dict[str, Any]]) -> list[HubSpotEvent]:
    try:
        return _EVENTS.validate_python(raw)
    except ValidationError as error:
        # Never the values: a property's may be a person's address.
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
        raise InvalidEvents(f"An event cannot be read ({wrong}); nothing of the delivery is kept.") from error
