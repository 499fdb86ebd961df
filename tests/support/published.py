"""Publishes small builds the way the pipeline does, through `BuildStore`, for tests of what readers are served."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from core.appdb.builds import Build, BuildStore
from core.appdb.card_events import append_event, read_events
from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.engine import writing
from core.appdb.tables import saved_view
from core.cards import CardEvent, folded
from core.tenants import Cell, TenantId
from core.vocabulary import CardEventType, CardStatus

AS_OF = datetime(2026, 3, 31, 6, tzinfo=UTC)

MARKED_COUNT = 987654321
"""Stands in marked rows that have no text."""

Row = dict[str, Any]


def add_tenant(engine: Engine, tenant_id: str, *, name: str | None = None) -> TenantId:
    """A tenant with nothing published."""
    directory = TenantDirectory(engine)
    directory.save(Tenant(tenant_id=TenantId(tenant_id), name=name or tenant_id.title(), cell=Cell(tenant_id)))
    return TenantId(tenant_id)


def card(number: int, **values: Any) -> Row:
    """One card; `number` makes its id and its company."""
    base: Row = {
        "card_id": f"00000000-0000-5000-8000-{number:012d}",
        "company_id": str(1000 + number),
        "company_name": f"Company {number:04d}",
        "contact_id": "77",
        "contact_name": "Ada Lovelace",
        "ticket_id": str(5000 + number),
        "trigger_type": "frustrated",
        "severity": "medium",
        "opened_severity": "low",
        "score": 3.0,
        "components": json.dumps({"negative_tickets": 2, "window_days": 14}),
        "why": "Two negative tickets in 14 days.",
        "opened_on": date(2026, 3, 1),
        "last_signal_on": date(2026, 3, 20),
        "closed_on": None,
        "is_active": True,
        "is_notify": True,
        "episode": 1,
        "previous_card_id": None,
        "mrr": 1200.0,
        "mrr_source": "mapped_property",
        "currency": "EUR",
        "opened_mrr": 1100.0,
        "opened_mrr_source": "mapped_property",
        "churn_share": 0.1,
        "priority": 120.0,
        "touch_due_at": AS_OF + timedelta(days=1),
        "is_touch_overdue": False,
        "looks_resolved": False,
        "looks_resolved_why": None,
        "suggested_outcome": None,
        "owner_id": "9",
        "owner_name": "Grace Hopper",
        "owner_source": "company",
        "rule_version": "1",
        "prompt_version": "sentiment-1",
        "topic": "billing",
        "as_of_at": AS_OF,
    }
    return base | values


def evidence(of_card: Row, number: int = 1, **values: Any) -> Row:
    """One quote behind a card."""
    context = "Hello. We are looking at alternatives. Bye."
    quote = "We are looking at alternatives."
    start = context.index(quote)
    base: Row = {
        "card_id": of_card["card_id"],
        "evidence_id": f"{of_card['card_id']}-{number}",
        "ticket_id": of_card["ticket_id"],
        "ticket_subject": "Export fails",
        "ticket_url": "https://hubspot.example/ticket/1",
        "ticket_created_at": AS_OF - timedelta(days=number),
        "message_id": "opening",
        "message_sent_at": AS_OF - timedelta(days=number),
        "quote": quote,
        "quote_start": 300 + start,
        "quote_end": 300 + start + len(quote),
        "context": context,
        "context_start": start,
        "context_end": start + len(quote),
        "sentiment": "very_negative",
        "churn_intent": "explicit",
        "target": "product",
        "resolution": "unsolved",
        "reading_scope": "opening_message",
        "points": 9,
        "score_points": 3.0,
        "confidence": "medium",
        "measured_answer": "explicit",
        "right_count": 84,
        "answered_count": 92,
        "analyzer": "embedded",
        "model": "embedded-1",
        "prompt_version": "sentiment-1",
        "call_key": f"call-{number}",
        "input_tokens": 100,
        "output_tokens": 20,
        "cost_usd": 0.0,
        "run_id": "run-1",
        "schema_hash": "5c6f0e1d2b3a4987",
        "input_hash": "0123456789abcdef",
        "analyzed_at": AS_OF - timedelta(hours=1),
    }
    return base | values


def card_ticket(of_card: Row, ticket_id: str = "5001", **values: Any) -> Row:
    """One ticket behind a card."""
    base: Row = {
        "card_id": of_card["card_id"],
        "ticket_id": ticket_id,
        "ticket_subject": "Export fails",
        "ticket_url": "https://hubspot.example/ticket/1",
        "ticket_created_at": AS_OF - timedelta(days=2),
        "ticket_status": "open",
        "closed_on": None,
        "sentiment": "very_negative",
        "is_erased": False,
    }
    return base | values


def message(ticket_id: str, index: int, text: str | None, **values: Any) -> Row:
    """One message of a ticket, the customer's unless said otherwise; an hour after the one before."""
    base: Row = {
        "ticket_id": ticket_id,
        "message_id": f"emails/{500 + index}" if index else "opening",
        "message_index": index,
        "direction": "inbound",
        "author_name": "Ada Lovelace",
        "is_automated": False,
        "sent_at": AS_OF - timedelta(days=2) + timedelta(hours=index),
        "text": text,
        "is_truncated": False,
        "is_erased": False,
        "sentiment": None,
        "churn_intent": None,
    }
    return base | values


