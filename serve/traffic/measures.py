"""What is counted of requests, and told to Prometheus at `GET /metrics`.

No label names a tenant, a person or a thing: whoever watches the process is not whoever may read its rows, and labels must stay
few. `operation` is the operation's id in the API's description (`get_card`).
"""

import hmac
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.errors import NotFound, error_response
from serve.services import services_of
from serve.version import VERSION

PATH = "/metrics"
"""Where Prometheus looks unless it is told otherwise."""

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_NO_OPERATION = "board_files"


class Measures:
    """The counts of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        Info("churnboard", "The program that answers.", registry=self.registry).info({"version": VERSION})
        self.requests = Counter(
            "churnboard_http_requests",
            "Answered requests.",
            ("operation", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "churnboard_http_request_seconds",
            "From the request to the end of its answer.",
            ("operation",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "churnboard_http_requests_in_progress", "Requests being answered.", registry=self.registry
        )
        # Finding a counter by its labels takes longer than counting.
        self._found: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def note(self, operation: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        found = self._found.get((operation, status))
        if found is None:
            found = self.requests.labels(operation, status), self.seconds.labels(operation)
            self._found[operation, status] = found
        requests, durations = found
        requests.inc()
        durations.observe(seconds)


class Measured:
    """ASGI middleware: counts what passes."""

    def __init__(self, app: ASGIApp, *, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = time.perf_counter()
        with self._measures.in_progress.track_inprogress():
            try:
                await self._app(scope, receive, send_noted)
            finally:
                operation = getattr(scope.get("endpoint"), "__name__", _NO_OPERATION)
                self._measures.note(operation, status, time.perf_counter() - started)


class _Waiting(Collector):
    """What waits for a worker, looked up when somebody asks."""

    def __init__(self, waiting: Callable[[], tuple[int, timedelta]]) -> None:
        self._waiting = waiting

    def collect(self) -> Iterable[Metric]:
        """The waiting tasks and the age of the oldest: it grows where no worker runs."""
        count, oldest = self._waiting()
        yield GaugeMetricFamily("churnboard_tasks_waiting", "Tasks that no worker has begun.", count)
        yield GaugeMetricFamily(
            "churnboard_oldest_waiting_task_seconds", "How long the first of them has waited.", oldest.total_seconds()
        )


def exposing(measures: Measures, token: SecretStr, *, is_open: bool) -> Callable[[Request], Awaitable[Response]]:
    """What answers `GET /metrics`.

    Args:
        measures: What was counted.
        token: The bearer token a reader must send; empty: there is none.
        is_open: Whether anybody may read where there is no token.
    """
    expected = f"Bearer {token.get_secret_value()}".encode() if token.get_secret_value() else None

    async def get_measures(request: Request) -> Response:
        sent = request.headers.get("Authorization", "").encode()
        if not (is_open if expected is None else hmac.compare_digest(sent, expected)):
            # The same as where there is nothing: who does not know the token learns nothing from the difference.
            return error_response(404, NotFound.__name__, "There is nothing at this address.")
        body = await run_in_threadpool(_all, measures, services_of(request).waiting_tasks)
        return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})

    return get_measures


def _all(measures: Measures, waiting_tasks: Callable[[], tuple[int, timedelta]]) -> bytes:
    waiting = CollectorRegistry()
    waiting.register(_Waiting(waiting_tasks))
    return generate_latest(measures.registry) + generate_latest(waiting)
