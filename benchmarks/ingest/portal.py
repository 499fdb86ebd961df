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

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ingestion.sandbox.app import create_app
from ingestion.sandbox.bulk import bulk_world
from ingestion.sandbox.limits import Limits

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


def main() -> None:
    """Fill a portal, say where it is, serve it."""
    given = json.loads(sys.argv[1])
    world = bulk_world(
        given["tickets"],
        companies=given["companies"],
        contacts=given["contacts"],
        custom_properties=given["properties"],
        tenant_id=TENANT,
    )
    portal = world.portal(TENANT)
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
