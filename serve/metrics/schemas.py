"""Bodies and queries of the daily series and measures: the columns of their marts (docs/names.md) under their own names."""

from datetime import date
from enum import IntEnum, StrEnum
from typing import Literal

from pydantic import Field

from core.vocabulary import (
    AnalysisTask,
    AnalyzerKind,
    HiddenReason,
    MrrBand,
    MrrSource,
    SentimentTrend,
    Severity,
    TriggerType,
)
from serve.forms import FormQuery
from serve.schemas import Build, Day, Schema, Text
from serve.segments import SegmentQuery


class RangeQuery(FormQuery):
    """Which days; both ends count."""

    from_on: Day | None = Field(default=None, alias="from")
    """First day; left out: 89 days before the last."""

    to_on: Day | None = Field(default=None, alias="to")
    """Last day; left out: the day the published build describes."""


class TopicQuery(RangeQuery):
    """Which days and which topic."""

    topic: Text | None = None
    """One topic by its name, `none` for tickets that fit no topic, `unread` for those not sorted; left out: all."""


class SegmentRangeQuery(RangeQuery, SegmentQuery):
    """Which days and which customers."""


class SegmentTopicQuery(TopicQuery, SegmentQuery):
    """Which days, which topic and which customers."""


class ImpactQuery(FormQuery, SegmentQuery):
    """Which customers."""


class ReadingQuery(RangeQuery):
    """Which days and which of the two questions."""

    task: list[AnalysisTask] = Field(default_factory=list)
    """Any of these; repeat the parameter."""


class RiskQuery(SegmentTopicQuery):
    """Which days, and which cards."""

    trigger: list[TriggerType] = Field(default_factory=list)
    """Opened by any of these; repeat the parameter."""

    severity: list[Severity] = Field(default_factory=list)
    """Of any of these; repeat the parameter."""


class EmergingQuery(FormQuery):
    """Which alerts."""

    is_active: bool | None = None
    """Only those that go on, or only those that ended; left out: both."""


class LeaderboardWindow(IntEnum):
    """How many days back companies are compared over."""

    MONTH = 30
    QUARTER = 90


class LeaderboardSort(StrEnum):
    """What companies are ranked by, the worst or largest first."""

    TICKETS = "tickets"
    NEGATIVE = "negative"
    TREND = "trend"
    MRR = "mrr"
    CARDS = "cards"


class LeaderboardQuery(FormQuery, SegmentQuery):
    """Which companies, in which order. Of a segment, those that are among the first hundred of all companies by any measure."""

    window_days: LeaderboardWindow = LeaderboardWindow.MONTH
    sort: LeaderboardSort = LeaderboardSort.NEGATIVE
    limit: int = Field(default=10, ge=1, le=100)
    """Companies at most."""


class TopicDay(Schema):
    """One topic on one day; days without a ticket have no row."""

    metric_on: date
    topic: str = Field(examples=["billing"])
    parent_topic: str | None
    """The topic above, in whose rows these tickets are counted too."""

    ticket_count: int
    all_ticket_count: int
    """All tickets of the day, whatever they are about."""

    ticket_share: float
    """From 0 to 1, of those."""

    read_count: int
    """Tickets of the topic whose tone was read."""

    negative_count: int
    negative_share: float | None
    """From 0 to 1, of those read; null where none was."""

    company_count: int
    mrr_touched: float | None
    """Monthly recurring revenue of the companies that wrote about it."""


class TopicWeek(Schema):
    """One topic in one calendar week that is over, beside what the eight weeks before let one expect."""

    week_on: date
    """Its Monday."""

    topic: str = Field(examples=["billing"])
    parent_topic: str | None
    ticket_count: int
    expected_count: float | None
    """Null where fewer than 28 days are known before it."""

    lower_count: float | None
    """Lower edge of the 95 % band in which a difference is noise."""

    upper_count: float | None
    is_outside_band: bool | None
    read_count: int
    negative_count: int
    negative_share: float | None
    negative_share_lower: float | None
    """Lower end of its 95 % interval."""

    negative_share_upper: float | None
    expected_negative_share: float | None
    noise_share_lower: float | None
    """From here up a share is no lower than noise explains."""

    noise_share_upper: float | None
    """Up to here a share is no higher than noise explains."""

    is_negative_share_outside_band: bool | None
    """Whether the two shares differ by more than noise."""


