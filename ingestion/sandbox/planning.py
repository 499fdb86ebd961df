"""Who writes when, and in what mood: the plot of a generated tenant, before a word of it is written.

Planted accounts follow the trigger definitions with a margin, so that a sane rule finds them; the others are healthy: a
steady rhythm without bursts, never the same topic twice within a month, nothing bad said in the last four weeks. Dates
are relative to the end of the world's time, ``until``.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from ingestion.sandbox.writing import Intent

Role = Literal["healthy", "new", "frustrated", "significant_support", "silently_struggling"]

QUIET_DAYS = 30
"""A silent account has written nothing for this long."""
CALM_DAYS = 28
"""A healthy account has said nothing bad for this long."""
CONTRACT_TOPIC = 0
"""Every vendor's first topic is the one contracts and notice periods belong to."""
NEUTRAL = Intent("neutral")

_MOODS_OLD = (("neutral", 55), ("positive", 23), ("very_positive", 8), ("negative", 11), ("very_negative", 3))
_MOODS_RECENT = (("neutral", 60), ("positive", 29), ("very_positive", 11))


@dataclass(frozen=True, slots=True)
class PlannedTicket:
    """One ticket to be written.

    Attributes:
        turn: What the customer writes when they write back, where the plot wants a certain tone of it.
    """

    at: datetime
    topic_index: int
    intent: Intent
    turn: Intent | None = None


@dataclass(slots=True)
class Account:
    """One customer company's part in the plot.

    Attributes:
        variant: Counts accounts of the same role from 0; decides how the role is played.
        reason: Why a trigger ought to fire; empty for accounts it ought not to fire for.
    """

    role: Role
    variant: int
    tickets: list[PlannedTicket] = field(default_factory=list)
    reason: str = ""

    @property
    def planned_count(self) -> int:
        """How many tickets the account writes."""
        return len(self.tickets)


