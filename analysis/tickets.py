"""What there is to read, out of the warehouse: tickets with what is held about them, and each tenant's topics."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from analysis.analyzer import Taxonomy, Topic
from core.errors import Terminal
from core.naming import STAGING
from core.warehouse.base import Snapshot

Months = tuple[date, date]
"""First day, and first day after the last month; tickets are chosen by `created_at` in UTC."""

STAGED_TICKETS: Final = "stg_hubspot__tickets"
_TOPICS: Final = "stg_app__topics"

_IN_MONTHS: Final = "and t.created_at >= :first_at and t.created_at < :before_at"

_COUNT: Final = f"""
select count(*) as ticket_count from {STAGING}.{STAGED_TICKETS} as t where t.tenant_id = any(:tenant_ids)
"""  # noqa: S608 - names of ours, values are bound

_PAGE: Final = f"""
select
    t.tenant_id, t.ticket_id, t.subject, t.content,
    texts.input_hash as held_input_hash,
    sentiment.call_key as held_sentiment_key,
    topics.call_key as held_topics_key,
    dead_sentiment.call_key as dead_sentiment_key,
    dead_topics.call_key as dead_topics_key
from {STAGING}.{STAGED_TICKETS} as t
left join enrichment.ticket_texts as texts on texts.tenant_id = t.tenant_id and texts.ticket_id = t.ticket_id
left join enrichment.ticket_sentiment as sentiment
    on sentiment.tenant_id = t.tenant_id and sentiment.ticket_id = t.ticket_id
left join enrichment.ticket_topics as topics
    on topics.tenant_id = t.tenant_id and topics.ticket_id = t.ticket_id and topics.topic_rank = 1
left join enrichment.dead_letters as dead_sentiment
    on dead_sentiment.tenant_id = t.tenant_id and dead_sentiment.ticket_id = t.ticket_id
    and dead_sentiment.task = 'sentiment'
left join enrichment.dead_letters as dead_topics
    on dead_topics.tenant_id = t.tenant_id and dead_topics.ticket_id = t.ticket_id and dead_topics.task = 'topics'
where t.tenant_id = any(:tenant_ids)
    and (t.tenant_id > :after_tenant or (t.tenant_id = :after_tenant and t.ticket_id > :after_ticket))
    {{months}}
order by t.tenant_id, t.ticket_id
limit :size
"""  # noqa: S608 - names of ours, values are bound

_ORPHANS: Final = f"""
select held.tenant_id, held.ticket_id
from (
    select tenant_id, ticket_id from enrichment.ticket_texts
    union select tenant_id, ticket_id from enrichment.ticket_sentiment
    union select tenant_id, ticket_id from enrichment.ticket_topics
    union select tenant_id, ticket_id from enrichment.dead_letters
) as held
where held.tenant_id = any(:tenant_ids) and not exists (
    select 1 from {STAGING}.{STAGED_TICKETS} as t where t.tenant_id = held.tenant_id and t.ticket_id = held.ticket_id
)
order by held.tenant_id, held.ticket_id
"""  # noqa: S608 - names of ours, values are bound

_ACTIVE_TOPICS: Final = f"""
select tenant_id, topic, description, parent_topic from {STAGING}.{_TOPICS}
where tenant_id = any(:tenant_ids) and is_active order by tenant_id, topic
"""  # noqa: S608 - names of ours, values are bound


class NothingStaged(Terminal):
    """The staging views are not there yet."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket to read, and the keys of what is held about it (None: nothing)."""

    tenant_id: str
    ticket_id: str
    subject: str | None
    content: str | None
    held_input_hash: str | None
    held_sentiment_key: str | None
    held_topics_key: str | None
    dead_sentiment_key: str | None
    dead_topics_key: str | None

    @property
    def place(self) -> tuple[str, str]:
        """Tenant and id."""
        return self.tenant_id, self.ticket_id

    @property
    def is_held(self) -> bool:
        """Whether anything at all is held about it."""
        return any(
            (
                self.held_input_hash,
                self.held_sentiment_key,
                self.held_topics_key,
                self.dead_sentiment_key,
                self.dead_topics_key,
            )
        )


def check_staged(warehouse: Snapshot) -> None:
    """Make sure the views are there.

    Raises:
        NothingStaged: One is missing.
    """
    for view in (STAGED_TICKETS, _TOPICS):
        if not warehouse.has_table(STAGING, view):
            raise NothingStaged(
                f"The warehouse has no {STAGING}.{view}: load tickets and build the staging models "
                f"before tickets are read."
            )


def count_tickets(warehouse: Snapshot, tenant_ids: Sequence[str], months: Months | None) -> int:
    """How many tickets `pages` will give."""
    sql = _COUNT + (_IN_MONTHS if months else "")
    return int(warehouse.rows(sql, tenant_ids=list(tenant_ids), **_bounds(months))[0]["ticket_count"])


def pages(warehouse: Snapshot, tenant_ids: Sequence[str], months: Months | None, size: int) -> Iterator[list[Ticket]]:
    """The tickets in lists of at most `size`, by tenant and id; each list is its own short read."""
    sql = _PAGE.format(months=_IN_MONTHS if months else "")
    after_tenant = after_ticket = ""
    while True:
        rows = warehouse.rows(
            sql,
            tenant_ids=list(tenant_ids),
            after_tenant=after_tenant,
            after_ticket=after_ticket,
            size=size,
            **_bounds(months),
        )
        if rows:
            yield [Ticket(**row) for row in rows]
        if len(rows) < size:
            return
        after_tenant, after_ticket = rows[-1]["tenant_id"], rows[-1]["ticket_id"]


def orphans(warehouse: Snapshot, tenant_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Tenant and id of tickets something is held about that are no longer there, in any month."""
    return [(row["tenant_id"], row["ticket_id"]) for row in warehouse.rows(_ORPHANS, tenant_ids=list(tenant_ids))]


def taxonomies(warehouse: Snapshot, tenant_ids: Sequence[str]) -> dict[str, Taxonomy]:
    """The active topics of each tenant that has any, by name."""
    found: dict[str, list[Topic]] = {}
    for row in warehouse.rows(_ACTIVE_TOPICS, tenant_ids=list(tenant_ids)):
        topic = Topic(name=row["topic"], description=row["description"] or "", parent=row["parent_topic"])
        found.setdefault(row["tenant_id"], []).append(topic)
    return {tenant: Taxonomy(tuple(topics)) for tenant, topics in found.items()}


def _bounds(months: Months | None) -> dict[str, Any]:
    if months is None:
        return {}
    first, before = (datetime.combine(day, time(), UTC) for day in months)
    return {"first_at": first, "before_at": before}
