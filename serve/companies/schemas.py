"""Bodies and query of companies: the columns of the mart `companies` (docs/names.md) under their own names."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from core.vocabulary import MrrSource, SentimentTrend, TriggerType
from serve.paging import MAX_LIMIT
from serve.schemas import Build, Cursor, Query, Schema, Text


class CompanySort(StrEnum):
    """What companies are sorted by: names from A to Z, figures largest first; companies without a value come last.

    So do, by MRR, those whose MRR is in another currency.
    """

    MRR = "mrr"
    TICKET_COUNT_30D = "ticket_count_30d"
    COMPANY_NAME = "company_name"
    ACTIVE_TRIGGER_COUNT = "active_trigger_count"


class CompanyQuery(Query):
    """Which companies, in which order."""

    q: Text | None = None
    """Found in the name or the domain; case does not matter."""

    trigger: list[TriggerType] = Field(default_factory=list)
    """With an active card of any of these; repeat the parameter."""

    sort: CompanySort = CompanySort.MRR

    limit: int = Field(default=50, ge=1, le=MAX_LIMIT)
    """Companies at most."""

    cursor: Cursor | None = None
    """The `next_cursor` of the page before, with the same filters and sort; left out: the first page."""


class Company(Schema):
    """One company and how things are with it."""

    company_id: str
    """HubSpot's id."""

    company_name: str | None = Field(examples=["Northwind GmbH"])
    domain: str | None = Field(examples=["northwind.example"])
    company_url: str | None = Field(examples=["https://app-eu1.hubspot.com/contacts/48100001/record/0-2/512"])
    """Where it is in HubSpot; null where the portal is unknown."""

    lifecyclestage: str | None
    owner_id: str | None
    owner_name: str | None
    mrr: float | None
    """Monthly recurring revenue, in `currency`."""

    mrr_source: MrrSource
    """Where that figure came from; an assumed one must be shown as assumed."""

    currency: str | None = Field(examples=["EUR"])
    renewal_on: date | None
    open_ticket_count: int
    ticket_count_30d: int
    ticket_count_90d: int
    negative_count_30d: int
    mean_level_30d: float | None
    """Mean tone of the last 30 days, from -2 to 2; null where nothing was said."""

    mean_level_prior_30d: float | None
    """The same for the 30 days before."""

    sentiment_trend: SentimentTrend
    last_contact_at: datetime | None
    active_triggers: str = Field(examples=["frustrated,significant_support"])
    """Comma separated, alphabetical; empty for none."""

    active_trigger_count: int


class CompanyPage(Schema):
    """One page of companies."""

    items: list[Company]
    next_cursor: str | None
    """Null on the last page."""

    total: int
    """Companies on all pages together."""

    build: Build


class CompanyDay(Schema):
    """The tone of one day's new tickets of a company, each as its strongest message reads."""

    metric_on: date
    ticket_count: int
    read_count: int
    """Those whose tone was read."""

    negative_count: int
    """Of these, negative or very negative."""

    mean_level: float | None
    """From -2 to 2; null where none was read."""


class CompanyDetail(Company):
    """One company, its tone day by day, and the build that says so."""

    sentiment_days: list[CompanyDay]
    """The last 90 days, oldest first; a day without a new ticket is left out."""

    build: Build
