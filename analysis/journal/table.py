"""The tables of the journal, the same on SQLite and Postgres: calls, batches of them, charges, and what each payer spent.

Times are seconds since 1970 by the clock of the database that holds the table: several machines claim from it, and only that
clock is shared.
"""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, Table, Text


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


class BatchState(StrEnum):
    """Where a batch stands."""

    INTENDED = "intended"
    """Its calls are claimed; whether the provider has it is only known once its id stands beside it."""

    SUBMITTED = "submitted"
    """The provider has it."""

    COLLECTED = "collected"
    """Completed; every result is in the journal."""

    EXPIRED = "expired"
    """Not finished within the provider's window; what was finished is in the journal."""

    CANCELLED = "cancelled"
    """Called off; what was finished by then is in the journal."""

    FAILED = "failed"
    """The provider did not take it, or refused it as a whole; nothing was answered and nothing paid."""


class ChargeKind(StrEnum):
    """What was paid for."""

    REPLY = "reply"
    """An answer that was stored; whether it could be used is seen by reading it."""

    LATE = "late"
    """An answer that found its place taken or erased; only its bill is kept."""

    FAILURE = "failure"
    """No answer, and charged all the same."""


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
    Column("batch_key", Text),
    Column("reserved_usd", Double),
    Column("sent_tokens", Integer),
    Column("lost_count", Integer),
    Column("lost_usd", Double),
    Column("first_claimed_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("llm_call_by_tenant", "tenant_id", "state"),
    Index("llm_call_by_batch", "batch_key"),
)
"""One row a call key, with the ticket it was first asked about; tokens, cost and latency add up over every reply, unusable ones
included. `model` is the one whose reply is stored, `provider` who served it; the key is always made with the main model.
`reserved_usd` is what the present claim is taken to cost; it counts while the lease does. `lost_*` are claims whose holder was
never heard of again: the call may have been made and charged, which only the server knows."""

LLM_BATCH = Table(
    "llm_batch",
    METADATA,
    Column("batch_key", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("call_count", Integer, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("provider_batch_id", Text),
    Column("first_created_on", Text, nullable=False),
    Column("last_created_on", Text, nullable=False),
    Column("answered_count", Integer, nullable=False, default=0),
    Column("failed_count", Integer, nullable=False, default=0),
    Column("released_count", Integer, nullable=False, default=0),
    Column("input_tokens", Integer, nullable=False, default=0),
    Column("output_tokens", Integer, nullable=False, default=0),
    Column("cost_usd", Double, nullable=False, default=0.0),
    Column("reason", Text),
    Column("run_id", Text, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("intended_at", Double, nullable=False),
    Column("submitted_at", Double),
    Column("expires_at", Double),
    Column("ended_at", Double),
    Column("cleared_at", Double),
    Index("llm_batch_by_state", "state", "tenant_id"),
)
"""One row a batch, written before the provider is asked for anything: its calls (`llm_call.batch_key`), the days on which their
tickets were created, and how it ended. `lease_until` is how long whoever submits it may take; `cleared_at` is when the
provider was told to forget its texts."""

LLM_CHARGE = Table(
    "llm_charge",
    METADATA,
    Column("charge_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("call_key", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_usd", Double, nullable=False),
    Column("reserved_usd", Double),
    Column("sent_tokens", Integer),
    Column("generation_id", Text),
    Column("run_id", Text, nullable=False),
    Column("charged_at", Double, nullable=False),
    Index("llm_charge_by_tenant", "tenant_id", "month"),
    Index("llm_charge_by_call", "tenant_id", "call_key"),
    Index("llm_charge_by_model", "model", "task", "charge_id"),
)
"""One row a payment, never changed: the ledger. `reserved_usd` is what the call had been taken to cost; `month` is `YYYY-MM` in UTC
by the clock of the database."""

LLM_SPEND = Table(
    "llm_spend",
    METADATA,
    Column("tenant_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("spent_usd", Double, nullable=False),
)
"""The sum of a payer's charges in a month, kept in the transaction that adds the charge; its row is the lock of the budget."""
