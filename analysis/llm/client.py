"""One POST to `/chat/completions`: the body as it came, what it cost, or a failure of the right class."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from analysis.analyzer import Reply, Usage
from analysis.llm.failures import Blocked, ProviderUnavailable, failure

_LONGEST_RETRY_AFTER = 3600.0


class ChatClient:
    """One model server; keeps its connections between calls."""

    def __init__(
        self, *, base_url: str, api_key: SecretStr, model: str, timeout_seconds: float, max_connections: int
    ) -> None:
        self.model = model
        self._host = urlsplit(base_url).netloc
        self._where = f"Model {model} at {self._host}"
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._timeout = timeout_seconds
        self._limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)
        self._opened: httpx.AsyncClient | None = None

    async def complete(self, body: Mapping[str, Any]) -> Reply:
        """Send one request body (without `model`) and return the response body as text.

        Raises:
            Throttled, ProviderUnavailable, Rejected, Blocked, TextTooLong, ModelStopped: See `analysis.llm.failures`.
        """
        sent = {"model": self.model, **body}
        if (self._host.split(":")[0] + ".").endswith("openrouter.ai."):
            # Without it a request may go to an endpoint that ignores the JSON schema.
            sent["provider"] = {"require_parameters": True}
        started = time.monotonic()
        try:
            response = await self._client().post("/chat/completions", json=sent)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ProviderUnavailable(f"{self._where} did not answer: {type(error).__name__} {error}.") from error
        latency_ms = round((time.monotonic() - started) * 1000)
        payload = _object(response.text)
        retry_after = _retry_after(response.headers.get("Retry-After"))
        usage = _usage(payload, latency_ms)
        said = payload.get("error")
        if response.status_code != 200 or said:
            fields = said if isinstance(said, dict) else {"message": said or response.text[:300]}
            status = response.status_code if response.status_code != 200 else _code(fields)
            raise failure(status, fields, where=self._where, retry_after=retry_after, usage=usage)
        self._check_choice(payload, usage)
        identifier = payload.get("id")
        return Reply(raw=response.text, usage=usage, generation_id=identifier if isinstance(identifier, str) else None)

    async def close(self) -> None:
        """Close the connections; the next call opens new ones, so a client outlives the event loop it was used in."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._opened is None:
            key = self._api_key.get_secret_value()
            self._opened = httpx.AsyncClient(
                base_url=self._base_url,
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=self._timeout,
                limits=self._limits,
            )
        return self._opened

    def _check_choice(self, payload: Mapping[str, Any], usage: Usage) -> None:
        choice = first_choice(payload)
        if choice is None:
            raise ProviderUnavailable(f"{self._where} answered without a choice.", usage=usage)
        if choice.get("finish_reason") == "content_filter":
            raise Blocked(f"{self._where} broke off: its content filter does not let this text through.")
        error = choice.get("error")
        if choice.get("finish_reason") == "error" or error:
            fields = error if isinstance(error, dict) else {"message": error or "the generation broke off"}
            raise failure(_code(fields), fields, where=self._where, retry_after=None, usage=usage)


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
