"""What a tenant's tickets said when they were opened, by which they are sorted, and how they are labelled; as it was read last.

The one place that knows where that is kept.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from analysis.messages import OPENING
from analysis.text import text_hash
from analysis.tickets import STAGED_CORRECTIONS, STAGED_TICKETS, Months
from core.errors import Terminal
from core.naming import ENRICHMENT, INTERMEDIATE, STAGING
from core.warehouse import Warehouse
from core.warehouse.base import Snapshot

_TEXTS: Final = f"""
select texts.ticket_id, texts.text, t.created_at
from {ENRICHMENT}.message_texts as texts
inner join {STAGING}.{STAGED_TICKETS} as t on t.tenant_id = texts.tenant_id and t.ticket_id = texts.ticket_id
where texts.tenant_id = :tenant_id and texts.message_id = '{OPENING}' and texts.text is not null
"""  # noqa: S608 - names of ours, values are bound

_FIRST: Final = f"select min(created_at) as first_at from {STAGING}.{STAGED_TICKETS} where tenant_id = :tenant_id"  # noqa: S608 - names of ours

_LATEST: Final = f"{_TEXTS} order by t.created_at desc, texts.ticket_id desc limit :most"

_COUNT: Final = f"""
select count(*) as ticket_count from ({_TEXTS} and t.created_at >= :first_at and t.created_at < :before_at) as chosen
"""  # noqa: S608 - names of ours, values are bound

_CHOSEN: Final = f"{_TEXTS} and texts.ticket_id = any(:ticket_ids)"

_LABELS: Final = f"""
select ticket_id, topic from {ENRICHMENT}.ticket_topics
where tenant_id = :tenant_id and ticket_id = any(:ticket_ids) order by ticket_id, topic_rank
"""  # noqa: S608 - names of ours, values are bound

_READ: Final = f"""
select sentiment, churn_intent from {ENRICHMENT}.message_sentiment
where tenant_id = :tenant_id and ticket_id = :ticket_id and message_id = '{OPENING}'
"""  # noqa: S608 - names of ours, values are bound

_STANDING: Final = f"""
select ticket_id, after from {STAGING}.{STAGED_CORRECTIONS}
where tenant_id = :tenant_id and field = 'topics' and is_standing and ticket_id = any(:ticket_ids)
"""  # noqa: S608 - names of ours, values are bound

_MONEY: Final = f"""
select t.ticket_id, t.company_id, facts.known_mrr
from {INTERMEDIATE}.int_tickets as t
left join {INTERMEDIATE}.int_company_facts as facts on facts.tenant_id = t.tenant_id and facts.company_id = t.company_id
where t.tenant_id = :tenant_id and t.company_id is not null and t.ticket_id = any(:ticket_ids)
"""  # noqa: S608 - names of ours, values are bound


class NothingRead(Terminal):
    """A ticket, or a tenant, of which nothing was read yet, or whose words are erased."""


@dataclass(frozen=True, slots=True)
class TicketWords:
    """A ticket's text as it was read, and its labels as they were given (empty: it was not sorted)."""

    ticket_id: str
    text: str
    labels: tuple[str, ...] = ()

    @property
    def input_hash(self) -> str:
        """SHA-256 of the text."""
        return text_hash(self.text)


def latest_tickets(warehouse: Warehouse, tenant_id: str, most: int) -> list[TicketWords]:
    """The tickets created last, newest first.

    Raises:
        NothingRead: There is none.
    """
    with warehouse.snapshot() as snapshot:
        rows = snapshot.rows(_LATEST, tenant_id=tenant_id, most=most) if _is_ready(snapshot) else []
        found = _labelled(snapshot, tenant_id, rows)
    if not found:
        raise NothingRead(f"No ticket of {tenant_id} was read yet: run `churnboard refresh`, then this command again.")
    return found


def first_ticket_day(warehouse: Warehouse, tenant_id: str) -> date:
    """The day of the tenant's oldest ticket.

    Raises:
        NothingRead: There is none.
    """
    with warehouse.snapshot() as snapshot:
        is_there = snapshot.has_table(STAGING, STAGED_TICKETS)
        [span] = snapshot.rows(_FIRST, tenant_id=tenant_id) if is_there else [{"first_at": None}]
    if span["first_at"] is None:
        raise NothingRead(f"{tenant_id} has no tickets yet: run `churnboard refresh`, then this command again.")
    day: date = span["first_at"].date()
    return day


