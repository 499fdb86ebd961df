"""One call to one portal: budget before it, errors by class after it, retries around it.

Every call is read-only, so POST (search, batch reads) is repeated as readily as GET. What is left out on purpose: knowing any
endpoint (`reader`), obtaining tokens (whoever keeps connections hands in a `TokenProvider`), and counting (`limiter`).
"""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Protocol, Self

import httpx
import orjson
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay

from ingestion.hubspot.access import Access
from ingestion.hubspot.errors import (
    Busy,
    ConnectionBroken,
    PortalTimedOut,
    PortalUnavailable,
    RateLimited,
    TokenExpired,
    refusal,
)
from ingestion.hubspot.limiter import REQUEST_SECONDS, Counts, PortalLimiter, Slot
from ingestion.hubspot.limits.state import Budget
from ingestion.hubspot.wire import Wire, never_sent

ATTEMPTS = 6
"""Times a call is made before its last failure is believed; about a minute of waiting in all."""

CALL_SECONDS = 300.0
"""After this long a call is not repeated any more, waits for the budget included."""

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


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    params: Mapping[str, Any] | None
    body: bytes | None
    what: str
    budget: Budget


class HubSpotClient:
    """A portal's API. Thread-safe; use as a context manager.

    Args:
        base_url: Root of the API; the sandbox is reached by changing only this.
        tenant_id: Whose portal it is, for messages.
        access_token: A token that never changes, or whoever provides tokens.
        limiter: The portal's budgets; this process's own unless given.
        sleep: Waits that many seconds between attempts.
        request_seconds: How long one request may take in all; at most `REQUEST_SECONDS`, after which its slot is given away.
    """

    def __init__(
        self,
        base_url: str,
        tenant_id: str,
        access_token: SecretStr | TokenProvider,
        *,
        limiter: PortalLimiter | None = None,
        sleep: Callable[[float], None] = time.sleep,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._tenant_id = tenant_id
        self._access = Access(tenant_id, access_token)
        self._limiter = limiter or PortalLimiter()
        self._sleep = sleep
        self._request_seconds = min(request_seconds, REQUEST_SECONDS)
        self._wire = Wire(base_url)
        self._server_time: tuple[float, datetime] | None = None
        self._noting_time = threading.Lock()

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
        self._wire.close()

    @property
    def counts(self) -> Counts:
        """Requests sent and refused, and time spent waiting for the budget, so far."""
        return self._limiter.counts

    @property
    def server_time(self) -> datetime:
        """HubSpot's present as of its last answer, to the second; ours before the first one.

        Windows are cut by this clock: a window cut by a clock that is ahead would leave out what changes until HubSpot's
        clock has caught up.
        """
        with self._noting_time:
            return self._server_time[1] if self._server_time else datetime.now(UTC)

    def note_time_zone(self, name: str | None) -> None:
        """Tell the limiter the account's time zone, at whose midnight HubSpot's day ends."""
        self._limiter.note_time_zone(name)

    def get(self, path: str, params: dict[str, Any] | None = None, *, what: str) -> Any:
        """The JSON answer to a GET. `what` is named in errors, as it fits after "reading".

        Raises:
            Terminal: By the classes of `errors`.
            Transient: Likewise, after `ATTEMPTS` attempts or `CALL_SECONDS`.
        """
        return self._call(_Request("GET", path, params, None, what, Budget.BURST))

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
        budget = Budget.SEARCH if is_search else Budget.BURST
        return self._call(_Request("POST", path, params, orjson.dumps(body), what, budget))

    def _call(self, request: _Request) -> Any:
        for attempt in Retrying(
            retry=retry_if_exception_type(Busy),
            stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(CALL_SECONDS),
            wait=lambda state: _wait(state, request.budget),
            sleep=self._sleep,
            reraise=True,
        ):
            with attempt:
                return self._attempt(request)
        raise AssertionError("tenacity returns or raises")

    def _attempt(self, request: _Request) -> Any:
        token = self._access.token()
        try:
            return self._once(request, token)
        except TokenExpired as expired:
            self._access.refresh(token, expired)
        try:
            return self._once(request, self._access.token())
        except TokenExpired as expired:
            raise ConnectionBroken(
                f"HubSpot calls a just refreshed token of tenant {self._tenant_id} expired: connect HubSpot again in the "
                f"settings, and check this machine's clock."
            ) from expired

    def _once(self, request: _Request, token: SecretStr) -> Any:
        with self._limiter.take(request.budget) as slot:
            try:
                return self._exchange(request, token, slot)
            except httpx.HTTPError as error:
                if never_sent(error):
                    slot.unsent()
                raise self._broken(request, error) from error

    def _exchange(self, request: _Request, token: SecretStr, slot: Slot) -> Any:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        sent_at = time.monotonic()
        with self._wire.exchange(
            request.method,
            request.path,
            params=request.params,
            content=request.body,
            headers=headers,
            seconds=self._request_seconds,
        ) as response:
            self._note_time(response, sent_at)
            if response.is_success:
                # HubSpot has counted it by now; a long body must not hold its slot.
                slot.answered(response.headers)
            answer = _json(response.read())
        if not response.is_success:
            failure = self._refusal(request, response, answer)
            slot.answered(response.headers, failure)
            raise failure
        if answer is None:
            raise PortalUnavailable(
                f"HubSpot of tenant {self._tenant_id} answered {response.status_code} with JSON that is cut off or none at "
                f"all, reading {request.what}; something between us and HubSpot failed. The next sync tries again."
            )
        return answer

    def _refusal(self, request: _Request, response: httpx.Response, answer: Any) -> Exception:
        return refusal(
            response.status_code,
            answer,
            response.headers,
            tenant_id=self._tenant_id,
            what=request.what,
            now=self.server_time,
            budget=request.budget,
            time_zone=self._limiter.time_zone,
        )

    def _broken(self, request: _Request, error: httpx.HTTPError) -> PortalUnavailable:
        where = f"HubSpot of tenant {self._tenant_id}"
        if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
            return PortalTimedOut(
                f"{where} did not finish its answer within {self._request_seconds:.0f} seconds, reading {request.what}. "
                f"It is asked again for less; the next sync goes on where this one stood."
            )
        if never_sent(error):
            return PortalUnavailable(
                f"{where} does not answer, reading {request.what}: {type(error).__name__}. "
                f"Check the network and HUBSPOT_BASE_URL; the next sync goes on where this one stood."
            )
        return PortalUnavailable(
            f"The connection to {where} broke, reading {request.what}: {type(error).__name__}. "
            f"This passes by itself; the next sync goes on where this one stood."
        )

    def _note_time(self, response: httpx.Response, sent_at: float) -> None:
        given = response.headers.get("date")
        if not given:
            return
        try:
            moment = parsedate_to_datetime(given).astimezone(UTC)
        except ValueError:
            return
        with self._noting_time:
            # Answers overtake each other; time does not go back.
            if self._server_time is None or sent_at >= self._server_time[0]:
                self._server_time = (sent_at, moment)


def _wait(state: RetryCallState, budget: Budget) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimited) and error.budget is budget:
        return 0.0  # The budget is closed for that long, to everybody: the next attempt waits there.
    if isinstance(error, Busy) and error.wait_seconds is not None:
        return min(error.wait_seconds, _LONGEST_WAIT_SECONDS)
    # Doubling, spread so that many portals refused at once do not come back at once.
    return float(min(2.0 ** (state.attempt_number - 1), 20.0) * (0.5 + _JITTER.random() / 2))


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # The strict parser refuses half of a surrogate pair, which HubSpot passes on where a text was cut in an emoji.
        try:
            return json.loads(content)
        except ValueError:
            return None
