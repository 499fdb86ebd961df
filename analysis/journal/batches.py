"""Batches in the journal: intended, submitted, ended, each step one transaction over the batch and all of its calls.

The row is written before the provider hears anything, the provider's id right after. A process that dies in between leaves an
intended row: whoever comes next asks the provider whether it has that batch (see `analysis.batches.collecting`). A call belongs
to a batch as long as `llm_call.batch_key` names it; whoever claims the call anew takes the name away, so what arrives too late
changes nothing but the bill.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, and_, func, literal, select, update

from analysis.analyzer import Usage
from analysis.journal.batch import OPEN, BatchCall, BatchRecord, CallEnd, Verdict, batch_record
from analysis.journal.spending import SpendJournal
from analysis.journal.statements import Statements, added
from analysis.journal.table import LLM_BATCH, LLM_CALL, BatchState, CallState, ChargeKind
from analysis.text import text_hash

_B = LLM_BATCH.c
_C = LLM_CALL.c


class BatchJournal:
    """The batches of a `Journal`; every method raises `JournalUnavailable` where its database does not answer."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        statements: Statements,
        spend: SpendJournal,
        *,
        claimed_by: str,
    ) -> None:
        self._transaction = transaction
        self._spend = spend
        self._statements = statements
        self._claimed_by = claimed_by
        self._now = statements.now

    def intend(
        self,
        *,
        batch_key: str,
        tenant_id: str,
        provider: str,
        model: str,
        calls: Sequence[BatchCall],
        run_id: str,
        lease_seconds: float,
        call_lease_seconds: float,
    ) -> list[BatchCall]:
        """Claim those of `calls` that nobody else holds, and write down that they are about to be submitted.

        What the payer's month has no room for is left alone. So is a call that failed by itself: one bad request makes some
        providers refuse the whole batch.

        Args:
            batch_key: A new key.
            tenant_id: Whose calls, all of them.
            provider: Whose interface is spoken.
            model: What the provider calls the model.
            calls: Of one task.
            run_id: Stands on every call.
            lease_seconds: How long the submission may take before another process looks after it.
            call_lease_seconds: How long nobody else makes these calls.

        Returns:
            The calls granted, in the order given; nothing is written where there is none.
        """
        by_key = {call.call_key: call for call in calls}
        with self._transaction() as connection:
            granted = self._claim(connection, batch_key, tenant_id, list(by_key.values()), run_id, call_lease_seconds)
            chosen = [call for call in by_key.values() if call.call_key in granted]
            if chosen:
                connection.execute(
                    LLM_BATCH.insert().values(
                        batch_key=batch_key,
                        tenant_id=tenant_id,
                        provider=provider,
                        task=chosen[0].question.task.value,
                        model=model,
                        state=BatchState.INTENDED.value,
                        call_count=len(chosen),
                        body_hash=sha256("\n".join(call.line for call in chosen).encode()).hexdigest(),
                        first_created_on=min(call.created_on for call in chosen).isoformat(),
                        last_created_on=max(call.created_on for call in chosen).isoformat(),
                        run_id=run_id,
                        lease_until=self._now + literal(lease_seconds, Double),
                        intended_at=self._now,
                    )
                )
        return chosen

    def submitted(self, batch_key: str, provider_batch_id: str, *, expires_at: float, margin_seconds: float) -> bool:
        """Write the provider's id beside the intent and keep the calls until it expires; False when the batch is over already."""
        with self._transaction() as connection:
            written = connection.execute(
                update(LLM_BATCH)
                .where(_B.batch_key == batch_key, _B.state == BatchState.INTENDED)
                .values(
                    state=BatchState.SUBMITTED.value,
                    provider_batch_id=provider_batch_id,
                    submitted_at=self._now,
                    expires_at=literal(expires_at, Double),
                )
            )
            if written.rowcount != 1:
                return False
            self._keep_calls(connection, batch_key, expires_at + margin_seconds)
            return True

    def prolong(self, batch_key: str, *, expires_at: float, margin_seconds: float) -> None:
        """The provider says that it takes until then."""
        with self._transaction() as connection:
            written = connection.execute(
                update(LLM_BATCH)
                .where(_B.batch_key == batch_key, _B.state == BatchState.SUBMITTED, _B.expires_at != expires_at)
                .values(expires_at=literal(expires_at, Double))
            )
            if written.rowcount:
                self._keep_calls(connection, batch_key, expires_at + margin_seconds)

    def reach_for(self, batch_key: str, lease_seconds: float) -> bool:
        """Take over an intended batch whose submission has taken too long; False when somebody else did, or it came through."""
        with self._transaction() as connection:
            taken = connection.execute(
                update(LLM_BATCH)
                .where(_B.batch_key == batch_key, _B.state == BatchState.INTENDED, _B.lease_until < self._now)
                .values(lease_until=self._now + literal(lease_seconds, Double))
            )
            return taken.rowcount == 1

    def end(
        self,
        batch_key: str,
        state: BatchState,
        verdicts: Sequence[Verdict],
        *,
        others: CallEnd,
        reason: str | None = None,
    ) -> BatchRecord | None:
        """Write down everything that came of a batch, all at once; None when somebody else has done so before.

        A call that has been claimed anew, or whose words were erased meanwhile, keeps what it has; what its result cost is added.

        Args:
            batch_key: Which.
            state: How it ended.
            verdicts: What came of its calls; of keys that are no calls of ours, nothing is written.
            others: What becomes of the calls nothing came of.
            reason: Why, in a sentence.
        """
        with self._transaction() as connection:
            payer = connection.scalar(select(_B.tenant_id).where(_B.batch_key == batch_key))
            if payer is not None:
                self._spend.hold(connection, payer)
            # Whoever turns the row first writes the calls; a second collector waits here and then finds it done.
            mine = connection.execute(
                update(LLM_BATCH)
                .where(_B.batch_key == batch_key, _B.state.in_(OPEN))
                .values(state=state.value, reason=reason, ended_at=self._now)
            )
            if mine.rowcount != 1:
                return None
            held = set(connection.scalars(select(_C.call_key).where(*self._held(batch_key))))
            counts = dict.fromkeys(CallEnd, 0)
            usage = Usage()
            for verdict in verdicts:
                charged = verdict.reply.usage if verdict.reply else verdict.usage
                is_ours = self._settle(connection, verdict, charged, is_held=verdict.call_key in held)
                usage += charged if is_ours else Usage()
                if verdict.call_key in held:
                    counts[verdict.end] += 1
            left = held - {verdict.call_key for verdict in verdicts}
            counts[others] += len(left)
            for key in sorted(left):
                self._settle(connection, Verdict(key, others, reason=reason), Usage(), is_held=True)
            connection.execute(
                update(LLM_BATCH)
                .where(_B.batch_key == batch_key)
                .values(
                    answered_count=counts[CallEnd.ANSWERED],
                    failed_count=counts[CallEnd.FAILED] + counts[CallEnd.DEAD],
                    released_count=counts[CallEnd.RELEASED],
                    input_tokens=usage.input_tokens,
                    output_tokens=usage.output_tokens,
                    cost_usd=usage.cost_usd,
                )
            )
            return next(self._records(connection, _B.batch_key == batch_key))

    def cleared(self, batch_key: str) -> None:
        """The provider has been told to forget the batch."""
        with self._transaction() as connection:
            connection.execute(update(LLM_BATCH).where(_B.batch_key == batch_key).values(cleared_at=self._now))

    def open(self, tenant_ids: Collection[str] | None = None) -> list[BatchRecord]:
        """Batches something is still to come from, oldest first; of these tenants, or of all."""
        return self._chosen(_B.state.in_(OPEN), tenant_ids)

    def uncleared(self, tenant_ids: Collection[str] | None = None) -> list[BatchRecord]:
        """Batches that ended and whose texts the provider may still hold."""
        is_left = and_(_B.state.not_in(OPEN), _B.provider_batch_id.is_not(None), _B.cleared_at.is_(None))
        return self._chosen(is_left, tenant_ids)

    def all(self, tenant_ids: Collection[str] | None = None) -> list[BatchRecord]:
        """Every batch there ever was, oldest first."""
        return self._chosen(literal(value=True), tenant_ids)

    def one(self, batch_key: str) -> BatchRecord | None:
        """The batch of this key."""
        return next(iter(self._chosen(_B.batch_key == batch_key, None)), None)

    def known(self, provider_batch_ids: Collection[str]) -> set[str]:
        """Which of these ids of the provider's stand beside a batch of ours."""
        with self._transaction() as connection:
            return set(
                connection.scalars(select(_B.provider_batch_id).where(_B.provider_batch_id.in_(provider_batch_ids)))
            )

    def calls(self, batch_key: str) -> set[str]:
        """The keys of the calls that wait for this batch."""
        with self._transaction() as connection:
            return set(connection.scalars(select(_C.call_key).where(*self._held(batch_key))))

    def waiting_count(self, tenant_ids: Collection[str]) -> int:
        """How many calls of these tenants wait for a batch."""
        with self._transaction() as connection:
            return (
                connection.scalar(
                    select(func.count()).where(
                        _C.tenant_id.in_(tenant_ids), _C.batch_key.is_not(None), _C.state == CallState.CLAIMED
                    )
                )
                or 0
            )

    def has_completed(self, provider: str, model: str) -> bool:
        """Whether this provider has ever completed a batch for this model."""
        completed = and_(_B.provider == provider, _B.model == model, _B.state == BatchState.COLLECTED)
        with self._transaction() as connection:
            return connection.scalar(select(_B.batch_key).where(completed).limit(1)) is not None

    def _claim(
        self,
        connection: Connection,
        batch_key: str,
        tenant_id: str,
        calls: Sequence[BatchCall],
        run_id: str,
        lease_seconds: float,
    ) -> set[str]:
        granted: set[str] = set()
        # The payer comes first here too, see `Journal.together`.
        self._spend.hold(connection, tenant_id)
        # In the order of their keys: two that claim the same calls wait for each other and do not deadlock.
        for call in sorted(calls, key=lambda one: one.call_key):
            if self._spend.no_room(connection, call.call_key, tenant_id, call.allowance) is not None:
                continue
            claimed = self._statements.claim_for_batch.run(
                connection,
                call_key=call.call_key,
                tenant_id=tenant_id,
                ticket_id=call.ticket_id,
                task=call.question.task.value,
                model=call.identity.model,
                prompt_version=call.identity.prompt_version,
                schema_hash=call.identity.schema_hash,
                input_hash=text_hash(call.question.text),
                claimed_by=self._claimed_by,
                lease_seconds=lease_seconds,
                run_id=run_id,
                reserved_usd=call.allowance.estimate_usd,
                sent_tokens=call.allowance.sent_tokens,
                batch_key=batch_key,
            )
            if claimed.one_or_none() is not None:
                granted.add(call.call_key)
        return granted

    def _settle(self, connection: Connection, verdict: Verdict, charged: Usage, *, is_held: bool) -> bool:
        """Write one call; False when there is no such call."""
        values: dict[str, Any] = dict(added(charged))
        if is_held and verdict.reply is not None:
            values |= {
                "state": CallState.ANSWERED.value,
                "response": verdict.reply.raw.replace("\x00", "\ufffd"),
                "generation_id": verdict.reply.generation_id,
                "reply_count": _C.reply_count + 1,
                "provider": verdict.reply.provider,
                "reason": None,
                "error_type": None,
            }
        elif is_held and verdict.end is CallEnd.RELEASED:
            values |= {"lease_until": literal(0.0, Double), "batch_key": None}
        elif is_held:
            is_dead = verdict.end is CallEnd.DEAD
            values |= {
                "state": (CallState.DEAD if is_dead else CallState.FAILED).value,
                "failure_count": _C.failure_count + 1,
                "reason": verdict.reason,
                "error_type": verdict.error_type,
            }
        elif not (charged.input_tokens or charged.output_tokens or charged.cost_usd):
            return True
        written = connection.execute(
            update(LLM_CALL).where(_C.call_key == verdict.call_key).values(updated_at=self._now, **values)
        )
        self._charge(connection, verdict, charged, is_held=is_held)
        return written.rowcount == 1

    def _charge(self, connection: Connection, verdict: Verdict, charged: Usage, *, is_held: bool) -> None:
        if verdict.reply is None:
            self._spend.charge(connection, verdict.call_key, charged, ChargeKind.FAILURE)
        elif is_held:
            generation_id = verdict.reply.generation_id
            self._spend.charge(connection, verdict.call_key, charged, ChargeKind.REPLY, generation_id)
        else:
            self._spend.charge(connection, verdict.call_key, charged, ChargeKind.LATE)

    def _keep_calls(self, connection: Connection, batch_key: str, until: float) -> None:
        connection.execute(update(LLM_CALL).where(*self._held(batch_key)).values(lease_until=literal(until, Double)))

    def _held(self, batch_key: str) -> tuple[ColumnElement[bool], ...]:
        return _C.batch_key == batch_key, _C.state == CallState.CLAIMED

    def _chosen(self, chosen: ColumnElement[bool], tenant_ids: Collection[str] | None) -> list[BatchRecord]:
        if tenant_ids is not None:
            chosen = and_(chosen, _B.tenant_id.in_(tenant_ids))
        with self._transaction() as connection:
            return list(self._records(connection, chosen))

    def _records(self, connection: Connection, chosen: ColumnElement[bool]) -> Iterator[BatchRecord]:
        query = select(LLM_BATCH, (_B.lease_until - self._now).label("lease_left")).where(chosen)
        for row in connection.execute(query.order_by(_B.intended_at, _B.batch_key)):
            yield batch_record(row)
