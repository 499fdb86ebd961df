"""One POST to `/chat/completions`: the body as it came, what it cost, or a failure of the right class."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from analysis.analyzer import Reply
from analysis.breaker import Route
from analysis.llm.failures import ProviderUnavailable
from analysis.llm.price import UNKNOWN_PRICE, Price
from analysis.llm.replies import json_object, reply_in, retry_after_seconds
from core.tls import trusted


class ChatClient:
    """One model server; keeps its connections between calls."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        model: str,
        timeout_seconds: float,
        providers: Sequence[str] = (),
        price: Price = UNKNOWN_PRICE,
    ) -> None:
        self.model = model
        self._price = price
        self._host = urlsplit(base_url).netloc
        self._providers = list(providers)
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._timeout = timeout_seconds
        self._free: list[httpx.AsyncClient] = []

    async def complete(self, body: Mapping[str, Any], route: Route | None = None) -> Reply:
        """Send one request body (without `model`) and return the response body as text.

        Raises:
            ModelCallError: A subclass says what to do, see `analysis.llm.failures`.
        """
        route = route or Route(self.model)
        where = f"Model {route.model} at {self._host}"
        sent = {"model": route.model, **body}
        if routing := self._routing(route):
            sent["provider"] = routing
        started = time.monotonic()
        try:
            async with self._lane() as lane:
                response = await lane.post("/chat/completions", json=sent)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ProviderUnavailable(f"{where} did not answer: {type(error).__name__} {error}.") from error
        latency_ms = round((time.monotonic() - started) * 1000)
        # Nobody else serves this model: not a wrong name, but the same trouble that had the others left out.
        is_nobody_left = response.status_code == 404 and bool(route.avoided)
        return reply_in(
            json_object(response.text) or {},
            raw=response.text,
            status=503 if is_nobody_left else response.status_code,
            where=where,
            retry_after=retry_after_seconds(response.headers.get("Retry-After")),
            latency_ms=latency_ms,
            price=self._price,
        )

    async def close(self) -> None:
        """Close the connections; the next call opens new ones, so a client outlives the event loop it was used in."""
        free, self._free = self._free, []
        for lane in free:
            await lane.aclose()

    @asynccontextmanager
    async def _lane(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of one connection, for one call at a time.

        One client of many connections looks at all of them for each request and each answer: with forty in flight, that was most
        of what a call cost.
        """
        lane = self._free.pop() if self._free else self._new_lane()
        try:
            yield lane
        finally:
            self._free.append(lane)

    def _new_lane(self) -> httpx.AsyncClient:
        key = self._api_key.get_secret_value()
        return httpx.AsyncClient(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            verify=trusted(),
        )

    def _routing(self, route: Route) -> dict[str, Any]:
        """OpenRouter's `provider` object; empty for a server that has none behind it."""
        routing: dict[str, Any] = {}
        if (self._host.split(":")[0] + ".").endswith("openrouter.ai."):
            # Without it a request may go to an endpoint that ignores the JSON schema.
            routing["require_parameters"] = True
        if self._providers:
            routing["only"] = routing["order"] = [one for one in self._providers if one not in route.avoided]
        elif route.avoided:
            routing["ignore"] = list(route.avoided)
        if route.preferred:
            rest = [one for one in routing.get("order", []) if one != route.preferred]
            routing["order"] = [route.preferred, *rest]
        return routing