class SentimentWeek(Schema):
    """All tickets of one calendar week that is over, beside what the eight weeks before let one expect."""

    week_on: date
    """Its Monday."""

    ticket_count: int
    expected_count: float | None
    """Null where fewer than 28 days are known before it."""

    lower_count: float | None
    """Lower edge of the 95 % band in which a difference is noise."""

    upper_count: float | None
    is_outside_band: bool | None
    read_count: int
    negative_count: int
    negative_share: float | None
    negative_share_lower: float | None
    """Lower end of its 95 % interval."""

    negative_share_upper: float | None
    expected_negative_share: float | None
    noise_share_lower: float | None
    """From here up a share is no lower than noise explains."""

    noise_share_upper: float | None
    """Up to here a share is no higher than noise explains."""

    is_negative_share_outside_band: bool | None
    """Whether the two shares differ by more than noise."""


class TopicImpact(Schema):
    """One topic of the last 90 days, and how all tickets would read without its own."""

    topic: str = Field(examples=["billing"])
    parent_topic: str | None
    ticket_count: int
    all_ticket_count: int
    read_count: int
    negative_count: int
    negative_share: float | None
    all_negative_share: float | None
    negative_share_without: float | None
    negative_share_impact: float | None
    """Above 0 where the topic makes the whole look worse."""

    all_mean_level: float | None
    """From -2 to 2."""

    mean_level_without: float | None
    mean_level_impact: float | None
    """Below 0 where the topic drags the whole down."""

    points: int
    """What its tickets score as frustration before it fades."""

    points_share: float | None
    company_count: int
    mrr_touched: float | None
    negative_rank: int
    """1 for the largest `negative_share_impact`; no two topics share a rank."""

    level_rank: int
    mrr_rank: int


class EmergingTopic(Schema):
    """One alert: a topic whose share of the tickets stands out against the eight weeks before. It is updated while it goes on."""

    alert_id: str
    """The same from build to build."""

    topic: str = Field(examples=["billing"])
    """`none` where what emerges fits no topic yet."""

    parent_topic: str | None
    first_seen_on: date
    last_seen_on: date
    is_active: bool
    peak_on: date
    peak_count: int
    """Tickets of the seven days to that day."""

    expected_count: float
    """How many they would have been with the topic's usual share."""

    peak_z: float
    q_value: float
    """Its chance under noise, corrected for how many topics were looked at; an alert opens at 0.05."""

    ticket_count: int
    negative_count: int
    company_count: int
    mrr_touched: float | None
    example_ticket_ids: str = Field(examples=["5012,5003"])
    """Five at most, comma separated, unhappy ones first."""


class LeaderboardCompany(Schema):
    """One company over one window; ranks are among all companies of the tenant, and no two share one."""

    window_days: LeaderboardWindow
    company_id: str
    company_name: str | None
    ticket_count: int
    read_count: int
    negative_count: int
    negative_share: float | None
    mean_level: float | None
    """From -2 to 2."""

    prior_mean_level: float | None
    """The same in the window before."""

    level_change: float | None
    sentiment_trend: SentimentTrend
    mrr: float | None
    mrr_source: MrrSource
    currency: str | None
    active_card_count: int
    ticket_rank: int
    negative_rank: int
    trend_rank: int
    mrr_rank: int
    card_rank: int


class RiskDay(Schema):
    """Cards of one day, trigger, severity and topic; what had no card that day has no row."""

    metric_on: date
    trigger_type: TriggerType
    severity: Severity
    """As on a card's worst day."""

    topic: str = Field(examples=["billing"])
    """What most tickets behind a card are about; `unread` where none was sorted."""

    opened_count: int
    closed_count: int
    active_count: int
    active_mrr: float | None
    """Known monthly recurring revenue of the companies of the active cards."""


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


