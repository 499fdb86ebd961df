"""Connections to one portal for many threads, and an end to every request: no exchange outlasts its deadline.

httpx's timeouts hold for one read at a time, so a server that sends a byte now and then could keep a request open for ever. Here
every read and write of the socket gets what is left of the request's time. Left out on purpose: what an answer means (`client`).
"""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from core.tls import trusted

_CONNECT_SECONDS = 10.0

# More threads than this on one portal would only wait for its budget.
_CONNECTIONS = 64

_current = threading.local()


class Wire:
    """HTTP to one base URL. Thread-safe.

    Args:
        base_url: Scheme, host and port.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._http: httpx.Client | None = None
        self._lock = threading.Lock()

    @contextmanager
    def exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None,
        content: bytes | None,
        headers: Mapping[str, str],
        seconds: float,
    ) -> Iterator[httpx.Response]:
        """Send a request; the response has its headers, its body is read in the block, all of it within `seconds`.

        Raises:
            httpx.HTTPError: By httpx's classes; a passed deadline is a `TimeoutException`.
        """
        _current.ends_at = time.monotonic() + seconds
        try:
            with self._connected().stream(
                method,
                path,
                params=params,
                content=content,
                headers=dict(headers),
                timeout=httpx.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds)),
            ) as response:
                yield response
        finally:
            _current.ends_at = None

    def close(self) -> None:
        """Close the connections; the next exchange opens new ones."""
        with self._lock:
            if self._http is not None:
                self._http.close()
                self._http = None

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                self._http = httpx.Client(
                    base_url=self._base_url,
                    limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
                    headers={"User-Agent": "churnboard"},
                    verify=trusted(),
                )
                _bound(self._http)
            return self._http


def never_sent(error: httpx.HTTPError) -> bool:
    """Whether the request cannot have left: there was no connection to send it over."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def _bound(client: httpx.Client) -> None:
    # httpx makes its pools itself, proxies of the environment included, and hands httpcore's seam for this not through.
    transports: list[Any] = [client._transport, *client._mounts.values()]
    for transport in transports:
        if transport is not None:
            pool = transport._pool
            pool._network_backend = _BoundBackend(pool._network_backend)


class _BoundBackend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _BoundStream(self._inner.connect_tcp(host, port, left, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _BoundStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _BoundStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, error: type[httpcore.TimeoutException]) -> float | None:
    ends_at: float | None = getattr(_current, "ends_at", None)
    if ends_at is None:
        return timeout
    left = ends_at - time.monotonic()
    if left <= 0:
        raise error("The request's time is over.")
    return left if timeout is None else min(timeout, left)
