"""From outcomes to rows: collects what one page of tickets changes in the warehouse and writes it in one transaction.

Rows to remove go first, each table in a statement of its own: what is removed is gone for good or about to be replaced, and a kill
in between leaves a ticket that simply counts as not read.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from analysis.analyzer import MOST_QUOTES, NO_TOPIC, Identity, SentimentAnswer, TopicsAnswer
from analysis.driver import Ending, Outcome
from analysis.quotes import locate_all
from analysis.tables import (
    DEAD_LETTERS,
    ENRICHMENT_TABLES,
    TICKET_EVIDENCE,
    TICKET_SENTIMENT,
    TICKET_TEXTS,
    TICKET_TOPICS,
)
from analysis.text import TicketText
from analysis.tickets import Ticket
from core import chaos
from core.vocabulary import AnalysisTask
from core.warehouse import TableSpec, Warehouse

_LONGEST_RAW = 10_000
_ANSWER_TABLES = {
    AnalysisTask.SENTIMENT: (TICKET_SENTIMENT, TICKET_EVIDENCE),
    AnalysisTask.TOPICS: (TICKET_TOPICS,),
}


class Changes:
    """What is to be written and removed; used for one page, then `write`."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._removed: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._removed_letters: dict[tuple[str, AnalysisTask], set[str]] = defaultdict(set)

    def remove_ticket(self, tenant_id: str, ticket_id: str) -> None:
        """Remove everything held about a ticket."""
        for table in ENRICHMENT_TABLES:
            self._removed[table.qualified, tenant_id].add(ticket_id)

    def remove_reading(self, ticket: Ticket, task: AnalysisTask) -> None:
        """Remove what is held about one task of a ticket, its dead letter included."""
        for table in _ANSWER_TABLES[task]:
            self._removed[table.qualified, ticket.tenant_id].add(ticket.ticket_id)
        self._removed_letters[ticket.tenant_id, task].add(ticket.ticket_id)

    def add_text(self, ticket: Ticket, text: TicketText, outcome: Outcome) -> None:
        """Keep what was read."""
        self._rows[TICKET_TEXTS.qualified].append(
            {
                "tenant_id": ticket.tenant_id,
                "ticket_id": ticket.ticket_id,
                "text": text.text,
                "input_hash": text.input_hash,
                "is_truncated": text.is_truncated,
                "read_at": outcome.ended_at,
            }
        )

    def add_sentiment(
        self, ticket: Ticket, text: TicketText, answer: SentimentAnswer, provenance: dict[str, Any]
    ) -> None:
        """Keep a sentiment answer with those of its quotes that stand in the text."""
        base = {"tenant_id": ticket.tenant_id, "ticket_id": ticket.ticket_id}
        located = locate_all(text.text, answer.quotes)[:MOST_QUOTES]
        self._rows[TICKET_SENTIMENT.qualified].append(
            {
                **base,
                "sentiment": answer.sentiment.value,
                "level": answer.sentiment.level,
                "churn_intent": answer.churn_intent.value,
                "target": answer.target.value,
                "resolution": answer.resolution.value,
                "is_evidence_ok": bool(located),
                **provenance,
            }
        )
        self._rows[TICKET_EVIDENCE.qualified].extend(
            {
                **base,
                "evidence_index": index,
                "quote": one.quote,
                "quote_start": one.start,
                "quote_end": one.end,
                "call_key": provenance["call_key"],
            }
            for index, one in enumerate(located)
        )
        if not located and ticket.held_sentiment_key:
            self._removed[TICKET_EVIDENCE.qualified, ticket.tenant_id].add(ticket.ticket_id)
        if ticket.dead_sentiment_key:
            self._removed_letters[ticket.tenant_id, AnalysisTask.SENTIMENT].add(ticket.ticket_id)

    def add_topics(self, ticket: Ticket, answer: TopicsAnswer, provenance: dict[str, Any]) -> None:
        """Keep a topics answer; `none` where no topic fits."""
        self._rows[TICKET_TOPICS.qualified].extend(
            {
                "tenant_id": ticket.tenant_id,
                "ticket_id": ticket.ticket_id,
                "topic": label,
                "topic_rank": rank,
                **provenance,
            }
            for rank, label in enumerate(answer.topics or (NO_TOPIC,), start=1)
        )
        if ticket.dead_topics_key:
            self._removed_letters[ticket.tenant_id, AnalysisTask.TOPICS].add(ticket.ticket_id)

    def add_dead_letter(self, ticket: Ticket, task: AnalysisTask, call_key: str, outcome: Outcome) -> None:
        """Keep why a ticket has no answer, and nothing older that no longer holds."""
        held = ticket.held_sentiment_key if task is AnalysisTask.SENTIMENT else ticket.held_topics_key
        if held:
            for table in _ANSWER_TABLES[task]:
                self._removed[table.qualified, ticket.tenant_id].add(ticket.ticket_id)
        self._rows[DEAD_LETTERS.qualified].append(
            {
                "tenant_id": ticket.tenant_id,
                "ticket_id": ticket.ticket_id,
                "task": task.value,
                "reason": outcome.reason or "no reason was given",
                "raw": (outcome.raw or "")[:_LONGEST_RAW],
                "call_key": call_key,
                "attempt_count": outcome.attempt_count,
                "first_seen_at": outcome.first_seen_at,
            }
        )

    def write(self, warehouse: Warehouse) -> None:
        """Write everything; without effect on the warehouse when there is nothing to write.

        Raises:
            WarehouseBusy, WarehouseUnavailable: As `Warehouse.merge`; the page is then unread, and reading it again costs nothing.
        """
        if not (self._rows or self._removed or self._removed_letters):
            return
        chaos.point("enrich.before_merge")
        with warehouse.write_lock():
            for (table, tenant_id), ticket_ids in self._removed.items():
                _delete(warehouse, table, tenant_id, ticket_ids)
            for (tenant_id, task), ticket_ids in self._removed_letters.items():
                _delete(warehouse, DEAD_LETTERS.qualified, tenant_id, ticket_ids, task)
            rows: list[tuple[TableSpec, Sequence[dict[str, Any]]]] = [
                (table, self._rows[table.qualified]) for table in ENRICHMENT_TABLES if self._rows.get(table.qualified)
            ]
            if rows:
                warehouse.merge(rows)
        chaos.point("enrich.after_merge")


