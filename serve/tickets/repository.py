"""Tickets out of a tenant session."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from serve.paging import Order, Page, moment, read_page
from serve.segments import COMPANY
from serve.tenancy import TenantSession, published
from serve.tickets.schemas import ListedTicket, TicketQuery

_AT_ONCE = 5_000
"""Tickets of one piece of an export, and ids in one statement."""

_TICKET = published("tickets").c
_LABEL = published("topic_tickets").c
_QUOTE = published("card_evidence").c
_ADDED = {"company_name", "topics", "card_ids"}


def _with_companies(query: Select[Any]) -> Select[Any]:
    return query.select_from(_TICKET.ticket_id.table).outerjoin(
        COMPANY.company_id.table, COMPANY.company_id == _TICKET.company_id
    )


_TICKETS = _with_companies(
    select(*(_TICKET[name] for name in ListedTicket.model_fields if name not in _ADDED), COMPANY.company_name)
)
_COUNT = _with_companies(select(func.count().label("ticket_count")))
_LABELS = select(_LABEL.ticket_id, _LABEL.topic, _LABEL.parent_topic)
_QUOTED = select(_QUOTE.ticket_id, _QUOTE.card_id).distinct().order_by(_QUOTE.card_id)
_NEWEST = Order(_TICKET.created_at, moment)


class TicketRepository:
    """Reads tickets of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def page(self, wanted: TicketQuery) -> Page:
        """One page of tickets.

        Raises:
            InvalidCursor: The cursor belongs to another list.
            StaleCursor: The cursor belongs to another build.
        """
        return self._page(wanted, wanted.cursor, wanted.limit)

    def total(self, wanted: TicketQuery) -> int:
        """Tickets on all pages."""
        [row] = self._session.rows(_COUNT.where(*_conditions(wanted)))
        count: int = row["ticket_count"]
        return count

    def all(self, wanted: TicketQuery) -> Iterator[dict[str, Any]]:
        """Every ticket, read some at a time."""
        cursor = None
        while True:
            page = self._page(wanted, cursor, _AT_ONCE)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _page(self, wanted: TicketQuery, cursor: str | None, limit: int) -> Page:
        page = read_page(
            self._session,
            lambda: _TICKETS.where(*_conditions(wanted)),
            order=_NEWEST,
            identity=_TICKET.ticket_id,
            scope={"list": "tickets"} | wanted.model_dump(exclude={"limit", "cursor", "format"}),
            cursor=cursor,
            limit=limit,
        )
        ids = [row["ticket_id"] for row in page.items]
        topics, cards = self._topics(ids), self._cards(ids)
        items = [
            row | {"topics": topics.get(row["ticket_id"], []), "card_ids": cards.get(row["ticket_id"], [])}
            for row in page.items
        ]
        return Page([{name: row[name] for name in ListedTicket.model_fields} for row in items], page.next_cursor)

    def _topics(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """What each is about, without the topics that are only above one of these."""
        found: dict[str, list[tuple[str, str | None]]] = {}
        for row in self._session.rows(_LABELS.where(_LABEL.ticket_id.in_(ids))):
            found.setdefault(row["ticket_id"], []).append((row["topic"], row["parent_topic"]))
        return {
            ticket_id: sorted({topic for topic, _ in labels} - {parent for _, parent in labels})
            for ticket_id, labels in found.items()
        }

    def _cards(self, ids: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in self._session.rows(_QUOTED.where(_QUOTE.ticket_id.in_(ids))):
            found.setdefault(row["ticket_id"], []).append(row["card_id"])
        return found


def _conditions(wanted: TicketQuery) -> list[ColumnElement[bool]]:
    asked = wanted.segment().conditions()
    if wanted.from_on is not None:
        asked.append(_TICKET.created_on >= wanted.from_on)
    if wanted.to_on is not None:
        asked.append(_TICKET.created_on <= wanted.to_on)
    if wanted.topic is not None:
        asked.append(_TICKET.ticket_id.in_(select(_LABEL.ticket_id).where(_LABEL.topic == wanted.topic)))
    if wanted.sentiment:
        asked.append(_TICKET.sentiment.in_(wanted.sentiment))
    if wanted.negative is not None:
        asked += [_TICKET.is_read.is_(True), _TICKET.is_negative.is_(wanted.negative)]
    if wanted.company is not None:
        asked.append(_TICKET.company_id == wanted.company)
    if wanted.ticket:
        asked.append(_TICKET.ticket_id.in_(wanted.ticket))
    if wanted.q is not None:
        searched = (_TICKET.subject, COMPANY.company_name)
        asked.append(or_(*(column.icontains(wanted.q, autoescape=True) for column in searched)))
    if not wanted.segment().is_everybody:
        # `owner=none` are companies that nobody owns, not tickets of no company.
        asked.append(COMPANY.company_id.is_not(None))
    return asked
