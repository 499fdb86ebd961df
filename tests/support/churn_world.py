"""A tenant's year, made in seconds: companies that write tickets, tickets that are read, and companies that leave.

The rows stand where a sync and a reading would have left them, so that nothing but dbt has to run. In some companies trouble comes:
for six weeks they write twice as much as ever and are unhappy; a month later they leave, and the CRM says so. Of others, drawn by
lot and said to have left (`unrelated`), these tickets say nothing.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from analysis.backtest.cards import Departure
from analysis.tables import MESSAGE_EVIDENCE, MESSAGE_SENTIMENT, MESSAGE_TEXTS, TICKET_TOPICS, ensure_enrichment_tables
from core.warehouse.duckdb import DuckDBWarehouse
from ingestion.app_state import APP_TABLES
from ingestion.hubspot.tables import RAW_TABLES, SYNC_CURSORS, ensure_raw_tables
from ingestion.loader import ensure_tables

UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)
TROUBLE_DAYS = 42
NOTICE_DAYS = 30
"""Who leaves does so this long after the trouble began to fade."""

_LEVELS = {"very_negative": -2, "negative": -1, "neutral": 0, "positive": 1}
_TOPICS = ("billing", "export", "login", "reports", "speed", "none")
_SPECS = {
    spec.qualified: spec
    for spec in (
        *(table.spec for table in (*RAW_TABLES, *APP_TABLES)),
        SYNC_CURSORS,
        MESSAGE_TEXTS,
        MESSAGE_SENTIMENT,
        MESSAGE_EVIDENCE,
        TICKET_TOPICS,
    )
}


@dataclass
class ChurnWorld:
    """What was made.

    Attributes:
        rows: By qualified table name.
        troubled: When trouble began, by company.
        churned: When each company that left did, by company.
        mrr: By company.
    """

    tenant_id: str
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    troubled: dict[str, datetime] = field(default_factory=dict)
    churned: dict[str, date] = field(default_factory=dict)
    mrr: dict[str, float] = field(default_factory=dict)

    def departures(self) -> list[Departure]:
        """Who left."""
        return [Departure(one, day, self.mrr[one]) for one, day in self.churned.items()]

    def unrelated(self, seed: int) -> list[Departure]:
        """As many departures on the same days, of companies drawn by lot."""
        others = random.Random(seed).sample(sorted(self.mrr), len(self.churned))
        return [Departure(one, day, self.mrr[one]) for one, day in zip(others, self.churned.values(), strict=True)]

    def write(self, warehouse: DuckDBWarehouse) -> None:
        """Put the rows into a warehouse, beside those of other tenants; tables that get none exist all the same."""
        ensure_raw_tables(warehouse)
        ensure_tables(warehouse, APP_TABLES)
        ensure_enrichment_tables(warehouse)
        for table, rows in self.rows.items():
            warehouse.append(_SPECS[table], rows)


def make_world(
    *,
    tenant_id: str = "bench",
    companies: int = 1000,
    months: int = 12,
    tickets_a_month: float = 5,
    churn_share: float = 0.1,
    until: datetime = UNTIL,
    seed: int = 7,
) -> ChurnWorld:
    """A world.

    Args:
        tenant_id: Whose.
        companies: How many.
        months: How far back tickets go.
        tickets_a_month: Of a company, on average; a few write much more, many less.
        churn_share: How many of the companies leave.
        until: The newest moment.
        seed: Of everything drawn.
    """
    drawn = random.Random(seed)
    world = ChurnWorld(tenant_id)
    _settings(world, until)
    start = until - timedelta(days=round(months * 30.4))
    ids = [str(1000 + number) for number in range(companies)]
    for one in drawn.sample(ids, round(churn_share * companies)):
        world.troubled[one] = start + (until - start) * drawn.uniform(0.35, 0.75)
        world.churned[one] = (world.troubled[one] + timedelta(days=TROUBLE_DAYS + NOTICE_DAYS)).date()
    numbers = iter(range(100_000, 100_000_000))
    for one in ids:
        world.mrr[one] = round(drawn.lognormvariate(6, 0.9), 2)
        _company(world, one, drawn, until)
        for at in _moments(
            drawn, start, until, drawn.gammavariate(1.2, tickets_a_month / 1.2), world.troubled.get(one)
        ):
            _ticket(world, str(next(numbers)), one, at, drawn, until, is_troubled=_is_in(at, world.troubled.get(one)))
    return world


def _is_in(at: datetime, began: datetime | None) -> bool:
    return began is not None and began <= at < began + timedelta(days=TROUBLE_DAYS)


def _moments(
    drawn: random.Random, start: datetime, until: datetime, a_month: float, began: datetime | None
) -> Iterator[datetime]:
    """When a company writes: at its own pace, and beside it while there is trouble."""
    for first, last, pace in (
        (start, until, a_month),
        *(((began, min(until, began + timedelta(days=TROUBLE_DAYS)), max(4.0, a_month)),) if began else ()),
    ):
        at = first
        while (at := at + timedelta(days=drawn.expovariate(max(pace, 0.05) / 30.4))) < last:
            yield at.replace(microsecond=0)


def _settings(world: ChurnWorld, until: datetime) -> None:
    of = {"tenant_id": world.tenant_id, "loaded_at": until}
    world.rows["raw_app.tenants"].append({**of, "name": "Bench", "plan_tier": "pro", "currency": "EUR"})
    for name, unit in (("mrr", "month"), ("churn", None)):
        mapping = {"field": name, "version": 1, "property_name": name, "unit": unit, "valid_from_at": until}
        world.rows["raw_app.field_mappings"].append({**of, **mapping})
    for number in range(5):
        world.rows["raw_hubspot.owners"].append(
            {**of, "id": str(number), "email": f"owner{number}@vendor.example", "archived": False}
        )
    for stage, is_closed in (("1", False), ("4", True)):
        world.rows["raw_hubspot.pipeline_stages"].append(
            {**of, "pipeline_id": "0", "id": stage, "label": stage, "is_closed": is_closed, "archived": False}
            | {"ticket_state": "CLOSED" if is_closed else "OPEN"}
        )
    cursor = {"cursor_at": until, "synced_at": until, "attempted_at": until, "status": "synced", "stream": "tickets"}
    world.rows["raw_hubspot.sync_cursors"].append({"tenant_id": world.tenant_id, **cursor})


def _company(world: ChurnWorld, company_id: str, drawn: random.Random, until: datetime) -> None:
    world.rows["raw_hubspot.companies"].append(
        {
            "tenant_id": world.tenant_id,
            "id": company_id,
            "name": f"Company {company_id}",
            "hubspot_owner_id": str(drawn.randrange(5)),
            "createdate": until - timedelta(days=drawn.uniform(500, 1500)),
            "hs_lastmodifieddate": until - timedelta(days=1),
            "archived": False,
            "properties": json.dumps(
                {"mrr": str(world.mrr[company_id]), "churn": str(world.churned.get(company_id, ""))}
            ),
            "loaded_at": until,
        }
    )


def _ticket(
    world: ChurnWorld,
    ticket_id: str,
    company_id: str,
    at: datetime,
    drawn: random.Random,
    until: datetime,
    *,
    is_troubled: bool,
) -> None:
    closed = at + timedelta(days=drawn.expovariate(1 / 3))
    is_closed = closed < until
    of = {"tenant_id": world.tenant_id, "ticket_id": ticket_id}
    world.rows["raw_hubspot.tickets"].append(
        {
            "tenant_id": world.tenant_id,
            "id": ticket_id,
            "subject": f"Ticket {ticket_id}",
            "content": "It does not do what we need.",
            "hs_pipeline": "0",
            "hs_pipeline_stage": "4" if is_closed else "1",
            "createdate": at,
            "closed_date": closed if is_closed else None,
            "hs_lastmodifieddate": closed if is_closed else at,
            "archived": False,
            "properties": "{}",
            "loaded_at": until,
        }
    )
    world.rows["raw_hubspot.ticket_companies"].append(
        {**of, "company_id": company_id, "is_primary": True, "association_types": "[]", "loaded_at": until}
    )
    weights = (15, 45, 30, 10) if is_troubled else (0.3, 3.7, 76, 20)
    [sentiment] = drawn.choices(list(_LEVELS), weights)
    intent = "implied" if is_troubled and drawn.random() < 0.15 else "none"
    provenance = {
        "analyzer": "embedded",
        "model": "embedded-rules",
        "prompt_version": "1",
        "input_hash": ticket_id,
        "call_key": ticket_id,
        "analyzed_at": until,
    }
    message = {**of, "message_id": "opening"}
    is_unhappy = _LEVELS[sentiment] < 0
    world.rows["enrichment.message_texts"].append({**message, "text": "It does not do what we need.", "read_at": until})
    world.rows["enrichment.message_sentiment"].append(
        {
            **message,
            "sentiment": sentiment,
            "level": _LEVELS[sentiment],
            "churn_intent": intent,
            "target": "product",
            "resolution": "unsolved" if is_unhappy else "no_problem",
            "is_evidence_ok": True,
            **provenance,
        }
    )
    if is_unhappy:
        quote = {"evidence_index": 0, "quote": "does not", "quote_start": 3, "quote_end": 11, "call_key": ticket_id}
        world.rows["enrichment.message_evidence"].append({**message, **quote})
    world.rows["enrichment.ticket_topics"].append({**of, "topic": drawn.choice(_TOPICS), "topic_rank": 1, **provenance})