def change(of_card: Row, changed_on: date, change_type: str = "raised", **values: Any) -> Row:
    """One thing a card's signal did."""
    base: Row = {
        "card_id": of_card["card_id"],
        "changed_on": changed_on,
        "change_type": change_type,
        "severity": "critical",
        "previous_severity": "low",
        "score": 7.5,
    }
    return base | values


def company_day(number: int, metric_on: date, **values: Any) -> Row:
    """One company on one day; the same `number` as its card's."""
    base: Row = {
        "company_id": str(1000 + number),
        "metric_on": metric_on,
        "ticket_count": 2,
        "read_count": 2,
        "negative_count": 1,
        "mean_level": -0.5,
    }
    return base | values


def reading(number: int, **values: Any) -> Row:
    """One ticket as it was read; the same `number` as its card's."""
    text = "Export fails\n\nIt fails again. We are looking at alternatives."
    base: Row = {
        "ticket_id": str(5000 + number),
        "subject": "Export fails",
        "url": "https://hubspot.example/ticket/1",
        "company_id": str(1000 + number),
        "company_name": f"Company {number:04d}",
        "ticket_status": "open",
        "created_at": AS_OF - timedelta(days=number),
        "text": text,
        "input_hash": "0" * 64,
        "is_erased": False,
        "topics": "billing\nexport",
        "corrected_by": None,
        "sentiment": "negative",
        "churn_intent": "implied",
        "quote_spans": f"{text.index('It fails')}-{text.index(' We are')},{text.index('We are')}-{len(text)}",
        "analyzer": "embedded",
        "model": "embedded-1",
        "prompt_version": "sentiment-1",
    }
    return base | values


def company(number: int, **values: Any) -> Row:
    """One company; the same `number` as its card's."""
    base: Row = {
        "company_id": str(1000 + number),
        "company_name": f"Company {number:04d}",
        "domain": f"company{number}.example",
        "company_url": f"https://hubspot.example/company/{1000 + number}",
        "lifecyclestage": "customer",
        "owner_id": "9",
        "owner_name": "Grace Hopper",
        "mrr": 1200.0,
        "mrr_source": "mapped_property",
        "currency": "EUR",
        "renewal_on": date(2026, 6, 30),
        "open_ticket_count": 2,
        "ticket_count_30d": 3,
        "ticket_count_90d": 8,
        "negative_count_30d": 2,
        "mean_level_30d": -1.0,
        "mean_level_prior_30d": 0.5,
        "sentiment_trend": "worsening",
        "last_contact_at": AS_OF - timedelta(days=2),
        "active_triggers": "frustrated",
        "active_trigger_count": 1,
    }
    return base | values


