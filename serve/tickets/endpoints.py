"""The address of tickets."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Caller, Viewer
from serve.errors import InvalidRequest, documented
from serve.forms import IN_OTHER_FORMS, Form, csv_response, sql_response
from serve.paging import InvalidCursor, StaleCursor
from serve.responses import kept
from serve.tenancy import NothingPublished
from serve.tickets import statements
from serve.tickets.repository import TicketRepository
from serve.tickets.schemas import ListedTicket, TicketPage, TicketQuery

router = APIRouter(prefix="/tickets", tags=["tickets"])


@router.get(
    "",
    operation_id="list_tickets",
    summary="Tickets behind a figure, newest first",
    response_model=TicketPage,
    responses=documented(*AUTH_ERRORS, InvalidCursor, StaleCursor, NothingPublished, InvalidRequest) | IN_OTHER_FORMS,
)
def list_tickets(request: Request, caller: Viewer, wanted: Annotated[TicketQuery, Query()]) -> Response:
    """Tickets of the last 180 days that match every given filter, one page at a time; as CSV, all of them."""
    with caller.session() as session:
        form = wanted.form(request)
        if form is Form.SQL:
            return sql_response(statements.tickets(session.tenant_id, wanted))
        if form is Form.CSV:
            name = f"churnboard-tickets-{session.build.as_of_at:%Y-%m-%d}"
            return csv_response(name, list(ListedTicket.model_fields), _every(caller, wanted))

        def content() -> dict[str, Any]:
            tickets = TicketRepository(session)
            page = tickets.page(wanted)
            return {
                "items": page.items,
                "next_cursor": page.next_cursor,
                "total": tickets.total(wanted),
                "build": session.stamp,
            }

        return kept(request, caller.user, session.version, content)


def _every(caller: Caller, wanted: TicketQuery) -> Iterator[dict[str, Any]]:
    """All tickets, in a session that is open for as long as they are sent."""
    with caller.session() as session:
        yield from TicketRepository(session).all(wanted)
