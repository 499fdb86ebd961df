"""Runs the API in this process until it is told to stop."""

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from core.appdb import open_app_database
from core.errors import Terminal
from core.logging import get_logger
from core.settings import Settings
from serve.app import create_app
from serve.errors import DatabaseUnavailable
from serve.services import check_settings, has_demo_sign_in

_log = get_logger(__name__)

_GRACE_SECONDS = 10


class AddressInUse(Terminal):
    """The API cannot listen where it was told to."""


class FailedToStart(Terminal):
    """The API stopped before it answered a request."""


def run(settings: Settings, *, on_listening: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then let requests in flight finish. Prints nothing.

    Afterwards the signal takes its usual course: `KeyboardInterrupt` for SIGINT, the end of the process for SIGTERM.

    Args:
        settings: All of them; `API_PORT=0` takes any free port.
        on_listening: Called once with the base URL, when requests are answered.

    Raises:
        UnsafeSettings: Under these settings a token would prove nothing.
        DatabaseUnavailable: The application database cannot be opened.
        AddressInUse: Host and port cannot be listened on.
        FailedToStart: Start-up failed; the log says why.
    """
    check_settings(settings)
    try:
        engine = open_app_database(settings.stores.app_database, is_migrating=settings.is_local)
    except OperationalError as error:
        raise DatabaseUnavailable(
            "The application database cannot be opened: look at APP_DATABASE_URL and at the server or folder it names."
        ) from error
    try:
        with _listen(settings.serve.api_host, settings.serve.api_port) as listening:
            _serve(settings, create_app(settings, engine), listening, on_listening or (lambda _url: None))
    finally:
        engine.dispose()


def _serve(settings: Settings, app: FastAPI, listening: socket.socket, on_listening: Callable[[str], None]) -> None:
    host, port = listening.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if has_demo_sign_in(settings) and host not in {"127.0.0.1", "::1"}:
        _log.warning("serve.demo_sign_in_reachable", url=url, advice="Anybody who reaches this address can sign in.")
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, lambda: on_listening(url), lambda: _end_streams(app))
    server.run(sockets=[listening])
    if not server.has_started:
        raise FailedToStart("The API did not start; the log has the reason.")


def _end_streams(app: FastAPI) -> None:
    app.state.services.live.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except (OSError, OverflowError) as error:
        raise AddressInUse(
            f"The API cannot listen on {host} port {port} ({error}): stop what does, or set API_HOST and API_PORT."
        ) from error


class _Server(uvicorn.Server):
    """Says when it answers, and lets streams end before it waits for requests in flight: they would not end by themselves."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None], on_stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._on_stopping = on_stopping
        self.has_started = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.has_started:
            self.has_started = True
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stopping()
        await super().shutdown(sockets)
