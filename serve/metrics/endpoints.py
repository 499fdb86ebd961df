"""The dashboard's addresses. Every series comes as JSON, as CSV, and as the SQL that asks the marts the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Caller, Viewer
from serve.budget.repository import own_monthly_usd
from serve.errors import InvalidRequest, documented
from serve.forms import IN_OTHER_FORMS, Form, FormQuery, csv_response, sql_response
from serve.metrics import statements
from serve.metrics.repository import RANKS, MetricsRepository
from serve.metrics.schemas import (
    AlertPrecision,
    ChurnRecall,
    CostDay,
    CostSeries,
    EmergingQuery,
    EmergingTopic,
    EmergingTopics,
    ImpactQuery,
    Leaderboard,
    LeaderboardCompany,
    LeaderboardQuery,
    PrecisionReport,
    QualityDay,
    QualitySeries,
    RangeQuery,
    ReadingQuery,
    RecallReport,
    RiskDay,
    RiskQuery,
    RiskSeries,
    SegmentRangeQuery,
    Segments,
    SegmentTopicQuery,
    SentimentDay,
    SentimentSeries,
    SentimentTrends,
    SentimentWeek,
    TopicDay,
    TopicImpact,
    TopicImpacts,
    TopicQuery,
    TopicSeries,
    TopicTrends,
    TopicWeek,
)
from serve.metrics.service import IMPACT_DAYS, DayRange, InvalidRange, last_days, month_of, resolve_range
from serve.responses import conditional, kept
from serve.schemas import Schema
from serve.services import services_of
from serve.tenancy import NothingPublished, TenantSession

router = APIRouter(prefix="/metrics", tags=["metrics"])

_ERRORS = documented(*AUTH_ERRORS, NothingPublished, InvalidRequest, InvalidRange) | IN_OTHER_FORMS
_LIST_ERRORS = documented(*AUTH_ERRORS, NothingPublished, InvalidRequest) | IN_OTHER_FORMS

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Shown:
    """One series: what it is called, its columns, its rows, and the SQL for them."""

    name: str
    row: type[Schema]
    rows: Callable[[], Rows]
    sql: Callable[[], str]

    @property
    def columns(self) -> list[str]:
        return list(self.row.model_fields)


@router.get(
    "/topics",
    operation_id="list_topic_metrics",
    summary="What tickets were about, by day",
    response_model=TopicSeries,
    responses=_ERRORS,
)
def list_topic_metrics(request: Request, caller: Viewer, wanted: Annotated[SegmentTopicQuery, Query()]) -> Response:
    """Tickets, negative tickets, companies and revenue touched, by day and topic; 400 days at most, of a segment the last 180."""
    segment = wanted.segment()

    def asked(session: TenantSession, days: DayRange) -> str:
        if not segment.is_everybody:
            return statements.topics(session.tenant_id, days, segment, wanted.topic)
        return statements.selected(
            "topic_metrics_daily",
            list(TopicDay.model_fields),
            session.tenant_id,
            [statements.between("metric_on", days), *_of_topic(wanted.topic)],
            "metric_on, topic",
        )

    def shown(session: TenantSession, days: DayRange) -> _Shown:
        return _Shown(
            "topics",
            TopicDay,
            lambda: MetricsRepository(session).topics(days, wanted.topic, segment),
            lambda: asked(session, days),
        )

    return _series(request, caller, wanted, shown)


@router.get(
    "/sentiment",
    operation_id="list_sentiment_metrics",
    summary="How tickets sounded, by day",
    response_model=SentimentSeries,
    responses=_ERRORS,
)
def list_sentiment_metrics(request: Request, caller: Viewer, wanted: Annotated[SegmentRangeQuery, Query()]) -> Response:
    """Tickets by tone and their mean, by day; 400 days at most, of a segment the last 180."""
    segment = wanted.segment()

    def asked(session: TenantSession, days: DayRange) -> str:
        if not segment.is_everybody:
            return statements.sentiment(session.tenant_id, days, segment)
        return statements.selected(
            "sentiment_daily",
            list(SentimentDay.model_fields),
            session.tenant_id,
            [statements.between("metric_on", days)],
            "metric_on",
        )

    def shown(session: TenantSession, days: DayRange) -> _Shown:
        return _Shown(
            "sentiment",
            SentimentDay,
            lambda: MetricsRepository(session).sentiment(days, segment),
            lambda: asked(session, days),
        )

    return _series(request, caller, wanted, shown)


@router.get(
    "/sentiment-trends",
    operation_id="list_sentiment_trends",
    summary="How all tickets sounded by week, with the band of noise",
    response_model=SentimentTrends,
    responses=_ERRORS,
)
def list_sentiment_trends(request: Request, caller: Viewer, wanted: Annotated[RangeQuery, Query()]) -> Response:
    """Weeks that begin in the range and are over: all tickets and their negative share, beside what was expected of them."""

    def shown(session: TenantSession, days: DayRange) -> _Shown:
        return _of_mart(
            session,
            "sentiment-trends",
            SentimentWeek,
            lambda: MetricsRepository(session).sentiment_trends(days),
            "sentiment_trends_weekly",
            [statements.between("week_on", days)],
            "week_on",
        )

    return _series(request, caller, wanted, shown)


@router.get(
    "/topic-trends",
    operation_id="list_topic_trends",
    summary="Topics by week, each with its band of noise",
    response_model=TopicTrends,
    responses=_ERRORS,
)
def list_topic_trends(request: Request, caller: Viewer, wanted: Annotated[TopicQuery, Query()]) -> Response:
    """Weeks that begin in the range and are over: tickets and negative share, beside what was expected of them."""

    def shown(session: TenantSession, days: DayRange) -> _Shown:
        return _of_mart(
            session,
            "topic-trends",
            TopicWeek,
            lambda: MetricsRepository(session).topic_trends(days, wanted.topic),
            "topic_trends_weekly",
            [statements.between("week_on", days), *_of_topic(wanted.topic)],
            "week_on, topic",
        )

    return _series(request, caller, wanted, shown)


@router.get(
    "/risks",
    operation_id="list_risk_metrics",
    summary="Cards by day, trigger, severity and topic",
    response_model=RiskSeries,
    responses=_ERRORS,
)
def list_risk_metrics(request: Request, caller: Viewer, wanted: Annotated[RiskQuery, Query()]) -> Response:
    """Cards whose signal was on, came on and went off, by day; of the last 120 days."""
    segment = wanted.segment()

    def asked(session: TenantSession, days: DayRange) -> str:
        narrowed = [
            *_of_topic(wanted.topic),
            *_any_of("trigger_type", wanted.trigger),
            *_any_of("severity", wanted.severity),
        ]
        if not segment.is_everybody:
            return statements.risks(session.tenant_id, days, segment, narrowed)
        return statements.selected(
            "risks_daily",
            list(RiskDay.model_fields),
            session.tenant_id,
            [statements.between("metric_on", days), *narrowed],
            "metric_on, trigger_type, severity, topic",
        )

    def shown(session: TenantSession, days: DayRange) -> _Shown:
        return _Shown(
            "risks",
            RiskDay,
            lambda: MetricsRepository(session).risks(days, wanted),
            lambda: asked(session, days),
        )

    return _series(request, caller, wanted, shown)


@router.get(
    "/topic-impact",
    operation_id="list_topic_impact",
    summary="How tickets would read without each topic",
    response_model=TopicImpacts,
    responses=_LIST_ERRORS,
)
def list_topic_impact(request: Request, caller: Viewer, wanted: Annotated[ImpactQuery, Query()]) -> Response:
    """Every topic of the last 90 days, the one that weighs most on the negative share first."""
    segment = wanted.segment()

    def asked(session: TenantSession) -> str:
        if not segment.is_everybody:
            days = last_days(IMPACT_DAYS, session.build.as_of_at)
            return statements.impact(session.tenant_id, days, segment)
        return statements.selected(
            "topic_impact", list(TopicImpact.model_fields), session.tenant_id, order="negative_rank"
        )

    def shown(session: TenantSession) -> _Shown:
        return _Shown(
            "topic-impact",
            TopicImpact,
            lambda: MetricsRepository(session).topic_impact(segment),
            lambda: asked(session),
        )

    return _list(request, caller, wanted, shown)


@router.get(
    "/emerging-topics",
    operation_id="list_emerging_topics",
    summary="Topics that suddenly come up more than they used to",
    response_model=EmergingTopics,
    responses=_LIST_ERRORS,
)
def list_emerging_topics(request: Request, caller: Viewer, wanted: Annotated[EmergingQuery, Query()]) -> Response:
    """Alerts of the last four months, each with what it was seen in, whom it touches and a few of its tickets."""
    narrowed = [] if wanted.is_active is None else ["is_active" if wanted.is_active else "not is_active"]

    def shown(session: TenantSession) -> _Shown:
        return _of_mart(
            session,
            "emerging-topics",
            EmergingTopic,
            lambda: MetricsRepository(session).emerging_topics(wanted),
            "emerging_topics",
            narrowed,
            "is_active desc, last_seen_on desc, peak_z desc, alert_id",
        )

    return _list(request, caller, wanted, shown)


@router.get(
    "/companies",
    operation_id="list_company_metrics",
    summary="Companies ranked by tickets, tone, revenue or cards",
    response_model=Leaderboard,
    responses=_LIST_ERRORS,
)
def list_company_metrics(request: Request, caller: Viewer, wanted: Annotated[LeaderboardQuery, Query()]) -> Response:
    """The companies that lead by one measure, over 30 or 90 days."""

    def shown(session: TenantSession) -> _Shown:
        return _Shown(
            "companies",
            LeaderboardCompany,
            lambda: MetricsRepository(session).leaderboard(wanted),
            lambda: statements.leaderboard(
                session.tenant_id,
                list(LeaderboardCompany.model_fields),
                wanted.window_days,
                RANKS[wanted.sort].name,
                wanted.segment(),
                wanted.limit,
            ),
        )

    return _list(request, caller, wanted, shown)


@router.get(
    "/precision",
    operation_id="get_precision_metrics",
    summary="How often cards are right, and what is missed",
    response_model=PrecisionReport,
    responses=_LIST_ERRORS,
)
def get_precision_metrics(request: Request, caller: Viewer, wanted: Annotated[FormQuery, Query()]) -> Response:
    """Precision by the outcomes people gave, recall by who left; each with its n and a 95 % interval, hidden below 20 cases.

    As CSV and as SQL this is precision alone; `/metrics/recall` has the other side.
    """

    def shown(session: TenantSession) -> _Shown:
        return _of_mart(
            session,
            "precision",
            AlertPrecision,
            lambda: MetricsRepository(session).precision(),
            "alert_precision",
            order="period <> 'all', period, trigger_type, opened_severity, prompt_version",
        )

    return _list(request, caller, wanted, shown, also=lambda session: {"recall": MetricsRepository(session).recall()})


@router.get(
    "/recall",
    operation_id="list_recall_metrics",
    summary="Of the companies that left, how many had a card",
    response_model=RecallReport,
    responses=_LIST_ERRORS,
)
def list_recall_metrics(request: Request, caller: Viewer, wanted: Annotated[FormQuery, Query()]) -> Response:
    """Recall by who left, by quarter and over all, with its n and a 95 % interval, hidden below 20 cases."""

    def shown(session: TenantSession) -> _Shown:
        return _of_mart(
            session,
            "recall",
            ChurnRecall,
            lambda: MetricsRepository(session).recall(),
            "churn_recall",
            order="period <> 'all', period",
        )

    return _list(request, caller, wanted, shown)


@router.get(
    "/costs",
    operation_id="list_cost_metrics",
    summary="What reading tickets cost, by day, question and model",
    response_model=CostSeries,
    responses=_ERRORS,
)
def list_cost_metrics(request: Request, caller: Viewer, wanted: Annotated[ReadingQuery, Query()]) -> Response:
    """Calls, tokens and cost of the answers in use, by the day they were stored, and the month's budget."""

    def shown(session: TenantSession, days: DayRange) -> _Shown:
        return _of_mart(
            session,
            "costs",
            CostDay,
            lambda: MetricsRepository(session).costs(days, wanted.task),
            "llm_costs_daily",
            [statements.between("metric_on", days), *_any_of("task", wanted.task)],
            "metric_on, task, analyzer, model",
        )

    def also(session: TenantSession) -> dict[str, Any]:
        month, own = month_of(session.build.as_of_at), own_monthly_usd(session)
        return {
            "budget": {
                "month_on": month.first,
                "monthly_usd": services_of(request).default_budget_usd if own is None else own,
                "spent_usd": MetricsRepository(session).spent_usd(month),
            }
        }

    # A budget changes without a build.
    return _series(request, caller, wanted, shown, also=also, version=lambda session: (str(own_monthly_usd(session)),))


