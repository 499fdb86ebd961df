"""Cards out of a tenant session: the published row, joined with the fold of what people did to it."""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true

from core.vocabulary import CardStatus, MrrSource, Severity
from serve.board.schemas import Card, CardFilter, CardQuery, CardSort, CardTicket, Evidence
from serve.board.timeline import timeline
from serve.errors import NotFound
from serve.paging import Order, Page, day, key_of, number, read_page
from serve.segments import Segment
from serve.tenancy import TenantSession, card_aliases, card_events, card_states, prepared, published

_NOBODY = "none"

_TAKEN = [status.value for status in CardStatus if status is not CardStatus.NEW]
_UNSORTED = "unread"

_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class CardNotFound(NotFound):
    """No card of that id is in the caller's published build."""


_CARD = published("churn_risk_cards").c
_EVIDENCE = published("card_evidence").c
_TICKET = published("card_tickets").c
_MESSAGE = published("card_messages").c
_CHANGE = published("card_changes").c
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
_ACCOUNT = (_STATUS, _CARD.company_id, _CARD.mrr, _CARD.mrr_source, _CARD.currency)
_ACCOUNTS = _with_states(
    select(_STATUS.label("status"), *_ACCOUNT[1:], func.count().label("card_count")).group_by(*_ACCOUNT)
)
_OWNERS = (
    select(_CARD.owner_id, func.max(_CARD.owner_name).label("owner_name"), func.count().label("card_count"))
    .where(_CARD.owner_id.is_not(None))
    .group_by(_CARD.owner_id)
    .order_by(func.max(_CARD.owner_name), _CARD.owner_id)
)
_TOPIC = func.coalesce(_CARD.topic, _UNSORTED)
_TOPICS = (
    select(_TOPIC.label("topic"), func.count().label("card_count"))
    .group_by(_TOPIC)
    .order_by(func.count().desc(), _TOPIC)
)
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

