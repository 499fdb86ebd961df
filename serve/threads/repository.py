"""Messages of a card's tickets out of a tenant session."""

from sqlalchemy import func, select

from serve.errors import NotFound
from serve.paging import Order, Page, number, read_page
from serve.tenancy import TenantSession, published
from serve.threads.schemas import Message, ThreadQuery


class TicketNotFound(NotFound):
    """The card rests on no such ticket."""


_TICKET = published("card_tickets").c
_MESSAGE = published("card_messages").c
_MESSAGES = select(*(_MESSAGE[name] for name in Message.model_fields))
_COUNT = select(func.count().label("message_count")).select_from(_MESSAGE.ticket_id.table)
_IN_TURN = Order(_MESSAGE.message_index, number, is_descending=False)


class ThreadRepository:
    """Reads threads of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def page(self, card_id: str, ticket_id: str, wanted: ThreadQuery) -> Page:
        """One page of a ticket's messages.

        Args:
            card_id: The id the card goes by.
            ticket_id: One of the tickets behind it.
            wanted: Which part.

        Raises:
            TicketNotFound: It is not behind that card.
            InvalidCursor: The cursor belongs to another thread.
            StaleCursor: The cursor belongs to another build.
        """
        behind = select(_TICKET.ticket_id).where(_TICKET.card_id == card_id, _TICKET.ticket_id == ticket_id)
        if self._session.row(behind) is None:
            raise TicketNotFound("No such ticket is behind this card: read the card again for those that are.")
        return read_page(
            self._session,
            lambda: _MESSAGES.where(_MESSAGE.ticket_id == ticket_id),
            order=_IN_TURN,
            identity=_MESSAGE.message_id,
            scope={"list": "messages", "ticket": ticket_id},
            cursor=wanted.cursor,
            limit=wanted.limit,
        )

    def total(self, ticket_id: str) -> int:
        """Messages of a ticket on all pages."""
        [row] = self._session.rows(_COUNT.where(_MESSAGE.ticket_id == ticket_id))
        count: int = row["message_count"]
        return count
