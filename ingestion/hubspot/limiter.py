"""One limiter per portal, as its client uses it; `limits.shared.open_limits` gives out those that share an installation's budgets.

Two budgets are kept by waiting before a call rather than by being refused after it: a rolling ten-second window for everything,
and search by the second, which does not count against the first. HubSpot's answers outrank what we assume: its limits, its count,
its refusals. A used-up day stops everybody at once, and says until when.
"""

import itertools
import math
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from ingestion.hubspot.errors import DailyLimitReached, RateLimited, number
from ingestion.hubspot.limits.state import Budget, DailyStop, PortalState, day_ends_at
from ingestion.hubspot.limits.store import LimitStore, MemoryStore, Now, PortalKey

REQUEST_SECONDS = 120.0
"""How long one request may take from the first byte sent to the last one read; HubSpot's own proxy gives up after 100."""

_LEASE_MS = int(REQUEST_SECONDS * 1000) + 10_000
_LONGEST_INTERVAL_MS = 60_000


@dataclass(frozen=True)
class Limits:
    """What one portal allows; the defaults are those of an installed OAuth app (HubSpot usage guidelines).

    Attributes:
        burst: Calls in any `burst_seconds`, searches apart; None: as many as HubSpot's answers say, which outrank this anyway.
        searches: Search calls in any `search_seconds`, over all object types; no answer tells this one. None: no limit.
    """

    burst: int | None = 110
    burst_seconds: float = 10.0
    searches: int | None = 5
    search_seconds: float = 1.0


OAUTH_APP = Limits()
"""An installed OAuth app's."""


@dataclass
class Counts:
    """What one limiter has seen, since it was made.

    Attributes:
        sent: Requests sent.
        refused: Those HubSpot refused for a limit (429).
        waited_seconds: Time spent waiting for a slot, over all threads.
    """

    sent: int = 0
    refused: int = 0
    waited_seconds: float = 0.0

    def __add__(self, other: Self) -> "Counts":
        """Both together."""
        return Counts(self.sent + other.sent, self.refused + other.refused, self.waited_seconds + other.waited_seconds)


