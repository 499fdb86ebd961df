"""The dashboard's addresses."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.errors import InvalidRequest, documented
from serve.metrics.repository import MetricsRepository
from serve.metrics.schemas import (
    EmergingQuery,
    EmergingTopics,
    Leaderboard,
    LeaderboardQuery,
    PrecisionReport,
    RangeQuery,
    RiskQuery,
    RiskSeries,
    SentimentSeries,
    TopicImpacts,
    TopicQuery,
    TopicSeries,
    TopicTrends,
)
from serve.metrics.service import DayRange, InvalidRange, resolve_range
from serve.responses import conditional
from serve.tenancy import NothingPublished, TenantSession

router = APIRouter(prefix="/metrics", tags=["metrics"])

_ERRORS = documented(*AUTH_ERRORS, NothingPublished, InvalidRequest, InvalidRange)
_LIST_ERRORS = documented(*AUTH_ERRORS, NothingPublished, InvalidRequest)


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


@router.get(
    "/topic-trends",
    operation_id="list_topic_trends",
    summary="Topics by week, each with its band of noise",
    response_model=TopicTrends,
    responses=_ERRORS,
)
def list_topic_trends(request: Request, caller: Viewer, wanted: Annotated[TopicQuery, Query()]) -> Response:
    """Weeks that begin in the range and are over: tickets and negative share, beside what was expected of them."""

    def read(session: TenantSession, days: DayRange) -> list[dict[str, Any]]:
        return MetricsRepository(session).topic_trends(days, wanted.topic)

    return _series(request, caller, wanted, read)


@router.get(
    "/risks",
    operation_id="list_risk_metrics",
    summary="Cards by day, trigger, severity and topic",
    response_model=RiskSeries,
    responses=_ERRORS,
)
def list_risk_metrics(request: Request, caller: Viewer, wanted: Annotated[RiskQuery, Query()]) -> Response:
    """Cards whose signal was on, came on and went off, by day; 400 days at most."""

    def read(session: TenantSession, days: DayRange) -> list[dict[str, Any]]:
        return MetricsRepository(session).risks(days, wanted)

    return _series(request, caller, wanted, read)


@router.get(
    "/topic-impact",
    operation_id="list_topic_impact",
    summary="How tickets would read without each topic",
    response_model=TopicImpacts,
    responses=documented(*AUTH_ERRORS, NothingPublished),
)
def list_topic_impact(request: Request, caller: Viewer) -> Response:
    """Every topic of the last 90 days, the one that weighs most on the negative share first."""
    return _list(request, caller, lambda session: MetricsRepository(session).topic_impact())


@router.get(
    "/emerging-topics",
    operation_id="list_emerging_topics",
    summary="Topics that suddenly come up more than they used to",
    response_model=EmergingTopics,
    responses=_LIST_ERRORS,
)
def list_emerging_topics(request: Request, caller: Viewer, wanted: Annotated[EmergingQuery, Query()]) -> Response:
    """Alerts of the last four months, each with what it was seen in, whom it touches and a few of its tickets."""
    return _list(request, caller, lambda session: MetricsRepository(session).emerging_topics(wanted))


@router.get(
    "/companies",
    operation_id="list_company_metrics",
    summary="Companies ranked by tickets, tone, revenue or cards",
    response_model=Leaderboard,
    responses=_LIST_ERRORS,
)
def list_company_metrics(request: Request, caller: Viewer, wanted: Annotated[LeaderboardQuery, Query()]) -> Response:
    """The companies that lead by one measure, over 30 or 90 days."""
    return _list(request, caller, lambda session: MetricsRepository(session).leaderboard(wanted))


@router.get(
    "/precision",
    operation_id="get_precision_metrics",
    summary="How often cards are right, and what is missed",
    response_model=PrecisionReport,
    responses=documented(*AUTH_ERRORS, NothingPublished),
)
def get_precision_metrics(request: Request, caller: Viewer) -> Response:
    """Precision by the outcomes people gave, recall by who left; each with its n and a 95 % interval, hidden below 20 cases."""

    def read(session: TenantSession) -> dict[str, Any]:
        measures = MetricsRepository(session)
        return {"items": measures.precision(), "recall": measures.recall()}

    return _answer(request, caller, read)


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


def _list(request: Request, caller: Viewer, read: Callable[[TenantSession], list[dict[str, Any]]]) -> Response:
    return _answer(request, caller, lambda session: {"items": read(session)})


def _answer(request: Request, caller: Viewer, read: Callable[[TenantSession], dict[str, Any]]) -> Response:
    with caller.session() as session:
        return conditional(request, session.version, lambda: read(session) | {"build": session.stamp})