class Planner:
    """Plans the accounts of one tenant.

    Args:
        rng: Decides everything.
        until: The present of the world.
        days: How far back the tickets go.
        topic_count: How many topics the vendor has.
    """

    def __init__(self, rng: random.Random, *, until: datetime, days: int, topic_count: int) -> None:
        self._rng, self._until, self._days, self._topic_count = rng, until, days, topic_count

    def frustrated(self, variant: int) -> Account:
        """Two bad tickets in the last five days, one before; every third announces leaving, every third hints at it.

        The others' ticket before starts calm, and turns bad when they write back.
        """
        churn_intent = ("explicit", "implied", "none")[variant % 3]
        account = Account("frustrated", variant)
        topics = self._distinct_topics(3)
        recent = [
            PlannedTicket(self.moment(self._uniform(0.3, 1.8)), topics[0], Intent("very_negative", churn_intent)),
            PlannedTicket(self.moment(self._uniform(2.4, 4.2)), topics[1], Intent("negative")),
            PlannedTicket(self.moment(self._uniform(15.5, 19.5)), topics[2], Intent("negative")),
        ]
        if churn_intent == "none":
            recent[2] = replace(recent[2], intent=NEUTRAL, turn=Intent("very_negative"))
        if churn_intent == "implied":
            polite = Intent("neutral", "implied", is_polite_exit=True)
            recent.append(PlannedTicket(self.moment(self._uniform(21.5, 25.0)), CONTRACT_TOPIC, polite))
        account.tickets = [*self._steady(4, oldest=self._days, newest=46), *recent]
        account.reason = (
            f"a very negative ticket (churn intent {churn_intent}) and a negative one in the last 5 days, "
            + ("a calm one that turned very negative" if churn_intent == "none" else "another negative one")
            + " in the last three weeks"
        )
        return account

    def heavy(self, variant: int) -> Account:
        """A low habit, then a burst: at least six tickets in 14 days, four of them within a week, calm in tone."""
        account = Account("significant_support", variant)
        burst = [self._uniform(0.3, 5.6) for _ in range(4)]
        burst += [self._uniform(6.2, 12.6) for _ in range(self._rng.randint(3, 5))]
        habit = self._rng.randint(3, 4)
        account.tickets = [
            *self._steady(2, oldest=self._days, newest=108),
            *self._steady(habit, oldest=101, newest=17),
            *(PlannedTicket(self.moment(ago), self.any_topic(), NEUTRAL) for ago in burst),
        ]
        z = poisson_z(len(burst), habit)
        account.reason = f"{len(burst)} tickets in 14 days after {habit} in the 90 days before (z {z:.1f})"
        return account

    def silent(self, variant: int) -> Account:
        """A strong habit with a bad experience in it, then nothing for a month; CRM facts fire for two of three."""
        account = Account("silently_struggling", variant)
        habit = self._steady(self._rng.randint(10, 12), oldest=117, newest=33)
        pained = self._rng.sample(range(len(habit) // 2, len(habit)), 2)
        for place in pained:
            one = habit[place]
            habit[place] = PlannedTicket(one.at, one.topic_index, Intent("very_negative"))
        account.tickets = [*self._steady(3, oldest=self._days, newest=125), *habit]
        extra = ("the last login is weeks ago", "hardly used although well paid for", "no CRM fact speaks of it")
        account.reason = (
            f"{len(habit)} tickets in the 90 days before, two of them very negative, then none for {QUIET_DAYS} days; "
            f"{extra[variant % 3]}"
        )
        return account

    def healthy(self, variant: int, count: int) -> Account:
        """``count`` tickets at a steady pace over the whole time."""
        account = Account("healthy", variant)
        account.tickets = self._steady(count, oldest=self._days, newest=0, moods=True)
        return account

    def newcomer(self, variant: int, count: int) -> Account:
        """A customer of less than a month, with a few calm questions since."""
        account = Account("new", variant)
        account.tickets = self._steady(count, oldest=20, newest=2)
        return account

    def stray(self, count: int) -> list[PlannedTicket]:
        """Tickets no company is known for, on any day of the week."""
        found = []
        for _ in range(count):
            ago = self._uniform(0.5, self._days - 0.5)
            found.append(PlannedTicket(self.moment(ago), self.any_topic(), self._mood(ago)))
        return found

    def moment(self, days_ago: float) -> datetime:
        """A moment in office hours around ``days_ago`` days before the end, never after it."""
        rng = self._rng
        day = (self._until - timedelta(days=days_ago)).date()
        hour = min(19, max(6, round(rng.gauss(12.5, 3.0))))
        at = datetime(day.year, day.month, day.day, hour, rng.randrange(60), rng.randrange(60), tzinfo=UTC)
        at += timedelta(milliseconds=rng.randrange(1000))
        latest = self._until - timedelta(minutes=rng.randint(5, 90))
        return min(at, latest)

    def _steady(self, count: int, *, oldest: int, newest: int, moods: bool = False) -> list[PlannedTicket]:
        """``count`` tickets spread evenly, with some play, over the working days of a span; no topic twice a month."""
        working = [
            ago for ago in range(oldest - 1, newest - 1, -1) if (self._until - timedelta(days=ago)).weekday() < 5
        ]
        width = len(working) / max(count, 1)
        tickets: list[PlannedTicket] = []
        for place in range(count):
            ago = working[min(len(working) - 1, int((place + self._uniform(0.2, 0.8)) * width))]
            at = self.moment(ago)
            intent = self._mood(ago) if moods else NEUTRAL
            tickets.append(PlannedTicket(at, self._fresh_topic(tickets, at), intent))
        return tickets

    def _fresh_topic(self, earlier: Sequence[PlannedTicket], at: datetime) -> int:
        used = {one.topic_index for one in earlier if at - one.at < timedelta(days=32)}
        free = [one for one in range(self._topic_count) if one not in used]
        return self._rng.choice(free) if free else self.any_topic()

    def _mood(self, days_ago: float) -> Intent:
        moods = _MOODS_OLD if days_ago > CALM_DAYS else _MOODS_RECENT
        names, weights = zip(*moods, strict=True)
        return Intent(self._rng.choices(names, weights)[0])

    def any_topic(self) -> int:
        """The index of some topic of the vendor."""
        return self._rng.randrange(self._topic_count)

    def _distinct_topics(self, count: int) -> list[int]:
        return self._rng.sample([one for one in range(self._topic_count) if one != CONTRACT_TOPIC], count)

    def _uniform(self, low: float, high: float) -> float:
        return self._rng.uniform(low, high)


def poisson_z(recent: int, before: int, *, ratio: float = 14 / 90) -> float:
    """How unusual ``recent`` events are after ``before`` in a span ``1/ratio`` times as long.

    The two-sample Poisson test with Anscombe's square root transform, in units of standard deviations.
    """
    return 2 * (math.sqrt(recent + 3 / 8) - math.sqrt(ratio * (before + 3 / 8))) / math.sqrt(1 + ratio)
