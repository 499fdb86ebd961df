"""Daily series and measures out of a tenant session."""

from typing import Any

from sqlalchemy import select

from serve.metrics.schemas import (
    AlertPrecision,
    ChurnRecall,
    EmergingQuery,
    EmergingTopic,
    LeaderboardCompany,
    LeaderboardQuery,
    LeaderboardSort,
    RiskDay,
    RiskQuery,
    SentimentDay,
    TopicDay,
    TopicImpact,
    TopicWeek,
)
from serve.metrics.service import DayRange
from serve.tenancy import TenantSession, published

ALL = "all"
"""The period of rows over every period."""

_TOPIC = published("topic_metrics_daily").c
_TOPICS = select(*(_TOPIC[name] for name in TopicDay.model_fields)).order_by(_TOPIC.metric_on, _TOPIC.topic)

_TONE = published("sentiment_daily").c
_TONES = select(*(_TONE[name] for name in SentimentDay.model_fields)).order_by(_TONE.metric_on)

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
_RANKS = {
    LeaderboardSort.TICKETS: _LEADER.ticket_rank,
    LeaderboardSort.NEGATIVE: _LEADER.negative_rank,
    LeaderboardSort.TREND: _LEADER.trend_rank,
    LeaderboardSort.MRR: _LEADER.mrr_rank,
    LeaderboardSort.CARDS: _LEADER.card_rank,
}

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

    def topics(self, days: DayRange, topic: str | None) -> list[dict[str, Any]]:
        """Rows of `topic_metrics_daily` in the range, by day and topic."""
        query = _TOPICS.where(_TOPIC.metric_on.between(days.first, days.last))
        return self._session.rows(query if topic is None else query.where(_TOPIC.topic == topic))

    def sentiment(self, days: DayRange) -> list[dict[str, Any]]:
        """Rows of `sentiment_daily` in the range, by day."""
        return self._session.rows(_TONES.where(_TONE.metric_on.between(days.first, days.last)))

    def topic_trends(self, days: DayRange, topic: str | None) -> list[dict[str, Any]]:
        """Rows of `topic_trends_weekly` whose week begins in the range, by week and topic."""
        query = _WEEKS.where(_WEEK.week_on.between(days.first, days.last))
        return self._session.rows(query if topic is None else query.where(_WEEK.topic == topic))

    def topic_impact(self) -> list[dict[str, Any]]:
        """Rows of `topic_impact`, the heaviest topic first."""
        return self._session.rows(_IMPACTS)

    def emerging_topics(self, wanted: EmergingQuery) -> list[dict[str, Any]]:
        """Rows of `emerging_topics`, those that go on first."""
        is_active = wanted.is_active
        return self._session.rows(_ALERTS if is_active is None else _ALERTS.where(_ALERT.is_active.is_(is_active)))

    def leaderboard(self, wanted: LeaderboardQuery) -> list[dict[str, Any]]:
        """The first rows of `company_leaderboard` over a window, by one of its ranks."""
        query = _LEADERS.where(_LEADER.window_days == wanted.window_days.value)
        return self._session.rows(query.order_by(_RANKS[wanted.sort]).limit(wanted.limit))

    def risks(self, days: DayRange, wanted: RiskQuery) -> list[dict[str, Any]]:
        """Rows of `risks_daily` in the range that match every given filter, by day."""
        query = _RISKS.where(_RISK.metric_on.between(days.first, days.last))
        if wanted.topic is not None:
            query = query.where(_RISK.topic == wanted.topic)
        if wanted.trigger:
            query = query.where(_RISK.trigger_type.in_(wanted.trigger))
        if wanted.severity:
            query = query.where(_RISK.severity.in_(wanted.severity))
        return self._session.rows(query)

    def precision(self) -> list[dict[str, Any]]:
        """Rows of `alert_precision`, those over all months first."""
        return self._session.rows(_JUDGED_ROWS)

    def recall(self) -> list[dict[str, Any]]:
        """Rows of `churn_recall`, the one over all quarters first."""
        return self._session.rows(_LOSSES)
