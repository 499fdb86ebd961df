"""Gets paid calls answered: claimed in the journal, made under an adaptive limit, stored raw, understood, or given up.

Several drivers, in one process or on many machines, may work on the same calls: whoever holds the claim calls, the others wait
for the stored reply. How one call is made is `analysis.asking`'s; knows no tickets and no warehouse. A batch of calls may be handed
in while another is under way, so that neither waits for the other's last calls.

An unusable reply is mended where that cannot change its content, then asked about once more with the reason, then put to the
fallback model, then buried. The key stays the main model's throughout: it names the question, one row of the journal holds all that
was paid for it, and the row says which model answered.

Left out on purpose: a call is never declared dead because its worker died. A text cannot kill a worker that only waits for HTTP,
and a machine that is stopped twice would otherwise condemn whatever it happened to be reading.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

from analysis.analyzer import PaidAnalyzer, Task, UnreadableAnswer
from analysis.asking import POLL_SECONDS, Asking, Later, Work
from analysis.budget import Budget, Deferred
from analysis.calls import Call, Ending, Outcome, Spending, ended, given_up
from analysis.journal import Allowance, CallRecord, CallState, ClaimResult, GroupedJournal, Journal
from analysis.limiter import AdaptiveLimit
from analysis.llm.failures import TextTooLong
from analysis.patience import Patience
from core import chaos
from core.errors import ChurnboardError

_LONGEST_REQUEUED_SECONDS = 6 * 3600.0


_RENEWED_EVERY = 25


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
        longest_requeued_seconds: float = _LONGEST_REQUEUED_SECONDS,
        may_fall_back: bool = True,
        budget: Budget | None = None,
    ) -> None:
        self._journal = journal
        self._grouped = GroupedJournal(journal)
        self._analyzer = analyzer
        self._run_id = run_id
        self._lease_seconds = lease_seconds
        self._longest_requeued_seconds = longest_requeued_seconds
        self._limit = AdaptiveLimit(max_concurrency)
        self._patience = Patience(patience_seconds, self._limit.open)
        self._asking = Asking(
            journal=journal,
            grouped=self._grouped,
            analyzer=analyzer,
            limit=self._limit,
            patience=self._patience,
            max_concurrency=max_concurrency,
            lease_seconds=lease_seconds,
            on_paid=on_paid,
            fallback_model=analyzer.fallback_model if may_fall_back else "",
        )
        self._in_hand: dict[str, asyncio.Event] = {}
        self._budget = budget
        self._renewed_at_count = 0
        self._in_flight: defaultdict[str, set[str]] = defaultdict(set)
        self.deferred: dict[str, Deferred] = {}
        """Calls that their payer's budget had no room for, by key."""

    @property
    def stopped(self) -> ChurnboardError | None:
        """Why no further call is made, once that is so."""
        return self._patience.stopped

    @property
    def spent(self) -> dict[Task, Spending]:
        """What this run paid, by task."""
        return self._asking.spent

    async def answer(self, calls: Sequence[Call]) -> dict[str, Outcome]:
        """The outcomes by call key; a call that is still open, because of `stopped` or `deferred`, is not in it.

        May be called while it is being called: the calls share limit and health, and equal ones are made once.

        Raises:
            JournalUnavailable: The journal cannot be used; calls in flight are abandoned to their leases.
        """
        outcomes: dict[str, Outcome] = {}
        for call in calls:
            self.deferred.pop(call.key, None)
        if self._budget is not None:
            await asyncio.to_thread(self._budget.renew)
        known = await asyncio.to_thread(self._journal.lookup, [call.key for call in calls])
        began_at = time.monotonic()
        queue = deque(Work(call.key, call, known.pop(call.key, None), began_at) for call in calls)
        later: list[tuple[float, Work]] = []

        async def work() -> None:
            while not self._patience.is_over:
                if not queue:
                    if not later:
                        return
                    await self._patience.pause(min(ready for ready, _ in later) - time.monotonic())
                    now = time.monotonic()
                    queue.extend(one for ready, one in later if ready <= now)
                    later[:] = [(ready, one) for ready, one in later if ready > now]
                    continue
                one = queue.popleft()
                end = await self._alone(one)
                if isinstance(end, Later) and end.reason and self._is_too_old(one):
                    outcomes[one.key] = given_up(one.call, end.reason, self._run_id)
                elif isinstance(end, Later):
                    one.record = None
                    later.append((time.monotonic() + end.seconds, one))
                elif end is not None:
                    outcomes[one.key] = end

        await _all([work() for _ in range(min(self._limit.widest, len(calls)))])
        return outcomes

    async def answer_all(self, calls: Sequence[Call]) -> dict[str, Outcome]:
        """The outcomes of calls that no others follow: as `answer`, and the analyzer is closed.

        Raises:
            ModelStopped, ModelUnavailable: Why no further call was made; what was answered is in the journal.
            JournalUnavailable: As `answer`.
        """
        try:
            outcomes = await self.answer(calls)
        finally:
            await self._analyzer.close()
        if self.stopped:
            raise self.stopped
        return outcomes

    async def _alone(self, one: Work) -> Outcome | Later | None:
        """The call as far as it goes now; after whoever in this process is making the same one."""
        while (other := self._in_hand.get(one.call.key)) is not None:
            await other.wait()
            one.record = None
        key = one.call.key
        event = self._in_hand[key] = asyncio.Event()
        try:
            return await self._one(one)
        finally:
            del self._in_hand[key]
            event.set()

    async def _one(self, one: Work) -> Outcome | Later | None:
        """One call as far as it goes now: an outcome, to be taken up later, or None when the run stops or has no money."""
        while True:
            record, after_reply = one.record, None
            if record is not None and record.state is CallState.DEAD:
                if not await self._shortened(one, record):
                    return ended(Ending.DEAD, record)
                continue
            if record is not None and record.state is CallState.ANSWERED:
                read = await self._understood(one.call, record)
                if read is not None:
                    return read
                after_reply = record.reply_count
            async with self._limit.place():
                made = await self._claimed(one, after_reply)
            if not isinstance(made, CallRecord):
                return made
            one.record = made
            # Erased while it was being made: whether it may be asked again is for the next run to see.
            if made.state in {CallState.FAILED, CallState.ERASED}:
                return ended(Ending.FAILED, made)
            if made.state is CallState.CLAIMED:
                return _awaited(made)

    async def _shortened(self, one: Work, record: CallRecord) -> bool:
        """Turn to a shorter version of the text, where that is what the call died of and there is one."""
        if record.error_type != TextTooLong.error_type:
            return False
        shorter = one.call.shorter(self._asking.identity(one.call.question))
        if shorter is None:
            return False
        one.call = shorter
        one.record = (await asyncio.to_thread(self._journal.lookup, [shorter.key])).get(shorter.key)
        return True

    async def _understood(self, call: Call, record: CallRecord) -> Outcome | None:
        """The outcome of a stored reply, or None when it deserves another question."""
        try:
            return ended(Ending.ANSWERED, record, self._analyzer.parse(call.question, record.response or ""))
        except UnreadableAnswer as error:
            if record.reply_count < self._asking.replies_allowed:
                return None
            bury = partial(self._journal.bury, call.key, record.attempt, str(error), error_type="unreadable")
            return ended(Ending.DEAD, await self._grouped.step((call.tenant_id, call.key), bury))

    async def _claimed(self, one: Work, after_reply: int | None) -> CallRecord | Later | None:
        """Claim the call and make it, or say what stands in the way."""
        await self._asking.somebody_is_well(after_reply or 0)
        if self._patience.is_over:
            return None
        call, claimed_at = one.call, time.monotonic()
        allowance = await self._allowance(call)
        if self._budget and (why := self._budget.deferred(call.tenant_id, allowance)):
            self.deferred[one.key] = why
            return None
        in_flight = self._in_flight[call.tenant_id]

        def claim() -> ClaimResult:
            result = self._journal.claim(
                call_key=call.key,
                tenant_id=call.tenant_id,
                ticket_id=call.ticket_id,
                identity=self._asking.identity(call.question),
                question=call.question,
                run_id=self._run_id,
                lease_seconds=self._lease_seconds,
                after_reply=after_reply,
                allowance=allowance,
            )
            if result.claim is not None:
                in_flight.add(call.key)
            return result

        result = await self._grouped.step((call.tenant_id, call.key), claim)
        if result.no_room is not None and self._budget is not None:
            if in_flight:
                # What is in flight may cost less than was reserved for it.
                return Later(POLL_SECONDS)
            self.deferred[one.key] = self._budget.refuse(call.tenant_id, allowance, result.no_room)
            return None
        if result.claim is None:
            return result.record
        chaos.point("enrich.after_claim")
        try:
            return await self._asking.make(one, result.claim, claimed_at)
        finally:
            in_flight.discard(call.key)

    async def _allowance(self, call: Call) -> Allowance:
        """What the call is taken to cost; every so many calls prices and limits are looked at again."""
        if self._budget is None:
            return Allowance(0.0)
        paid_count = sum(one.calls for one in self.spent.values())
        if paid_count >= self._renewed_at_count + _RENEWED_EVERY:
            self._renewed_at_count = paid_count
            await asyncio.to_thread(self._budget.renew)
        return self._budget.allowance(call.tenant_id, call.question)

    def _is_too_old(self, one: Work) -> bool:
        return time.monotonic() - one.began_at > self._longest_requeued_seconds


def _awaited(record: CallRecord) -> Outcome | Later:
    """A call that somebody else makes: taken up again, unless it is the provider that makes it, in a batch."""
    if record.batch_key is not None:
        return ended(Ending.WAITING, record)
    return Later(min(max(0.0, record.lease_left_seconds), POLL_SECONDS))


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
