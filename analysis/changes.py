"""From outcomes to rows: collects what one page of messages changes in the warehouse and writes it in one transaction.

Rows to remove go first, each table in a statement of its own: what is removed is gone for good or about to be replaced, and a kill
in between leaves a message that simply counts as not read.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from analysis.analyzer import MOST_QUOTES, Identity, SentimentAnswer, TopicsAnswer
from analysis.calls import Ending, Outcome
from analysis.masking import MaskedText
from analysis.messages import OPENING, Message, Place
from analysis.quotes import locate_in_original
from analysis.tables import READ_TABLES, ReadingTables
from analysis.text import MessageText, text_hash
from core import chaos
from core.topics import NO_TOPIC
from core.vocabulary import AnalysisTask
from core.warehouse import TableSpec, Warehouse

_LONGEST_RAW = 10_000


class Changes:
    """What is to be written and removed; used for one page, then `write`."""

    def __init__(
        self, tables: ReadingTables = READ_TABLES, more: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    ) -> None:
        """Changes to `tables`; `more` gives columns that a row has there besides those of a reading."""
        self._tables = tables
        self._more = more or (lambda _: {})
        self._answer_tables = {
            AnalysisTask.SENTIMENT: (tables.sentiment, tables.evidence),
            AnalysisTask.TOPICS: (tables.topics,),
        }
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._removed: dict[tuple[str, str], set[Place]] = defaultdict(set)
        self._removed_letters: dict[tuple[str, AnalysisTask], set[Place]] = defaultdict(set)
        self._looked_at: dict[str, set[Place]] = defaultdict(set)

    def remove_message(self, place: Place) -> None:
        """Remove everything held about a message; with the opening go the ticket's topics."""
        tenant_id, _, message_id = place
        for table in self._tables.all:
            if table not in self._tables.of_tickets or message_id == OPENING:
                self._removed[table.qualified, tenant_id].add(place)

    def remove_reading(self, message: Message, task: AnalysisTask) -> None:
        """Remove what is held about one task of a message, its dead letter included."""
        if message.held_key(task):
            for table in self._answer_tables[task]:
                self._removed[table.qualified, message.tenant_id].add(message.place)
        if message.dead_key(task):
            self._removed_letters[message.tenant_id, task].add(message.place)

    def look_at(self, message: Message) -> None:
        """Note that a message that was loaded again still holds what was read."""
        if self._tables.texts:
            self._looked_at[message.tenant_id].add(message.place)

    def add_text(self, message: Message, text: MessageText, read_at: datetime, *, is_repeated: bool = False) -> None:
        """Keep what was read, or, where it repeats the opening, what is not."""
        if not self._tables.texts:
            return
        self._rows[self._tables.texts.qualified].append(
            {
                **_key(message),
                "text": text.text,
                "input_hash": text.input_hash,
                "is_truncated": text.is_truncated,
                "is_repeated": is_repeated,
                "read_at": read_at,
            }
        )

    def add_sentiment(
        self, message: Message, sent: MaskedText, answer: SentimentAnswer, provenance: dict[str, Any]
    ) -> None:
        """Keep a sentiment answer with those of its quotes that stand in the text as sent, as they stand in the original."""
        located = locate_in_original(sent, answer.quotes)[:MOST_QUOTES]
        self._rows[self._tables.sentiment.qualified].append(
            {
                **_key(message),
                "sentiment": answer.sentiment.value,
                "level": answer.sentiment.level,
                "churn_intent": answer.churn_intent.value,
                "target": answer.target.value,
                "resolution": answer.resolution.value,
                "is_evidence_ok": bool(located),
                **provenance,
            }
        )
        self._rows[self._tables.evidence.qualified].extend(
            {
                **_key(message),
                "evidence_index": index,
                "quote": one.quote,
                "quote_start": one.start,
                "quote_end": one.end,
                "call_key": provenance["call_key"],
            }
            for index, one in enumerate(located)
        )
        if not located and message.held_sentiment_key:
            self._removed[self._tables.evidence.qualified, message.tenant_id].add(message.place)
        if message.dead_sentiment_key:
            self._removed_letters[message.tenant_id, AnalysisTask.SENTIMENT].add(message.place)

    def add_topics(
        self, message: Message, answer: TopicsAnswer, provenance: dict[str, Any], taxonomy_version: int
    ) -> None:
        """Keep a topics answer, `none` where no topic fits; and that this version of the taxonomy gave it."""
        labels = answer.topics or (NO_TOPIC,)
        if (history := self._tables.topic_history) is not None:
            self._rows[history.qualified].append(
                {
                    "tenant_id": message.tenant_id,
                    "ticket_id": message.ticket_id,
                    "taxonomy_version": taxonomy_version,
                    "topics": json.dumps(labels, ensure_ascii=False),
                    "analyzed_at": provenance["analyzed_at"],
                }
            )
        self._rows[self._tables.topics.qualified].extend(
            {
                "tenant_id": message.tenant_id,
                "ticket_id": message.ticket_id,
                "topic": label,
                "topic_rank": rank,
                **provenance,
            }
            for rank, label in enumerate(labels, start=1)
        )
        if message.dead_topics_key:
            self._removed_letters[message.tenant_id, AnalysisTask.TOPICS].add(message.place)

    def add_dead_letter(self, message: Message, task: AnalysisTask, call_key: str, outcome: Outcome) -> None:
        """Keep why a message has no answer, and nothing older that no longer holds."""
        if message.held_key(task):
            for table in self._answer_tables[task]:
                self._removed[table.qualified, message.tenant_id].add(message.place)
        self._rows[self._tables.dead_letters.qualified].append(
            {
                **_key(message),
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
        if not (self._rows or self._removed or self._removed_letters or self._looked_at):
            return
        chaos.point("enrich.before_merge")
        within, limits = self._tables.within, [f"{name} = :{name}" for name in self._tables.within]
        condition, topics = " and ".join(limits), {one.qualified for one in self._tables.of_tickets}
        with warehouse.write_lock():
            for (table, tenant_id), places in self._removed.items():
                gone = f"delete from {table}"  # noqa: S608 - a name of ours
                _at(warehouse, gone, tenant_id, places, condition, has_messages=table not in topics, **within)
            of_task, letters = " and ".join(["task = :task", *limits]), self._tables.dead_letters.qualified
            for (tenant_id, task), places in self._removed_letters.items():
                _at(warehouse, f"delete from {letters}", tenant_id, places, of_task, task=task.value, **within)  # noqa: S608
            now = datetime.now(UTC)
            for tenant_id, places in self._looked_at.items():
                texts = self._tables.texts.qualified if self._tables.texts else ""
                _at(warehouse, f"update {texts} set read_at = :now", tenant_id, places, condition, now=now, **within)  # noqa: S608
            rows: list[tuple[TableSpec, Sequence[dict[str, Any]]]] = [
                (table, [{**self._tables.within, **self._more(row), **row} for row in self._rows[table.qualified]])
                for table in self._tables.all
                if self._rows.get(table.qualified)
            ]
            if rows:
                warehouse.merge(rows)
        chaos.point("enrich.after_merge")


def provenance(identity: Identity, sent: MaskedText, key: str, outcome: Outcome) -> dict[str, Any]:
    """The columns that say where a row came from."""
    return {
        "analyzer": identity.kind.value,
        "model": outcome.model or identity.model,
        "prompt_version": identity.prompt_version,
        "schema_hash": identity.schema_hash,
        "input_hash": text_hash(sent.original),
        "sent_hash": text_hash(sent.text),
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
    return outcome.ending in {Ending.ANSWERED, Ending.DEAD}


def _key(message: Message) -> dict[str, Any]:
    return {"tenant_id": message.tenant_id, "ticket_id": message.ticket_id, "message_id": message.message_id}


def _at(
    warehouse: Warehouse,
    statement: str,
    tenant_id: str,
    places: set[Place],
    condition: str = "",
    *,
    has_messages: bool = True,
    **params: object,
) -> None:
    """Carry out a statement (names of ours, values are bound) on the rows of these messages of one tenant."""
    conditions = ["tenant_id = :tenant_id", "ticket_id = any(:ticket_ids)", *([condition] if condition else [])]
    params |= {"tenant_id": tenant_id, "ticket_ids": sorted({ticket_id for _, ticket_id, _ in places})}
    if has_messages:
        # A ticket's id is a number, so nothing else reads the same.
        conditions.append("ticket_id || '/' || message_id = any(:places)")
        params["places"] = sorted(f"{ticket_id}/{message_id}" for _, ticket_id, message_id in places)
    warehouse.execute(f"{statement} where {' and '.join(conditions)}", **params)