def topic_day(metric_on: date, topic: str, **values: Any) -> Row:
    """One topic on one day."""
    base: Row = {
        "metric_on": metric_on,
        "topic": topic,
        "parent_topic": None,
        "ticket_count": 4,
        "all_ticket_count": 8,
        "ticket_share": 0.5,
        "read_count": 4,
        "negative_count": 1,
        "negative_share": 0.25,
        "company_count": 3,
    }
    return base | {"mrr_touched": 3600.0} | values


def topic_week(week_on: date, topic: str, **values: Any) -> Row:
    """One topic in one week."""
    base: Row = {
        "week_on": week_on,
        "topic": topic,
        "parent_topic": None,
        "ticket_count": 12,
        "expected_count": 10.0,
        "lower_count": 4.2,
        "upper_count": 17.3,
        "is_outside_band": False,
        "read_count": 10,
        "negative_count": 2,
        "negative_share": 0.2,
        "negative_share_lower": 0.06,
        "negative_share_upper": 0.51,
        "expected_negative_share": 0.25,
        "noise_share_lower": 0.0,
        "noise_share_upper": 0.52,
        "is_negative_share_outside_band": False,
    }
    return base | values


def sentiment_week(week_on: date, **values: Any) -> Row:
    """All tickets of one week."""
    week = topic_week(week_on, "")
    del week["topic"], week["parent_topic"]
    return week | values


def ticket(number: int, **values: Any) -> Row:
    """One unhappy ticket; of the company of the same number, and what its card is about."""
    base: Row = {
        "ticket_id": str(5000 + number),
        "company_id": str(1000 + number),
        "subject": f"Export fails, part {number}",
        "url": f"https://hubspot.example/ticket/{5000 + number}",
        "created_at": AS_OF - timedelta(days=number),
        "created_on": (AS_OF - timedelta(days=number)).date(),
        "closed_on": None,
        "ticket_status": "open",
        "sentiment": "negative",
        "level": -1,
        "churn_intent": "none",
        "is_read": True,
        "is_negative": True,
        "points": 2,
    }
    return base | values


def label(of_ticket: Row, topic: str, parent_topic: str | None = None) -> Row:
    """A topic a ticket counts under."""
    return {"ticket_id": of_ticket["ticket_id"], "topic": topic, "parent_topic": parent_topic}


def cost_day(metric_on: date, task: str, **values: Any) -> Row:
    """What a model was paid on one day."""
    base: Row = {
        "metric_on": metric_on,
        "task": task,
        "analyzer": "openai_compatible",
        "model": "openai/gpt-5-mini",
        "call_count": 40,
        "input_tokens": 52_000,
        "output_tokens": 4_000,
        "cost_usd": 0.0125,
    }
    return base | values


def quality_day(metric_on: date, task: str, **values: Any) -> Row:
    """How good one day's readings were: on target, of a reader that was evaluated and asked canaries."""
    is_tone = task == "sentiment"
    base: Row = {
        "metric_on": metric_on,
        "task": task,
        "analyzer": "openai_compatible",
        "model": "openai/gpt-5-mini",
        "prompt_version": "2026-11-a",
        "reader_count": 1,
        "ticket_count": 40,
        "read_count": 50 if is_tone else 40,
        "dead_letter_count": 0,
        "dead_letter_score": 0.0,
        "is_dead_letter_on_target": True,
        "verified_quote_count": 50 if is_tone else None,
        "verified_quote_score": 1.0 if is_tone else None,
        "is_quote_on_target": True if is_tone else None,
        "none_topic_score": None if is_tone else 0.1,
        "corrected_count": 1,
        "labelled_set": "comments" if is_tone else None,
        "labelled_count": 400 if is_tone else None,
        "kappa_score": 0.81 if is_tone else None,
        "negative_precision_score": 0.86 if is_tone else None,
        "negative_recall_score": 0.79 if is_tone else None,
        "canary_count": 20 if is_tone else None,
        "canary_right_count": 19 if is_tone else None,
        "injection_count": 5 if is_tone else None,
        "injection_steered_count": 0 if is_tone else None,
        "flip_score": 0.05 if is_tone else None,
        "cost_usd": 0.0125,
        "cost_usd_per_1000_tickets": 0.3125,
    }
    return base | values


