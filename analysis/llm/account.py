"""What the model server says we used, where it tells: OpenRouter's `GET /key` and `GET /generation`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from core.errors import Transient
from core.settings import AnalysisSettings
from core.tls import trusted

_TIMEOUT_SECONDS = 20


class AccountUnknown(Transient):
    """The server does not say what was used."""


@dataclass(frozen=True, slots=True)
class ServerCount:
    """US dollars charged to the API key: ever since, and in the present month (UTC; None where it is not told)."""

    usage_usd: float
    month_usd: float | None


class ServerAccount:
    """The account behind the API key; every call is one request."""

    def __init__(self, settings: AnalysisSettings) -> None:
        self._base_url = settings.llm_base_url.rstrip("/")
        self._key = settings.llm_api_key

    def count(self) -> ServerCount:
        """What the key was charged.

        Raises:
            AccountUnknown: The server does not answer, or does not know this question.
        """
        data = self._data("/key")
        usage, month = data.get("usage"), data.get("usage_monthly")
        if not isinstance(usage, int | float):
            raise AccountUnknown(f"{self._base_url}/key names no usage: the server does not tell what was used.")
        return ServerCount(float(usage), float(month) if isinstance(month, int | float) else None)

    def generation_usd(self, generation_id: str) -> float:
        """What one reply was charged.

        Raises:
            AccountUnknown: As `count`; or the server no longer knows this reply.
        """
        cost = self._data("/generation", id=generation_id).get("total_cost")
        if not isinstance(cost, int | float):
            raise AccountUnknown(f"{self._base_url}/generation names no cost of {generation_id}.")
        return float(cost)

    def _data(self, path: str, **params: str) -> Mapping[str, Any]:
        key = self._key.get_secret_value()
        try:
            response = httpx.get(
                f"{self._base_url}{path}",
                params=params,
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=_TIMEOUT_SECONDS,
                verify=trusted(),
            )
        except httpx.HTTPError as error:
            raise AccountUnknown(f"{self._base_url} did not answer: {type(error).__name__} {error}.") from error
        if response.status_code != 200:
            raise AccountUnknown(
                f"{self._base_url}{path} answered {response.status_code}: it does not tell what was used, or not to this key."
            )
        try:
            data = response.json().get("data")
        except (ValueError, AttributeError):
            data = None
        if not isinstance(data, Mapping):
            raise AccountUnknown(f"{self._base_url}{path} answered something else than what was used.")
        return data
