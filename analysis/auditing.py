"""Drawing tickets for an audit: as many unhappy ones as others, chosen by a hash of their id, so that nobody chooses.

Unhappy tickets are few and what the product is about, so they are a stratum of their own; how much each stratum stands for is kept
with the draw, and the mart `audited_shares` weighs by it. A ticket whose reading a person corrected is known, and not drawn.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from core.appdb.audits import Drawn
from core.errors import Terminal
from core.months import first_after
from core.naming import ENRICHMENT, INTERMEDIATE
from core.vocabulary import AuditStratum
from core.warehouse import Warehouse

_READ: Final = f"""
select t.ticket_id, t.is_negative
from {INTERMEDIATE}.int_tickets as t
where t.tenant_id = :tenant_id
    and t.created_on >= :month_on and t.created_on < :next_month_on
    and t.level is not null and not t.is_erased
    and exists (
        select 1 from {INTERMEDIATE}.int_ticket_topics as labels
        where labels.tenant_id = t.tenant_id and labels.ticket_id = t.ticket_id and labels.corrected_by is null
    )
"""  # noqa: S608 - names of ours, values are bound

_MESSAGES: Final = f"""
select message_id, text from {ENRICHMENT}.message_texts
where tenant_id = :tenant_id and ticket_id = :ticket_id and text is not null and not is_repeated
order by case when message_id = 'opening' then 0 else 1 end, length(message_id), message_id
"""  # noqa: S608 - names of ours, values are bound

_READING: Final = f"""
select t.sentiment, labels.topic
from {INTERMEDIATE}.int_tickets as t
left join {INTERMEDIATE}.int_ticket_topics as labels
    on labels.tenant_id = t.tenant_id and labels.ticket_id = t.ticket_id
where t.tenant_id = :tenant_id and t.ticket_id = :ticket_id
order by labels.topic_rank, labels.topic
"""  # noqa: S608 - names of ours, values are bound


class NothingToAudit(Terminal):
    """The month has no ticket that was read."""


def draw(warehouse: Warehouse, tenant_id: str, month_on: date, *, size: int) -> dict[AuditStratum, Drawn]:
    """Choose up to `size` tickets of each stratum of a month.

    Raises:
        NothingToAudit: No ticket of the month was read for tone and topics, or nothing was built yet.
    """
    found: Mapping[AuditStratum, list[str]] = {stratum: [] for stratum in AuditStratum}
    with warehouse.snapshot() as snapshot:
        if all(snapshot.has_table(INTERMEDIATE, name) for name in ("int_tickets", "int_ticket_topics")):
            for row in snapshot.rows(
                _READ, tenant_id=tenant_id, month_on=month_on, next_month_on=first_after(month_on)
            ):
                stratum = AuditStratum.NEGATIVE if row["is_negative"] else AuditStratum.NOT_NEGATIVE
                found[stratum].append(row["ticket_id"])
    if not any(found.values()):
        raise NothingToAudit(
            f"No ticket of {tenant_id} in {month_on:%Y-%m} was read for tone and topics: choose another month with "
            f"--month, or run `churnboard refresh` first."
        )
    return {
        stratum: Drawn(ticket_ids=in_turn(tenant_id, ids)[:size], ticket_count=len(ids))
        for stratum, ids in found.items()
        if ids
    }


def in_turn(tenant_id: str, ticket_ids: Iterable[str]) -> list[str]:
    """Tickets in an order that is always the same and has nothing to do with what is in them."""
    return sorted(ticket_ids, key=lambda one: (hashlib.sha256(f"audit|{tenant_id}|{one}".encode()).hexdigest(), one))


def messages_of(warehouse: Warehouse, tenant_id: str, ticket_id: str) -> list[str]:
    """What the customer wrote on a ticket, in turn; empty where it was erased."""
    with warehouse.snapshot() as snapshot:
        if not snapshot.has_table(ENRICHMENT, "message_texts"):
            return []
        return [row["text"] for row in snapshot.rows(_MESSAGES, tenant_id=tenant_id, ticket_id=ticket_id)]


def reading_of(warehouse: Warehouse, tenant_id: str, ticket_id: str) -> tuple[str | None, tuple[str, ...]]:
    """How a ticket was read: its sentiment, None for none, and its topics.

    Raises:
        NothingToAudit: The ticket is not there any more.
    """
    with warehouse.snapshot() as snapshot:
        rows = snapshot.rows(_READING, tenant_id=tenant_id, ticket_id=ticket_id)
    if not rows:
        raise NothingToAudit(f"Ticket {ticket_id} of {tenant_id} is not there any more: audit the next one.")
    return rows[0]["sentiment"], tuple(row["topic"] for row in rows if row["topic"] is not None)
