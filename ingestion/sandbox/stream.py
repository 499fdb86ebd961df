"""Tickets in bulk, for measuring what reads them: fast, plausible, without a plot and without truth."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.sandbox import phrases
from ingestion.sandbox.catalogue import COMPANIES, TICKETS
from ingestion.sandbox.clock import Clock, system_clock, to_iso
from ingestion.sandbox.vendors import VENDORS
from ingestion.sandbox.world import TenantProfile, World
from ingestion.sandbox.writing import Intent, Sender, Writer

TEXT_POOL = 3_000
"""Texts written in full; every ticket takes one of them and its own number."""

_COMPANY_BASE, _TICKET_BASE = 20_400_118_000, 30_115_207_000
_MOODS = ("neutral", "neutral", "neutral", "positive", "very_positive", "negative", "very_negative")
_END = datetime(2026, 11, 1, tzinfo=UTC)


def generate_tickets(
    n: int, *, seed: int = 7, until: datetime = _END, days: int = 270, companies: int = 2_000
) -> Iterator[dict[str, Any]]:
    """Ticket records as the list endpoint returns them, with their company inline.

    Args:
        n: How many.
        seed: Decides everything; equal arguments give equal records.
        until: No ticket is newer.
        days: They are spread evenly over this many days, ids and create dates ascending.
        companies: How many companies they belong to.

    Yields:
        ``id``, ``properties`` (strings or null), ``createdAt``, ``updatedAt``, ``archived`` and ``associations``.
    """
    rng = random.Random(seed)  # noqa: S311 -- filler, not a secret
    pool = _texts(rng, min(n, TEXT_POOL), until)
    step = timedelta(days=days) / max(n, 1)
    start = until - timedelta(days=days)
    number = _TICKET_BASE
    for place in range(n):
        number += rng.randint(1, 40)
        subject, content, category = pool[rng.randrange(len(pool))]
        created = start + step * place
        modified = min(until, created + timedelta(minutes=rng.randrange(20_000)))
        is_closed = place < n * 0.95
        created_at, modified_at = to_iso(created), to_iso(modified)
        company_id = str(_COMPANY_BASE + rng.randrange(companies) * 37)
        yield {
            "id": str(number),
            "properties": {
                "content": f"{content}\n\nReference {place:07d}",
                "createdate": created_at,
                "closed_date": modified_at if is_closed else None,
                "hs_lastmodifieddate": modified_at,
                "hs_object_id": str(number),
                "hs_pipeline": "0",
                "hs_pipeline_stage": "4" if is_closed else "1",
                "hs_primary_company_id": company_id,
                "hs_ticket_category": category,
                "hs_ticket_priority": "MEDIUM",
                "source_type": "EMAIL",
                "subject": subject,
            },
            "createdAt": created_at,
            "updatedAt": modified_at,
            "archived": False,
            "associations": {
                "companies": {
                    "results": [
                        {"id": company_id, "type": "ticket_to_company"},
                        {"id": company_id, "type": "ticket_to_company_unlabeled"},
                    ]
                }
            },
        }


def bulk_world(
    tickets: int, *, seed: int = 7, companies: int = 2_000, tenant_id: str = "bulk", clock: Clock = system_clock
) -> World:
    """A world with one portal that holds ``generate_tickets`` and the companies they belong to."""
    world = World(clock=clock)
    portal = world.add_portal(TenantProfile(tenant_id, tenant_id.capitalize()))
    for place in range(companies):
        portal.upsert(
            COMPANIES,
            {"name": f"Customer {place:05d}", "domain": f"customer-{place:05d}.example", "lifecyclestage": "customer"},
            object_id=_COMPANY_BASE + place * 37,
            created_at=_END - timedelta(days=900),
        )
    for record in generate_tickets(tickets, seed=seed, companies=companies):
        ticket_id = portal.upsert(
            TICKETS,
            record["properties"],
            object_id=record["id"],
            created_at=datetime.fromisoformat(record["createdAt"]),
            modified_at=datetime.fromisoformat(record["updatedAt"]),
        )
        company_id = record["properties"]["hs_primary_company_id"]
        portal.associate(TICKETS, ticket_id, COMPANIES, company_id, primary=True)
    return world


def _texts(rng: random.Random, count: int, until: datetime) -> list[tuple[str, str, str]]:
    """Subject, content and category of ``count`` tickets, the vendors in turn."""
    writers = [Writer(vendor, rng) for vendor in VENDORS]
    texts = []
    for place in range(count):
        vendor, writer = VENDORS[place % len(VENDORS)], writers[place % len(VENDORS)]
        topic = rng.choice(vendor.topics)
        sender = Sender(
            rng.choice(phrases.FIRST_NAMES), rng.choice(phrases.LAST_NAMES), rng.choice(phrases.JOB_TITLES), ""
        )
        texts.append((*writer.write(topic, Intent(rng.choice(_MOODS)), sender, until), topic.category))
    return texts
