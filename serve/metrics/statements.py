"""The SQL a BI program asks the marts with to get what a series shows, for the same days, filters and segment.

Written to be read and changed by people: it runs unchanged on the published file and on the views (docs/bi.md), and a test runs
each and compares it with what the API answers. Nothing here is ever run by the API.
"""

# ruff: noqa: S608 - shown, not run; and what comes from a request is quoted all the same

from collections.abc import Iterable, Sequence
from datetime import date

from core.vocabulary import MrrBand
from serve.metrics.service import DayRange
from serve.segments import NOBODY, Segment

_TONES = ("very_negative", "negative", "neutral", "positive", "very_positive")


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def listed(column: str, values: Iterable[str]) -> str:
    """That a column has one of some values."""
    return f"{column} in ({', '.join(quoted(value) for value in values)})"


def between(column: str, days: DayRange) -> str:
    """That a day is in a range."""
    return f"{column} between {_day(days.first)} and {_day(days.last)}"


def selected(
    mart: str, columns: Sequence[str], tenant_id: str, conditions: Sequence[str] = (), order: str = "", limit: int = 0
) -> str:
    """Rows of one mart as they are."""
    asked = "\n    and ".join((f"tenant_id = {quoted(tenant_id)}", *conditions))
    listing = ",\n    ".join(columns)
    ordered = f"\norder by {order}" if order else ""
    limited = f"\nlimit {limit}" if limit else ""
    return f"select\n    {listing}\nfrom {mart}\nwhere\n    {asked}{ordered}{limited};\n"


def sentiment(tenant_id: str, days: DayRange, segment: Segment) -> str:
    """`sentiment_daily` of a segment."""
    tones = "".join(f"    sum(case when sentiment = '{tone}' then 1 else 0 end) as {tone}_count,\n" for tone in _TONES)
    return f"""with {chosen(tenant_id, segment)}

select
    created_on as metric_on,
    count(*) as ticket_count,
{tones}    sum(case when is_read then 0 else 1 end) as unread_count,
    {_rounded("cast(avg(level) as double precision)")} as mean_level
from tickets
where
    tenant_id = {quoted(tenant_id)}
    and {between("created_on", days)}
    and company_id in (select company_id from chosen)
group by created_on
order by metric_on;
"""


def topics(tenant_id: str, days: DayRange, segment: Segment, topic: str | None) -> str:
    """`topic_metrics_daily` of a segment."""
    narrowed = "" if topic is None else f"\nwhere counted.topic = {quoted(topic)}"
    return f"""with {chosen(tenant_id, segment)},

{_labelled(tenant_id, days)},

written as (
    select created_on, count(distinct ticket_id) as all_ticket_count
    from labelled
    group by created_on
),

counted as (
    select
        created_on,
        topic,
        max(parent_topic) as parent_topic,
        count(*) as ticket_count,
        sum(case when is_read then 1 else 0 end) as read_count,
        sum(case when is_negative then 1 else 0 end) as negative_count,
        count(distinct company_id) as company_count
    from labelled
    group by created_on, topic
),

valued as (
    select wrote.created_on, wrote.topic, sum(chosen.known_mrr) as mrr_touched
    from (select distinct created_on, topic, company_id from labelled) as wrote
    join chosen on chosen.company_id = wrote.company_id
    group by wrote.created_on, wrote.topic
)

select
    counted.created_on as metric_on,
    counted.topic,
    counted.parent_topic,
    counted.ticket_count,
    written.all_ticket_count,
    {_share("counted.ticket_count", "written.all_ticket_count")} as ticket_share,
    counted.read_count,
    counted.negative_count,
    {_share("counted.negative_count", "counted.read_count")} as negative_share,
    counted.company_count,
    valued.mrr_touched
from counted
join written on written.created_on = counted.created_on
left join valued on valued.created_on = counted.created_on and valued.topic = counted.topic{narrowed}
order by metric_on, counted.topic;
"""


def risks(tenant_id: str, days: DayRange, segment: Segment, conditions: Sequence[str]) -> str:
    """`risks_daily` of a segment."""
    narrowed = "".join(f"\n    and cards.{condition}" for condition in conditions)
    return f"""with {chosen(tenant_id, segment)},

days as (
    select distinct metric_on
    from risks_daily
    where tenant_id = {quoted(tenant_id)} and {between("metric_on", days)}
),

cards as (
    select
        days.metric_on,
        cards.trigger_type,
        cards.severity,
        cards.topic,
        cards.opened_on = days.metric_on as is_opened,
        coalesce(cards.closed_on = days.metric_on, false) as is_closed,
        coalesce(cards.closed_on > days.metric_on, true) as is_active,
        chosen.known_mrr
    from churn_risk_cards as cards
    join chosen on chosen.company_id = cards.company_id
    join days on days.metric_on >= cards.opened_on and coalesce(days.metric_on <= cards.closed_on, true)
    where cards.tenant_id = {quoted(tenant_id)}{narrowed}
)

select
    metric_on,
    trigger_type,
    severity,
    topic,
    sum(case when is_opened then 1 else 0 end) as opened_count,
    sum(case when is_closed then 1 else 0 end) as closed_count,
    sum(case when is_active then 1 else 0 end) as active_count,
    sum(case when is_active then known_mrr end) as active_mrr
from cards
group by metric_on, trigger_type, severity, topic
order by metric_on, trigger_type, severity, topic;
"""