@router.get(
    "/quality",
    operation_id="list_quality_metrics",
    summary="How good the readings are, by day and question",
    response_model=QualitySeries,
    responses=_ERRORS,
)
def list_quality_metrics(request: Request, caller: Viewer, wanted: Annotated[ReadingQuery, Query()]) -> Response:
    """Verified quotes, answers of no use, agreement with people, canaries and cost, by the day answers were stored.

    What nobody has measured is null: agreement before the reader was evaluated, canaries before they were asked.
    """

    def shown(session: TenantSession, days: DayRange) -> _Shown:
        return _of_mart(
            session,
            "quality",
            QualityDay,
            lambda: MetricsRepository(session).quality(days, wanted.task),
            "enrichment_quality",
            [statements.between("metric_on", days), *_any_of("task", wanted.task)],
            "metric_on, task",
        )

    return _series(request, caller, wanted, shown)


@router.get(
    "/segments",
    operation_id="list_segments",
    summary="What customers can be told apart by",
    response_model=Segments,
    responses=documented(*AUTH_ERRORS, NothingPublished),
)
def list_segments(request: Request, caller: Viewer) -> Response:
    """Owners and bands of revenue, as `owner` and `mrr_band` of other questions take them, each with its number of companies."""
    with caller.session() as session:

        def content() -> dict[str, Any]:
            known = MetricsRepository(session)
            return {
                "owners": known.owners(),
                "mrr_bands": known.mrr_bands(),
                "currency": session.tenant()["currency"],
                "build": session.stamp,
            }

        # The tenant's currency is set without a build.
        return conditional(request, (*session.version, session.tenant()["currency"]), content)