_THREAD_LENGTHS = (
    select(_MESSAGE.ticket_id, func.count().label("message_count")).group_by(_MESSAGE.ticket_id).subquery().c
)
_TICKETS = (
    select(
        *(_TICKET[name] for name in CardTicket.model_fields if name != "message_count"),
        func.coalesce(_THREAD_LENGTHS.message_count, 0).label("message_count"),
    )
    .outerjoin(_THREAD_LENGTHS.ticket_id.table, _THREAD_LENGTHS.ticket_id == _TICKET.ticket_id)
    .order_by(_TICKET.ticket_created_at.desc(), _TICKET.ticket_id)
)
_CHANGES = select(
    _CHANGE.changed_on, _CHANGE.change_type, _CHANGE.severity, _CHANGE.previous_severity, _CHANGE.score
).order_by(_CHANGE.changed_on, _CHANGE.change_type)
_ALIASES = select(_ALIAS.alias_id, _ALIAS.first_published_at).order_by(_ALIAS.first_published_at, _ALIAS.alias_id)

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
            lambda: _CARDS.where(*_listed(wanted)),
            order=_ORDERS[wanted.sort],
            identity=_CARD.card_id,
            scope=_scope(wanted),
            cursor=wanted.cursor,
            limit=wanted.limit,
        )
        for row in page.items:
            _open_components(row)
        return page

    def total(self, wanted: CardQuery) -> int:
        """Cards on all pages."""
        key = f"count {key_of(_scope(wanted))}"
        [row] = self._session.rows(prepared(key, lambda: _COUNT.where(*_listed(wanted))))
        count: int = row["card_count"]
        return count

    def accounts(self, wanted: CardFilter) -> list[dict[str, Any]]:
        """Matching cards by status and company: `status`, `company_id`, `mrr`, `mrr_source`, `currency`, `card_count`."""
        return self._session.rows(_ACCOUNTS.where(*_conditions(wanted)))

    def owners(self) -> list[dict[str, Any]]:
        """HubSpot owners who have cards in the build, by name, with how many."""
        return self._session.rows(_OWNERS)

    def topics(self) -> list[dict[str, Any]]:
        """What cards of the build are about, with how many, most first."""
        return self._session.rows(_TOPICS)

    def card(self, card_id: str) -> dict[str, Any]:
        """One card with its evidence and everything that happened to it; an id it once had finds it too.

        Raises:
            CardNotFound: None of that id.
        """
        found = self.row(card_id)
        _open_components(found)
        mine = found["card_id"]
        events = self._session.rows(_EVENTS.where(func.coalesce(_ALIAS.card_id, _EVENT.card_id) == mine))
        changes = self._session.rows(_CHANGES.where(_CHANGE.card_id == mine))
        aliases = self._session.rows(_ALIASES.where(_ALIAS.card_id == mine, _ALIAS.alias_id != mine))
        return found | {
            "evidence": self._session.rows(_QUOTES.where(_EVIDENCE.card_id == mine)),
            "tickets": self._session.rows(_TICKETS.where(_TICKET.card_id == mine)),
            "timeline": timeline(found, changes, aliases, events),
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


def _scope(wanted: CardQuery) -> dict[str, Any]:
    return {"list": "cards"} | wanted.model_dump(exclude={"limit", "cursor"})


def _listed(wanted: CardQuery) -> list[ColumnElement[bool]]:
    of_status = [_STATUS.in_(wanted.status)] if wanted.status else []
    return [*of_status, *_conditions(wanted)]


def _conditions(wanted: CardFilter) -> list[ColumnElement[bool]]:
    return [*_of_the_signal(wanted), *_of_the_company(wanted), *_of_people(wanted)]


def _of_the_signal(wanted: CardFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.trigger:
        conditions.append(_CARD.trigger_type.in_(wanted.trigger))
    if wanted.severity:
        conditions.append(_SEVERITY.in_(wanted.severity))
    if wanted.q:
        conditions.append(_mentions(wanted.q))
    if wanted.active is not None:
        conditions.append(_CARD.is_active.is_(wanted.active))
    return [*conditions, *_behind_a_figure(wanted)]


def _behind_a_figure(wanted: CardFilter) -> list[ColumnElement[bool]]:
    """What a figure of the dashboard counts."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.topic is not None:
        conditions.append(_TOPIC.in_([wanted.topic]))
    if wanted.computed_severity:
        conditions.append(_CARD.severity.in_(wanted.computed_severity))
    segment = Segment(wanted.company_owner, tuple(wanted.mrr_band))
    if not segment.is_everybody:
        conditions.append(_CARD.company_id.in_(segment.company_ids()))
    if wanted.active_on is not None:
        is_on = or_(_CARD.closed_on.is_(None), _CARD.closed_on > wanted.active_on)
        conditions.append(and_(_CARD.opened_on <= wanted.active_on, is_on))
    if wanted.opened_from is not None:
        conditions.append(_CARD.opened_on >= wanted.opened_from)
    if wanted.opened_to is not None:
        conditions.append(_CARD.opened_on <= wanted.opened_to)
    return conditions


def _of_the_company(wanted: CardFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.company:
        conditions.append(_CARD.company_id == wanted.company)
    if wanted.owner:
        conditions.append(_CARD.owner_id.is_(None) if wanted.owner == _NOBODY else _CARD.owner_id == wanted.owner)
    if wanted.mrr_min is not None:
        is_comparable = _CARD.mrr_source != MrrSource.OTHER_CURRENCY.value
        conditions += [_CARD.mrr >= wanted.mrr_min, is_comparable]
    return conditions


def _of_people(wanted: CardFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.assignee:
        nobody = _STATE.assignee.is_(None)
        conditions.append(nobody if wanted.assignee == _NOBODY else _STATE.assignee == wanted.assignee)
    if not wanted.with_ended:
        conditions.append(or_(_CARD.is_active, _STATUS.in_(_TAKEN)))
    return conditions


def _mentions(q: str) -> ColumnElement[bool]:
    def said_in(*columns: ColumnElement[str]) -> ColumnElement[bool]:
        return or_(*(column.icontains(q, autoescape=True) for column in columns))

    quoted = select(_EVIDENCE.card_id).where(said_in(_EVIDENCE.quote, _EVIDENCE.ticket_subject))
    return or_(said_in(_CARD.company_name, _CARD.contact_name, _CARD.why), _CARD.card_id.in_(quoted))


def _open_components(row: dict[str, Any]) -> None:
    row["components"] = orjson.loads(row["components"] or "{}")
