"""One ticket and its corrections, out of a tenant session."""

from typing import Any

from sqlalchemy import func, select

from core.topics.corrections import Correction, standing
from serve.corrections.schemas import TicketCard
from serve.errors import NotFound
from serve.tenancy import TenantSession, card_states, corrections, published

_TICKET = published("ticket_readings").c
_TICKETS = select(*_TICKET)
_CARD = published("churn_risk_cards").c
_EVIDENCE = published("card_evidence").c
_STATE = card_states().c
_SEVERITY = func.coalesce(_STATE.severity_override, _CARD.severity)
_CARDS = (
    select(*((_SEVERITY.label(name) if name == "severity" else _CARD[name]) for name in TicketCard.model_fields))
    .select_from(_CARD.card_id.table)
    .outerjoin(_STATE.card_id.table, _STATE.card_id == _CARD.card_id)
    .order_by(_CARD.opened_on.desc(), _CARD.card_id)
)
_CORRECTION = corrections().c
_CORRECTIONS = select(*_CORRECTION).order_by(_CORRECTION.correction_id)


class TicketNotFound(NotFound):
    """No ticket of that id is in the caller's published build, which reaches 400 days back."""


class TicketRepository:
    """Reads tickets of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def row(self, ticket_id: str) -> dict[str, Any]:
        """One ticket as it is published.

        Raises:
            TicketNotFound: None of that id.
        """
        found = self._session.row(_TICKETS.where(_TICKET.ticket_id == ticket_id))
        if found is None:
            raise TicketNotFound(
                "There is no such ticket in the published build, which reaches 400 days back: look for it in HubSpot."
            )
        return found

    def cards(self, ticket_id: str) -> list[dict[str, Any]]:
        """The cards it stands behind, newest first."""
        behind = select(_EVIDENCE.card_id).where(_EVIDENCE.ticket_id == ticket_id)
        return [
            row | {"opened_on": row["opened_on"].isoformat()}
            for row in self._session.rows(_CARDS.where(_CARD.card_id.in_(behind)))
        ]

    def corrections(self, ticket_id: str | None = None) -> list[tuple[Correction, bool]]:
        """Corrections, of one ticket or of all, newest first; with each, whether it stands."""
        query = _CORRECTIONS if ticket_id is None else _CORRECTIONS.where(_CORRECTION.ticket_id == ticket_id)
        held = [Correction.from_row(row) for row in self._session.standing(query)]
        stand = {one.correction_id for one in standing(held)}
        return [(one, one.correction_id in stand) for one in reversed(held)]