def _of_topic(topic: str | None) -> list[str]:
    return [] if topic is None else [f"topic = {statements.quoted(topic)}"]


def _any_of(column: str, values: Sequence[str]) -> list[str]:
    return [statements.listed(column, values)] if values else []


def _of_mart(
    session: TenantSession,
    name: str,
    row: type[Schema],
    rows: Callable[[], Rows],
    mart: str,
    conditions: Sequence[str] = (),
    order: str = "",
) -> _Shown:
    """A series whose SQL is its columns of one mart."""
    return _Shown(
        name,
        row,
        rows,
        lambda: statements.selected(mart, list(row.model_fields), session.tenant_id, conditions, order),
    )


def _nothing(_session: TenantSession) -> dict[str, Any]:
    return {}


def _no_more(_session: TenantSession) -> tuple[str, ...]:
    return ()


def _series(
    request: Request,
    caller: Caller,
    wanted: RangeQuery,
    shown: Callable[[TenantSession, DayRange], _Shown],
    *,
    also: Callable[[TenantSession], dict[str, Any]] = _nothing,
    version: Callable[[TenantSession], tuple[str, ...]] = _no_more,
) -> Response:
    with caller.session() as session:
        days = resolve_range(wanted.from_on, wanted.to_on, session.build.as_of_at)

        def around() -> dict[str, Any]:
            return {"from_on": days.first, "to_on": days.last} | also(session)

        return _given(request, caller, session, wanted, shown(session, days), around, version(session))


def _list(
    request: Request,
    caller: Caller,
    wanted: FormQuery,
    shown: Callable[[TenantSession], _Shown],
    *,
    also: Callable[[TenantSession], dict[str, Any]] = _nothing,
) -> Response:
    with caller.session() as session:
        return _given(request, caller, session, wanted, shown(session), lambda: also(session), ())


def _given(
    request: Request,
    caller: Caller,
    session: TenantSession,
    wanted: FormQuery,
    shown: _Shown,
    around: Callable[[], dict[str, Any]],
    version: tuple[str, ...],
) -> Response:
    """The series in the form asked for."""
    form = wanted.form(request)
    if form is Form.SQL:
        return sql_response(shown.sql())
    if form is Form.CSV:
        return csv_response(f"churnboard-{shown.name}-{session.build.as_of_at:%Y-%m-%d}", shown.columns, shown.rows())

    def content() -> dict[str, Any]:
        return around() | {"items": shown.rows(), "build": session.stamp}

    if version:
        return conditional(request, (*session.version, *version), content)
    return kept(request, caller.user, session.version, content)