def provenance(identity: Identity, text: TicketText, key: str, outcome: Outcome) -> dict[str, Any]:
    """The columns that say where a row came from."""
    return {
        "analyzer": identity.kind.value,
        "model": identity.model,
        "prompt_version": identity.prompt_version,
        "schema_hash": identity.schema_hash,
        "input_hash": text.input_hash,
        "call_key": key,
        "input_tokens": outcome.usage.input_tokens,
        "output_tokens": outcome.usage.output_tokens,
        "cost_usd": outcome.usage.cost_usd,
        "latency_ms": outcome.usage.latency_ms,
        "run_id": outcome.run_id,
        "analyzed_at": outcome.ended_at,
    }


def is_final(outcome: Outcome) -> bool:
    """Whether an outcome is written, rather than left for another run."""
    return outcome.ending is not Ending.FAILED


def _delete(
    warehouse: Warehouse, table: str, tenant_id: str, ticket_ids: set[str], task: AnalysisTask | None = None
) -> None:
    condition = "tenant_id = :tenant_id and ticket_id = any(:ticket_ids)"
    params: dict[str, Any] = {"tenant_id": tenant_id, "ticket_ids": sorted(ticket_ids)}
    if task is not None:
        condition, params = f"{condition} and task = :task", {**params, "task": task.value}
    warehouse.execute(f"delete from {table} where {condition}", **params)  # noqa: S608 - names of ours, values are bound