def topic_impact(topic: str, rank: int, **values: Any) -> Row:
    """One topic of the last 90 days."""
    base: Row = {
        "topic": topic,
        "parent_topic": None,
        "ticket_count": 40,
        "all_ticket_count": 100,
        "read_count": 40,
        "negative_count": 20,
        "negative_share": 0.5,
        "all_negative_share": 0.3,
        "negative_share_without": 0.2,
        "negative_share_impact": 0.1,
        "all_mean_level": -0.1,
        "mean_level_without": 0.2,
        "mean_level_impact": -0.3,
        "points": 60,
        "points_share": 0.75,
        "company_count": 7,
        "mrr_touched": 3600.0,
        "negative_rank": rank,
        "level_rank": rank,
        "mrr_rank": rank,
    }
    return base | values


def alert(number: int, topic: str, **values: Any) -> Row:
    """One topic that emerged and goes on."""
    base: Row = {
        "alert_id": f"00000000-0000-3000-8000-{number:012d}",
        "topic": topic,
        "parent_topic": None,
        "first_seen_on": date(2026, 3, 27),
        "last_seen_on": date(2026, 3, 31),
        "is_active": True,
        "peak_on": date(2026, 3, 30),
        "peak_count": 12,
        "expected_count": 2.0,
        "peak_z": 3.9,
        "q_value": 0.0001,
        "ticket_count": 15,
        "negative_count": 4,
        "company_count": 6,
        "mrr_touched": 3600.0,
        "example_ticket_ids": "5001,5002",
    }
    return base | values


def leader(number: int, window_days: int, rank: int, **values: Any) -> Row:
    """One company over one window, of the same rank by everything."""
    base: Row = {
        "window_days": window_days,
        "company_id": str(1000 + number),
        "company_name": f"Company {number:04d}",
        "ticket_count": 9,
        "read_count": 8,
        "negative_count": 4,
        "negative_share": 0.5,
        "mean_level": -0.5,
        "prior_mean_level": 0.5,
        "level_change": -1.0,
        "sentiment_trend": "worsening",
        "mrr": 1200.0,
        "mrr_source": "mapped_property",
        "currency": "EUR",
        "active_card_count": 1,
    }
    ranks = dict.fromkeys(("ticket_rank", "negative_rank", "trend_rank", "mrr_rank", "card_rank"), rank)
    return base | ranks | values


def risk_day(metric_on: date, topic: str, **values: Any) -> Row:
    """Cards of one day."""
    base: Row = {
        "metric_on": metric_on,
        "trigger_type": "frustrated",
        "severity": "high",
        "topic": topic,
        "opened_count": 1,
        "closed_count": 0,
        "active_count": 3,
        "active_mrr": 3600.0,
    }
    return base | values


def sentiment_day(metric_on: date, **values: Any) -> Row:
    """All tickets of one day."""
    base: Row = {
        "metric_on": metric_on,
        "ticket_count": 10,
        "very_negative_count": 1,
        "negative_count": 2,
        "neutral_count": 4,
        "positive_count": 1,
        "very_positive_count": 1,
        "unread_count": 1,
        "mean_level": -0.1,
    }
    return base | values


