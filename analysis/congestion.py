"""How many calls may be in flight against a server that does not say how many it takes; pure, with the clock passed in.

The law, whose parts have names in congestion control:

- *Slow start* (RFC 5681, 3.1): +1 a success, so it doubles in the time of one answer, until the first refusal.
- *One refusal, one too many*: a refused call keeps its place for as long as an answer takes, so within one round (the time of an
  answer) a server that is asked for w and takes c refuses w - c, whether it counts calls in flight or calls a second. Each
  refusal therefore takes 1 off the limit. Multiplying by 0.7, as TCP does, would leave 15 % of the server idle.
- *Ceiling in memory* (as CUBIC's W_max, RFC 9438): under the remembered ceiling w the limit grows by g = g0 + g1·((w - limit) / w)²
  a success. It rests where g of all calls are refused: at the ceiling that is g0 = 0.8 %.
- *Forgetting*: each refusal below it moves the ceiling a fiftieth of the way down to the limit (a tenth, where the refusal costs a
  pause). Where more than a tenth of a round is refused, it has come down, and what is left is the ceiling. A tenth beyond it
  without a refusal it has gone up, and the limit grows by a twentieth a round until the next refusal.
- *A refusal that costs a pause* (`Retry-After`) is risked only once in fifty times the length of its pause: 2 % of the time.

- *Outage*: where all that was in flight is refused, pauses grow from a second to half a minute; afterwards slow start goes up to
  three quarters of the ceiling there was.

A limit that is not used proves nothing and does not grow (RFC 7661).
"""

import random
import time
from collections import deque
from collections.abc import Callable
from math import sqrt

_START = 8
_GROWTH = 0.008
_GROWTH_BELOW = 0.05
_GROWTH_BEYOND = 0.05
_NEAR = 0.1
_SINKING = 0.02
_SINKING_TOLD = 0.1
_PATIENCE = 50.0
_DECREASE = 0.7
_RECOVERED = 0.75
_LONGEST_PAUSE_SECONDS = 30.0
_SHORTEST_ROUND_SECONDS = 0.05
_LONGEST_HOLD_SECONDS = 5.0


class CongestionWindow:
    """The limit, who is inside, and until when nobody is let in."""

    def __init__(self, maximum: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._maximum = float(maximum)
        self._clock = clock
        self._limit = float(min(maximum, _START))
        self._ceiling: float | None = None
        self._in_flight = 0
        self._held = 0
        self._answer_seconds = 0.0
        self._round_began = clock()
        self._bad = 0
        self._answers: deque[float] = deque(maxlen=maximum)
        self._storms_in_a_row = 0
        self._is_recovering = False
        self._reduced_at = float("-inf")
        self._probing_from = float("-inf")
        self._not_before = float("-inf")

    @property
    def limit(self) -> float:
        """How many may be in flight; the whole part counts."""
        return self._limit

    @property
    def in_flight(self) -> int:
        """How many places are taken."""
        return self._in_flight

    @property
    def pause_seconds(self) -> float:
        """How long nobody is let in from now on."""
        return max(0.0, self._not_before - self._clock())

    @property
    def hold_seconds(self) -> float:
        """How long a refused call keeps its place: about as long as an answer takes."""
        return min(self._answer_seconds, _LONGEST_HOLD_SECONDS)

    @property
    def has_room(self) -> bool:
        """Whether one more may go in now."""
        return self._in_flight < int(self._limit) and self._not_before <= self._clock()

    def now(self) -> float:
        """The moment, as the other methods ask for it."""
        return self._clock()

    def enter(self) -> None:
        """Take a place."""
        self._in_flight += 1

    def leave(self, *, was_refused: bool = False) -> None:
        """Give the place back."""
        self._in_flight -= 1
        self._held -= was_refused

    def answered(self, sent_at: float) -> None:
        """A call was answered."""
        now = self._clock()
        taken = now - sent_at
        self._answer_seconds += (taken - self._answer_seconds) * (0.1 if self._answer_seconds else 1.0)
        self._storms_in_a_row = 0
        self._answers.append(now)
        if self._in_flight >= (1 - _NEAR) * int(self._limit):
            self._limit = min(self._maximum, self._limit + self._growth(now))

    def refused(self, sent_at: float, retry_after: float | None) -> None:
        """The server asked for fewer calls; `retry_after` is how long it wants to hear nothing, if it said so."""
        now = self._clock()
        is_many, served = self._is_many(now), self._served(now)
        self._held += 1
        if self._ceiling is None or self._limit > self._ceiling:
            self._limit = self._ceiling = max(1.0, min(self._limit, float(self._in_flight)))
        self._limit = max(1.0, self._limit - 1, min(self._limit, (1 - _NEAR) * served))
        if is_many and served:
            self._ceiling = self._limit
        elif served:
            self._ceiling -= (self._ceiling - self._limit) * (_SINKING_TOLD if retry_after else _SINKING)
        # Nobody is being served: that is no ceiling, and says nothing about where it is.
        is_storm = self._held >= self._in_flight and not served
        self._is_recovering = is_storm or (self._is_recovering and not served)
        if not self._answer_seconds:
            self._ceiling = None
        # Who was refused before the pause began says nothing about how long it has to be.
        if sent_at < self._not_before:
            return
        if retry_after is not None:
            self._not_before = now + retry_after
            probing_from = max(self._probing_from, now + retry_after * (1 + _PATIENCE))
            self._probing_from = now if is_storm else probing_from
        elif is_storm:
            self._storms_in_a_row += 1
            self._not_before = now + growing_pause(self._storms_in_a_row)

    def failed(self, sent_at: float) -> None:
        """A call was not answered. One alone says nothing about the load; where many fail, fewer are sent."""
        now = self._clock()
        if self._is_many(now) and sent_at > self._reduced_at:
            self._limit = self._ceiling = max(1.0, self._limit * _DECREASE)
            self._reduced_at = now

    def _growth(self, now: float) -> float:
        if self._ceiling is None or (self._is_recovering and self._limit < _RECOVERED * self._ceiling):
            return 1.0
        self._is_recovering = False
        if self._limit > (1 + _NEAR) * self._ceiling + 1:
            return max(_GROWTH_BEYOND, 1 / self._limit)
        if now < self._probing_from:
            return 0.0
        return _GROWTH + _GROWTH_BELOW * max(0.0, 1 - self._limit / self._ceiling) ** 2

    def _served(self, now: float) -> float:
        """Answers of the last round: how many calls the server has in hand, by Little's law."""
        while self._answers and self._answers[0] < now - self._answer_seconds:
            self._answers.popleft()
        return float(len(self._answers))

    def _is_many(self, now: float) -> bool:
        """Counts one that went wrong, and says whether that makes too many of this round."""
        if now - self._round_began > max(self._answer_seconds, _SHORTEST_ROUND_SECONDS):
            self._round_began, self._bad = now, 0
        self._bad += 1
        return self._bad > max(2.0, _NEAR * self._limit + sqrt(self._limit))


def growing_pause(times: int) -> float:
    """Seconds to wait after failing `times` times: half to whole of 1, 2, 4 … 30, so that callers spread out."""
    return min(_LONGEST_PAUSE_SECONDS, 2.0 ** (times - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads callers out
