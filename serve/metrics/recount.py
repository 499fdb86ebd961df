"""Figures of a segment, out of its tickets and cards: the marts hold them of all customers together only.

Each counts as its mart does (transforms/models/marts); a test compares the two where the segment is everybody.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from core.vocabulary import MrrSource, Sentiment
from serve.metrics.service import DayRange
from serve.segments import COMPANY, Segment
from serve.tenancy import published

Row = dict[str, Any]

CARD = published("churn_risk_cards").c
"""The cards `risks` counts."""

_TICKET = published("tickets").c
_LABEL = published("topic_tickets").c
_RISK = published("risks_daily").c
_DIGITS = 6

_KNOWN_MRR = case((COMPANY.mrr_source == MrrSource.MAPPED_PROPERTY.value, COMPANY.mrr))
_READ = func.sum(case((_TICKET.is_read, 1), else_=0)).label("read_count")
_NEGATIVE = func.sum(case((_TICKET.is_negative, 1), else_=0)).label("negative_count")
_LEVELS = func.coalesce(func.sum(_TICKET.level), 0).label("level_sum")
_POINTS = func.sum(_TICKET.points).label("points")
_ALL = func.count().label("ticket_count")


def sentiment(days: DayRange, segment: Segment) -> Select[Any]:
    """Tickets by tone and day, with the sum of their levels."""
    tones = [
        func.sum(case((_TICKET.sentiment == tone.value, 1), else_=0)).label(f"{tone.value}_count") for tone in Sentiment
    ]
    unread = func.sum(case((_TICKET.is_read, 0), else_=1)).label("unread_count")
    query = select(_TICKET.created_on.label("metric_on"), _ALL, *tones, unread, _READ, _LEVELS)
    return query.where(*_in(days, segment)).group_by(_TICKET.created_on).order_by(_TICKET.created_on)


def with_mean_level(row: Row) -> Row:
    """A row of `sentiment` as the mart has it."""
    levels, read = row.pop("level_sum"), row.pop("read_count")
    return row | {"mean_level": share(levels, read)}


def topics(days: DayRange, segment: Segment, topic: str | None) -> Select[Any]:
    """Tickets by day and topic."""
    query = (
        select(
            _TICKET.created_on.label("metric_on"),
            _LABEL.topic,
            func.max(_LABEL.parent_topic).label("parent_topic"),
            _ALL,
            _READ,
            _NEGATIVE,
            func.count(_TICKET.company_id.distinct()).label("company_count"),
        )
        .join(_LABEL.ticket_id.table, _LABEL.ticket_id == _TICKET.ticket_id)
        .where(*_in(days, segment))
        .group_by(_TICKET.created_on, _LABEL.topic)
        .order_by(_TICKET.created_on, _LABEL.topic)
    )
    return query if topic is None else query.where(_LABEL.topic == topic)


def tickets_by_day(days: DayRange, segment: Segment) -> Select[Any]:
    """All tickets by day."""
    return (
        select(_TICKET.created_on.label("metric_on"), _ALL)
        .where(*_in(days, segment))
        .group_by(_TICKET.created_on)
        .order_by(_TICKET.created_on)
    )


def revenue(days: DayRange, segment: Segment, *, by_day: bool) -> Select[Any]:
    """Known MRR of the companies that wrote about each topic, on each day or in all; each company counts once."""
    on = [_TICKET.created_on.label("metric_on")] if by_day else []
    wrote = (
        select(*on, _LABEL.topic, _TICKET.company_id)
        .join(_LABEL.ticket_id.table, _LABEL.ticket_id == _TICKET.ticket_id)
        .where(*_in(days, segment), _TICKET.company_id.is_not(None))
        .distinct()
        .subquery()
        .c
    )
    keys = [wrote.metric_on, wrote.topic] if by_day else [wrote.topic]
    return (
        select(*keys, func.sum(_KNOWN_MRR).label("mrr_touched"))
        .join(COMPANY.company_id.table, COMPANY.company_id == wrote.company_id)
        .group_by(*keys)
    )


def with_shares(rows: Sequence[Row], all_tickets: Sequence[Row], touched: Sequence[Row]) -> list[Row]:
    """Rows of `topics` as the mart has them."""
    whole = {row["metric_on"]: row["ticket_count"] for row in all_tickets}
    mrr = {(row["metric_on"], row["topic"]): row["mrr_touched"] for row in touched}
    return [
        row
        | {
            "all_ticket_count": whole[row["metric_on"]],
            "ticket_share": share(row["ticket_count"], whole[row["metric_on"]]),
            "negative_share": share(row["negative_count"], row["read_count"]),
            "mrr_touched": mrr.get((row["metric_on"], row["topic"])),
        }
        for row in rows
    ]


def risks(days: DayRange, segment: Segment) -> Select[Any]:
    """Cards by day, trigger, severity and topic, on the days on which any card of the tenant was on or closed."""
    known = select(_RISK.metric_on).where(_RISK.metric_on.between(days.first, days.last)).distinct().subquery().c
    is_on = or_(CARD.closed_on.is_(None), CARD.closed_on > known.metric_on)
    keys = (known.metric_on, CARD.trigger_type, CARD.severity, CARD.topic)
    return (
        select(
            *keys,
            func.sum(case((CARD.opened_on == known.metric_on, 1), else_=0)).label("opened_count"),
            func.sum(case((CARD.closed_on == known.metric_on, 1), else_=0)).label("closed_count"),
            func.sum(case((is_on, 1), else_=0)).label("active_count"),
            func.sum(case((is_on, _KNOWN_MRR))).label("active_mrr"),
        )
        .join(COMPANY.company_id.table, COMPANY.company_id == CARD.company_id)
        .join(
            known.metric_on.table,
            and_(
                CARD.opened_on <= known.metric_on,
                or_(CARD.closed_on.is_(None), CARD.closed_on >= known.metric_on),
            ),
        )
        .where(*segment.conditions())
        .group_by(*keys)
        .order_by(*keys)
    )


def impact(days: DayRange, segment: Segment) -> Select[Any]:
    """Tickets by topic, with sums of level and points."""
    return (
        select(
            _LABEL.topic,
            func.max(_LABEL.parent_topic).label("parent_topic"),
            _ALL,
            _READ,
            _NEGATIVE,
            _LEVELS,
            _POINTS,
            func.count(_TICKET.company_id.distinct()).label("company_count"),
        )
        .join(_LABEL.ticket_id.table, _LABEL.ticket_id == _TICKET.ticket_id)
        .where(*_in(days, segment))
        .group_by(_LABEL.topic)
        .order_by(_LABEL.topic)
    )


def whole(days: DayRange, segment: Segment) -> Select[Any]:
    """All tickets, with sums of level and points."""
    return select(_ALL, _READ, _NEGATIVE, _LEVELS, _POINTS).where(*_in(days, segment))


def left_out_one_by_one(rows: Sequence[Row], of_all: Row, touched: Sequence[Row]) -> list[Row]:
    """Rows of `impact` as the mart has them: what the whole would be without each topic, and the ranks by that."""
    mrr = {row["topic"]: row["mrr_touched"] for row in touched}
    compared = []
    for row in rows:
        read = of_all["read_count"] - row["read_count"]
        all_share = share(of_all["negative_count"], of_all["read_count"])
        all_level = share(of_all["level_sum"], of_all["read_count"])
        share_without = share(of_all["negative_count"] - row["negative_count"], read)
        level_without = share(of_all["level_sum"] - row["level_sum"], read)
        compared.append(
            {name: value for name, value in row.items() if name != "level_sum"}
            | {
                "all_ticket_count": of_all["ticket_count"],
                "negative_share": share(row["negative_count"], row["read_count"]),
                "all_negative_share": all_share,
                "negative_share_without": share_without,
                "negative_share_impact": _less(all_share, share_without),
                "all_mean_level": all_level,
                "mean_level_without": level_without,
                "mean_level_impact": _less(all_level, level_without),
                "points_share": share(row["points"], of_all["points"]),
                "mrr_touched": mrr.get(row["topic"]),
            }
        )
    _rank(compared, "negative_rank", "negative_share_impact", "negative_count", is_descending=True)
    _rank(compared, "level_rank", "mean_level_impact", "negative_count", is_descending=False)
    _rank(compared, "mrr_rank", "mrr_touched", "company_count", is_descending=True)
    return sorted(compared, key=lambda row: row["negative_rank"])


def share(part: float, of: float) -> float | None:
    """A part of a whole; None where there is no whole."""
    return round(part / of, _DIGITS) if of else None


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, _DIGITS)


def _rank(rows: Sequence[Row], rank: str, by: str, then: str, *, is_descending: bool) -> None:
    def place(row: Row) -> tuple[bool, float, int, str]:
        value = row[by]
        return (value is None, 0 if value is None else -value if is_descending else value, -row[then], row["topic"])

    for number, row in enumerate(sorted(rows, key=place), 1):
        row[rank] = number


def _in(days: DayRange, segment: Segment) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [_TICKET.created_on.between(days.first, days.last)]
    if not segment.is_everybody:
        asked.append(_TICKET.company_id.in_(segment.company_ids()))
    return asked
