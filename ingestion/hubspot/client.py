"""One call to one portal: budget before it, errors by class after it, retries around it.

Every call is read-only, so POST (search, batch reads) is repeated as readily as GET. What is left out on purpose: knowing any
endpoint (`reader`) and obtaining tokens (whoever keeps connections hands in a `TokenProvider`).
"""

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Protocol, Self

import httpx
import orjson
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from ingestion.hubspot.errors import Busy, ConnectionBroken, PortalUnavailable, RateLimited, TokenExpired, refusal
from ingestion.hubspot.limiter import PortalLimiter

ATTEMPTS = 6
"""Times a call is made before its last failure is believed; about a minute of waiting in all."""

_LONGEST_WAIT_SECONDS = 60.0
_JITTER = random.SystemRandom()


class TokenProvider(Protocol):
    """Gives the access token of one connection."""

    def __call__(self, rejected: SecretStr | None) -> SecretStr:
        """The token to use; `rejected` is one HubSpot called expired, which is then refreshed, once over all processes.

        Raises:
            Terminal: The connection was revoked.
            Transient: The token endpoint did not answer.
        """
        ...


class HubSpotClient:
    """A portal's API. Not thread-safe; use as a context manager.

    Args:
        base_url: Root of the API; the sandbox is reached by changing only this.
        tenant_id: Whose portal it is, for messages.
        access_token: A token that never changes, or whoever provides tokens.
        limiter: The portal's budgets.
        sleep: Waits that many seconds between attempts.
    """

    def __init__(
        self,
        base_url: str,
        tenant_id: str,
        access_token: SecretStr | TokenProvider,
        *,
        limiter: PortalLimiter | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tenant_id = tenant_id
        self._tokens = access_token
        self._token: SecretStr | None = access_token if isinstance(access_token, SecretStr) else None
        self._limiter = limiter or PortalLimiter()
        self._sleep = sleep
        self._server_time: datetime | None = None
        self._base_url = base_url
        self._http: httpx.Client | None = None

    def __enter__(self) -> Self:
        """Nothing to open: connections are made when needed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        if self._http is not None:
            self._http.close()
            self._http = None

    @property
    def server_time(self) -> datetime:
        """HubSpot's present as of its last answer, to the second; ours before the first one.

        Windows are cut by this clock: a window cut by a clock that is ahead would leave out what changes until HubSpot's
        clock has caught up.
        """
        return self._server_time or datetime.now(UTC)

    def get(self, path: str, params: dict[str, Any] | None = None, *, what: str) -> Any:
        """The JSON answer to a GET. `what` is named in errors, as it fits after "reading".

        Raises:
            Terminal: By the classes of `errors`.
            Transient: Likewise, after `ATTEMPTS` attempts.
        """
        return self._call("GET", path, params=params, what=what)

    def post(
        self,
        path: str,
        body: dict[str, Any],
        params: dict[str, Any] | None = None,
        *,
        what: str,
        is_search: bool = False,
    ) -> Any:
        """The JSON answer to a POST; searches have a budget of their own. Raises as `get`."""
        return self._call("POST", path, params=params, body=body, what=what, is_search=is_search)

    def _call(
        self,
        method: str,
        path: str,
        *,
        what: str,
        params: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        is_search: bool = False,
    ) -> Any:
        for attempt in Retrying(
            retry=retry_if_exception_type(Busy),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        ):
            with attempt:
                try:
                    return self._once(method, path, params, body, what, is_search)
                except TokenExpired as expired:
                    self._refresh(expired)
                    return self._once_refreshed(method, path, params, body, what, is_search)
        raise AssertionError("tenacity returns or raises")

    def _once(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None,
        body: dict[str, Any] | None,
        what: str,
        is_search: bool,
    ) -> Any:
        budget = self._limiter.search if is_search else self._limiter.burst
        budget.take()
        if self._token is None:
            self._token = self._tokens(None) if not isinstance(self._tokens, SecretStr) else self._tokens
        try:
            response = self._connected().request(
                method,
                path,
                params=params,
                content=None if body is None else orjson.dumps(body),
                headers={
                    "Authorization": f"Bearer {self._token.get_secret_value()}",
                    **({} if body is None else {"Content-Type": "application/json"}),
                },
            )
        except httpx.HTTPError as error:
            raise PortalUnavailable(
                f"HubSpot of tenant {self._tenant_id} does not answer, reading {what}: {type(error).__name__}. "
                f"Check the network and HUBSPOT_BASE_URL; the next sync goes on where this one stood."
            ) from error
        self._note_time(response)
        budget.observe(response.headers)
        answer = _json(response)
        if response.is_success:
            if answer is None:
                raise PortalUnavailable(
                    f"HubSpot of tenant {self._tenant_id} answered {response.status_code} without JSON, reading {what}; "
                    f"something between us and HubSpot answers in its place. The next sync tries again."
                )
            return answer
        failure = refusal(
            response.status_code, answer, response.headers, tenant_id=self._tenant_id, what=what, now=self.server_time
        )
        if isinstance(failure, RateLimited) and failure.wait_seconds:
            budget.close(min(failure.wait_seconds, _LONGEST_WAIT_SECONDS))
        raise failure

    def _connected(self) -> httpx.Client:
        if self._http is None:
            self._http = httpx.Client(
                base_url=self._base_url,
                timeout=httpx.Timeout(120.0, connect=10.0),
                headers={"User-Agent": "churnboard"},
            )
        return self._http

    def _refresh(self, expired: TokenExpired) -> None:
        if isinstance(self._tokens, SecretStr):
            raise ConnectionBroken(
                f"The access token of tenant {self._tenant_id} has expired and nothing can refresh it: "
                f"connect HubSpot again in the settings."
            ) from expired
        self._token = self._tokens(self._token)

    def _once_refreshed(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None,
        body: dict[str, Any] | None,
        what: str,
        is_search: bool,
    ) -> Any:
        try:
            return self._once(method, path, params, body, what, is_search)
        except TokenExpired as expired:
            raise ConnectionBroken(
                f"HubSpot calls a just refreshed token of tenant {self._tenant_id} expired: connect HubSpot again in the "
                f"settings, and check this machine's clock."
            ) from expired

    def _note_time(self, response: httpx.Response) -> None:
        given = response.headers.get("date")
        if given:
            try:
                self._server_time = parsedate_to_datetime(given).astimezone(UTC)
            except ValueError:
                return


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, Busy) and error.wait_seconds is not None:
        return min(error.wait_seconds, _LONGEST_WAIT_SECONDS)
    # Doubling, spread so that many portals refused at once do not come back at once.
    return float(min(2.0 ** (state.attempt_number - 1), 20.0) * (0.5 + _JITTER.random() / 2))


def _json(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        # The strict parser refuses half of a surrogate pair, which HubSpot passes on where a text was cut in an emoji.
        try:
            return json.loads(response.content)
        except ValueError:
            return None
