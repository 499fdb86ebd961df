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
    "companies",
    "topic_metrics_daily",
    "topic_trends_weekly",
    "topic_impact",
    "emerging_topics",
    "company_leaderboard",
    "risks_daily",
    "sentiment_daily",
    "source_health",
    "alert_precision",
    "churn_recall",
)
"""The marts a build carries to the API; each has a serving table in the application database. BI reads them too."""

BI_ONLY_MARTS = (
    "trigger_scores_daily",
    "topic_trends_daily",
    "audited_shares",
    "llm_costs_daily",
    "card_outcomes",
    "card_load_weekly",
    "enrichment_quality",
    "data_quality",
)
"""The marts that only BI reads: in the published file, or as views on Postgres. They hold nothing that a person wrote."""


def pipeline_name(dataset: str, cell: Cell) -> str:
    """Name of the dlt pipeline that loads `cell` into `dataset`; one per cell, so two never share a staging dataset."""
    return f"{dataset}_{cell.replace('-', '_')}"
