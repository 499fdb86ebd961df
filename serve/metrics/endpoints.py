"""The dashboard's addresses."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.errors import InvalidRequest, documented
from serve.metrics.repository import MetricsRepository
from serve.metrics.schemas import RangeQuery, SentimentSeries, TopicQuery, TopicSeries
from serve.metrics.service import DayRange, InvalidRange, resolve_range
from serve.responses import conditional
from serve.tenancy import NothingPublished, TenantSession

router = APIRouter(prefix="/metrics", tags=["metrics"])

_ERRORS = documented(*AUTH_ERRORS, NothingPublished, InvalidRequest, InvalidRange)


@router.get(
    "/topics",
    operation_id="list_topic_metrics",
    summary="What tickets were about, by day",
    response_model=TopicSeries,
    responses=_ERRORS,
)
def list_topic_metrics(request: Request, caller: Viewer, wanted: Annotated[TopicQuery, Query()]) -> Response:
    """Tickets, negative tickets, companies and revenue touched, by day and topic; 400 days at most."""

    def read(session: TenantSession, days: DayRange) -> list[dict[str, Any]]:
        return MetricsRepository(session).topics(days, wanted.topic)

    return _series(request, caller, wanted, read)


@router.get(
    "/sentiment",
    operation_id="list_sentiment_metrics",
    summary="How tickets sounded, by day",
    response_model=SentimentSeries,
    responses=_ERRORS,
)
def list_sentiment_metrics(request: Request, caller: Viewer, wanted: Annotated[RangeQuery, Query()]) -> Response:
    """Tickets by tone and their mean, by day; 400 days at most."""

    def read(session: TenantSession, days: DayRange) -> list[dict[str, Any]]:
        return MetricsRepository(session).sentiment(days)

    return _series(request, caller, wanted, read)


def _series(
    request: Request,
    caller: Viewer,
    wanted: RangeQuery,
    read: Callable[[TenantSession, DayRange], list[dict[str, Any]]],
) -> Response:
    with caller.session() as session:
        days = resolve_range(wanted.from_on, wanted.to_on, session.build.as_of_at)

        def content() -> dict[str, Any]:
            return {
                "from_on": days.first,
                "to_on": days.last,
                "items": read(session, days),
                "build": session.stamp,
            }

        return conditional(request, session.version, content)
