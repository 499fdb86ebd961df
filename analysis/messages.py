"""What there is to read, out of the warehouse: messages of customers on tickets, and what is held about them.

A ticket's opening text is its first message; each inbound email that people wrote on it is a further one, as far as it holds words
of its author's own. They come from staging and go to `analysis.enrichment`, a page at a time.

Left out on purpose: notes and outbound mail (they are not the customer's), and what machines send.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

from analysis.tickets import STAGED_EMAILS, STAGED_TICKET_EMAILS, STAGED_TICKETS, Months
from core.naming import STAGING
from core.vocabulary import AnalysisTask
from core.warehouse.base import Snapshot

OPENING: Final = "opening"
"""The `message_id` of a ticket's opening text; a later message is `<object type>/<id>`."""

Place = tuple[str, str, str]
"""Tenant, ticket and message."""

IS_READ: Final = "emails.direction = 'inbound' and not emails.is_automated and not emails.is_archived"
"""SQL: whether an email is one that people at the customer wrote."""

LINKED_EMAILS: Final = f"""
{STAGING}.{STAGED_TICKET_EMAILS} as links
inner join {STAGING}.{STAGED_EMAILS} as emails
    on emails.tenant_id = links.tenant_id and emails.email_id = links.email_id
"""
"""SQL: emails with the tickets they are on."""

_IN_MONTHS: Final = "and t.created_at >= :first_at and t.created_at < :before_at"

_COUNT: Final = f"""
select
    (select count(*) from {STAGING}.{STAGED_TICKETS} as t where t.tenant_id = any(:tenant_ids) {{months}})
    + (
        select count(*) from {LINKED_EMAILS}
        inner join {STAGING}.{STAGED_TICKETS} as t on t.tenant_id = links.tenant_id and t.ticket_id = links.ticket_id
        where t.tenant_id = any(:tenant_ids) and {IS_READ} {{months}}
    ) as message_count
"""  # noqa: S608 - names of ours, values are bound

# Each ticket has an opening, so as many tickets as a page has places are enough to fill it, besides the one the last page may have
# come to the end of; neither many tickets nor a long thread makes a page longer. Only the first email carries the ticket's content:
# it may be the mail the ticket was made of.
_PAGE: Final = f"""
with chosen as (
    select t.tenant_id, t.ticket_id, t.created_at, t.subject, t.content, t.loaded_at
    from {STAGING}.{STAGED_TICKETS} as t
    where t.tenant_id = any(:tenant_ids)
        and (t.tenant_id > :after_tenant or (t.tenant_id = :after_tenant and t.ticket_id >= :after_ticket))
        {{months}}
    order by t.tenant_id, t.ticket_id
    limit :size + 1
),
written as (
    select
        chosen.tenant_id, chosen.ticket_id, chosen.created_at, emails.email_id, emails.own_text, emails.loaded_at,
        row_number() over (
            partition by chosen.tenant_id, chosen.ticket_id
            order by coalesce(emails.sent_at, emails.created_at, emails.loaded_at), length(emails.email_id), emails.email_id
        ) as position
    from chosen
    inner join {LINKED_EMAILS} on links.tenant_id = chosen.tenant_id and links.ticket_id = chosen.ticket_id
    where {IS_READ}
),
messages as (
    select
        tenant_id, ticket_id, created_at, '{OPENING}' as message_id, subject, content,
        cast(null as text) as opening_content, loaded_at
    from chosen
    union all
    select
        written.tenant_id, written.ticket_id, written.created_at, 'emails/' || written.email_id,
        cast(null as text), written.own_text,
        case when written.position = 1 then chosen.content end, written.loaded_at
    from written
    inner join chosen on chosen.tenant_id = written.tenant_id and chosen.ticket_id = written.ticket_id
)
select
    m.tenant_id, m.ticket_id, m.created_at as ticket_created_at, m.message_id, m.subject, m.content, m.opening_content,
    texts.input_hash as held_input_hash,
    coalesce(texts.is_repeated, false) as is_held_as_repeated,
    texts.ticket_id is not null and texts.text is null as is_erased,
    coalesce(texts.read_at < m.loaded_at, false) as is_stale,
    sentiment.call_key as held_sentiment_key,
    topics.call_key as held_topics_key,
    dead_sentiment.call_key as dead_sentiment_key,
    dead_topics.call_key as dead_topics_key
from messages as m
left join enrichment.message_texts as texts
    on texts.tenant_id = m.tenant_id and texts.ticket_id = m.ticket_id and texts.message_id = m.message_id
left join enrichment.message_sentiment as sentiment
    on sentiment.tenant_id = m.tenant_id and sentiment.ticket_id = m.ticket_id and sentiment.message_id = m.message_id
left join enrichment.ticket_topics as topics
    on topics.tenant_id = m.tenant_id and topics.ticket_id = m.ticket_id and topics.topic_rank = 1
    and m.message_id = '{OPENING}'
left join enrichment.dead_letters as dead_sentiment
    on dead_sentiment.tenant_id = m.tenant_id and dead_sentiment.ticket_id = m.ticket_id
    and dead_sentiment.message_id = m.message_id and dead_sentiment.task = 'sentiment'
left join enrichment.dead_letters as dead_topics
    on dead_topics.tenant_id = m.tenant_id and dead_topics.ticket_id = m.ticket_id
    and dead_topics.message_id = m.message_id and dead_topics.task = 'topics'
where m.tenant_id > :after_tenant
    or (m.tenant_id = :after_tenant and m.ticket_id > :after_ticket)
    or (m.tenant_id = :after_tenant and m.ticket_id = :after_ticket and m.message_id > :after_message)
order by m.tenant_id, m.ticket_id, m.message_id
limit :size
"""  # noqa: S608 - names of ours, values are bound

