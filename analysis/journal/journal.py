"""Claim, answer, give up: the life of one paid call, each step one short transaction.

Exactly-once payment is impossible (no provider documents an idempotency key); what holds is: paid calls ≤ unique calls + calls in
flight at each crash. A claim is a lease with a token (`attempt`). Whoever outlives its lease and then writes changes nothing:
the write names the token it was given. Every reply is stored raw before anybody parses it, so a better parser never pays again.
"""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    case,
    func,
    inspect,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from analysis.analyzer import Identity, Question, Reply, Usage
from analysis.journal.batches import BatchJournal
from analysis.journal.ledger import Ledger
from analysis.journal.records import CallRecord, Claim, ClaimResult, record_of
from analysis.journal.spending import Allowance, Measured, SpendJournal, Standing
from analysis.journal.statements import FAILED_RUNS, Statements, added, figures
from analysis.journal.table import LLM_CALL, LLM_CHARGE, METADATA, CallState, ChargeKind
from analysis.text import text_hash
from core.appdb.engine import forget_deleted
from core.chunks import chunks
from core.errors import Transient
from core.vocabulary import AnalysisTask

_C = LLM_CALL.c
_LOOKUP_CHUNK = 500
_JULIAN_1970 = 2440587.5
_DDL_LOCK = 0x6C6C6D5F

FAILED_RUNS_ALLOWED = 2
"""A call that this many runs gave up on is dead."""


class JournalUnavailable(Transient):
    """The journal's database did not answer or could not be written; nothing was lost, run the step again."""


