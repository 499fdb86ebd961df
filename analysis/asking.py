"""Makes one claimed call: waits for its place, takes a route, asks, stores the reply raw, or acts as the failure's class demands.

What becomes of a call that is put off, and of a reply once it is stored, is the driver's (`analysis.driver`).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from analysis.analyzer import Identity, PaidAnalyzer, Question, Reply, Task, UnreadableAnswer, Usage
from analysis.breaker import Breakers, Route
from analysis.calls import Call, Spending
from analysis.congestion import growing_pause
from analysis.journal import CallRecord, Claim, GroupedJournal, Journal
from analysis.limiter import AdaptiveLimit, Slot
from analysis.llm.failures import (
    Blocked,
    ModelCallError,
    ModelStopped,
    ProviderUnavailable,
    Rejected,
    TextTooLong,
    Throttled,
)
from analysis.patience import Patience
from core import chaos
from core.vocabulary import AnalysisTask

REPLIES_ALLOWED = 2
"""The main model's first answer and one second question; what comes then is the fallback model, or a dead letter."""

POLL_SECONDS = 1.0
"""How often somebody who waits for others looks again."""

_ATTEMPTS = 3
_REJECTIONS_BEFORE_STOP = 5
_LEASE_SHARE = 0.9
_STALE_SHARE = 0.4


@dataclass(slots=True)
class Work:
    """A call on its way: as it was handed in, and as it is asked now (of a shorter version, where the text was too long)."""

    key: str
    call: Call
    record: CallRecord | None
    began_at: float
    trouble_count: int = 0
    failed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """To be taken up again: somebody else is making the call, or it failed for now."""

    seconds: float
    reason: str = ""
    """What went wrong, where something did."""