def source(stream: str, **values: Any) -> Row:
    """One stream, read an hour before the build."""
    base: Row = {
        "stream": stream,
        "status": "synced",
        "error_message": None,
        "attempted_at": AS_OF - timedelta(minutes=59),
        "synced_at": AS_OF - timedelta(minutes=59),
        "cursor_at": AS_OF - timedelta(hours=1),
        "lag_seconds": 3600,
        "held_count": 12,
        "portal_total": 12,
        "is_complete": True,
        "is_fresh": True,
        "is_backfilling": False,
    }
    return base | values


def precision(trigger_type: str, **values: Any) -> Row:
    """How often one trigger's cards were right, over all months."""
    base: Row = {
        "trigger_type": trigger_type,
        "opened_severity": "all",
        "prompt_version": "all",
        "period": "all",
        "card_count": 40,
        "completed_count": 26,
        "saved_count": 9,
        "at_risk_unresolved_count": 3,
        "churned_count": 3,
        "contraction_count": 1,
        "false_alarm_count": 6,
        "known_expected_count": 2,
        "right_count": 16,
        "counted_count": 24,
        "precision_score": 0.666667,
        "lower_bound_score": 0.467063,
        "upper_bound_score": 0.820278,
        "hidden_reason": None,
    }
    return base | values


def recall(period: str, **values: Any) -> Row:
    """How much of what left had a card; from too few to say."""
    base: Row = {
        "period": period,
        "churned_company_count": 3,
        "card_only_count": 1,
        "warned_company_count": 2,
        "covered_company_count": 1,
        "company_recall_score": None,
        "company_lower_bound_score": None,
        "company_upper_bound_score": None,
        "known_mrr_count": 3,
        "churned_mrr": 900.0,
        "covered_mrr": 100.0,
        "currency": "EUR",
        "mrr_recall_score": None,
        "mrr_lower_bound_score": None,
        "mrr_upper_bound_score": None,
        "median_lead_days": None,
        "hidden_reason": "too_few",
        "mrr_hidden_reason": "too_few",
    }
    return base | values


def publish(
    engine: Engine,
    tenant_id: str,
    build_id: str = "build-1",
    *,
    cards: Sequence[Row] = (),
    quotes: Sequence[Row] = (),
    readings: Sequence[Row] = (),
    companies: Sequence[Row] = (),
    topics: Sequence[Row] = (),
    sentiment: Sequence[Row] = (),
    sources: Sequence[Row] = (),
    weeks: Sequence[Row] = (),
    impact: Sequence[Row] = (),
    alerts: Sequence[Row] = (),
    leaders: Sequence[Row] = (),
    risks: Sequence[Row] = (),
    verdicts: Sequence[Row] = (),
    losses: Sequence[Row] = (),
    moods: Sequence[Row] = (),
    tickets: Sequence[Row] = (),
    labels: Sequence[Row] = (),
    costs: Sequence[Row] = (),
    quality: Sequence[Row] = (),
    card_tickets: Sequence[Row] = (),
    messages: Sequence[Row] = (),
    changes: Sequence[Row] = (),
    company_days: Sequence[Row] = (),
    as_of_at: datetime = AS_OF,
    published_at: datetime | None = None,
) -> Build:
    """Put a build of these rows in front of the tenant's readers."""
    build = Build(
        tenant_id=TenantId(tenant_id),
        build_id=build_id,
        as_of_at=as_of_at,
        built_at=as_of_at + timedelta(minutes=5),
        row_counts={},
        audits=[],
    )
    marts: Mapping[str, Sequence[Row]] = {
        "churn_risk_cards": cards,
        "card_evidence": quotes,
        "ticket_readings": readings,
        "companies": companies,
        "topic_metrics_daily": topics,
        "sentiment_daily": sentiment,
        "source_health": sources,
        "topic_trends_weekly": weeks,
        "topic_impact": impact,
        "emerging_topics": alerts,
        "company_leaderboard": leaders,
        "risks_daily": risks,
        "alert_precision": verdicts,
        "churn_recall": losses,
        "sentiment_trends_weekly": moods,
        "tickets": tickets,
        "topic_tickets": labels,
        "llm_costs_daily": costs,
        "enrichment_quality": quality,
        "card_tickets": card_tickets,
        "card_messages": messages,
        "card_changes": changes,
        "company_sentiment_daily": company_days,
    }
    BuildStore(engine).publish(
        build,
        {mart: [rows] if rows else [] for mart, rows in marts.items()},
        published_at=published_at or as_of_at + timedelta(minutes=10),
    )
    return build


