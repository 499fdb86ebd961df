"""A portal to measure against, served by a process of its own: `python -m benchmarks.ingest.portal '<json>'`.

It is the product's sandbox, filled in bulk, with a latency in front of it that costs no CPU.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ingestion.sandbox.app import create_app
from ingestion.sandbox.catalogue import OBJECT_TYPES, PropertyDefinition
from ingestion.sandbox.limits import Limits
from ingestion.sandbox.stream import bulk_world
from ingestion.sandbox.world import Portal

TENANT = "bulk"
ARRIVALS = "/arrivals"
"""Where the served portal tells the moments, in seconds, at which requests of the burst budget came."""


@dataclass(frozen=True)
class Served:
    """Where a portal is, and how many of its answers were refusals for a limit."""

    base_url: str
    token: str


@contextmanager
def served(
    *,
    tickets: int,
    companies: int,
    contacts: int,
    properties: int = 0,
    latency_ms: float = 0,
    is_limited: bool = False,
) -> Iterator[Served]:
    """A portal with so many records, each with so many filled custom properties, for the length of the block."""
    given = {
        "tickets": tickets,
        "companies": companies,
        "contacts": contacts,
        "properties": properties,
        "latency_ms": latency_ms,
        "is_limited": is_limited,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.ingest.portal", json.dumps(given)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Served(**told)
    finally:
        process.kill()
        process.wait()


class Far:
    """Lets every request wait before it is answered, as a network does, and notes when those of the burst budget came."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app, self._seconds = app, seconds
        self._arrivals: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, later."""
        if scope["type"] == "http" and scope["path"] == ARRIVALS:
            await JSONResponse(self._arrivals)(scope, receive, send)
            return
        if scope["type"] == "http" and not scope["path"].endswith("/search"):
            self._arrivals.append(time.monotonic())
        if scope["type"] == "http" and self._seconds:
            await asyncio.sleep(self._seconds)
        await self._app(scope, receive, send)


def _fill(portal: Portal, object_type: str, count: int) -> None:
    """Custom properties as portals have them: short texts and numbers, most records with a value."""
    names = [f"custom_property_{number}" for number in range(count)]
    for number, name in enumerate(names):
        portal.add_property(object_type, PropertyDefinition(name, name, "number" if number % 2 else "string"))
    with portal.reading() as (stores, _links):
        store = stores[object_type]
        for record_id in store.ids():
            record = store.find(record_id)
            assert record is not None
            record.properties.update({name: str(record_id % 997 + place) for place, name in enumerate(names)})


def main() -> None:
    """Fill a portal, say where it is, serve it."""
    given = json.loads(sys.argv[1])
    world = bulk_world(given["tickets"], companies=given["companies"], tenant_id=TENANT)
    portal = world.portal(TENANT)
    born = datetime.now(UTC) - timedelta(days=300)
    for number in range(given["contacts"]):
        portal.upsert(
            "contacts",
            {"email": f"person-{number}@customer.example", "firstname": "Pat", "lastname": f"Number {number}"},
            object_id=50_000_000_000 + number * 3,
            created_at=born + timedelta(seconds=number),
        )
    for object_type in OBJECT_TYPES if given["properties"] else ():
        _fill(portal, object_type, given["properties"])
    app = create_app(world, limits=Limits() if given["is_limited"] else None)
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(
        json.dumps({"base_url": f"http://127.0.0.1:{listener.getsockname()[1]}", "token": portal.static_token})
    )
    sys.stdout.write("\n")
    sys.stdout.flush()
    far = Far(app, given["latency_ms"] / 1000)
    uvicorn.Server(uvicorn.Config(far, log_config=None, access_log=False, lifespan="off")).run(sockets=[listener])


if __name__ == "__main__":
    main()
