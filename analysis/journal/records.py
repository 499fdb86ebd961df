"""What the journal hands out: a call as it stands, the right to make one, or who stands in its way."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from analysis.analyzer import Usage
from analysis.journal.spending import Standing
from analysis.journal.table import CallState


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One row of the journal, as far as a reader needs it."""

    call_key: str
    state: CallState
    attempt: int
    model: str
    provider: str | None
    reply_count: int
    failure_count: int
    response: str | None
    usage: Usage
    generation_id: str | None
    reason: str | None
    error_type: str | None
    run_id: str
    first_claimed_at: datetime
    updated_at: datetime
    lease_left_seconds: float
    batch_key: str | None = None
    """The batch that holds the claim, where the call waits at the provider instead of being made by a worker."""

    def is_claimable(self, after_reply: int | None) -> bool:
        """Whether a claim would be granted, as `statements.Statements.claim` has it."""
        if self.state is CallState.CLAIMED:
            return self.lease_left_seconds < 0
        if self.state is CallState.ANSWERED:
            return self.reply_count == after_reply
        return self.state in {CallState.FAILED, CallState.ERASED}


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one call until the lease ends; with the last reply, where there was one that could not be understood."""

    call_key: str
    tenant_id: str
    attempt: int
    reply_count: int
    response: str | None
    failure_count: int = 0

    @property
    def order(self) -> tuple[str, str]:
        """Payer and key: in this order steps share a transaction."""
        return self.tenant_id, self.call_key


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """Either the claim, or the record that stands in its way, or how a payer stands whose month has no room for the call."""

    claim: Claim | None
    record: CallRecord | None
    no_room: Standing | None = None


def record_of(row: Row[Any]) -> CallRecord:
    """A row of `statements.Statements.columns`."""
    return CallRecord(
        call_key=row.call_key,
        state=CallState(row.state),
        attempt=row.attempt,
        model=row.model,
        provider=row.provider,
        reply_count=row.reply_count,
        failure_count=row.failure_count,
        response=row.response,
        usage=Usage(row.input_tokens, row.output_tokens, row.cost_usd, row.latency_ms),
        generation_id=row.generation_id,
        reason=row.reason,
        error_type=row.error_type,
        run_id=row.run_id,
        first_claimed_at=datetime.fromtimestamp(row.first_claimed_at, UTC),
        updated_at=datetime.fromtimestamp(row.updated_at, UTC),
        lease_left_seconds=row.lease_left,
        batch_key=row.batch_key,
    )
