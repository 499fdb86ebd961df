"""Messages that could not be read, and why: what a person looks at before having them asked about again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from analysis.tickets import STAGED_TICKETS, NothingStaged
from core.naming import ENRICHMENT, STAGING
from core.tenants import TenantId
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse

_LETTERS: Final = f"""
select letters.tenant_id, letters.ticket_id, letters.message_id, letters.task, letters.reason,
    letters.attempt_count, letters.first_seen_at, letters.call_key, t.created_at
from {ENRICHMENT}.dead_letters as letters
inner join {STAGING}.{STAGED_TICKETS} as t on t.tenant_id = letters.tenant_id and t.ticket_id = letters.ticket_id
where letters.tenant_id = any(:tenant_ids)
order by letters.tenant_id, letters.first_seen_at, letters.ticket_id, letters.message_id, letters.task
"""  # noqa: S608 - names of ours, values are bound


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One question about one message that has no answer.

    Attributes:
        message_id: `opening`, or the later message that could not be read.
        reason: Why not, in the words of whoever gave up; None once erased.
        call_key: What the call journal knows it by.
        created_at: When the ticket was created.
    """

    tenant_id: TenantId
    ticket_id: str
    message_id: str
    task: AnalysisTask
    reason: str | None
    attempt_count: int
    first_seen_at: datetime
    call_key: str
    created_at: datetime

    @property
    def place(self) -> tuple[str, str, str, AnalysisTask]:
        """Which question about which message it is."""
        return self.tenant_id, self.ticket_id, self.message_id, self.task


def dead_letters(warehouse: Warehouse, tenant_ids: Sequence[TenantId]) -> list[DeadLetter]:
    """The dead letters of these tenants, oldest first.

    Raises:
        NothingStaged: Nothing was ever read.
    """
    with warehouse.snapshot() as snapshot:
        if not (snapshot.has_table(ENRICHMENT, "dead_letters") and snapshot.has_table(STAGING, STAGED_TICKETS)):
            raise NothingStaged("No ticket was read yet: run `churnboard refresh`, or the jobs `ingest` and `enrich`.")
        rows = snapshot.rows(_LETTERS, tenant_ids=list(tenant_ids))
    return [DeadLetter(**{**row, "task": AnalysisTask(row["task"])}) for row in rows]