class Asking:
    """See the module; one for a run, with the health of who is asked."""

    def __init__(
        self,
        *,
        journal: Journal,
        grouped: GroupedJournal,
        analyzer: PaidAnalyzer,
        limit: AdaptiveLimit,
        patience: Patience,
        max_concurrency: int,
        lease_seconds: float,
        on_paid: Callable[[], None],
        fallback_model: str,
    ) -> None:
        self._journal = journal
        self._grouped = grouped
        self._analyzer = analyzer
        self._limit = limit
        self._patience = patience
        self._lease_seconds = lease_seconds
        self._on_paid = on_paid
        self._fallback_model = fallback_model
        self._breakers = Breakers(analyzer.providers)
        # A kill loses what was sent and is not stored yet; this keeps that within the concurrency that was asked for.
        self._unstored = asyncio.Semaphore(max_concurrency)
        self._identities: dict[tuple[Task, str], Identity] = {}
        self._main_model = analyzer.identity(AnalysisTask.SENTIMENT).model
        self._rejections = 0
        self.replies_allowed = REPLIES_ALLOWED + bool(fallback_model)
        """Replies to one question, before it is a dead letter."""
        self.spent: dict[Task, Spending] = {}
        """What was paid, by task."""

    def identity(self, question: Question) -> Identity:
        """Who is asked, as the key of the call has it."""
        asked = (question.task, question.prompt_version)
        if asked not in self._identities:
            self._identities[asked] = self._analyzer.identity(*asked)
        return self._identities[asked]

    async def somebody_is_well(self, reply_count: int) -> None:
        """Wait until one of those who may give the next reply is not known to fail, or the run stops."""
        models = self._models(reply_count)
        while not self._patience.is_over and (wait := self._breakers.wait_seconds(models)):
            self._patience.lose(f"{' and '.join(models)} failed again and again.", self._limit.pause_seconds)
            await self._patience.pause(min(wait, POLL_SECONDS))

    async def make(self, one: Work, claim: Claim, claimed_at: float) -> CallRecord | Later | None:
        """Make the call once: the record as it then stands, when to take it up again, or None when the run stops."""
        async with self._unstored:
            async with self._limit.slot() as slot:
                made = await self._sent(one, claim, claimed_at, slot)
            if made is None:
                # A long pause came between, a breaker opened, or the run stops.
                await self._grouped.step(claim.order, partial(self._journal.release, claim))
                return None if self._patience.is_over else Later(0.0)
            if isinstance(made, ModelCallError):
                if made.usage.input_tokens or made.usage.cost_usd:
                    self._count(one.call, made.usage)
                return await self._acted(one, claim, made)
            chaos.point("enrich.after_call")
            reply, model = made
            record = await self._grouped.step(claim.order, partial(self._journal.store, claim, reply, model=model))
            chaos.point("enrich.after_journal")
        self._patience.answered()
        self._count(one.call, reply.usage)
        return record

    async def _sent(
        self, one: Work, claim: Claim, claimed_at: float, slot: Slot
    ) -> tuple[Reply, str] | ModelCallError | None:
        """The reply and the model it is from, the failure, or None when nothing was sent."""
        lease_left = claimed_at + self._lease_seconds * _LEASE_SHARE - time.monotonic()
        if self._patience.is_over or lease_left < self._lease_seconds * _STALE_SHARE:
            return None
        route = self._breakers.route(self._models(claim.reply_count))
        if route is None:
            return None
        sent_at = self._breakers.now()
        try:
            reply = await self._asked(one.call.question, claim, route, lease_left)
        except ModelCallError as error:
            self._note(route, error, sent_at)
            if self._is_pause(error):
                slot.refused(error.retry_after)
            elif isinstance(error, ProviderUnavailable):
                slot.failed()
            return error
        except BaseException:
            self._breakers.undecided(route)
            raise
        slot.answered()
        self._breakers.succeeded(route, reply.provider, sent_at)
        return reply, route.model

    async def _asked(self, question: Question, claim: Claim, route: Route, seconds: float) -> Reply:
        complaint = self._complaint(question, claim.response or "") if claim.reply_count else None
        try:
            # A connection that trickles outlasts any time-out between bytes; past the lease the call is no longer ours.
            async with asyncio.timeout(seconds):
                return await self._analyzer.ask(question, complaint=complaint, route=route)
        except TimeoutError as error:
            raise ProviderUnavailable(f"No complete answer within {seconds:.0f} s.") from error

    def _note(self, route: Route, error: ModelCallError, sent_at: float) -> None:
        """What a failure says about the health of who was asked; whoever refuses a text is well."""
        if isinstance(error, ProviderUnavailable):
            self._breakers.failed(route, error.provider, sent_at, error.retry_after)
        elif isinstance(error, Throttled | ModelStopped):
            self._breakers.undecided(route)
        else:
            self._breakers.succeeded(route, error.provider, sent_at)

    async def _acted(self, one: Work, claim: Claim, error: ModelCallError) -> CallRecord | Later | None:
        """The action each class of failure has, see `analysis.llm.failures`."""
        one.trouble_count += 1
        if self._is_pause(error):
            await self._release(claim, error)
            self._patience.lose(str(error), self._limit.pause_seconds)
            rest = 0.0 if error.retry_after is not None else growing_pause(1)
            return Later(max(self._limit.pause_seconds, rest), str(error))
        if isinstance(error, ModelStopped):
            self._patience.stop(error)
            await self._release(claim, error)
            return None
        if isinstance(error, ProviderUnavailable):
            return await self._unavailable(one, claim, error)
        if isinstance(error, Rejected) and not self._patience.answered_count:
            # Nothing was ever accepted: more likely the settings than the ticket, so no ticket is blamed.
            self._rejections += 1
            await self._release(claim, error)
            if self._rejections >= _REJECTIONS_BEFORE_STOP:
                sentence = f"No call was accepted, {self._rejections} were refused. {error}"
                self._patience.stop(ModelStopped(sentence))
                return None
            return Later(POLL_SECONDS, str(error))
        return await self._give_up(claim, error, is_final=isinstance(error, Blocked | TextTooLong))

    async def _unavailable(self, one: Work, claim: Claim, error: ProviderUnavailable) -> CallRecord | Later:
        # While nobody else is answered it is the server's fault, and no call's.
        is_blamed = self._patience.answered_at > (one.failed_at or one.began_at)
        one.failed_at = one.failed_at or time.monotonic()
        if is_blamed and claim.failure_count + 1 >= _ATTEMPTS:
            return await self._give_up(claim, error)
        await self._release(claim, error, is_failure=is_blamed)
        self._patience.lose(str(error), self._limit.pause_seconds)
        rest = growing_pause(one.trouble_count) if error.retry_after is None else error.retry_after
        return Later(rest, str(error))

    async def _release(self, claim: Claim, error: ModelCallError, *, is_failure: bool = False) -> None:
        release = partial(self._journal.release, claim, usage=error.usage, is_failure=is_failure)
        await self._grouped.step(claim.order, release)

    async def _give_up(self, claim: Claim, error: ModelCallError, *, is_final: bool = False) -> CallRecord:
        give_up = partial(
            self._journal.give_up,
            claim,
            str(error),
            error_type=error.error_type,
            usage=error.usage,
            is_final=is_final,
        )
        return await self._grouped.step(claim.order, give_up)

    def _is_pause(self, error: ModelCallError) -> bool:
        """Whether everybody just waits: the server asks for less, or a budget is renewed before patience ends."""
        is_renewed = isinstance(error, ModelStopped) and error.retry_after is not None
        return isinstance(error, Throttled) or (is_renewed and (error.retry_after or 0.0) <= self._patience.seconds)

    def _models(self, reply_count: int) -> Sequence[str]:
        """Who may be asked for the next reply, in order of preference."""
        if not self._fallback_model:
            return [self._main_model]
        return [self._fallback_model] if reply_count >= REPLIES_ALLOWED else [self._main_model, self._fallback_model]

    def _complaint(self, question: Question, raw: str) -> str:
        try:
            self._analyzer.parse(question, raw)
        except UnreadableAnswer as error:
            return str(error)
        return "The model's answer cannot be used."

    def _count(self, call: Call, usage: Usage) -> None:
        spending = self.spent.setdefault(call.question.task, Spending())
        spending.usage += usage
        spending.calls += 1
        self._on_paid()
