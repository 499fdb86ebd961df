"""Daily series and measures out of a tenant session."""

from typing import Any

from sqlalchemy import func, select

from core.vocabulary import AnalysisTask, MrrBand
from serve.metrics import recount
from serve.metrics.schemas import (
    AlertPrecision,
    ChurnRecall,
    CostDay,
    EmergingQuery,
    EmergingTopic,
    LeaderboardCompany,
    LeaderboardQuery,
    LeaderboardSort,
    QualityDay,
    RiskDay,
    RiskQuery,
    SentimentDay,
    SentimentWeek,
    TopicDay,
    TopicImpact,
    TopicWeek,
)
from serve.metrics.service import IMPACT_DAYS, DayRange, last_days
from serve.segments import COMPANY, Segment
from serve.tenancy import TenantSession, published

ALL = "all"
"""The period of rows over every period."""

_TOPIC = published("topic_metrics_daily").c
_TOPICS = select(*(_TOPIC[name] for name in TopicDay.model_fields)).order_by(_TOPIC.metric_on, _TOPIC.topic)

_TONE = published("sentiment_daily").c
_TONES = select(*(_TONE[name] for name in SentimentDay.model_fields)).order_by(_TONE.metric_on)

_MOOD = published("sentiment_trends_weekly").c
_MOODS = select(*(_MOOD[name] for name in SentimentWeek.model_fields)).order_by(_MOOD.week_on)

_COST = published("llm_costs_daily").c
_COSTS = select(*(_COST[name] for name in CostDay.model_fields)).order_by(
    _COST.metric_on, _COST.task, _COST.analyzer, _COST.model
)
_QUALITY = published("enrichment_quality").c
_QUALITIES = select(*(_QUALITY[name] for name in QualityDay.model_fields)).order_by(_QUALITY.metric_on, _QUALITY.task)

_SPENT = select(func.coalesce(func.sum(_COST.cost_usd), 0.0).label("spent_usd"))

_OWNED = func.count().label("company_count")
_OWNERS = (
    select(COMPANY.owner_id, func.max(COMPANY.owner_name).label("owner_name"), _OWNED)
    .group_by(COMPANY.owner_id)
    .order_by(_OWNED.desc(), COMPANY.owner_id)
)
_COMPANIES = select(func.count().label("company_count")).select_from(COMPANY.company_id.table)

_WEEK = published("topic_trends_weekly").c
_WEEKS = select(*(_WEEK[name] for name in TopicWeek.model_fields)).order_by(_WEEK.week_on, _WEEK.topic)

_IMPACT = published("topic_impact").c
_IMPACTS = select(*(_IMPACT[name] for name in TopicImpact.model_fields)).order_by(_IMPACT.negative_rank)

_ALERT = published("emerging_topics").c
_ALERTS = select(*(_ALERT[name] for name in EmergingTopic.model_fields)).order_by(
    _ALERT.is_active.desc(), _ALERT.last_seen_on.desc(), _ALERT.peak_z.desc(), _ALERT.alert_id
)

_LEADER = published("company_leaderboard").c
_LEADERS = select(*(_LEADER[name] for name in LeaderboardCompany.model_fields))
RANKS = {
    LeaderboardSort.TICKETS: _LEADER.ticket_rank,
    LeaderboardSort.NEGATIVE: _LEADER.negative_rank,
    LeaderboardSort.TREND: _LEADER.trend_rank,
    LeaderboardSort.MRR: _LEADER.mrr_rank,
    LeaderboardSort.CARDS: _LEADER.card_rank,
}
"""The rank companies are sorted by."""

_RISK = published("risks_daily").c
_RISKS = select(*(_RISK[name] for name in RiskDay.model_fields)).order_by(
    _RISK.metric_on, _RISK.trigger_type, _RISK.severity, _RISK.topic
)


_JUDGED = published("alert_precision").c
_JUDGED_ROWS = select(*(_JUDGED[name] for name in AlertPrecision.model_fields)).order_by(
    _JUDGED.period != ALL, _JUDGED.period, _JUDGED.trigger_type, _JUDGED.opened_severity, _JUDGED.prompt_version
)

_LOSS = published("churn_recall").c
_LOSSES = select(*(_LOSS[name] for name in ChurnRecall.model_fields)).order_by(_LOSS.period != ALL, _LOSS.period)


