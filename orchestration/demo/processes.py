"""The two servers a demo starts, and the promise that neither outlives it."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from core.errors import Terminal

_PATIENCE_SECONDS = 60
_PR_SET_PDEATHSIG = 1


class ServerDidNotStart(Terminal):
    """A server of the demo ended or stayed silent."""


@contextmanager
def server(arguments: list[str], *, environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `churnboard <arguments>` until the block ends, its output in `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "churnboard", *arguments],
            env=os.environ | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A session of its own, so that Ctrl-C reaches the demo alone, which then ends its servers in order.
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one system call, no locks taken
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_file(process: subprocess.Popen[bytes], file: Path, log: Path) -> Any:
    """The JSON a server writes once it listens.

    Raises:
        ServerDidNotStart: It ended, or wrote nothing for a minute.
    """
    for _ in _attempts(process, log):
        if file.exists():
            return json.loads(file.read_text())
    raise AssertionError("unreachable")


def wait_for_url(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return once `url` answers, be it that the caller may not enter.

    Raises:
        ServerDidNotStart: The server ended, or did not answer for a minute.
    """
    for _ in _attempts(process, log):
        try:
            if httpx.get(url, timeout=2).status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return
        except httpx.TransportError:
            continue


def _attempts(process: subprocess.Popen[bytes], log: Path) -> Iterator[None]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            tail = log.read_text(errors="replace").strip().splitlines()[-5:]
            raise ServerDidNotStart(f"A server of the demo ended at once; {log} says: {' / '.join(tail)}")
        yield
        time.sleep(0.1)
    raise ServerDidNotStart(f"A server of the demo did not answer within {_PATIENCE_SECONDS} s; read {log}.")


def _die_with_parent() -> None:
    # Without this a demo killed with -9 would leave its servers listening.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
