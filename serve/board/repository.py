"""Cards out of a tenant session: the published row, joined with the fold of what people did to it."""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, case, func, or_, select

from core.vocabulary import CardStatus, Severity
from serve.board.schemas import Card, CardQuery, CardSort, Evidence
from serve.errors import NotFound
from serve.paging import Order, Page, day, number, read_page
from serve.tenancy import TenantSession, card_events, published

_REOPENED = "reopened"
_NOBODY = "none"

_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class CardNotFound(NotFound):
    """No card of that id is in the caller's published build."""


_CARD = published("churn_risk_cards").c
_EVIDENCE = published("card_evidence").c
_EVENT = card_events().c
_LAST = card_events()

_FOLDED = (
    select(
        _EVENT.card_id,
        func.max(_EVENT.seq).label("last_seq"),
        func.sum(case((_EVENT.type == _REOPENED, 1), else_=0)).label("reopen_count"),
    )
    .group_by(_EVENT.card_id)
    .subquery()
)

_STATUS = func.coalesce(_LAST.c.status, CardStatus.NEW.value)
_FOLDS = {"status": _STATUS, "reopen_count": func.coalesce(_FOLDED.c.reopen_count, 0)}


def _with_folds(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(_CARD.card_id.table)
        .outerjoin(_FOLDED, _FOLDED.c.card_id == _CARD.card_id)
        .outerjoin(_LAST, (_LAST.c.card_id == _CARD.card_id) & (_LAST.c.seq == _FOLDED.c.last_seq))
    )


_CARDS = _with_folds(
    select(*(_FOLDS[name].label(name) if name in _FOLDS else _CARD[name] for name in Card.model_fields))
)
_COUNT = _with_folds(select(func.count().label("card_count")))
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
    CardSort.SEVERITY: Order(case(_SEVERITY_RANK, value=_CARD.severity), number),
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
        """One card with its evidence.

        Raises:
            CardNotFound: None of that id.
        """
        found = self._session.row(_CARDS.where(_CARD.card_id == card_id))
        if found is None:
            raise CardNotFound(
                "There is no such card in the published build: it may belong to an older one. Go back to the board."
            )
        _open_components(found)
        return found | {"evidence": self._session.rows(_QUOTES.where(_EVIDENCE.card_id == card_id))}


def _conditions(wanted: CardQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status:
        conditions.append(_STATUS.in_(wanted.status))
    if wanted.trigger:
        conditions.append(_CARD.trigger_type.in_(wanted.trigger))
    if wanted.severity:
        conditions.append(_CARD.severity.in_(wanted.severity))
    if wanted.company:
        conditions.append(_CARD.company_id == wanted.company)
    if wanted.owner:
        conditions.append(_CARD.owner_id.is_(None) if wanted.owner == _NOBODY else _CARD.owner_id == wanted.owner)
    if wanted.q:
        searched = (_CARD.company_name, _CARD.contact_name, _CARD.why)
        conditions.append(or_(*(column.icontains(wanted.q, autoescape=True) for column in searched)))
    if wanted.active is not None:
        conditions.append(_CARD.is_active.is_(wanted.active))
    return conditions


def _open_components(row: dict[str, Any]) -> None:
    row["components"] = orjson.loads(row["components"] or "{}")
