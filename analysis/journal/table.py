"""The one table of the journal, the same on SQLite and Postgres.

Times are seconds since 1970 by the clock of the database that holds the table: several machines claim from it, and only that
clock is shared.
"""

from enum import StrEnum

from sqlalchemy import Column, Double, Index, Integer, MetaData, Table, Text


class CallState(StrEnum):
    """Where a call stands."""

    CLAIMED = "claimed"
    """Somebody is making it, or was when the lease was given."""

    ANSWERED = "answered"
    """A reply is stored; whether it can be understood is decided by reading it."""

    FAILED = "failed"
    """Given up for this run; another run may try."""

    DEAD = "dead"
    """Given up for good, with the reason; only a person's replay brings it back."""

    ERASED = "erased"
    """It was paid for; what it said is gone, because it was about somebody whose data had to go."""


METADATA = MetaData()

LLM_CALL = Table(
    "llm_call",
    METADATA,
    Column("call_key", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("ticket_id", Text),
    Column("task", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("schema_hash", Text, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("claimed_by", Text, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("reply_count", Integer, nullable=False, default=0),
    Column("failure_count", Integer, nullable=False, default=0),
    Column("failed_run_count", Integer, nullable=False, default=0),
    Column("response", Text),
    Column("input_tokens", Integer, nullable=False, default=0),
    Column("output_tokens", Integer, nullable=False, default=0),
    Column("cost_usd", Double, nullable=False, default=0.0),
    Column("latency_ms", Integer, nullable=False, default=0),
    Column("generation_id", Text),
    Column("provider", Text),
    Column("reason", Text),
    Column("error_type", Text),
    Column("failed_run_id", Text),
    Column("run_id", Text, nullable=False),
    Column("first_claimed_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("llm_call_by_tenant", "tenant_id", "state"),
)
"""One row a call key, with the ticket it was first asked about; tokens, cost and latency add up over every reply, unusable ones
included. `model` is the one whose reply is stored, `provider` who served it; the key is always made with the main model."""
