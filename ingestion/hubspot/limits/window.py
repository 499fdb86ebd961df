"""One rolling budget as a state machine: never more than `limit` arrivals in any window, whatever the network does.

HubSpot counts a request when it arrives, which is some time between our sending it and its answer. So a request holds its slot
while it is in flight and for one whole window after its answer. Why that is enough: take the last-granted of the requests that
arrive in a window. Every other one arrived less than a window before it, was answered after it arrived, and was granted earlier,
so it still held its slot at that grant, and a grant is made only while fewer than `limit` are held. A holder that was killed
never answers; its slot comes back when its lease, longer than a request may take, has run out.

Whoever finds no slot is told how long to wait, exactly, so nobody polls; places are kept in the order of asking, so nobody
starves. Times are whole milliseconds of one clock, which belongs to the store the state is kept in. Pure.
"""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import Any, Self

PATIENCE_MS = 500
"""How long after its time a place in the queue is kept for somebody who does not come back for it."""

LONGEST_CLOSURE_MS = 60_000
"""Nobody is shut out of a short budget for longer than this, whatever an answer or a clock says."""

# Transactions of a store are in order, the clock readings in them only nearly; what is further ahead was read before the clock
# was set back (or, a clock since boot, before a reboot).
_CLOCK_TOLERANCE_MS = 1_000


@dataclass(slots=True)
class Window:
    """At most `limit` arrivals in any `span_ms`.

    Attributes:
        limit: Requests a window takes; None: they are not counted, only closures are kept.
        span_ms: Length of the window.
        answered: When requests were answered, ascending; two windows back.
        in_flight: By token, when it was granted and when its lease runs out.
        waiting: By token in the order of asking, until when its place is kept.
        closed_until: Nobody passes before.
    """

    limit: int | None
    span_ms: int
    answered: list[int] = field(default_factory=list)
    in_flight: dict[str, tuple[int, int]] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    closed_until: int = 0

    def ask(self, token: str, now: int, lease_ms: int) -> int:
        """Grant a slot to `token` and return 0, or return after how many milliseconds to ask again.

        Args:
            token: Names the request; the same one at every repetition, which keeps its place in the queue.
            now: The present.
            lease_ms: How long the request may be in flight at most.
        """
        self._settle(now, token)
        if self.limit is None:
            return max(0, self.closed_until - now)
        queue = list(self.waiting)
        ahead = queue.index(token) if token in self.waiting else len(queue)
        spare = self.limit - self.used(now)
        if now >= self.closed_until and ahead < spare:
            self.waiting.pop(token, None)
            self.in_flight[token] = (now, now + lease_ms + self.span_ms)
            return 0
        due = self._due(ahead, spare, now)
        if ahead:
            # Should whoever is just ahead be gone, the slot kept for it must not lie idle.
            due = min(due, self.waiting[queue[ahead - 1]])
        due = max(min(due, now + self._longest_wait()), self.closed_until, now + 1)
        self.waiting[token] = due + PATIENCE_MS
        return due - now

    def _due(self, ahead: int, spare: int, now: int) -> int:
        """When the slot is free that comes after those of `ahead` others, at the earliest."""
        cycles, place = divmod(ahead, self.limit or 1)
        first = bisect_right(self.answered, now - self.span_ms)
        position = place - spare
        if position < 0:
            free_at = now
        elif first + position < len(self.answered):
            free_at = self.answered[first + position] + self.span_ms
        else:
            free_at = now + self.span_ms  # It is in flight, and answered now at the earliest.
        return free_at + cycles * self.span_ms

    def answer(self, token: str, now: int, *, was_sent: bool = True) -> int:
        """Take note that a request is over; returns when it was granted (`now` where that is forgotten).

        Args:
            token: As granted.
            now: The present; not earlier than the answer came.
            was_sent: False where the request cannot have left this machine: its slot is free at once.
        """
        if self.limit is None:
            return now
        self._settle(now, token)
        granted, _ = self.in_flight.pop(token, (now, 0))
        if was_sent:
            insort(self.answered, now)
        return granted

    def believe(self, used: int, granted: int, now: int) -> None:
        """HubSpot's own count, where it is higher than ours: somebody else spends the same budget.

        Args:
            used: Requests of the window that ended with the arrival of the one this answer belongs to, itself included.
            granted: When that one was granted.
            now: The present, after its answer was noted.
        """
        if now - granted >= self.span_ms:
            return  # What was answered before that window began is not remembered for long enough to compare.
        ours = len(self.answered) - bisect_right(self.answered, granted - self.span_ms) + len(self.in_flight)
        for _ in range(min(used, self.limit or 0) - ours):
            insort(self.answered, now)

    def close(self, for_ms: int, now: int) -> None:
        """Let nobody pass for that long."""
        self.closed_until = max(self.closed_until, now + min(for_ms, LONGEST_CLOSURE_MS))

    def used(self, now: int) -> int:
        """Slots held at present."""
        return len(self.answered) - bisect_right(self.answered, now - self.span_ms) + len(self.in_flight)

    def _settle(self, now: int, asking: str) -> None:
        ahead = now + _CLOCK_TOLERANCE_MS
        if self.closed_until > now + LONGEST_CLOSURE_MS + _CLOCK_TOLERANCE_MS:
            self.closed_until = 0
        if self.answered and self.answered[-1] > ahead:
            self.answered = [min(one, now) for one in self.answered]
        del self.answered[: bisect_right(self.answered, now - 2 * self.span_ms)]
        self.in_flight = {
            token: (granted, until)
            for token, (granted, until) in self.in_flight.items()
            if until > now and granted <= ahead
        }
        longest = now + self._longest_wait() + PATIENCE_MS
        self.waiting = {
            token: until for token, until in self.waiting.items() if now <= until <= longest or token == asking
        }

    def _longest_wait(self) -> int:
        return max(self.span_ms, LONGEST_CLOSURE_MS)

    def as_json(self) -> dict[str, Any]:
        """What `from_json` takes."""
        return {
            "limit": self.limit,
            "span_ms": self.span_ms,
            "answered": self.answered,
            "in_flight": self.in_flight,
            "waiting": self.waiting,
            "closed_until": self.closed_until,
        }

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Self:
        """The window that was stored."""
        return cls(**{**given, "in_flight": {token: tuple(times) for token, times in given["in_flight"].items()}})