class PortalLimiter:
    """The budgets of one portal. Thread-safe.

    Args:
        limits: Assumed until HubSpot says otherwise.
        store: Where the state is shared; this process's memory unless given.
        key: Whose budgets they are.
        sleep: Waits that many seconds; unless given, a daily stop noticed by another thread ends a wait early.
    """

    def __init__(
        self,
        limits: Limits = OAUTH_APP,
        *,
        store: LimitStore | None = None,
        key: PortalKey = PortalKey("", ""),  # noqa: B008 - frozen
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.counts = Counts()
        self.time_zone: str | None = None
        self._limits = limits
        self._store = store or MemoryStore()
        self._key = key
        self._stopped = threading.Event()
        self._sleep = sleep or self._pause
        self._counting = threading.Lock()
        self._tokens = map("{}-{}".format, itertools.repeat(secrets.token_hex(4)), itertools.count())

    def take(self, budget: Budget) -> "Slot":
        """Wait for a slot and hold it; whoever sends with it has to say when the answer came.

        Raises:
            DailyLimitReached: The account's day is used up; nothing is sent before it is over.
            LimitsUnavailable: The store does not answer.
        """
        token = next(self._tokens)
        while True:
            outcome = self._store.change(self._key, lambda state, now: self._ask(budget, token, state, now))
            if isinstance(outcome, DailyStop):
                raise DailyLimitReached(outcome.reason, outcome.resume_at)
            if outcome == 0:
                return Slot(self, budget, token)
            self._count(waited_seconds=outcome / 1000)
            self._sleep(outcome / 1000)

    def note_time_zone(self, name: str | None) -> None:
        """Remember the account's time zone, at whose midnight a used-up day ends."""
        if name and name != self.time_zone:
            self._store.change(self._key, lambda state, _now: setattr(state, "time_zone", name))
            self.time_zone = name

    def _ask(self, budget: Budget, token: str, state: PortalState, now: Now) -> int | DailyStop:
        self.time_zone = state.time_zone
        if state.stop and state.stop.is_on(now.at):
            self._stopped.set()
            return state.stop
        self._stopped.clear()
        window = state.window(budget, *self._assumed(budget))
        return window.ask(token, math.floor(now.seconds * 1000), _LEASE_MS)

    def release(
        self, slot: "Slot", headers: Mapping[str, str], failure: Exception | None = None, *, was_sent: bool = True
    ) -> None:
        """See `Slot`, through which this is called."""
        self._count(sent=int(was_sent), refused=int(isinstance(failure, RateLimited | DailyLimitReached)))

        def note(state: PortalState, now: Now) -> None:
            present = math.ceil(now.seconds * 1000)
            window = state.window(slot.budget, *self._assumed(slot.budget))
            granted = window.answer(slot.token, present, was_sent=was_sent)
            if slot.budget is Budget.BURST:
                self._believe(headers, granted, state, present)
            if isinstance(failure, RateLimited):
                self._close(failure, state, present)
            self._note_day(headers, failure, state, now.at)

        self._store.change(self._key, note)

    def _believe(self, headers: Mapping[str, str], granted: int, state: PortalState, present: int) -> None:
        most, left, interval = (
            number(headers.get(f"x-hubspot-ratelimit-{name}")) for name in ("max", "remaining", "interval-milliseconds")
        )
        if most and (interval is None or 0 < interval <= _LONGEST_INTERVAL_MS):
            assumed = int(self._limits.burst_seconds * 1000)
            state.told = (most, interval or (state.told[1] if state.told else assumed))
        window = state.window(Budget.BURST, *self._assumed(Budget.BURST))
        if most and left is not None:
            window.believe(most - left, granted, present)

    def _close(self, failure: RateLimited, state: PortalState, present: int) -> None:
        window = state.window(failure.budget, *self._assumed(failure.budget))
        window.close(math.ceil(min(failure.wait_seconds or 0.0, 3600.0) * 1000), present)

    def _note_day(
        self, headers: Mapping[str, str], failure: Exception | None, state: PortalState, now: datetime
    ) -> None:
        if isinstance(failure, DailyLimitReached):
            state.stop = DailyStop(failure.resume_at, str(failure))
        elif number(headers.get("x-hubspot-ratelimit-daily-remaining")) == 0:
            # Also on an answer that was given: the next request would be the first one refused.
            told = f"HubSpot of tenant {self._key.tenant_id} says that no call remains"
            reached = DailyLimitReached.told(told, self._key.tenant_id, day_ends_at(now, state.time_zone))
            state.stop = DailyStop(reached.resume_at, str(reached))
        else:
            return
        self._stopped.set()

    def _assumed(self, budget: Budget) -> tuple[int | None, int]:
        if budget is Budget.SEARCH:
            return self._limits.searches, int(self._limits.search_seconds * 1000)
        return self._limits.burst, int(self._limits.burst_seconds * 1000)

    def _pause(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _count(self, *, sent: int = 0, refused: int = 0, waited_seconds: float = 0.0) -> None:
        with self._counting:
            self.counts.sent += sent
            self.counts.refused += refused
            self.counts.waited_seconds += waited_seconds


@dataclass
class Slot:
    """The right to send one request; held until `answered` or `unsent`, as a context manager at the latest until its end."""

    limiter: PortalLimiter
    budget: Budget
    token: str
    is_over: bool = field(default=False, init=False)

    def answered(self, headers: Mapping[str, str], failure: Exception | None = None) -> None:
        """An answer began to arrive, so HubSpot has counted the request by now; `failure` is what the answer stands for."""
        self._end(headers, failure, was_sent=True)

    def unsent(self) -> None:
        """No connection came about, so HubSpot cannot have counted the request."""
        self._end({}, None, was_sent=False)

    def __enter__(self) -> Self:
        """Hold it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Without an answer the request may have arrived at any moment until now."""
        self._end({}, None, was_sent=True)

    def _end(self, headers: Mapping[str, str], failure: Exception | None, *, was_sent: bool) -> None:
        if not self.is_over:
            self.is_over = True
            self.limiter.release(self, headers, failure, was_sent=was_sent)
