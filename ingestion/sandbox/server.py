"""Running the sandbox on a port: blocking for the command line, in a thread for tests."""

import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from core.errors import Terminal
from ingestion.sandbox.app import CLIENT_ID, CLIENT_SECRET, SEARCH_WALL, create_app
from ingestion.sandbox.door import Intercept, Sandbox, Seen
from ingestion.sandbox.faults import Fault, FaultScript
from ingestion.sandbox.limits import Limits
from ingestion.sandbox.weather import BreakableProtocol
from ingestion.sandbox.world import World

log = logging.getLogger(__name__)

_STARTED_WITHIN_SECONDS = 20.0


class SandboxCannotListen(Terminal):
    """The port is taken, or may not be used."""


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that answers at ``base_url`` and can be changed meanwhile.

    Attributes:
        base_url: Scheme, host and port, without a trailing slash.
        world: The portals it serves.
    """

    base_url: str
    world: World
    sandbox: Sandbox

    def token(self, tenant_id: str) -> str:
        """The access token of a tenant's portal that never expires."""
        return self.world.portal(tenant_id).static_token

    @property
    def seen(self) -> list[Seen]:
        """Requests answered so far, oldest first."""
        return list(self.sandbox.seen)

    @property
    def faults(self) -> FaultScript:
        """Scripted bad days."""
        return self.sandbox.faults

    def intercept(self, hook: Intercept | None) -> None:
        """Let a hook answer in the API's place from now on; None takes it away."""
        self.sandbox.intercept = hook


@contextmanager
def running_sandbox(
    world: World,
    *,
    limits: Limits | None = None,
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
    wall: int = SEARCH_WALL,
    port: int = 0,
) -> Iterator[RunningSandbox]:
    """Serve a world on a loopback port for the length of the block.

    Args:
        world: What to serve.
        limits: Rate limits per portal; none unless given, so that tests run at full speed.
        client_id: Of the app that asks for tokens.
        client_secret: Of the same.
        wall: Search offset plus limit beyond this is refused.
        port: 0 for any free one.

    Raises:
        SandboxCannotListen: The port is taken, or the server did not start.
    """
    app = create_app(world, limits=limits, client_id=client_id, client_secret=client_secret, wall=wall)
    listener = _listen("127.0.0.1", port)
    server = _Server(
        uvicorn.Config(
            app,
            http=BreakableProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
    thread.start()
    try:
        if not server.is_ready.wait(_STARTED_WITHIN_SECONDS):
            raise SandboxCannotListen(
                f"The sandbox did not start within {_STARTED_WITHIN_SECONDS:.0f} seconds. Read the log for the cause."
            )
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield RunningSandbox(base_url, world, app.state.sandbox)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def serve(world: World, host: str, port: int, limits: Limits | None, faults: Sequence[Fault] = ()) -> None:
    """Serve a world until interrupted: Ctrl-C returns, SIGTERM ends the process; both after open answers are out.

    Args:
        world: What to serve.
        host: Address to listen on.
        port: Port to listen on; 0 for any free one, named in the log.
        limits: Rate limits per portal; None for none.
        faults: Act from the first request on.

    Raises:
        SandboxCannotListen: The port is taken, or may not be used.
    """
    listener = _listen(host, port)
    log.info("sandbox listens on http://%s:%d", host, listener.getsockname()[1])
    app = create_app(world, limits=limits)
    app.state.sandbox.faults.add(*faults)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=BreakableProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        log.info("sandbox stopped")
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """A server that says when it is ready, and leaves the process's signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise SandboxCannotListen(
            f"The sandbox cannot listen on {host}:{port} ({error.strerror}). Stop what uses the port, or choose another."
        ) from error
    return listener
