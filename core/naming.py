"""Names that more than one room derives; each is derived here once (the tables themselves are listed in docs/names.md)."""

from core.tenants import Cell

RAW_HUBSPOT = "raw_hubspot"
"""Schema of what dlt loads from HubSpot."""

RAW_APP = "raw_app"
"""Schema of what dlt loads from the application database."""

ENRICHMENT = "enrichment"
"""Schema of what the analyzers read out of tickets."""

STAGING, INTERMEDIATE, MARTS = "staging", "intermediate", "marts"
"""Schemas dbt builds, in this order."""

PUBLISHED_MARTS = (
    "churn_risk_cards",
    "card_evidence",
    "ticket_readings",
    "card_tickets",
    "card_messages",
    "card_changes",
    "companies",
    "company_sentiment_daily",
    "topic_metrics_daily",
    "topic_trends_weekly",
    "topic_impact",
    "emerging_topics",
    "company_leaderboard",
    "risks_daily",
    "sentiment_daily",
    "sentiment_trends_weekly",
    "tickets",
    "topic_tickets",
    "source_health",
    "alert_precision",
    "churn_recall",
    "llm_costs_daily",
    "enrichment_quality",
)
"""The marts a build carries to the API; each has a serving table in the application database. BI reads them too, except some."""

KEPT_FROM_BI = ("card_messages",)
"""Of these, what is for the board alone: whole letters, and what colleagues write to each other (docs/decisions/0021)."""

BI_ONLY_MARTS = (
    "trigger_scores_daily",
    "topic_trends_daily",
    "audited_shares",
    "card_outcomes",
    "card_load_weekly",
    "data_quality",
)
"""The marts that only BI reads: in the published file, or as views on Postgres. They hold nothing that a person wrote."""

BI_MARTS = tuple(mart for mart in (*PUBLISHED_MARTS, *BI_ONLY_MARTS) if mart not in KEPT_FROM_BI)
"""Every mart that BI reads."""


def pipeline_name(dataset: str, cell: Cell) -> str:
    """Name of the dlt pipeline that loads `cell` into `dataset`; one per cell, so two never share a staging dataset."""
    return f"{dataset}_{cell.replace('-', '_')}"
