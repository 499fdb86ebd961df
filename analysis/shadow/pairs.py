"""What a shadow found, out of the warehouse, beside what the pinned reading said to the very same question.

The pinned reading is what the marts read: a row of `enrichment` whose call key is the one the pinned prompt and model have for that
text (for topics, with that taxonomy). Where there is none, the message counts as not comparable, and is left out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from analysis.shadow.compare import DIMENSIONS, UNREAD, Labels, topic_labels
from analysis.shadow.tables import SHADOW_DEAD_LETTERS, SHADOW_SENTIMENT, SHADOW_TOPICS
from analysis.tables import DEAD_LETTERS, MESSAGE_SENTIMENT, TICKET_TOPICS
from core.topics import NO_TOPIC
from core.vocabulary import AnalysisTask
from core.warehouse import TableSpec
from core.warehouse.base import Snapshot

Unit = tuple[str, str]
"""Ticket and message; the message is empty for what is read of a ticket as a whole."""

_TABLES: Final = {
    AnalysisTask.SENTIMENT: (SHADOW_SENTIMENT, MESSAGE_SENTIMENT),
    AnalysisTask.TOPICS: (SHADOW_TOPICS, TICKET_TOPICS),
}


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of one unit: what it says, and what it cost; `UNREAD` for each label where it is a dead letter."""

    labels: Labels
    call_key: str
    pinned_call_key: str | None = None
    is_evidence_ok: bool | None = None
    row: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_unread(self) -> bool:
        """Whether there is no answer."""
        return UNREAD in self.labels.values()


@dataclass(frozen=True)
class Pairs:
    """Everything a report needs of one shadow."""

    compared: Mapping[Unit, tuple[Read, Read]]
    """Pinned, candidate."""

    not_comparable_count: int
    """Read by the candidate; the pinned reading was never asked the same."""

    repeated: Mapping[Unit, tuple[Read, Read]]
    """The candidate's first and second answer, where it was asked twice."""


def load_pairs(snapshot: Snapshot, tenant_id: str, shadow_id: str, task: AnalysisTask) -> Pairs:
    """Join a shadow's readings with the pinned ones, and with its own second answers."""
    theirs, ours = _TABLES[task]
    first, second = (
        _readings(snapshot, task, theirs, SHADOW_DEAD_LETTERS, tenant_id, shadow_id=shadow_id, repeat_index=repeat)
        for repeat in (0, 1)
    )
    held = _readings(snapshot, task, ours, DEAD_LETTERS, tenant_id)
    compared = {
        unit: (held[unit], read)
        for unit, read in first.items()
        if unit in held and held[unit].call_key == read.pinned_call_key
    }
    return Pairs(
        compared=compared,
        not_comparable_count=len(first) - len(compared),
        repeated={unit: (first[unit], second[unit]) for unit in second if unit in first},
    )


def _readings(
    snapshot: Snapshot, task: AnalysisTask, table: TableSpec, letters: TableSpec, tenant_id: str, **shadow: Any
) -> dict[Unit, Read]:
    condition = "".join(f" and {name} = :{name}" for name in shadow)
    rows = snapshot.rows(
        f"select * from {table.qualified} where tenant_id = :tenant_id{condition}",  # noqa: S608 - names of ours
        tenant_id=tenant_id,
        **shadow,
    )
    found = _of_topics(rows) if task is AnalysisTask.TOPICS else _of_sentiment(rows)
    dead = snapshot.rows(
        f"select * from {letters.qualified} where tenant_id = :tenant_id and task = :task{condition}",  # noqa: S608 - same
        tenant_id=tenant_id,
        task=task.value,
        **shadow,
    )
    unread = dict.fromkeys(DIMENSIONS[task], UNREAD)
    for row in dead:
        found[_unit(row, task)] = Read(unread, row["call_key"], row.get("pinned_call_key"))
    return found


def _of_sentiment(rows: Sequence[Mapping[str, Any]]) -> dict[Unit, Read]:
    return {
        _unit(row, AnalysisTask.SENTIMENT): Read(
            {name: row[name] for name in DIMENSIONS[AnalysisTask.SENTIMENT]},
            row["call_key"],
            row.get("pinned_call_key"),
            bool(row["is_evidence_ok"]),
            row,
        )
        for row in rows
    }


def _of_topics(rows: Sequence[Mapping[str, Any]]) -> dict[Unit, Read]:
    by_unit: dict[Unit, list[Mapping[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row["topic_rank"])):
        by_unit[_unit(row, AnalysisTask.TOPICS)].append(row)
    return {
        unit: Read(
            topic_labels([row["topic"] for row in labels if row["topic"] != NO_TOPIC]),
            labels[0]["call_key"],
            labels[0].get("pinned_call_key"),
            None,
            labels[0],
        )
        for unit, labels in by_unit.items()
    }


def _unit(row: Mapping[str, Any], task: AnalysisTask) -> Unit:
    return row["ticket_id"], "" if task is AnalysisTask.TOPICS else row["message_id"]