def publish_sample(engine: Engine, tenant_id: str, build_id: str = "build-1", *, mark: str = "") -> list[Row]:
    """A build with something in every mart; returns its cards.

    `mark` stands in every text of it, and `MARKED_COUNT` where a row has none.
    """
    cards = [
        card(1, severity="critical", priority=900.0, opened_on=date(2026, 3, 30)),
        card(2, trigger_type="significant_support", severity="high", priority=None, owner_id=None, owner_name=None),
        card(3, trigger_type="silently_struggling", severity="low", ticket_id=None, prompt_version=None, mrr=None),
        card(4, is_active=False, closed_on=date(2026, 3, 25), looks_resolved=True, company_name="100% Öl_GmbH"),
    ]
    tickets = [
        ticket(1),
        ticket(2, subject="=1+1", sentiment="positive", level=1, is_negative=False, points=0),
        ticket(3, company_id=None, sentiment=None, level=None, churn_intent=None, is_read=False, is_negative=False),
    ]
    rows = {
        "cards": cards,
        "quotes": [evidence(cards[0], 2), evidence(cards[0], 1), evidence(cards[1])],
        "readings": [
            reading(1),
            reading(2, text=None, input_hash=None, is_erased=True, topics=None, quote_spans=None, sentiment=None),
        ],
        "companies": [company(1), company(2, active_triggers="", active_trigger_count=0, mrr=None), company(3)],
        "topics": [topic_day(date(2026, 3, day), name) for day in (1, 30, 31) for name in ("billing", "none")],
        "sentiment": [sentiment_day(date(2026, 3, day)) for day in (1, 30, 31)],
        "sources": [
            source("contacts", status="missing_scope", cursor_at=None, lag_seconds=None, is_fresh=False),
            source("tickets"),
        ],
        "weeks": [topic_week(date(2026, 3, day), name) for day in (16, 23) for name in ("billing", "none")],
        "impact": [topic_impact("none", 2), topic_impact("billing", 1, mrr_touched=None)],
        "alerts": [
            alert(1, "export", is_active=False, last_seen_on=date(2026, 3, 10)),
            alert(2, "billing"),
            alert(3, "none", peak_z=5.0, mrr_touched=None),
        ],
        "leaders": [
            leader(1, 30, 2),
            leader(2, 30, 1, mrr_rank=3, company_name=None, level_change=None, sentiment_trend="unknown"),
            leader(1, 90, 1),
        ],
        "risks": [
            risk_day(date(2026, 3, 31), "billing", severity="low", trigger_type="silently_struggling", active_mrr=None),
            *(risk_day(date(2026, 3, day), "billing") for day in (1, 30, 31)),
        ],
        "verdicts": [
            precision(
                "frustrated",
                opened_severity="low",
                prompt_version="sentiment-1",
                period="2026-03",
                counted_count=19,
                precision_score=None,
                lower_bound_score=None,
                upper_bound_score=None,
                hidden_reason="too_few",
            ),
            precision("frustrated"),
        ],
        "losses": [recall("2026-Q1"), recall("all")],
        "moods": [sentiment_week(date(2026, 3, day)) for day in (16, 23)],
        "tickets": tickets,
        "labels": [
            label(tickets[0], "billing"),
            label(tickets[1], "export", "data"),
            label(tickets[1], "data"),
            label(tickets[2], "unread"),
        ],
        "costs": [cost_day(date(2026, 3, 30), "sentiment"), cost_day(date(2026, 3, 31), "topics", model="other")],
        "quality": [
            quality_day(date(2026, 3, 30), "sentiment"),
            quality_day(date(2026, 3, 31), "sentiment", analyzer=None, model=None, prompt_version=None, reader_count=0),
            quality_day(date(2026, 3, 31), "topics"),
        ],
        "card_tickets": [card_ticket(one) for one in cards],
        "messages": [
            message("5001", 0, "Hello. We are looking at alternatives. Bye.", sentiment="very_negative"),
            message("5001", 1, "We are on it.", direction="outbound", author_name="Grace Hopper"),
            message("5001", 2, None, direction=None, author_name=None, is_automated=True),
        ],
        "changes": [
            change(cards[0], date(2026, 3, 31)),
            change(cards[3], date(2026, 3, 25), "looks_resolved", severity=None, previous_severity=None, score=None),
        ],
        "company_days": [company_day(1, date(2026, 3, day)) for day in (30, 2)],
    }
    if mark:
        rows["moods"] = [row | {"read_count": MARKED_COUNT} for row in rows["moods"]]
        rows["sentiment"] = [row | {"unread_count": MARKED_COUNT} for row in rows["sentiment"]]
        rows = {mart: [_marked(row, mark) for row in of_mart] for mart, of_mart in rows.items()}
    publish(engine, tenant_id, build_id, **rows)  # type: ignore[arg-type]
    return rows["cards"]


