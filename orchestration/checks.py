"""Asset checks about freshness, completeness and mappings; what a row must look like is tested in dbt."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from analysis.deferred import deferred_tickets
from core.freshness import is_stale, lag
from core.installation import Installation
from core.naming import ENRICHMENT, MARTS, RAW_HUBSPOT, STAGING
from core.vocabulary import StreamStatus
from ingestion.hubspot.mappable import Mappable, problems
from ingestion.hubspot.tables import SYNC_CURSORS

_DEAD_LETTER_SHARE = 0.005
"""The share of messages that may have no reading (docs/names.md, dead_letters)."""

_CURSORS = dg.AssetKey([RAW_HUBSPOT, SYNC_CURSORS.name])


@dg.asset_check(asset=_CURSORS, description="Of every stream, changes up to 36 hours ago or later have been fetched.")
def streams_are_fresh(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """Stale ingestion imitates a customer's silence, so it is said before any card is believed."""
    now = datetime.now(UTC)
    # What may not be read is not late.
    streams = [row for row in _streams(place) if row["status"] != StreamStatus.MISSING_SCOPE]
    lags = {_named(row): lag(row["cursor_at"], now) for row in streams}
    hours = {name: None if behind is None else round(behind / timedelta(hours=1), 1) for name, behind in lags.items()}
    stale = {_named(row): hours[_named(row)] for row in streams if is_stale(row["cursor_at"], now)}
    return _verdict(stale, "stale_lag_hours", lag_hours=hours)


@dg.asset_check(asset=_CURSORS, description="Of every counted stream, rows held equal HubSpot's own count.")
def streams_are_complete(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """Compares what we hold with HubSpot's count in the closed window, per tenant and stream, where a count was taken."""
    counted = [row for row in _streams(place) if row["portal_total"] is not None]
    gaps = {
        _named(row): [row["held_count"], row["portal_total"]]
        for row in counted
        if row["held_count"] != row["portal_total"]
    }
    return _verdict(gaps, "held_and_total", streams_counted=len(counted))


@dg.asset_check(asset=_CURSORS, description="Every stream could be read the last time: no scope missing, no failure.")
def every_stream_is_readable(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """What could not be read, with the sentence that says why and what to do."""
    shut = {
        _named(row): f"{row['status']}: {row['error_message'] or 'no reason was given.'}"
        for row in _streams(place)
        if row["status"] not in {None, StreamStatus.SYNCED}
    }
    is_only_scopes = all(sentence.startswith(StreamStatus.MISSING_SCOPE) for sentence in shut.values())
    # Which scopes to grant is the tenant's to decide; a failure is nobody's decision.
    severity = dg.AssetCheckSeverity.WARN if is_only_scopes else dg.AssetCheckSeverity.ERROR
    return _verdict(shut, "not_read", severity=severity)


@dg.asset_check(
    asset=dg.AssetKey([RAW_HUBSPOT, "properties"]),
    additional_deps=[dg.AssetKey([RAW_HUBSPOT, "pipeline_stages"])],
    description="Every property and stage a tenant has mapped is still in HubSpot, and still of a fitting type.",
)
def mappings_are_valid(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """A property that vanished, was archived or was retyped makes a fact unknown, and nobody else would say so."""
    wrong: dict[str, list[str]] = {}
    for tenant in place.directory.tenants():
        found = _mappable(place, tenant.tenant_id)
        if not found.properties:
            continue  # Nothing was loaded yet, or companies may not be read: `every_stream_is_readable` tells.
        for field, mapping in place.mappings.current(tenant.tenant_id).items():
            if sentences := problems(mapping, found):
                wrong[f"{tenant.tenant_id} {field}"] = sentences
    return _verdict(wrong, "problems")


@dg.asset_check(
    asset=dg.AssetKey([ENRICHMENT, "message_sentiment"]),
    description="At most one message in 200 has no usable reading.",
)
def dead_letters_are_few(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """A model that answers nonsense shows here before it shows on the board."""
    counted = _rows(
        place,
        "select (select count(*) from enrichment.dead_letters) as dead, "
        "(select count(*) from enrichment.message_texts where not is_repeated) as texts",
    )[0]
    share = counted["dead"] / counted["texts"] if counted["texts"] else 0.0
    return dg.AssetCheckResult(
        passed=share <= _DEAD_LETTER_SHARE, metadata={"dead_letters": counted["dead"], "messages": counted["texts"]}
    )


@dg.asset_check(
    asset=dg.AssetKey([ENRICHMENT, "message_sentiment"]), description="No ticket waits for room in a budget."
)
def nothing_waits_for_budget(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """What a budget had no room for is not lost and not read; only a person can raise the budget, or let the month pass."""
    waiting = {
        tenant: f"{one.ticket_count:,} tickets wait since {one.since_at:%Y-%m-%d} for about {one.estimated_usd:.2f} USD: raise "
        f"with `churnboard budget set {tenant} …`, or let the month pass."
        for tenant, one in sorted(deferred_tickets(place.warehouse).items())
    }
    return _verdict(waiting, "waiting", severity=dg.AssetCheckSeverity.WARN)


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


CHECKS = [
    streams_are_fresh,
    streams_are_complete,
    every_stream_is_readable,
    mappings_are_valid,
    dead_letters_are_few,
    nothing_waits_for_budget,
    companies_are_all_there,
]


def _streams(place: Installation) -> list[dict[str, Any]]:
    return _rows(place, "select * from raw_hubspot.sync_cursors order by tenant_id, stream")


def _named(row: Mapping[str, Any]) -> str:
    return f"{row['tenant_id']} {row['stream']}"


def _mappable(place: Installation, tenant_id: str) -> Mappable:
    return Mappable.in_rows(
        _rows(
            place,
            "select * from raw_hubspot.properties where tenant_id = :tenant_id and object_type = 'companies'",
            tenant_id=tenant_id,
        ),
        _rows(place, "select * from raw_hubspot.pipeline_stages where tenant_id = :tenant_id", tenant_id=tenant_id),
    )


def _rows(place: Installation, sql: str, **params: object) -> list[dict[str, Any]]:
    return place.warehouse.rows(sql, **params)


def _verdict(
    offenders: Mapping[str, Any],
    name: str,
    *,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    **seen: Any,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=not offenders, severity=severity, metadata={name: dict(offenders), **seen})
