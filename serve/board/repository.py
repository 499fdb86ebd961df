"""Cards out of a tenant session: the published row, joined with the fold of what people did to it."""

from datetime import UTC, datetime, time
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true

from core.vocabulary import CardStatus, Severity
from serve.board.schemas import Card, CardQuery, CardSort, Evidence, TimelineType
from serve.errors import NotFound
from serve.paging import Order, Page, day, number, read_page
from serve.tenancy import TenantSession, card_aliases, card_events, card_states, published

_NOBODY = "none"

_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class CardNotFound(NotFound):
    """No card of that id is in the caller's published build."""


_CARD = published("churn_risk_cards").c
_EVIDENCE = published("card_evidence").c
_EVENT = card_events().c
_STATE = card_states().c
_ALIAS = card_aliases().c

_STATUS = func.coalesce(_STATE.status, CardStatus.NEW.value)
_SEVERITY = func.coalesce(_STATE.severity_override, _CARD.severity)
_FOLDS: dict[str, ColumnElement[Any]] = {
    "seq": func.coalesce(_STATE.last_seq, 0),
    "status": _STATUS,
    "severity": _SEVERITY,
    "computed_severity": _CARD.severity,
    "reopen_count": func.coalesce(_STATE.reopen_count, 0),
    "is_waiting_for_reply": func.coalesce(_STATE.is_waiting_for_reply, false()),
    # Who touched the card since the build was computed was in time, or late, but is not awaited any more.
    "is_touch_overdue": and_(
        func.coalesce(_CARD.is_touch_overdue, false()),
        func.coalesce(_STATE.last_touched_at <= _CARD.as_of_at, true()),
    ),
    **{
        name: _STATE[name]
        for name in (
            "status_at",
            "assignee",
            "first_touched_at",
            "completed_at",
            "outcome",
            "outcome_mrr",
            "outcome_mrr_source",
            "waiting_until_on",
            "last_event_at",
        )
    },
}
"""What a card's events say, and what they change of what the build says."""


def _with_states(query: Select[Any]) -> Select[Any]:
    return query.select_from(_CARD.card_id.table).outerjoin(_STATE.card_id.table, _STATE.card_id == _CARD.card_id)


_CARDS = _with_states(
    select(*(_FOLDS[name].label(name) if name in _FOLDS else _CARD[name] for name in Card.model_fields))
)
_COUNT = _with_states(select(func.count().label("card_count")))
_EVENTS = (
    select(_EVENT.seq, _EVENT.type, _EVENT.actor, _EVENT.status, _EVENT.payload.label("details"), _EVENT.occurred_at)
    .outerjoin(_ALIAS.alias_id.table, _ALIAS.alias_id == _EVENT.card_id)
    .order_by(_EVENT.occurred_at, _EVENT.card_id, _EVENT.seq)
)
_QUOTES = select(*(_EVIDENCE[name] for name in Evidence.model_fields)).order_by(
    func.coalesce(_EVIDENCE.message_sent_at, _EVIDENCE.ticket_created_at).desc().nulls_last(),
    _EVIDENCE.ticket_id,
    _EVIDENCE.message_id,
    _EVIDENCE.evidence_id,
)

_ORDERS = {
    CardSort.PRIORITY: Order(_CARD.priority, number),
    CardSort.OPENED_ON: Order(_CARD.opened_on, day),
    CardSort.LAST_SIGNAL_ON: Order(_CARD.last_signal_on, day),
    CardSort.SEVERITY: Order(case(_SEVERITY_RANK, value=_SEVERITY), number),
}


class CardRepository:
    """Reads cards of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def page(self, wanted: CardQuery) -> Page:
        """One page of cards.

        Raises:
            InvalidCursor: The cursor belongs to another list.
            StaleCursor: The cursor belongs to another build.
        """
        page = read_page(
            self._session,
            _CARDS.where(*_conditions(wanted)),
            order=_ORDERS[wanted.sort],
            identity=_CARD.card_id,
            scope={"list": "cards"} | wanted.model_dump(exclude={"limit", "cursor"}),
            cursor=wanted.cursor,
            limit=wanted.limit,
        )
        for row in page.items:
            _open_components(row)
        return page

    def total(self, wanted: CardQuery) -> int:
        """Cards on all pages."""
        [row] = self._session.rows(_COUNT.where(*_conditions(wanted)))
        count: int = row["card_count"]
        return count

    def card(self, card_id: str) -> dict[str, Any]:
        """One card with its evidence and everything that happened to it; an id it once had finds it too.

        Raises:
            CardNotFound: None of that id.
        """
        found = self.row(card_id)
        _open_components(found)
        mine = found["card_id"]
        events = self._session.rows(_EVENTS.where(func.coalesce(_ALIAS.card_id, _EVENT.card_id) == mine))
        return found | {
            "evidence": self._session.rows(_QUOTES.where(_EVIDENCE.card_id == mine)),
            "timeline": _timeline(found, events),
        }

    def row(self, card_id: str) -> dict[str, Any]:
        """One card alone.

        Raises:
            CardNotFound: None of that id.
        """
        goes_by = select(_ALIAS.card_id).where(_ALIAS.alias_id == card_id).scalar_subquery()
        for condition in (_CARD.card_id == card_id, _CARD.card_id == goes_by):
            found = self._session.row(_CARDS.where(condition))
            if found is not None:
                return found
        raise CardNotFound(
            "There is no such card in the published build: it may belong to an older one. Go back to the board."
        )

    def successor(self, card: dict[str, Any]) -> str | None:
        """Id of a card that the same company and trigger opened later, if there is one."""
        later = select(_CARD.card_id).where(
            _CARD.company_id == card["company_id"],
            _CARD.trigger_type == card["trigger_type"],
            _CARD.opened_on > card["opened_on"],
        )
        found = self._session.row(later.order_by(_CARD.opened_on.desc()))
        return None if found is None else str(found["card_id"])


def _conditions(wanted: CardQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status:
        conditions.append(_STATUS.in_(wanted.status))
    if wanted.trigger:
        conditions.append(_CARD.trigger_type.in_(wanted.trigger))
    if wanted.severity:
        conditions.append(_SEVERITY.in_(wanted.severity))
    if wanted.company:
        conditions.append(_CARD.company_id == wanted.company)
    if wanted.owner:
        conditions.append(_CARD.owner_id.is_(None) if wanted.owner == _NOBODY else _CARD.owner_id == wanted.owner)
    if wanted.assignee:
        nobody = _STATE.assignee.is_(None)
        conditions.append(nobody if wanted.assignee == _NOBODY else _STATE.assignee == wanted.assignee)
    if wanted.q:
        searched = (_CARD.company_name, _CARD.contact_name, _CARD.why)
        conditions.append(or_(*(column.icontains(wanted.q, autoescape=True) for column in searched)))
    if wanted.active is not None:
        conditions.append(_CARD.is_active.is_(wanted.active))
    return conditions


def _open_components(row: dict[str, Any]) -> None:
    row["components"] = orjson.loads(row["components"] or "{}")


def _timeline(card: dict[str, Any], events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the signal did and what was done, oldest first; a day of the signal comes before what was done on it."""
    signal = [(TimelineType.OPENED, card["opened_on"]), (TimelineType.SIGNAL_ENDED, card["closed_on"])]
    days: list[dict[str, Any]] = [
        {
            "type": kind,
            "occurred_at": datetime.combine(day_on, time(), UTC),
            "seq": None,
            "actor": None,
            "status": None,
            "details": {},
        }
        for kind, day_on in signal
        if day_on is not None
    ]
    return sorted([*days, *events], key=lambda entry: entry["occurred_at"])
