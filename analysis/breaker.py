"""Circuit breakers: who is not asked for a while because it only fails, one per model and per provider behind it.

Closed until five calls in a row fail, or half of the last twenty; then open for two seconds, four, eight, up to a minute, or as
long as the server asks for; then half open: one call goes through as a probe and decides (Nygard, *Release It!*, "Circuit
Breaker"). What the provider of an answer or a failure is called comes from the server; a failure that names nobody is the model's.

The libraries there are (purgatory, pybreaker, aiobreaker) count failures in a row only, wrap the call and answer an open breaker
with an error. Here it is a question that is asked before the call: which model, without which providers, or how long to wait.
Pure; state lives as long as the object.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_IN_A_ROW = 5
_LAST = 20
_SHARE = 0.5
_SHORTEST_SECONDS = 2.0
_LONGEST_SECONDS = 60.0
_PROBE_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Route:
    """Where one call goes: a model, and which of its providers to leave out or to try first."""

    model: str
    avoided: tuple[str, ...] = ()
    preferred: str = ""


class Breaker:
    """One breaker. Every result names the moment its call was made, so that what was sent before a change does not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: deque[bool] = deque(maxlen=_LAST)
        self._in_a_row = 0
        self._openings = 0
        self._changed_at = float("-inf")
        self._open_until: float | None = None
        self._probed_at: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether calls go through as usual."""
        return self._open_until is None

    @property
    def wait_seconds(self) -> float:
        """How long nobody goes through from now on; while a probe is out, until it is taken for lost."""
        if self._open_until is None:
            return 0.0
        until = self._open_until if self._probed_at is None else self._probed_at + _PROBE_PATIENCE_SECONDS
        return max(0.0, until - self._clock())

    def admit(self) -> bool:
        """Whether a call may go through now; half open, the one that asks first is the probe."""
        if self.wait_seconds:
            return False
        if self._open_until is not None:
            self._probed_at = self._changed_at = self._clock()
        return True

    def succeeded(self, sent_at: float) -> None:
        """A call that was made then was answered."""
        if sent_at < self._changed_at:
            return
        if self._open_until is not None:
            self._open_until = self._probed_at = None
            self._recent.clear()
            self._openings = 0
        self._in_a_row = 0
        self._recent.append(True)

    def failed(self, sent_at: float, retry_after: float | None = None) -> None:
        """A call that was made then was not answered."""
        if sent_at < self._changed_at:
            return
        self._in_a_row += 1
        self._recent.append(False)
        is_half = len(self._recent) == _LAST and self._recent.count(False) >= _SHARE * _LAST
        if self._open_until is not None or self._in_a_row >= _IN_A_ROW or is_half:
            pause = min(_LONGEST_SECONDS, _SHORTEST_SECONDS * 2.0 ** min(self._openings, 10))
            self._changed_at = self._clock()
            self._open_until = self._changed_at + (pause if retry_after is None else retry_after)
            self._probed_at = None
            self._openings += 1
            self._in_a_row = 0
            self._recent.clear()

    def undecided(self) -> None:
        """The probe was not made after all; somebody else may be it."""
        self._probed_at = None


class Breakers:
    """The breakers of one server, by model and provider; made as they are needed."""

    def __init__(self, providers: Sequence[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._pinned = tuple(providers)
        self._clock = clock
        self._held: dict[tuple[str, str], Breaker] = {}

    def now(self) -> float:
        """The moment, as results are to name it."""
        return self._clock()

    def wait_seconds(self, models: Sequence[str]) -> float:
        """How long none of these models may be asked from now on."""
        return min(self._wait(model) for model in models)

    def route(self, models: Sequence[str]) -> Route | None:
        """The first of these models that may be asked now, or None; to be followed by a result for that route."""
        for model in models:
            if self._wait(model) or not self._of(model).admit():
                continue
            avoided, preferred = [], ""
            for provider, breaker in self._providers(model).items():
                if breaker.is_closed:
                    continue
                if not preferred and breaker.admit():
                    preferred = provider
                else:
                    avoided.append(provider)
            return Route(model, tuple(sorted(avoided)), preferred)
        return None

    def succeeded(self, route: Route, provider: str | None, sent_at: float) -> None:
        """The call was answered by this provider, where the server says."""
        self._of(route.model).succeeded(sent_at)
        if provider:
            self._of(route.model, provider).succeeded(sent_at)
        if route.preferred and provider != route.preferred:
            # Asked for first and passed over: it could not.
            self._of(route.model, route.preferred).failed(sent_at)

    def failed(self, route: Route, provider: str | None, sent_at: float, retry_after: float | None = None) -> None:
        """The call was not answered; blames the provider where the server names one, else the model."""
        self._of(route.model, provider or "").failed(sent_at, retry_after)
        if provider:
            self._of(route.model).undecided()
        if route.preferred and provider != route.preferred:
            self._of(route.model, route.preferred).undecided()

    def undecided(self, route: Route) -> None:
        """The call was not made, or ended in a way that says nothing about the server's health."""
        self._of(route.model).undecided()
        if route.preferred:
            self._of(route.model, route.preferred).undecided()

    def _wait(self, model: str) -> float:
        wait = self._of(model).wait_seconds
        if self._pinned:
            wait = max(wait, min(self._of(model, provider).wait_seconds for provider in self._pinned))
        return wait

    def _of(self, model: str, provider: str = "") -> Breaker:
        return self._held.setdefault((model, provider), Breaker(self._clock))

    def _providers(self, model: str) -> dict[str, Breaker]:
        return {name: breaker for (of, name), breaker in self._held.items() if of == model and name}
