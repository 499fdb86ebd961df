"""Syncing a sandbox portal in a test, and comparing what came of it with the portal itself."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core import html
from core.tenants import cell, tenant_id
from core.warehouse import Warehouse
from ingestion.hubspot.ahead import crew
from ingestion.hubspot.client import HubSpotClient
from ingestion.hubspot.limiter import Limits
from ingestion.hubspot.reader import Portal as ReadPortal
from ingestion.hubspot.report import CellReport
from ingestion.hubspot.sync import Options, PortalAccess, refetch_cell, sync_cell
from ingestion.sandbox.world import Portal, TenantProfile, World

UNLIMITED = Limits(burst=None, searches=None)

Facts = dict[str, Any]


class TickingClock:
    """A present that moves by a millisecond whenever it is looked at, and by hand."""

    def __init__(self, start: datetime = datetime(2026, 11, 2, 9, tzinfo=UTC)) -> None:
        self._now = start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            self._now += timedelta(milliseconds=1)
            return self._now

    def forward(self, **by: float) -> None:
        with self._lock:
            self._now += timedelta(**by)


def small_portal(world: World, slug: str = "acme", tickets: int = 12) -> Portal:
    """A portal with three companies, three contacts and some tickets; the first has two companies, the last none at all.

    The first two tickets have an email and a note each; one more email belongs to no ticket.
    """
    portal = world.add_portal(TenantProfile(slug, slug.title()))
    companies = [portal.upsert("companies", {"name": f"Company {one}", "annualrevenue": one * 100}) for one in range(3)]
    contacts = [portal.upsert("contacts", {"email": f"c{one}@customer.example"}) for one in range(3)]
    for number in range(tickets):
        ticket = portal.upsert(
            "tickets",
            {
                "subject": f"Ticket {number}",
                "content": f"Text of ticket {number}",
                "hs_pipeline": "0",
                "hs_pipeline_stage": "1",
            },
        )
        if number < tickets - 1:
            portal.associate("tickets", ticket, "companies", companies[number % 3], primary=True)
            portal.associate("tickets", ticket, "contacts", contacts[number % 3])
        if number == 0:
            portal.associate("tickets", ticket, "companies", companies[1])
        if number < 2:
            for kind, body in (("emails", "hs_email_text"), ("notes", "hs_note_body")):
                message = portal.upsert(kind, {body: f"Message about ticket {number}"})
                portal.associate("tickets", ticket, kind, message)
    portal.upsert("emails", {"hs_email_text": "Sales talk that belongs to no ticket"})
    return portal


def access(portal: Portal, base_url: str, **changes: Any) -> PortalAccess:
    """The way to a sandbox portal, without waiting for rate limits."""
    given = {"access_token": SecretStr(portal.static_token), "limits": UNLIMITED, **changes}
    return PortalAccess(tenant_id(portal.tenant.tenant_id), base_url, **given)


@contextmanager
def reading(portal: Portal, base_url: str, **options: Any) -> Iterator[ReadPortal]:
    """A sandbox portal through our own reader; `options` are the client's."""
    way = access(portal, base_url)
    with HubSpotClient(way.base_url, way.tenant_id, way.access_token, **options) as client, crew(2) as hands:
        yield ReadPortal(client, hands)


def sync(
    portals: Portal | list[Portal],
    base_url: str,
    warehouse: Warehouse,
    work_dir: Path,
    *,
    now: Callable[[], datetime],
    **changes: Any,
) -> CellReport:
    """Sync portals as one cell, with an overlap of a minute and no lag unless told otherwise; with `hints`, just those records."""
    several = portals if isinstance(portals, list) else [portals]
    given: dict[str, Any] = {"overlap_seconds": 60, "lag_seconds": 0, "run_id": "run", **changes}
    place = cell(given.pop("cell", several[0].tenant.tenant_id))
    accesses = given.pop("accesses", None) or [access(one, base_url) for one in several]
    hints = given.pop("hints", None)
    shared: dict[str, Any] = {"warehouse": warehouse, "data_dir": work_dir, "run_id": given.pop("run_id")}
    shared["options"] = Options(now=now, **given)
    return (
        sync_cell(place, accesses, **shared) if hints is None else refetch_cell(place, accesses, hints=hints, **shared)
    )


