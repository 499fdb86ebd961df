"""Gets paid calls answered: claimed in the journal, made under an adaptive limit, stored raw, understood, or given up.

Several drivers, in one process or on many machines, may work on the same calls: whoever holds the claim calls, the others wait
for the stored reply. Pure orchestration of three parts passed in (journal, analyzer, limit); knows no tickets and no warehouse.

Left out on purpose: a call is never declared dead because its worker died. A text cannot kill a worker that only waits for HTTP,
and a machine that is stopped twice would otherwise condemn whatever it happened to be reading.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from analysis.analyzer import Answer, PaidAnalyzer, Question, UnreadableAnswer, Usage
from analysis.journal import CallRecord, CallState, Claim, Journal
from analysis.limiter import AdaptiveLimit, growing_pause
from analysis.llm.failures import Blocked, ModelStopped, ProviderUnavailable, Rejected, TextTooLong, Throttled
from core import chaos
from core.errors import ChurnboardError, Transient
from core.vocabulary import AnalysisTask

REPLIES_ALLOWED = 2
"""The first answer and one second question; an unusable second answer is a dead letter."""

_ATTEMPTS = 3
_REJECTIONS_BEFORE_STOP = 5
_POLL_SECONDS = 1.0
_LEASE_SHARE = 0.9


class ModelUnavailable(Transient):
    """The model server answered nothing for too long; what is open stays open."""


@dataclass(frozen=True, slots=True)
class Call:
    """One paid call to be answered."""

    key: str
    tenant_id: str
    question: Question
    ticket_id: str | None = None


class Ending(StrEnum):
    """How a call ended in this run."""

    ANSWERED = "answered"
    FAILED = "failed"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one call, with where it came from; `answer` only when answered, `reason` only when not."""

    ending: Ending
    answer: Answer | None
    usage: Usage
    run_id: str
    ended_at: datetime
    reason: str | None = None
    raw: str | None = None
    attempt_count: int = 1
    first_seen_at: datetime | None = None


@dataclass
class Spending:
    """What one task cost in this run, replies that could not be used included."""

    calls: int = 0
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Later:
    """To be taken up again: somebody else is making the call, or it failed for now."""

    seconds: float