def ticket_count(warehouse: Warehouse, tenant_id: str, months: Months) -> int:
    """Tickets with text that were created in these months."""
    first_at, before_at = (datetime.combine(day, time(), UTC) for day in months)
    with warehouse.snapshot() as snapshot:
        if not _is_ready(snapshot):
            return 0
        [row] = snapshot.rows(_COUNT, tenant_id=tenant_id, first_at=first_at, before_at=before_at)
    return int(row["ticket_count"])


def chosen_tickets(warehouse: Warehouse, tenant_id: str, ticket_ids: Collection[str]) -> dict[str, TicketWords]:
    """Those of these tickets that were read and are not erased, by id."""
    with warehouse.snapshot() as snapshot:
        if not (ticket_ids and _is_ready(snapshot)):
            return {}
        rows = snapshot.rows(_CHOSEN, tenant_id=tenant_id, ticket_ids=sorted(ticket_ids))
        return {one.ticket_id: one for one in _labelled(snapshot, tenant_id, rows)}


def one_ticket(warehouse: Warehouse, tenant_id: str, ticket_id: str) -> TicketWords:
    """One ticket.

    Raises:
        NothingRead: It was not read yet, or its words are erased.
    """
    found = chosen_tickets(warehouse, tenant_id, [ticket_id])
    if ticket_id not in found:
        raise NothingRead(
            f"Ticket {ticket_id} of {tenant_id} has no text: it was not read yet, says nothing, or its words were erased."
        )
    return found[ticket_id]


def read_tone(warehouse: Warehouse, tenant_id: str, ticket_id: str) -> dict[str, str]:
    """Sentiment and churn intent of a ticket's opening as they were read, by field; empty where there is no reading."""
    with warehouse.snapshot() as snapshot:
        rows = snapshot.rows(_READ, tenant_id=tenant_id, ticket_id=ticket_id)
    return dict(rows[0]) if rows else {}


def money_by_ticket(
    warehouse: Warehouse, tenant_id: str, ticket_ids: Sequence[str]
) -> dict[str, tuple[str, float | None]]:
    """Company of each ticket that has one, and the MRR known of it; empty before the first transform."""
    with warehouse.snapshot() as snapshot:
        if not all(snapshot.has_table(INTERMEDIATE, name) for name in ("int_tickets", "int_company_facts")):
            return {}
        rows = snapshot.rows(_MONEY, tenant_id=tenant_id, ticket_ids=list(ticket_ids))
    return {row["ticket_id"]: (row["company_id"], _number(row["known_mrr"])) for row in rows}


def corrected_labels(snapshot: Snapshot, tenant_id: str, ticket_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What people said these tickets are about, as far as the warehouse was told."""
    if not snapshot.has_table(STAGING, STAGED_CORRECTIONS):
        return {}
    rows = snapshot.rows(_STANDING, tenant_id=tenant_id, ticket_ids=list(ticket_ids))
    return {row["ticket_id"]: tuple(json.loads(row["after"])) for row in rows}


def _labelled(snapshot: Snapshot, tenant_id: str, rows: Sequence[dict[str, Any]]) -> list[TicketWords]:
    ids = [row["ticket_id"] for row in rows]
    labels: dict[str, list[str]] = {}
    if snapshot.has_table(ENRICHMENT, "ticket_topics"):
        for row in snapshot.rows(_LABELS, tenant_id=tenant_id, ticket_ids=ids):
            labels.setdefault(row["ticket_id"], []).append(row["topic"])
    said = corrected_labels(snapshot, tenant_id, ids)
    return [
        TicketWords(row["ticket_id"], row["text"], said.get(row["ticket_id"], tuple(labels.get(row["ticket_id"], ()))))
        for row in rows
    ]


def _is_ready(snapshot: Snapshot) -> bool:
    return snapshot.has_table(ENRICHMENT, "message_texts") and snapshot.has_table(STAGING, STAGED_TICKETS)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