def in_portal(portal: Portal) -> Facts:
    """What a sync should have brought, read from the portal's memory."""
    facts: Facts = {}
    with portal.reading() as (stores, _links):
        for object_type in ("tickets", "companies", "contacts"):
            served = set(portal.live_definitions(object_type))
            store = stores[object_type]
            facts[object_type] = {
                str(one): (
                    archived,
                    {name: value for name, value in _found(store, one).properties.items() if name in served},
                )
                for archived in (False, True)
                for one in store.ids(archived=archived)
            }
    for to in ("companies", "contacts", "emails", "notes"):
        in_bin = set(portal.ids(to, archived=True)) if to in {"emails", "notes"} else set()
        facts[f"ticket_{to}"] = {
            ticket: {
                one: primary for one, primary in portal.linked_ids("tickets", ticket, to).items() if one not in in_bin
            }
            or {None: False}
            for ticket in portal.ids("tickets")
        }
    for kind, body in (("emails", "hs_email_text"), ("notes", "hs_note_body")):
        linked = {one for links in facts[f"ticket_{kind}"].values() for one in links if one is not None}
        # The warehouse holds what a person sees of a message, and null where that is nothing.
        facts[kind] = {
            one: html.plain_text(portal.properties_of(kind, one).get(body)) or None for one in sorted(linked)
        }
    facts["aliases"] = {kind: portal.aliases(kind) for kind in ("tickets", "companies", "contacts")}
    facts["pipelines"] = {one.id: one.label for one in portal.pipelines() if not one.archived}
    facts["owners"] = {one.id: (one.email, one.archived) for one in portal.owners()}
    return facts


def in_warehouse(warehouse: Warehouse, portal: Portal) -> Facts:
    """The same facts as the warehouse holds them; every row must have a key of its own."""
    tenant = portal.tenant.tenant_id

    def rows(table: str) -> list[dict[str, Any]]:
        return warehouse.rows(f"select * from raw_hubspot.{table} where tenant_id = :tenant", tenant=tenant)

    facts: Facts = {}
    for object_type in ("tickets", "companies", "contacts"):
        found = rows(object_type)
        facts[object_type] = {row["id"]: (row["archived"], json.loads(row["properties"])) for row in found}
        assert len(found) == len(facts[object_type]), f"{object_type}: a row stands twice"
    live = {one for one, (archived, _) in facts["tickets"].items() if not archived}
    for to, column in (
        ("companies", "company_id"),
        ("contacts", "contact_id"),
        ("emails", "email_id"),
        ("notes", "note_id"),
    ):
        links: dict[str, dict[str | None, bool]] = {}
        for row in rows(f"ticket_{to}"):
            held = links.setdefault(row["ticket_id"], {})
            assert row[column] not in held, f"ticket_{to}: a link stands twice"
            held[row[column]] = bool(row.get("is_primary"))
        facts[f"ticket_{to}"] = {ticket: held for ticket, held in links.items() if ticket in live}
    for kind in ("emails", "notes"):
        linked = {one for links in facts[f"ticket_{kind}"].values() for one in links if one is not None}
        facts[kind] = {
            row["id"]: row["text"] for row in sorted(rows(kind), key=lambda row: row["id"]) if row["id"] in linked
        }
    facts["aliases"] = {kind: {} for kind in ("tickets", "companies", "contacts")}
    for row in rows("record_aliases"):
        facts["aliases"][row["object_type"]][row["alias_id"]] = row["record_id"]
    facts["pipelines"] = {row["id"]: row["label"] for row in rows("pipelines") if not row["archived"]}
    facts["owners"] = {row["id"]: (row["email"], row["archived"]) for row in rows("owners")}
    return facts


def _found(store: Any, record_id: int) -> Any:
    record = store.find(record_id)
    assert record is not None
    return record