class Driver:
    """Answers calls for one run; keeps limit and health between batches."""

    def __init__(
        self,
        *,
        journal: Journal,
        analyzer: PaidAnalyzer,
        run_id: str,
        max_concurrency: int,
        lease_seconds: float,
        patience_seconds: float,
        on_paid: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._analyzer = analyzer
        self._run_id = run_id
        self._max_concurrency = max_concurrency
        self._lease_seconds = lease_seconds
        self._patience_seconds = patience_seconds
        self._on_paid = on_paid
        self._limit = AdaptiveLimit(max_concurrency)
        self._last_success = time.monotonic()
        self._success_count = 0
        self._rejections = 0
        self._failures: dict[str, tuple[float, int]] = {}
        self._stopping = asyncio.Event()
        self.stopped: ChurnboardError | None = None
        """Why no further call is made, once that is so."""
        self.spent: dict[AnalysisTask, Spending] = {}
        """What this run paid, by task."""

    async def answer(self, calls: Sequence[Call]) -> dict[str, Outcome]:
        """The outcomes by call key; a call that is still open because of `stopped` is not in it.

        Raises:
            JournalUnavailable: The journal cannot be used; calls in flight are abandoned to their leases.
        """
        outcomes: dict[str, Outcome] = {}
        known = await asyncio.to_thread(self._journal.lookup, [call.key for call in calls])
        queue = deque(calls)
        later: list[tuple[float, Call]] = []

        async def work() -> None:
            while not self._stopping.is_set():
                if not queue:
                    if not later:
                        return
                    await self._pause(min(ready for ready, _ in later) - time.monotonic())
                    now = time.monotonic()
                    queue.extend(call for ready, call in later if ready <= now)
                    later[:] = [(ready, call) for ready, call in later if ready > now]
                    continue
                call = queue.popleft()
                ended = await self._one(call, known.pop(call.key, None))
                if isinstance(ended, _Later):
                    later.append((time.monotonic() + ended.seconds, call))
                elif ended is not None:
                    outcomes[call.key] = ended

        await _all([work() for _ in range(min(self._max_concurrency, len(calls)))])
        return outcomes

    async def _one(self, call: Call, record: CallRecord | None) -> Outcome | _Later | None:
        """One call as far as it goes now: an outcome, to be taken up later, or None when the run stops."""
        while True:
            after_reply = None
            if record is not None and record.state is CallState.DEAD:
                return _ended(Ending.DEAD, record)
            if record is not None and record.state is CallState.ANSWERED:
                read = await self._understood(call, record)
                if read is not None:
                    return read
                after_reply = record.reply_count
            # The claim comes after the wait for a slot, so its lease covers one call and nothing else.
            async with self._limit.slot():
                if self._stopping.is_set():
                    return None
                result = await asyncio.to_thread(
                    self._journal.claim,
                    call_key=call.key,
                    tenant_id=call.tenant_id,
                    ticket_id=call.ticket_id,
                    identity=self._analyzer.identity(call.question.task, call.question.prompt_version),
                    question=call.question,
                    run_id=self._run_id,
                    lease_seconds=self._lease_seconds,
                    after_reply=after_reply,
                )
                record = result.record
                if result.claim is not None:
                    chaos.point("enrich.after_claim")
                    made = await self._make(call, result.claim)
                    if not isinstance(made, CallRecord):
                        return made
                    record = made
            # Erased while it was being made: whether it may be asked again is for the next run to see.
            if record is not None and record.state in {CallState.FAILED, CallState.ERASED}:
                return _ended(Ending.FAILED, record)
            if record is not None and record.state is CallState.CLAIMED:
                return _Later(min(max(0.0, record.lease_left_seconds), _POLL_SECONDS))

    async def _understood(self, call: Call, record: CallRecord) -> Outcome | None:
        """The outcome of a stored reply, or None when it deserves a second question."""
        try:
            return _ended(Ending.ANSWERED, record, self._analyzer.parse(call.question, record.response or ""))
        except UnreadableAnswer as error:
            if record.reply_count < REPLIES_ALLOWED:
                return None
            buried = await asyncio.to_thread(self._journal.bury, call.key, record.attempt, str(error))
            return _ended(Ending.DEAD, buried)

    async def _make(self, call: Call, claim: Claim) -> CallRecord | _Later | None:
        """Make a claimed call once; what failed for now is given back and taken up later."""
        try:
            return await self._ask(call, claim)
        except Throttled as error:
            self._limit.throttled(error.retry_after)
            await asyncio.to_thread(self._journal.release, claim)
            self._lose_patience(error)
            return _Later(self._limit.pause_seconds)
        except ProviderUnavailable as error:
            return await self._unavailable(call, claim, error)
        except Rejected as error:
            return await self._rejected(claim, error)
        except (Blocked, TextTooLong) as error:
            return await asyncio.to_thread(self._journal.give_up, claim, str(error), is_final=True)
        except ModelStopped as error:
            self._stop(error)
            await asyncio.to_thread(self._journal.release, claim)
            return None

    async def _ask(self, call: Call, claim: Claim) -> CallRecord:
        complaint = self._complaint(call.question, claim.response or "") if claim.reply_count else None
        try:
            # A connection that trickles outlasts any time-out between bytes; past the lease the call is no longer ours.
            async with asyncio.timeout(self._lease_seconds * _LEASE_SHARE):
                reply = await self._analyzer.ask(call.question, complaint=complaint)
        except TimeoutError as error:
            raise ProviderUnavailable(
                f"No complete answer within {self._lease_seconds * _LEASE_SHARE:.0f} s."
            ) from error
        chaos.point("enrich.after_call")
        record = await asyncio.to_thread(self._journal.store, claim, reply)
        chaos.point("enrich.after_journal")
        self._limit.succeeded()
        self._last_success = time.monotonic()
        self._success_count += 1
        self._count(call, reply.usage)
        return record

    async def _unavailable(self, call: Call, claim: Claim, error: ProviderUnavailable) -> CallRecord | _Later:
        self._limit.failed()
        first, times = self._failures.get(call.key, (time.monotonic(), 0))
        self._failures[call.key] = (first, times + 1)
        if error.usage.input_tokens or error.usage.cost_usd:
            self._count(call, error.usage)
        if times + 1 >= _ATTEMPTS and self._last_success > first:
            return await asyncio.to_thread(self._journal.give_up, claim, str(error), usage=error.usage)
        await asyncio.to_thread(self._journal.release, claim, usage=error.usage, is_failure=True)
        self._lose_patience(error)
        return _Later(growing_pause(times + 1) if error.retry_after is None else error.retry_after)

    async def _rejected(self, claim: Claim, error: Rejected) -> CallRecord | _Later | None:
        if self._success_count:
            return await asyncio.to_thread(self._journal.give_up, claim, str(error))
        # Nothing was ever accepted: more likely the settings than the ticket, so no ticket is blamed.
        self._rejections += 1
        await asyncio.to_thread(self._journal.release, claim, is_failure=True)
        if self._rejections >= _REJECTIONS_BEFORE_STOP:
            self._stop(ModelStopped(f"No call was accepted, {self._rejections} were refused. {error}"))
            return None
        return _Later(_POLL_SECONDS)

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

    def _lose_patience(self, error: ChurnboardError) -> None:
        # A pause the server itself asked for is not silence.
        silent = time.monotonic() - self._last_success
        if silent > self._patience_seconds + self._limit.pause_seconds:
            self._stop(
                ModelUnavailable(
                    f"No model call succeeded for {silent:.0f} s. The last failure: {error} "
                    f"What was read is kept; run this step again when the server has recovered."
                )
            )

    def _stop(self, error: ChurnboardError) -> None:
        self.stopped = self.stopped or error
        self._stopping.set()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stopping.wait()
        except TimeoutError:
            return


def _ended(ending: Ending, record: CallRecord, answer: Answer | None = None) -> Outcome:
    return Outcome(
        ending=ending,
        answer=answer,
        usage=record.usage,
        run_id=record.run_id,
        ended_at=record.updated_at,
        reason=record.reason,
        raw=record.response,
        attempt_count=record.reply_count + record.failure_count,
        first_seen_at=record.first_claimed_at,
    )


async def _all(work: Sequence[Coroutine[None, None, None]]) -> None:
    """Run together; the first failure ends the others and is raised as it is, not in a group."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
