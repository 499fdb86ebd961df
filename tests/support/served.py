"""The API on a port of its own, for tests whose other side is not us."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from core.settings import Settings
from serve.app import create_app


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event, app: FastAPI) -> None:
        super().__init__(config)
        self._ready = ready
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.services.live.close()
        await super().shutdown(sockets)


@contextmanager
def served_api(settings: Settings, engine: Engine, **serve: Any) -> Iterator[str]:
    """The root of a running API that knows itself by this very address."""
    ready = threading.Event()
    # The address is part of what is signed, so the port is taken before the settings are made.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        known = settings.serve.model_copy(update={"api_public_url": url} | serve)
        app = create_app(settings.model_copy(update={"serve": known}), engine)
        server = _Server(uvicorn.Config(app, log_config=None, access_log=False), ready, app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="api", daemon=True)
        thread.start()
        try:
            assert ready.wait(20), "the API did not start"
            yield url
        finally:
            server.should_exit = True
            thread.join()
