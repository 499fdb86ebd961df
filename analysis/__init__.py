"""Reads tickets: what was said, in which tone, about what, and where it stands in the text.

`make_analyzer` chooses who reads, `open_journal` keeps what was paid for, `enrich` does the work. Knows no Dagster, dlt or dbt.
"""

from analysis.enrichment import enrich
from analysis.journal import open_journal
from analysis.make import make_analyzer
from analysis.pending import pending_months
from analysis.policy import ReadingPolicy
from analysis.progress import Progress
from analysis.report import EnrichmentReport
from analysis.tables import ENRICHMENT_TABLES, ensure_enrichment_tables

__all__ = [
    "ENRICHMENT_TABLES",
    "EnrichmentReport",
    "Progress",
    "ReadingPolicy",
    "enrich",
    "ensure_enrichment_tables",
    "make_analyzer",
    "open_journal",
    "pending_months",
]
