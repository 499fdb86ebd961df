"""Asset checks about freshness and completeness; what a row must look like is tested in dbt."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from core.installation import Installation
from core.naming import ENRICHMENT, MARTS, RAW_HUBSPOT, STAGING

_DEAD_LETTER_SHARE = 0.005
"""The share of tickets that may have no reading (docs/names.md, dead_letters)."""

_TICKETS = dg.AssetKey([RAW_HUBSPOT, "tickets"])


@dg.asset_check(asset=_TICKETS, description="Every tenant's tickets were fetched within the last 36 hours.")
def tickets_are_fresh(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """Stale ingestion imitates a customer's silence, so it is said before any card is believed."""
    stale = _rows(
        place,
        "select tenant_id, max(synced_at) as synced_at from raw_hubspot.sync_cursors where stream = 'tickets' "
        "group by tenant_id having max(synced_at) < current_timestamp - interval '36 hours' order by tenant_id",
    )
    return _verdict({row["tenant_id"]: str(row["synced_at"]) for row in stale}, "stale_tenants")


@dg.asset_check(asset=_TICKETS, description="Rows held equal the total HubSpot counts in the closed window.")
def tickets_are_complete(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """Compares what we hold with HubSpot's own count, per tenant and stream, where a count was taken."""
    gaps = _rows(
        place,
        "select tenant_id, stream, held_count, portal_total from raw_hubspot.sync_cursors "
        "where portal_total is not null and held_count <> portal_total order by tenant_id, stream",
    )
    found = {f"{row['tenant_id']} {row['stream']}": [row["held_count"], row["portal_total"]] for row in gaps}
    return _verdict(found, "held_and_total")


@dg.asset_check(
    asset=dg.AssetKey([ENRICHMENT, "ticket_sentiment"]), description="At most one ticket in 200 has no usable reading."
)
def dead_letters_are_few(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """A model that answers nonsense shows here before it shows on the board."""
    counted = _rows(
        place,
        "select (select count(*) from enrichment.dead_letters) as dead, "
        "(select count(*) from enrichment.ticket_texts) as texts",
    )[0]
    share = counted["dead"] / counted["texts"] if counted["texts"] else 0.0
    return dg.AssetCheckResult(
        passed=share <= _DEAD_LETTER_SHARE, metadata={"dead_letters": counted["dead"], "tickets": counted["texts"]}
    )


@dg.asset_check(
    asset=dg.AssetKey([MARTS, "companies"]),
    additional_deps=[dg.AssetKey([STAGING, "stg_hubspot__companies"])],
    description="The mart has exactly the companies HubSpot has, archived ones left out.",
)
def companies_are_all_there(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """Row counts from one end of the chain to the other."""
    gaps = _rows(
        place,
        "select s.tenant_id, s.companies as held, coalesce(m.companies, 0) as served from "
        "(select tenant_id, count(*) as companies from raw_hubspot.companies where not archived group by 1) as s "
        "left join (select tenant_id, count(*) as companies from marts.companies group by 1) as m "
        "on m.tenant_id = s.tenant_id where s.companies <> coalesce(m.companies, 0)",
    )
    return _verdict({row["tenant_id"]: [row["held"], row["served"]] for row in gaps}, "held_and_served")


CHECKS = [tickets_are_fresh, tickets_are_complete, dead_letters_are_few, companies_are_all_there]


def _rows(place: Installation, sql: str) -> list[dict[str, Any]]:
    return place.warehouse.rows(sql)


def _verdict(offenders: Mapping[str, Any], name: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=not offenders, metadata={name: dg.MetadataValue.json(dict(offenders))})