def impact(tenant_id: str, days: DayRange, segment: Segment) -> str:
    """`topic_impact` of a segment."""
    sums = """count(*) as ticket_count,
        sum(case when is_read then 1 else 0 end) as read_count,
        sum(case when is_negative then 1 else 0 end) as negative_count,
        coalesce(sum(level), 0) as level_sum,
        sum(points) as points"""
    return f"""with {chosen(tenant_id, segment)},

{_labelled(tenant_id, days)},

written as (
    select
        {sums}
    from (select distinct ticket_id, is_read, is_negative, level, points from labelled) as each_once
),

counted as (
    select
        topic,
        max(parent_topic) as parent_topic,
        {sums},
        count(distinct company_id) as company_count
    from labelled
    group by topic
),

valued as (
    select wrote.topic, sum(chosen.known_mrr) as mrr_touched
    from (select distinct topic, company_id from labelled) as wrote
    join chosen on chosen.company_id = wrote.company_id
    group by wrote.topic
),

compared as (
    select
        counted.topic,
        counted.parent_topic,
        counted.ticket_count,
        written.ticket_count as all_ticket_count,
        counted.read_count,
        counted.negative_count,
        {_share("counted.negative_count", "counted.read_count")} as negative_share,
        {_share("written.negative_count", "written.read_count")} as all_negative_share,
        {_share("written.negative_count - counted.negative_count", "written.read_count - counted.read_count")}
            as negative_share_without,
        {_share("written.level_sum", "written.read_count")} as all_mean_level,
        {_share("written.level_sum - counted.level_sum", "written.read_count - counted.read_count")} as mean_level_without,
        counted.points,
        {_share("counted.points", "written.points")} as points_share,
        counted.company_count,
        valued.mrr_touched
    from counted
    cross join written
    left join valued on valued.topic = counted.topic
)

select
    *,
    {_rounded("all_negative_share - negative_share_without")} as negative_share_impact,
    {_rounded("all_mean_level - mean_level_without")} as mean_level_impact
from compared
order by negative_share_impact desc nulls last, negative_count desc, topic;
"""


def leaderboard(
    tenant_id: str, columns: Sequence[str], window_days: int, rank: str, segment: Segment, limit: int
) -> str:
    """The first companies of a segment by one rank."""
    conditions = [f"window_days = {window_days}"]
    if segment.is_everybody:
        return selected("company_leaderboard", columns, tenant_id, conditions, rank, limit)
    conditions.append("company_id in (select company_id from chosen)")
    return f"with {chosen(tenant_id, segment)}\n\n" + selected(
        "company_leaderboard", columns, tenant_id, conditions, rank, limit
    )


def chosen(tenant_id: str, segment: Segment) -> str:
    """The companies of a segment, as a part of a statement."""
    asked = [f"tenant_id = {quoted(tenant_id)}"]
    if segment.owner is not None:
        asked.append("owner_id is null" if segment.owner == NOBODY else f"owner_id = {quoted(segment.owner)}")
    if segment.mrr_bands:
        asked.append(f"({' or '.join(_band(band) for band in segment.mrr_bands)})")
    conditions = "\n        and ".join(asked)
    return f"""chosen as (
    select company_id, case when mrr_source = 'mapped_property' then mrr end as known_mrr
    from companies
    where
        {conditions}
)"""


def _labelled(tenant_id: str, days: DayRange) -> str:
    return f"""labelled as (
    select
        tickets.ticket_id,
        tickets.created_on,
        labels.topic,
        labels.parent_topic,
        tickets.company_id,
        tickets.is_read,
        tickets.is_negative,
        tickets.level,
        tickets.points
    from tickets
    join topic_tickets as labels on labels.tenant_id = tickets.tenant_id and labels.ticket_id = tickets.ticket_id
    where
        tickets.tenant_id = {quoted(tenant_id)}
        and {between("tickets.created_on", days)}
        and tickets.company_id in (select company_id from chosen)
)"""


def _band(band: MrrBand) -> str:
    if band is MrrBand.UNKNOWN:
        return "(mrr_source <> 'mapped_property' or mrr is null)"
    least, below = band.bounds
    ends = [] if least is None else [f"mrr >= {least:g}"]
    ends += [] if below is None else [f"mrr < {below:g}"]
    return f"(mrr_source = 'mapped_property' and {' and '.join(ends)})"


def _share(part: str, whole: str) -> str:
    return _rounded(f"cast({part} as double precision) / nullif({whole}, 0)")


def _rounded(expression: str) -> str:
    return f"round(cast({expression} as numeric(18, 9)), 6)"


def _day(on: date) -> str:
    return f"date '{on}'"