class Journal:
    """The call journal; safe for several threads, processes and machines. Open one with `open_journal`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._statements = Statements(engine)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._ambient = threading.local()
        self._spend = SpendJournal(engine, self._statements)
        self.batches = BatchJournal(self._transaction, self._statements, self._spend, claimed_by=self._name)
        """Calls that are made many at a time, by the provider."""

    def create(self) -> None:
        """Create the tables where they are missing.

        Raises:
            JournalUnavailable: The database does not answer.
        """
        with self._transaction() as connection:
            if not self._is_sqlite:
                # `if not exists` still races between sessions.
                connection.execute(select(func.pg_advisory_xact_lock(_DDL_LOCK)))
            is_counted = inspect(connection).has_table(LLM_CHARGE.name)
            METADATA.create_all(connection)
            # A journal outlives releases: what was paid for is not thrown away for a new column.
            for table in METADATA.sorted_tables:
                held = {column["name"] for column in inspect(connection).get_columns(table.name)}
                for column in table.columns:
                    if column.name not in held:
                        connection.exec_driver_sql(f"alter table {table.name} add column {column.name} {column.type}")
                for index in table.indexes:
                    index.create(connection, checkfirst=True)
            if not is_counted:
                self._spend.adopt(connection)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Whatever this thread does here inside the block is one transaction: all of it is kept, or none.

        Steps on several calls go by payer, who is held first (`hold`), and then by key, or two processes that do the same wait for
        each other.

        Raises:
            JournalUnavailable: Nothing of it was kept.
        """
        with self._transaction() as connection:
            self._ambient.connection, self._ambient.held = connection, set()
            try:
                yield
            finally:
                del self._ambient.connection, self._ambient.held

    def hold(self, tenant_id: str) -> None:
        """Inside `together`: let nobody else reserve or charge for this payer until the block ends."""
        with self._paying(tenant_id):
            pass

    def lookup(self, keys: Sequence[str]) -> dict[str, CallRecord]:
        """The records of those of `keys` that have one.

        Raises:
            JournalUnavailable: As every method here.
        """
        found: dict[str, CallRecord] = {}
        for chosen in _among(_C.call_key, keys):
            with self._transaction() as connection:
                found |= {one.call_key: one for one in self._records(connection, chosen)}
        return found

    def claim(
        self,
        *,
        call_key: str,
        tenant_id: str,
        identity: Identity,
        question: Question,
        run_id: str,
        lease_seconds: float,
        ticket_id: str | None = None,
        after_reply: int | None = None,
        allowance: Allowance | None = None,
    ) -> ClaimResult:
        """Ask for the right to make the call, and reserve what it is taken to cost.

        Granted when nobody asked before, when a lease has run out, when another run gave up, when the stored reply number
        `after_reply` could not be understood and nobody has asked again since, or when what was answered had to be erased for
        somebody else's sake. Not granted where the payer's month has no room for `allowance`: the call is then as open as before.
        """
        allowance = allowance or Allowance(0.0)
        with self._paying(tenant_id) as connection:
            no_room = self._spend.no_room(connection, call_key, tenant_id, allowance)
            if no_room is not None:
                record = next(self._records(connection, _C.call_key == call_key), None)
                is_open = record is None or record.is_claimable(after_reply)
                return ClaimResult(None, None, no_room) if is_open else ClaimResult(None, record)
            granted = self._statements.claim.run(
                connection,
                call_key=call_key,
                tenant_id=tenant_id,
                ticket_id=ticket_id,
                task=question.task.value,
                model=identity.model,
                prompt_version=identity.prompt_version,
                schema_hash=identity.schema_hash,
                input_hash=text_hash(question.text),
                claimed_by=self._name,
                lease_seconds=lease_seconds,
                run_id=run_id,
                reserved_usd=allowance.estimate_usd,
                sent_tokens=allowance.sent_tokens,
                after_reply=-1 if after_reply is None else after_reply,
            ).one_or_none()
            if granted is not None:
                return ClaimResult(Claim(call_key, tenant_id, *granted), None)
            return ClaimResult(None, self._one(connection, call_key))

    def release(self, claim: Claim, *, usage: Usage | None = None, is_failure: bool = False) -> None:
        """Give the claim back without a reply: whoever comes next may claim at once. Adds what was charged all the same."""
        charged = usage or Usage()
        with self._paying(claim.tenant_id) as connection:
            released = self._statements.release.run(
                connection,
                call_key=claim.call_key,
                attempt=claim.attempt,
                failures=int(is_failure),
                **figures(charged),
            )
            self._charge(connection, claim, charged, ChargeKind.FAILURE, is_held=released.rowcount == 1)

    def store(self, claim: Claim, reply: Reply, *, model: str | None = None) -> CallRecord:
        """Keep a reply as it came; returns the record as it then stands. `model` answered, where that is not the key's own.

        When the lease was lost meanwhile the reply is not kept, but what it cost is.
        """
        with self._paying(claim.tenant_id) as connection:
            kept = self._statements.store.run(
                connection,
                call_key=claim.call_key,
                attempt=claim.attempt,
                response=reply.raw.replace("\x00", "\ufffd"),
                generation_id=reply.generation_id,
                provider=reply.provider,
                model=model,
                **figures(reply.usage),
            ).one_or_none()
            if kept is None:
                self._charge(connection, claim, reply.usage, ChargeKind.LATE, is_held=False)
                return self._one(connection, claim.call_key)
            self._charge(connection, claim, reply.usage, ChargeKind.REPLY, reply.generation_id, is_held=True)
            return record_of(kept)

    def give_up(
        self, claim: Claim, reason: str, *, error_type: str, usage: Usage | None = None, is_final: bool = False
    ) -> CallRecord:
        """End the claim without a reply: failed, so that another run tries; dead when final or when another run failed too."""
        is_dead = literal(is_final) if is_final else FAILED_RUNS >= FAILED_RUNS_ALLOWED
        charged = usage or Usage()
        with self._paying(claim.tenant_id) as connection:
            ended = connection.execute(
                update(LLM_CALL)
                .where(_C.call_key == claim.call_key, _C.attempt == claim.attempt, _C.state == CallState.CLAIMED)
                .values(
                    state=case((is_dead, CallState.DEAD.value), else_=CallState.FAILED.value),
                    reason=reason,
                    error_type=error_type,
                    failure_count=_C.failure_count + 1,
                    failed_run_count=FAILED_RUNS,
                    failed_run_id=_C.run_id,
                    updated_at=self._statements.now,
                    **added(charged),
                )
            )
            self._charge(connection, claim, charged, ChargeKind.FAILURE, is_held=ended.rowcount == 1)
            return self._one(connection, claim.call_key)

    def bury(self, call_key: str, attempt: int, reason: str, *, error_type: str) -> CallRecord:
        """Give up on a reply nobody can understand, for good; without effect when the call was claimed anew since `attempt`."""
        with self._transaction() as connection:
            connection.execute(
                update(LLM_CALL)
                .where(_C.call_key == call_key, _C.attempt == attempt)
                .values(
                    state=CallState.DEAD.value, reason=reason, error_type=error_type, updated_at=self._statements.now
                )
            )
            return self._one(connection, call_key)

    def revive(self, call_keys: Sequence[str]) -> int:
        """Let those of these calls that are dead be made again, from scratch; returns how many that were."""
        revived = 0
        for chosen in _among(_C.call_key, call_keys):
            with self._transaction() as connection:
                revived += connection.execute(
                    update(LLM_CALL)
                    .where(chosen, _C.state == CallState.DEAD)
                    .values(
                        state=CallState.FAILED.value,
                        failed_run_count=0,
                        failed_run_id=None,
                        failure_count=0,
                        reply_count=0,
                        response=None,
                        updated_at=self._statements.now,
                    )
                ).rowcount
        return revived

    def forget(self, tenant_id: str, ticket_ids: Sequence[str], call_keys: Sequence[str] = ()) -> int:
        """Forget what was answered about these tickets, and in these calls; what they cost is kept. Returns how many that were.

        With the first of a tenant's tickets go its calls that were about several: which words of whom they hold is not known.

        Whoever is making such a call right now is not given the place to store its reply.
        """
        forgotten = 0
        for chosen in _about(ticket_ids, call_keys):
            with self._transaction() as connection:
                keys = list(connection.scalars(select(_C.call_key).where(_C.tenant_id == tenant_id, chosen)))
                self._spend.forget_generations(connection, tenant_id, keys)
                forgotten += connection.execute(
                    update(LLM_CALL)
                    .where(_C.tenant_id == tenant_id, chosen, _C.state != CallState.ERASED)
                    .values(
                        state=CallState.ERASED.value,
                        reply_count=0,
                        response=None,
                        reason=None,
                        generation_id=None,
                        updated_at=self._statements.now,
                    )
                ).rowcount
        return forgotten

    def remembered(self, tenant_id: str, ticket_ids: Sequence[str], call_keys: Sequence[str] = ()) -> int:
        """How many of these calls still hold what was answered."""
        count = 0
        for chosen in _about(ticket_ids, call_keys):
            said = or_(_C.response.is_not(None), _C.reason.is_not(None), _C.generation_id.is_not(None))
            query = select(func.count()).where(_C.tenant_id == tenant_id, chosen, said)
            with self._transaction() as connection:
                count += connection.scalar(query) or 0
        return count

    def standing(self, tenant_id: str) -> Standing:
        """How a payer stands this month."""
        with self._transaction() as connection:
            return self._spend.standing(connection, tenant_id)

    def measured(self, identity: Identity, task: AnalysisTask) -> Measured:
        """What the newest replies of this model to this task came to."""
        with self._transaction() as connection:
            return self._spend.measured(connection, identity, task)

    def last_rate(self, identity: Identity) -> float | None:
        """Paid calls a second in the last run of this model; None where it made too few to tell."""
        with self._transaction() as connection:
            return self._spend.last_rate(connection, identity)

    def unpriced_count(self, tenant_ids: Sequence[str]) -> int:
        """Charges of this month that carry tokens and no cost: what no budget can hold."""
        with self._transaction() as connection:
            return self._spend.unpriced_count(connection, tenant_ids)

    @property
    def ledger(self) -> Ledger:
        """What was paid, for whoever reads the accounts."""
        return Ledger(self._transaction, self._statements.now)

    def forget_deleted(self) -> None:
        """Let what was forgotten leave the disk too.

        Raises:
            StillRead: Somebody reads the file for so long that its log cannot be emptied.
        """
        forget_deleted(self._engine, [table.name for table in METADATA.sorted_tables])

    def _charge(
        self,
        connection: Connection,
        claim: Claim,
        usage: Usage,
        kind: ChargeKind,
        generation_id: str | None = None,
        *,
        is_held: bool,
    ) -> None:
        """Write down what a claim cost; where the claim was lost meanwhile, nothing else of it is kept."""
        if not is_held and usage != Usage():
            connection.execute(update(LLM_CALL).where(_C.call_key == claim.call_key).values(**added(usage)))
        self._spend.charge(connection, claim.call_key, usage, kind, generation_id)

    @contextmanager
    def _paying(self, tenant_id: str) -> Iterator[Connection]:
        """A transaction that holds the payer's month before any of its calls, so that two of them never wait in a circle."""
        with self._transaction() as connection:
            held: set[str] = getattr(self._ambient, "held", set())
            if tenant_id not in held:
                self._spend.hold(connection, tenant_id)
                held.add(tenant_id)
            yield connection

    def _one(self, connection: Connection, call_key: str) -> CallRecord:
        return next(self._records(connection, _C.call_key == call_key))

    def _records(self, connection: Connection, chosen: ColumnElement[bool]) -> Iterator[CallRecord]:
        for row in connection.execute(select(*self._statements.columns).where(chosen)):
            yield record_of(row)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        ambient: Connection | None = getattr(self._ambient, "connection", None)
        if ambient is not None:
            yield ambient
            return
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            raise JournalUnavailable(
                f"The call journal {where} could not be used: {error}. Check that it can be reached and written, then run again."
            ) from error


def _about(ticket_ids: Sequence[str], call_keys: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """Conditions that choose the calls about these tickets, those about several tickets, and these calls; no call twice at once."""
    if ticket_ids:
        yield _C.ticket_id.is_(None)
    yield from _among(_C.ticket_id, ticket_ids)
    yield from _among(_C.call_key, call_keys)


def _among(column: ColumnElement[Any], values: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """Conditions that together choose the rows with one of these values, few enough in each for any database."""
    for some in chunks(values, _LOOKUP_CHUNK):
        yield column.in_(some)
