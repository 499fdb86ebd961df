"""What a change of the taxonomy did to labels: a matrix of tickets from what they were labelled to what they are labelled now.

A ticket may carry several labels. Those it keeps stand on the diagonal; of the rest, every label it lost is paired with every
one it got, and with nothing where it got none.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

from analysis.tickets import STAGED_TICKETS, Months
from core.naming import ENRICHMENT, STAGING
from core.topics import NO_TOPIC, TaxonomyContent
from core.warehouse import Warehouse

NOTHING: Final = "\u2014"
"""Stands in the matrix for no label at all."""

Labels = Mapping[str, Sequence[str]]
"""Labels by ticket."""

_HISTORY: Final = f"""
select ticket_id, topics from (
    select
        history.ticket_id,
        history.topics,
        row_number() over (partition by history.ticket_id order by history.taxonomy_version desc) as recency_rank
    from {ENRICHMENT}.ticket_topic_history as history
    inner join {STAGING}.{STAGED_TICKETS} as t on t.tenant_id = history.tenant_id and t.ticket_id = history.ticket_id
    where history.tenant_id = :tenant_id and history.taxonomy_version <= :version {{months}}
) as ranked
where recency_rank = 1
order by ticket_id
"""  # noqa: S608 - names of ours, values are bound


@dataclass(frozen=True)
class LabelChanges:
    """Tickets by what they were and what they are labelled; `ticket_count` of them were compared."""

    counts: Mapping[tuple[str, str], int]
    ticket_count: int
    changed_count: int

    @property
    def befores(self) -> list[str]:
        """The rows of the matrix, largest first."""
        return _by_size(self.counts, 0)

    @property
    def afters(self) -> list[str]:
        """Its columns."""
        return _by_size(self.counts, 1)


def label_changes(before: Labels, after: Labels) -> LabelChanges:
    """The matrix over the tickets that stand in both."""
    counts: Counter[tuple[str, str]] = Counter()
    both = sorted(before.keys() & after.keys())
    changed = 0
    for ticket_id in both:
        old, new = (list(dict.fromkeys(labels[ticket_id])) or [NO_TOPIC] for labels in (before, after))
        lost = [label for label in old if label not in new]
        got = [label for label in new if label not in old]
        changed += bool(lost or got)
        counts.update((label, label) for label in old if label in new)
        counts.update((label, other) for label in lost or ([NOTHING] if got else []) for other in got or [NOTHING])
    return LabelChanges(dict(counts), len(both), changed)


def labels_at(warehouse: Warehouse, tenant_id: str, version: int, months: Months | None = None) -> dict[str, list[str]]:
    """How tickets were labelled while a version of the taxonomy was in force, in the words of the version that labelled them."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "version": version}
    condition = ""
    if months is not None:
        condition = "and t.created_at >= :first_at and t.created_at < :before_at"
        params["first_at"], params["before_at"] = (datetime.combine(day, time(), UTC) for day in months)
    with warehouse.snapshot() as snapshot:
        if not snapshot.has_table(ENRICHMENT, "ticket_topic_history"):
            return {}
        rows = snapshot.rows(_HISTORY.format(months=condition), **params)
    return {row["ticket_id"]: json.loads(row["topics"]) for row in rows}


def relabelled(labels: Labels, content: TaxonomyContent) -> dict[str, Sequence[str]]:
    """Labels of any age as they count under a version; what is no topic any more counts for none."""
    return {ticket_id: content.relabelled(given) or (NO_TOPIC,) for ticket_id, given in labels.items()}


def changes_between(
    warehouse: Warehouse,
    tenant_id: str,
    before: tuple[int, TaxonomyContent],
    after: tuple[int, TaxonomyContent],
    months: Months | None = None,
) -> LabelChanges:
    """What happened to labels from one version, given with its content, to another."""
    (old, old_content), (new, new_content) = before, after
    return label_changes(
        relabelled(labels_at(warehouse, tenant_id, old, months), old_content),
        relabelled(labels_at(warehouse, tenant_id, new, months), new_content),
    )


def _by_size(counts: Mapping[tuple[str, str], int], side: int) -> list[str]:
    sizes: Counter[str] = Counter()
    for pair, count in counts.items():
        sizes[pair[side]] += count
    return sorted(sizes, key=lambda label: (label == NOTHING, label == NO_TOPIC, -sizes[label], label))
