"""Bodies and queries of the daily series: the columns of their marts (docs/names.md) under their own names."""

from datetime import date

from pydantic import Field

from serve.schemas import Build, Day, Query, Schema, Text


class RangeQuery(Query):
    """Which days; both ends count."""

    from_on: Day | None = Field(default=None, alias="from")
    """First day; left out: 89 days before the last."""

    to_on: Day | None = Field(default=None, alias="to")
    """Last day; left out: the day the published build describes."""


class TopicQuery(RangeQuery):
    """Which days and which topic."""

    topic: Text | None = None
    """One topic by its name, `none` for tickets that fit no topic; left out: all."""


class TopicDay(Schema):
    """One topic on one day; days without a ticket have no row."""

    metric_on: date
    topic: str = Field(examples=["billing"])
    parent_topic: str | None
    """The topic above, in whose rows these tickets are counted too."""

    ticket_count: int
    negative_count: int
    company_count: int
    mrr_touched: float | None
    """Monthly recurring revenue of the companies that wrote about it."""


class SentimentDay(Schema):
    """All tickets of one day by tone; days without a ticket may have no row."""

    metric_on: date
    ticket_count: int
    very_negative_count: int
    negative_count: int
    neutral_count: int
    positive_count: int
    very_positive_count: int
    unread_count: int
    """Tickets nobody could read: no text, or an answer that did not hold."""

    mean_level: float | None
    """From -2 to 2; null where nothing was read."""


class _Series(Schema):
    from_on: date
    """First day looked at."""

    to_on: date
    """Last day looked at."""

    build: Build


class TopicSeries(_Series):
    """Topics by day, oldest day first."""

    items: list[TopicDay]


class SentimentSeries(_Series):
    """Tone by day, oldest day first."""

    items: list[SentimentDay]
