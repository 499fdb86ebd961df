"""Requests to a provider's batch interface: JSON in and out, or a failure of the right class."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from analysis.batches.client import ResultLine
from analysis.llm.failures import ProviderUnavailable, failure
from analysis.llm.replies import json_object, retry_after_seconds
from core.tls import trusted

_PAGE: Final = 100
_TIMEOUT: Final = httpx.Timeout(60, connect=20, write=300)


class BatchApi:
    """One server; keeps its connections."""

    def __init__(self, *, base_url: str, api_key: SecretStr, model: str) -> None:
        self.model = model
        self.where = f"The batches of {urlsplit(base_url).netloc} for model {model}"
        key = api_key.get_secret_value()
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=_TIMEOUT,
            verify=trusted(),
        )

    def json(self, method: str, path: str, *, missing_ok: bool = False, **options: Any) -> dict[str, Any] | None:
        """The answer's JSON object; None for a 404 where that is an answer.

        Raises:
            Throttled, ProviderUnavailable, Rejected, ModelStopped: See `analysis.llm.failures`.
        """
        response = self.response(method, path, missing_ok=missing_ok, **options)
        if response is None:
            return None
        payload = json_object(response.text)
        if payload is None:
            raise ProviderUnavailable(f"{self.where} answered {method} {path} with something that is no JSON object.")
        return payload

    def response(self, method: str, path: str, *, missing_ok: bool = False, **options: Any) -> httpx.Response | None:
        """The answer; None for a 404 where that is an answer.

        Raises:
            Throttled, ProviderUnavailable, Rejected, ModelStopped: See `analysis.llm.failures`.
        """
        try:
            response = self._client.request(method, path, **options)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ProviderUnavailable(
                f"{self.where} did not answer {method} {path}: {type(error).__name__} {error}."
            ) from error
        if response.status_code == 404 and missing_ok:
            return None
        if not response.is_success:
            self.refuse(response)
        return response

    def post_once(self, path: str, **options: Any) -> httpx.Response:
        """A POST that is made once, with the answer as it is.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: Nothing was sent.
            httpx.TransportError: It may have arrived.
        """
        return self._client.post(path, **options)

    def items(self, path: str, since: datetime, **filters: str) -> Iterator[Mapping[str, Any]]:
        """What a listing holds, newest first, back to `since`; nothing where the server has no such listing.

        Raises:
            Throttled, ProviderUnavailable, Rejected, ModelStopped: See `analysis.llm.failures`.
        """
        after: dict[str, str] = {}
        while True:
            page = self.json("GET", path, params={"limit": str(_PAGE), **filters, **after}, missing_ok=True) or {}
            items = [item for item in page.get("data") or [] if isinstance(item, Mapping)]
            for item in items:
                created_at = seconds(item.get("created_at"))
                if created_at is not None and created_at < since.timestamp():
                    return
                yield item
            if not items or not page.get("has_more"):
                return
            after = {"after": text(page.get("last_id")) or str(items[-1].get("id"))}

    def refuse(self, response: httpx.Response) -> None:
        """Raise what an unsuccessful answer stands for."""
        said = (json_object(response.text) or {}).get("error")
        fields = said if isinstance(said, Mapping) else {"message": said or response.text[:300]}
        raise failure(
            response.status_code,
            fields,
            where=self.where,
            retry_after=retry_after_seconds(response.headers.get("Retry-After")),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def seconds(value: object) -> float | None:
    """A moment in seconds since 1970, where it is one."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)


def text(value: object) -> str | None:
    """A text with something in it, where it is one."""
    return value if isinstance(value, str) and value else None


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object, where it is one; an empty one otherwise."""
    return value if isinstance(value, Mapping) else {}


def result_line(item: Mapping[str, Any]) -> ResultLine:
    """One result, as OpenAI writes it into a file and OpenRouter into its answer."""
    response, error = mapping(item.get("response")), item.get("error")
    body = response.get("body")
    return ResultLine(
        custom_id=str(item.get("custom_id")),
        status=int(seconds(response.get("status_code")) or 200) if response else None,
        body=body if isinstance(body, Mapping) else None,
        error=error if isinstance(error, Mapping) else {"message": str(error)} if error else None,
    )