_CLOSED_LISTS = {
    "ticket_status",
    "churn_intent",
    "task",
    "analyzer",
    "trigger_type",
    "severity",
    "opened_severity",
    "opened_mrr_source",
    "owner_source",
    "suggested_outcome",
    "mrr_source",
    "sentiment",
    "target",
    "sentiment_trend",
    "status",
    "resolution",
    "reading_scope",
    "confidence",
    "hidden_reason",
    "mrr_hidden_reason",
    "direction",
    "change_type",
    "previous_severity",
}


def _marked(row: Row, mark: str) -> Row:
    """The row with `mark` in every text that is free to carry it, ids included."""
    spelt = {"active_triggers", "quote_spans"}
    free = {name for name, value in row.items() if isinstance(value, str)} - _CLOSED_LISTS - spelt
    changed = {name: json.dumps({mark: 1}) if name == "components" else f"{row[name]}{mark}" for name in free}
    return row | changed


def add_event(
    engine: Engine,
    tenant_id: str,
    card_id: str,
    seq: int,
    status: CardStatus,
    *,
    kind: str,
    payload: Mapping[str, Any] | None = None,
    actor: str | None = None,
    occurred_at: datetime | None = None,
) -> None:
    """Something that happened to a card; a person did it unless `actor` says otherwise."""
    with writing(engine) as connection:
        event = CardEvent(
            card_id=card_id,
            seq=seq,
            type=CardEventType(kind),
            actor=actor or f"demo|{tenant_id}|member",
            status=status,
            payload=dict(payload or {}),
            occurred_at=occurred_at or AS_OF + timedelta(minutes=seq),
        )
        before = read_events(connection, tenant_id, card_id)
        append_event(connection, tenant_id, event, folded(card_id, [*before, event]))


def add_view(
    engine: Engine, tenant_id: str, *, view_id: str, owner: str, name: str = "Critical", is_shared: bool = False
) -> None:
    """A view of the board that somebody keeps."""
    row = {
        "view_id": view_id,
        "name": name,
        "owner": owner,
        "is_shared": is_shared,
        "query": {"severity": ["critical"]},
    }
    with writing(engine) as connection:
        connection.execute(insert(saved_view).values(tenant_id=tenant_id, created_at=AS_OF, updated_at=AS_OF, **row))