class MetricsRepository:
    """Reads series of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def topics(self, days: DayRange, topic: str | None, segment: Segment) -> list[dict[str, Any]]:
        """Rows of `topic_metrics_daily` in the range, by day and topic; of a segment, counted anew."""
        if segment.is_everybody:
            query = _TOPICS.where(_TOPIC.metric_on.between(days.first, days.last))
            return self._session.rows(query if topic is None else query.where(_TOPIC.topic == topic))
        return recount.with_shares(
            self._session.rows(recount.topics(days, segment, topic)),
            self._session.rows(recount.tickets_by_day(days, segment)),
            self._session.rows(recount.revenue(days, segment, by_day=True)),
        )

    def sentiment(self, days: DayRange, segment: Segment) -> list[dict[str, Any]]:
        """Rows of `sentiment_daily` in the range, by day; of a segment, counted anew."""
        if segment.is_everybody:
            return self._session.rows(_TONES.where(_TONE.metric_on.between(days.first, days.last)))
        return [recount.with_mean_level(row) for row in self._session.rows(recount.sentiment(days, segment))]

    def sentiment_trends(self, days: DayRange) -> list[dict[str, Any]]:
        """Rows of `sentiment_trends_weekly` whose week begins in the range, by week."""
        return self._session.rows(_MOODS.where(_MOOD.week_on.between(days.first, days.last)))

    def topic_trends(self, days: DayRange, topic: str | None) -> list[dict[str, Any]]:
        """Rows of `topic_trends_weekly` whose week begins in the range, by week and topic."""
        query = _WEEKS.where(_WEEK.week_on.between(days.first, days.last))
        return self._session.rows(query if topic is None else query.where(_WEEK.topic == topic))

    def topic_impact(self, segment: Segment) -> list[dict[str, Any]]:
        """Rows of `topic_impact`, the heaviest topic first; of a segment, counted anew."""
        if segment.is_everybody:
            return self._session.rows(_IMPACTS)
        days = last_days(IMPACT_DAYS, self._session.build.as_of_at)
        [whole] = self._session.rows(recount.whole(days, segment))
        return recount.left_out_one_by_one(
            self._session.rows(recount.impact(days, segment)),
            whole,
            self._session.rows(recount.revenue(days, segment, by_day=False)),
        )

    def emerging_topics(self, wanted: EmergingQuery) -> list[dict[str, Any]]:
        """Rows of `emerging_topics`, those that go on first."""
        is_active = wanted.is_active
        return self._session.rows(_ALERTS if is_active is None else _ALERTS.where(_ALERT.is_active.is_(is_active)))

    def leaderboard(self, wanted: LeaderboardQuery) -> list[dict[str, Any]]:
        """The first rows of `company_leaderboard` over a window, by one of its ranks."""
        query = _LEADERS.where(_LEADER.window_days == wanted.window_days.value)
        segment = wanted.segment()
        if not segment.is_everybody:
            query = query.where(_LEADER.company_id.in_(segment.company_ids()))
        return self._session.rows(query.order_by(RANKS[wanted.sort]).limit(wanted.limit))

    def risks(self, days: DayRange, wanted: RiskQuery) -> list[dict[str, Any]]:
        """Rows of `risks_daily` in the range that match every given filter, by day; of a segment, counted anew."""
        segment = wanted.segment()
        if segment.is_everybody:
            query = _RISKS.where(_RISK.metric_on.between(days.first, days.last))
            topic, trigger, severity = _RISK.topic, _RISK.trigger_type, _RISK.severity
        else:
            query = recount.risks(days, segment)
            topic, trigger, severity = recount.CARD.topic, recount.CARD.trigger_type, recount.CARD.severity
        if wanted.topic is not None:
            query = query.where(topic == wanted.topic)
        if wanted.trigger:
            query = query.where(trigger.in_(wanted.trigger))
        if wanted.severity:
            query = query.where(severity.in_(wanted.severity))
        return self._session.rows(query)

    def costs(self, days: DayRange, tasks: list[AnalysisTask]) -> list[dict[str, Any]]:
        """Rows of `llm_costs_daily` in the range, by day."""
        query = _COSTS.where(_COST.metric_on.between(days.first, days.last))
        return self._session.rows(query.where(_COST.task.in_(tasks)) if tasks else query)

    def quality(self, days: DayRange, tasks: list[AnalysisTask]) -> list[dict[str, Any]]:
        """Rows of `enrichment_quality` in the range, by day."""
        query = _QUALITIES.where(_QUALITY.metric_on.between(days.first, days.last))
        return self._session.rows(query.where(_QUALITY.task.in_(tasks)) if tasks else query)

    def spent_usd(self, days: DayRange) -> float:
        """What was paid in the range for answers that are in use."""
        [row] = self._session.rows(_SPENT.where(_COST.metric_on.between(days.first, days.last)))
        return round(float(row["spent_usd"]), 6)

    def owners(self) -> list[dict[str, Any]]:
        """Owners of companies, the one with most first."""
        return self._session.rows(_OWNERS)

    def mrr_bands(self) -> list[dict[str, Any]]:
        """Every band with its bounds and how many companies are in it."""
        found = []
        for band in MrrBand:
            [row] = self._session.rows(_COMPANIES.where(*Segment(mrr_bands=(band,)).conditions()))
            least, below = band.bounds
            found.append({"mrr_band": band.value, "from_mrr": least, "below_mrr": below, **row})
        return found

    def precision(self) -> list[dict[str, Any]]:
        """Rows of `alert_precision`, those over all months first."""
        return self._session.rows(_JUDGED_ROWS)

    def recall(self) -> list[dict[str, Any]]:
        """Rows of `churn_recall`, the one over all quarters first."""
        return self._session.rows(_LOSSES)
