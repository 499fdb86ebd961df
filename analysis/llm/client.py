"""One POST to `/chat/completions`: the body as it came, what it cost, or a failure of the right class."""

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from analysis.analyzer import Reply, Usage
from analysis.breaker import Route
from analysis.llm.failures import Blocked, ProviderUnavailable, failure

_LONGEST_RETRY_AFTER = 3600.0


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
    ) -> None:
        self.model = model
        self._host = urlsplit(base_url).netloc
        self._providers = list(providers)
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._timeout = timeout_seconds
        self._tls: SSLContext | None = None
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
        payload = _object(response.text)
        retry_after = _retry_after(response.headers.get("Retry-After"))
        usage = _usage(payload, latency_ms)
        said = payload.get("error")
        if response.status_code != 200 or said:
            fields = said if isinstance(said, dict) else {"message": said or response.text[:300]}
            status = response.status_code if response.status_code != 200 else _code(fields)
            if status == 404 and route.avoided:
                # Nobody else serves this model: not a wrong name, but the same trouble that had the others left out.
                status = 503
            raise failure(status, fields, where=where, retry_after=retry_after, usage=usage)
        provider = payload.get("provider")
        provider = provider if isinstance(provider, str) and provider else None
        _check_choice(payload, where, usage, provider)
        identifier = payload.get("id")
        return Reply(
            raw=response.text,
            usage=usage,
            generation_id=identifier if isinstance(identifier, str) else None,
            provider=provider,
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
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        key = self._api_key.get_secret_value()
        return httpx.AsyncClient(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            verify=self._tls,
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


def _check_choice(payload: Mapping[str, Any], where: str, usage: Usage, provider: str | None) -> None:
    choice = first_choice(payload)
    if choice is None:
        raise ProviderUnavailable(f"{where} answered without a choice.", usage=usage, provider=provider)
    if choice.get("finish_reason") == "content_filter":
        sentence = f"{where} broke off: its content filter does not let this text through."
        raise Blocked(sentence, usage=usage, provider=provider)
    error = choice.get("error")
    if choice.get("finish_reason") == "error" or error:
        fields = dict(error) if isinstance(error, dict) else {"message": error or "the generation broke off"}
        if provider:
            said = fields.get("metadata")
            fields["metadata"] = {"provider_name": provider, **(said if isinstance(said, dict) else {})}
        raise failure(_code(fields), fields, where=where, retry_after=None, usage=usage)


def first_choice(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first choice of a response body, or None where there is none with a message."""
    choices = payload.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) and isinstance(choice.get("message"), dict) else None


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _usage(payload: Mapping[str, Any], latency_ms: int) -> Usage:
    usage = payload.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Usage(
        input_tokens=int(_number(usage.get("prompt_tokens"))),
        output_tokens=int(_number(usage.get("completion_tokens"))),
        cost_usd=_number(usage.get("cost")),
        latency_ms=latency_ms,
    )


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return max(0.0, float(value)) if is_number else 0.0  # type: ignore[arg-type]


def _code(error: Mapping[str, Any]) -> int:
    code = str(error.get("code") or error.get("status") or "")
    return int(code) if code.isdigit() and 400 <= int(code) < 600 else 502


def _retry_after(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header, which is a number or a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER) if seconds == seconds else None  # noqa: PLR0124 - not a number