class AlertPrecision(Schema):
    """How often alerts were right, by the outcomes people gave. Below 20 such outcomes the shares are null."""

    trigger_type: TriggerType
    opened_severity: Literal["all", "low", "medium", "high", "critical"]
    """Severity on the day the cards opened."""

    prompt_version: str = Field(examples=["2026-11-b"])
    """Version of the prompt the tickets behind them were read with; `none` for cards without a ticket, `all` for every one."""

    period: str = Field(examples=["2026-11"])
    """Month in which the cards opened; `all` for every month."""

    card_count: int
    completed_count: int
    saved_count: int
    at_risk_unresolved_count: int
    churned_count: int
    contraction_count: int
    false_alarm_count: int
    known_expected_count: int
    right_count: int
    """Outcomes that say the alert was right: saved, at risk and unresolved, churned, contraction."""

    counted_count: int
    """Outcomes that say whether it was: these, false alarm, known and expected. The n of the shares."""

    precision_score: float | None
    """`right_count` / `counted_count`."""

    lower_bound_score: float | None
    """Lower end of its 95 % Wilson interval."""

    upper_bound_score: float | None
    """Upper end."""

    hidden_reason: HiddenReason | None
    """Why the shares are null; null where they are not."""


class ChurnRecall(Schema):
    """How much of what left had a card at least 14 days before. Below 20 companies the shares are null."""

    period: str = Field(examples=["2026-Q4"])
    """Quarter in which the companies left; `all` for every quarter."""

    churned_company_count: int
    """Companies that left, by the CRM date the tenant has mapped. The n of `company_recall_score`."""

    card_only_count: int
    """Companies of which only a card says that they left; not counted, since they had one by necessity."""

    warned_company_count: int
    """Of those that left, those with a card before, however late."""

    covered_company_count: int
    """Those whose card had opened at least 14 days before."""

    company_recall_score: float | None
    company_lower_bound_score: float | None
    company_upper_bound_score: float | None
    known_mrr_count: int
    """Companies that left of which it is known what they paid. The n of `mrr_recall_score`."""

    churned_mrr: float | None
    """What these paid a month together."""

    covered_mrr: float | None
    currency: str | None
    mrr_recall_score: float | None
    mrr_lower_bound_score: float | None
    mrr_upper_bound_score: float | None
    median_lead_days: float | None
    """From a company's first such card to its leaving."""

    hidden_reason: HiddenReason | None
    """Why nothing is told of companies; null where it is."""

    mrr_hidden_reason: HiddenReason | None
    """Why nothing is told of revenue; null where it is."""


class PrecisionReport(Schema):
    """How often cards are right, and what is missed."""

    items: list[AlertPrecision]
    """By trigger, severity, prompt version and month, and per trigger over all of them first."""

    recall: list[ChurnRecall]
    """Over all quarters first, then by quarter."""

    build: Build


class TopicSeries(_Series):
    """Topics by day, oldest day first."""

    items: list[TopicDay]


class SentimentSeries(_Series):
    """Tone by day, oldest day first."""

    items: list[SentimentDay]


class TopicTrends(_Series):
    """Topics by week, oldest week first."""

    items: list[TopicWeek]


class SentimentTrends(_Series):
    """All tickets by week, oldest week first."""

    items: list[SentimentWeek]


class CostDay(Schema):
    """What reading cost on one day, by question and model."""

    metric_on: date
    """Day the answers were stored."""

    task: AnalysisTask
    analyzer: AnalyzerKind
    model: str = Field(examples=["openai/gpt-5-mini"])
    call_count: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    """Of calls whose answers are in use; the budget counts failed ones too."""


