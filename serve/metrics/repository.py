"""Daily series out of a tenant session."""

from typing import Any

from sqlalchemy import select

from serve.metrics.schemas import SentimentDay, TopicDay
from serve.metrics.service import DayRange
from serve.tenancy import TenantSession, published

_TOPIC = published("topic_metrics_daily").c
_TOPICS = select(*(_TOPIC[name] for name in TopicDay.model_fields)).order_by(_TOPIC.metric_on, _TOPIC.topic)

_TONE = published("sentiment_daily").c
_TONES = select(*(_TONE[name] for name in SentimentDay.model_fields)).order_by(_TONE.metric_on)


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