_HELD: Final = f"""
select tenant_id, ticket_id, message_id from enrichment.message_texts
union select tenant_id, ticket_id, message_id from enrichment.message_sentiment
union select tenant_id, ticket_id, '{OPENING}' from enrichment.ticket_topics
union select tenant_id, ticket_id, message_id from enrichment.dead_letters
"""  # noqa: S608 - names of ours

_ORPHANS: Final = f"""
with held as ({{held}}),
there as (
    select t.tenant_id, t.ticket_id, '{OPENING}' as message_id from {STAGING}.{STAGED_TICKETS} as t
    union all
    select t.tenant_id, t.ticket_id, 'emails/' || emails.email_id
    from {LINKED_EMAILS}
    inner join {STAGING}.{STAGED_TICKETS} as t on t.tenant_id = links.tenant_id and t.ticket_id = links.ticket_id
    where {IS_READ}
)
select held.tenant_id, held.ticket_id, held.message_id
from held
left join there
    on there.tenant_id = held.tenant_id and there.ticket_id = held.ticket_id and there.message_id = held.message_id
where held.tenant_id = any(:tenant_ids) and there.tenant_id is null
order by held.tenant_id, held.ticket_id, held.message_id
"""  # noqa: S608 - names of ours, values are bound


@dataclass(frozen=True, slots=True)
class Message:
    """A message to read, and the keys of what is held about it (None: nothing).

    Attributes:
        subject: Of the ticket, for its opening; None for a later message.
        content: The ticket's content, or the later message's own words.
        opening_content: For the ticket's first email, the ticket's content; it may say the same.
        is_held_as_repeated: Whether it is held as saying what the opening said, without a reading of its own.
        is_erased: Whether its words are gone on request, while how it was read stays.
        is_stale: Whether it was loaded again since it was last looked at.
    """

    tenant_id: str
    ticket_id: str
    ticket_created_at: datetime
    message_id: str
    subject: str | None
    content: str | None
    opening_content: str | None
    held_input_hash: str | None
    is_held_as_repeated: bool
    is_erased: bool
    is_stale: bool
    held_sentiment_key: str | None
    held_topics_key: str | None
    dead_sentiment_key: str | None
    dead_topics_key: str | None

    @property
    def place(self) -> Place:
        """Tenant, ticket and message."""
        return self.tenant_id, self.ticket_id, self.message_id

    @property
    def is_opening(self) -> bool:
        """Whether it is the ticket's opening text, the one that topics are asked about too."""
        return self.message_id == OPENING

    @property
    def tasks(self) -> tuple[AnalysisTask, ...]:
        """What is asked about it."""
        return tuple(AnalysisTask) if self.is_opening else (AnalysisTask.SENTIMENT,)

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

    def held_key(self, task: AnalysisTask) -> str | None:
        """The call whose answer is held for a task."""
        return self.held_topics_key if task is AnalysisTask.TOPICS else self.held_sentiment_key

    def dead_key(self, task: AnalysisTask) -> str | None:
        """The call whose dead letter is held for a task."""
        return self.dead_topics_key if task is AnalysisTask.TOPICS else self.dead_sentiment_key


def count_messages(warehouse: Snapshot, tenant_ids: Sequence[str], months: Months | None) -> int:
    """How many messages `pages` will give."""
    sql = _COUNT.format(months=_IN_MONTHS if months else "")
    return int(warehouse.rows(sql, tenant_ids=list(tenant_ids), **_bounds(months))[0]["message_count"])


def pages(warehouse: Snapshot, tenant_ids: Sequence[str], months: Months | None, size: int) -> Iterator[list[Message]]:
    """The messages in lists of at most `size`, by tenant, ticket and id; each list is its own short read."""
    sql = _PAGE.format(months=_IN_MONTHS if months else "")
    after_tenant = after_ticket = after_message = ""
    while True:
        rows = warehouse.rows(
            sql,
            tenant_ids=list(tenant_ids),
            after_tenant=after_tenant,
            after_ticket=after_ticket,
            after_message=after_message,
            size=size,
            **_bounds(months),
        )
        if rows:
            yield [Message(**row) for row in rows]
        if len(rows) < size:
            return
        after_tenant, after_ticket, after_message = (rows[-1][one] for one in ("tenant_id", "ticket_id", "message_id"))


def orphans(warehouse: Snapshot, tenant_ids: Sequence[str], held: str = _HELD) -> list[Place]:
    """Messages something is held about that are no longer there, in any month: deleted, archived, or off the ticket.

    `held` is SQL of ours for the places something is held about.
    """
    rows = warehouse.rows(_ORPHANS.format(held=held), tenant_ids=list(tenant_ids))
    return [(row["tenant_id"], row["ticket_id"], row["message_id"]) for row in rows]


def _bounds(months: Months | None) -> dict[str, Any]:
    if months is None:
        return {}
    first, before = (datetime.combine(day, time(), UTC) for day in months)
    return {"first_at": first, "before_at": before}