class QualityDay(Schema):
    """How good one day's readings were, of one of the two questions. What nobody has measured is null, never zero."""

    metric_on: date
    """Day the answers were stored."""

    task: AnalysisTask
    analyzer: AnalyzerKind | None
    """Who read most of the day's texts; null where nothing could be read. What is told of a reader is told of this one."""

    model: str | None = Field(examples=["openai/gpt-5-mini"])
    prompt_version: str | None = Field(examples=["2026-11-a"])
    reader_count: int
    """How many analyzers, models and prompt versions read that day."""

    ticket_count: int
    """Tickets of which something was read."""

    read_count: int
    """Texts read: messages for sentiment, tickets for topics."""

    dead_letter_count: int
    """Texts whose answer could not be used, and that have none yet."""

    dead_letter_score: float
    """Their share of both."""

    is_dead_letter_on_target: bool
    """Whether it is under 0.5 %."""

    verified_quote_count: int | None
    """Of sentiment, readings with a quote that stands in the text letter by letter; null for topics, which are not quoted."""

    verified_quote_score: float | None
    """Their share of all readings."""

    is_quote_on_target: bool | None
    """Whether it is at least 98 %."""

    none_topic_score: float | None
    """Of topics, the share of tickets that fit none; null for sentiment."""

    corrected_count: int
    """Tickets whose reading a person has corrected."""

    labelled_set: str | None
    """Labelled texts the reader was last held against; null: none."""

    labelled_count: int | None
    """How many; null where only the precision of its answers is known."""

    kappa_score: float | None
    """Quadratic-weighted kappa with people, from -1 to 1."""

    negative_precision_score: float | None
    """Of what the reader calls negative or worse, the share that is."""

    negative_recall_score: float | None
    """Of what is negative or worse, the share it calls so."""

    canary_count: int | None
    """Canaries the same reader was asked about that day and is held to; null: not asked."""

    canary_right_count: int | None
    injection_count: int | None
    """Canaries that try to steer the reading."""

    injection_steered_count: int | None
    """Those that did."""

    flip_score: float | None
    """Share of canaries answered otherwise than the last time; null where there is no time before."""

    cost_usd: float | None
    """What the answers cost, a call once; null where nothing was read."""

    cost_usd_per_1000_tickets: float | None


class MonthlyBudget(Schema):
    """What reading may cost in the month the build describes, and what it has cost."""

    month_on: date
    """First day of the month."""

    monthly_usd: float | None
    """Null where any amount is allowed."""

    spent_usd: float
    """Of calls whose answers are in use, on the days of the month so far."""


class CostSeries(_Series):
    """Costs by day, oldest day first."""

    items: list[CostDay]
    budget: MonthlyBudget


class QualitySeries(_Series):
    """How good readings were by day, oldest day first."""

    items: list[QualityDay]


class OwnerSegment(Schema):
    """The companies of one owner."""

    owner_id: str | None
    """Null: nobody owns them; ask for `none`."""

    owner_name: str | None
    company_count: int


class MrrSegment(Schema):
    """The companies that are known to pay so much a month."""

    mrr_band: MrrBand
    from_mrr: float | None
    """The amount it begins with."""

    below_mrr: float | None
    """The amount it ends before."""

    company_count: int


class Segments(Schema):
    """What customers can be told apart by."""

    owners: list[OwnerSegment]
    """The one with most companies first."""

    mrr_bands: list[MrrSegment]
    """All there are, smallest amounts first."""

    currency: str | None = Field(examples=["EUR"])
    """What the tenant reports in."""

    build: Build


class RiskSeries(_Series):
    """Cards by day, oldest day first."""

    items: list[RiskDay]


class _List(Schema):
    build: Build


class TopicImpacts(_List):
    """Topics, the one that weighs most first."""

    items: list[TopicImpact]


class EmergingTopics(_List):
    """Alerts, those that go on first, then the latest."""

    items: list[EmergingTopic]


class RecallReport(_List):
    """Over all quarters first, then by quarter."""

    items: list[ChurnRecall]


class Leaderboard(_List):
    """Companies in the order asked for."""

    items: list[LeaderboardCompany]
