"""Whether a payer's month has room for a call: what each may spend, and who was told no in this run.

The counting itself is in the journal, where all machines meet. A call that does not fit is deferred: nobody's fault, no failure,
and asked again by the next run that looks, after a raise or in the next month. What is spent beyond a limit is at most what the
calls in flight cost above their estimates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from analysis.analyzer import Question
from analysis.costs import Costs
from analysis.journal import Allowance, Standing
from core.errors import Terminal

LimitOf = Callable[[str], float | None]
"""What a payer may spend a month, in US dollars; None: any amount."""


def no_limit(_payer: str) -> float | None:
    """Any amount."""
    return None


class BudgetSpent(Terminal):
    """A budget has no room for the rest of what was to be asked as a whole."""


def check_room(deferred: "Mapping[str, Deferred]", *, what: str, advice: str) -> None:
    """Make sure that a budget had room for all of it.

    Args:
        deferred: The calls it had none for, by key.
        what: What was not done, after their number: "of 40 texts were not read".
        advice: What to raise, and what to do then.

    Raises:
        BudgetSpent: It had not; what was answered is in the journal.
    """
    if deferred:
        why = next(iter(deferred.values())).reason
        raise BudgetSpent(f"{len(deferred):,} {what}. {why} {advice}: what was answered is kept.")


@dataclass(frozen=True, slots=True)
class Deferred:
    """Why a call was not made."""

    month: str
    limit_usd: float
    spent_usd: float
    estimate_usd: float

    @property
    def reason(self) -> str:
        """In a sentence."""
        return f"The budget of {self.month} is used up: {self.spent_usd:.4f} of {self.limit_usd:.2f} USD are spent."


class Budget:
    """The limits of one run; belongs to one driver."""

    def __init__(self, costs: Costs, limit_of: LimitOf = no_limit) -> None:
        self._costs = costs
        self._limit_of = limit_of
        self._limits: dict[str, float | None] = {}
        self._shut: dict[str, tuple[float, Deferred]] = {}

    def renew(self) -> None:
        """Look at prices and limits again, and give everybody another chance.

        Raises:
            JournalUnavailable: The journal cannot be used.
        """
        self._costs.renew()
        # Others may be looking meanwhile: what they look at is replaced and not emptied.
        self._limits, self._shut = {}, {}

    def allowance(self, payer: str, question: Question) -> Allowance:
        """What asking this is taken to cost, and what its payer may spend."""
        limits = self._limits
        if payer not in limits:
            limits[payer] = self._limit_of(payer)
        return self._costs.allowance(question, limits[payer])

    def deferred(self, payer: str, allowance: Allowance) -> Deferred | None:
        """Why a call need not even be claimed: one that costs no more was refused already; None where it may be tried."""
        refused_usd, why = self._shut.get(payer, (float("inf"), None))
        if why is None or allowance.estimate_usd < refused_usd:
            return None
        return replace(why, estimate_usd=allowance.estimate_usd)

    def refuse(self, payer: str, allowance: Allowance, standing: Standing) -> Deferred:
        """Take note that the payer's month has no room for such a call, with nothing in flight that could make some."""
        why = Deferred(standing.month, allowance.limit_usd or 0.0, standing.spent_usd, allowance.estimate_usd)
        refused_usd, _ = self._shut.get(payer, (float("inf"), why))
        self._shut[payer] = (min(refused_usd, allowance.estimate_usd), why)
        return why
