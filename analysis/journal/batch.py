"""What is said about batches and the calls in them, between the journal and whoever hands them in or collects them."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from analysis.analyzer import Identity, Question, Reply, Usage
from analysis.journal.spending import Allowance
from analysis.journal.table import BatchState
from core.vocabulary import AnalysisTask

OPEN = (BatchState.INTENDED, BatchState.SUBMITTED)
"""The states from which something is still to come."""


@dataclass(frozen=True, slots=True)
class BatchCall:
    """One call that may go into a batch."""

    call_key: str
    ticket_id: str | None
    created_on: date
    """The day on which its ticket was created, in UTC: where to look for it once it is answered."""

    identity: Identity
    question: Question
    line: str
    """What is sent for it, as JSON text."""

    allowance: Allowance = field(default_factory=lambda: Allowance(0.0))
    """What it is taken to cost, and what its payer may spend."""


class CallEnd(StrEnum):
    """How a call of a batch ended."""

    ANSWERED = "answered"
    DEAD = "dead"
    """Refused for what its text says or how long it is; asking again changes nothing."""

    FAILED = "failed"
    """To be asked by itself, so that it cannot spoil another batch."""

    RELEASED = "released"
    """Not made; may go into another batch."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one call."""

    call_key: str
    end: CallEnd
    reply: Reply | None = None
    reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    """What was charged where there is no reply."""

    error_type: str | None = None
    """What the journal calls a failure."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch."""

    batch_key: str
    tenant_id: str
    provider: str
    task: AnalysisTask
    model: str
    state: BatchState
    call_count: int
    body_hash: str
    provider_batch_id: str | None
    first_created_on: date
    last_created_on: date
    answered_count: int
    failed_count: int
    released_count: int
    usage: Usage
    reason: str | None
    run_id: str
    intended_at: datetime
    submitted_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    cleared_at: datetime | None
    lease_left_seconds: float

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self.state in OPEN


def batch_record(row: Row[Any]) -> BatchRecord:
    """The batch in a row of `llm_batch` with `lease_left` beside it."""
    return BatchRecord(
        batch_key=row.batch_key,
        tenant_id=row.tenant_id,
        provider=row.provider,
        task=AnalysisTask(row.task),
        model=row.model,
        state=BatchState(row.state),
        call_count=row.call_count,
        body_hash=row.body_hash,
        provider_batch_id=row.provider_batch_id,
        first_created_on=date.fromisoformat(row.first_created_on),
        last_created_on=date.fromisoformat(row.last_created_on),
        answered_count=row.answered_count,
        failed_count=row.failed_count,
        released_count=row.released_count,
        usage=Usage(row.input_tokens, row.output_tokens, row.cost_usd),
        reason=row.reason,
        run_id=row.run_id,
        intended_at=datetime.fromtimestamp(row.intended_at, UTC),
        submitted_at=_moment(row.submitted_at),
        expires_at=_moment(row.expires_at),
        ended_at=_moment(row.ended_at),
        cleared_at=_moment(row.cleared_at),
        lease_left_seconds=row.lease_left,
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
