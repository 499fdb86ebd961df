"""Companies out of a tenant session."""

from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select

from core.vocabulary import MrrSource
from serve.companies.schemas import Company, CompanyDay, CompanyQuery, CompanySort
from serve.errors import NotFound
from serve.paging import Order, Page, number, read_page, words
from serve.tenancy import TenantSession, published


class CompanyNotFound(NotFound):
    """No company of that id is in the caller's published build."""


_COMPANY = published("companies").c
_COMPANIES = select(*(_COMPANY[name] for name in Company.model_fields))
_DAY = published("company_sentiment_daily").c
_DAYS = select(*(_DAY[name] for name in CompanyDay.model_fields)).order_by(_DAY.metric_on)
_COUNT = select(func.count().label("company_count")).select_from(_COMPANY.company_id.table)

# An amount in another currency is neither more nor less than the others.
_COMPARABLE_MRR = case((_COMPANY.mrr_source.is_distinct_from(MrrSource.OTHER_CURRENCY.value), _COMPANY.mrr))

_ORDERS = {
    CompanySort.MRR: Order(_COMPARABLE_MRR, number),
    CompanySort.TICKET_COUNT_30D: Order(_COMPANY.ticket_count_30d, number),
    CompanySort.COMPANY_NAME: Order(func.lower(_COMPANY.company_name), words, is_descending=False),
    CompanySort.ACTIVE_TRIGGER_COUNT: Order(_COMPANY.active_trigger_count, number),
}


class CompanyRepository:
    """Reads companies of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def page(self, wanted: CompanyQuery) -> Page:
        """One page of companies.

        Raises:
            InvalidCursor: The cursor belongs to another list.
            StaleCursor: The cursor belongs to another build.
        """
        return read_page(
            self._session,
            lambda: _COMPANIES.where(*_conditions(wanted)),
            order=_ORDERS[wanted.sort],
            identity=_COMPANY.company_id,
            scope={"list": "companies"} | wanted.model_dump(exclude={"limit", "cursor"}),
            cursor=wanted.cursor,
            limit=wanted.limit,
        )

    def total(self, wanted: CompanyQuery) -> int:
        """Companies on all pages."""
        [row] = self._session.rows(_COUNT.where(*_conditions(wanted)))
        count: int = row["company_count"]
        return count

    def company(self, company_id: str) -> dict[str, Any]:
        """One company with its tone by day.

        Raises:
            CompanyNotFound: None of that id.
        """
        found = self._session.row(_COMPANIES.where(_COMPANY.company_id == company_id))
        if found is None:
            raise CompanyNotFound("There is no such company in the published build: look for it under companies.")
        return found | {"sentiment_days": self._session.rows(_DAYS.where(_DAY.company_id == company_id))}


def _conditions(wanted: CompanyQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.q:
        searched = (_COMPANY.company_name, _COMPANY.domain)
        conditions.append(or_(*(column.icontains(wanted.q, autoescape=True) for column in searched)))
    if wanted.trigger:
        # The list is comma separated; with commas around it no name can match inside another.
        listed = literal(",") + _COMPANY.active_triggers + literal(",")
        conditions.append(or_(*(listed.contains(f",{trigger},", autoescape=True) for trigger in wanted.trigger)))
    return conditions
