"""Erasing people: the request, then every store in turn, then the search for what is left.

HubSpot says that a contact is gone while its cell is being synced; from a person, or a webhook, the request comes at any time. In
all cases it is written down first. Then the warehouse is cleared under the lock of the cell, so that no load brings back what is
being cleared; the journal; marts, builds and BI files under the lock `transform`, so that no build is made of what is being
cleared; then what the warehouse was told of corrections; and at last, once for all requests, the files are written anew. A run that
is killed anywhere leaves the request open, and the next one does all of it again: what is already gone is not found.

Left out on purpose: backups, and the log of a Postgres server.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from analysis import open_journal
from analysis.erasure import Erased, call_keys, forget_calls
from analysis.journal import Journal
from core import chaos
from core.appdb.engine import forget_deleted
from core.appdb.erasures import CONTACT, Erasure
from core.erasure import Needles, Residue, Subject, find_residue
from core.erasure.needles import addresses_of, gather, tickets_with
from core.erasure.published import clear_application, left_in_application
from core.erasure.registry import APPLICATION, DECISIONS, MODELS, RAW, READINGS, WAREHOUSE
from core.erasure.warehouse import bound, clear, clear_staged, left, messages_on, statements
from core.installation import Installation
from core.naming import MARTS, RAW_APP, RAW_HUBSPOT, pipeline_name
from core.publishing.bi_file import rewrite_bi_file
from core.vocabulary import ErasureSource
from core.warehouse.duckdb import DuckDBWarehouse
from ingestion.app_state import APP_CELL
from ingestion.hubspot.tables import ensure_raw_tables
from ingestion.hubspot.words import thin_properties


@dataclass(frozen=True)
class TenantErased:
    """What became of a tenant's open requests.

    Attributes:
        requests: The requests that were carried out.
        changed: Rows, calls and files cleared, by store.
        residue: What the search found afterwards; empty when everything is gone.
    """

    tenant_id: str
    requests: Sequence[Erasure]
    changed: Mapping[str, int] = field(default_factory=dict)
    residue: Sequence[Residue] = ()

    def __str__(self) -> str:
        cleared = ", ".join(f"{count} in {store}" for store, count in self.changed.items())
        left_over = ", ".join(f"{one.where} ({one.count})" for one in self.residue)
        about = ", ".join(str(one) for one in self.requests)
        return (
            f"{self.tenant_id}: {about} erased ({cleared}); "
            f"{f'found again in {left_over}' if left_over else 'nothing remains'}."
        )


class Eraser:
    """Takes requests and carries them out; remembers, while it lives, what to search for afterwards."""

    def __init__(self, place: Installation) -> None:
        self._place = place
        self._needles: dict[str, Needles] = {}

    @cached_property
    def _journal(self) -> Journal:
        return open_journal(self._place.settings.stores.journal)

    def on_erased_contacts(self, tenant_id: str, contacts: Mapping[str, Sequence[str]]) -> None:
        """A sync has found that HubSpot erased these contacts, each with its tickets; called under the lock of their cell.

        The warehouse is cleared at once, while the contacts' rows still say what to look for; `carry_out` does the rest.
        """
        self.request(tenant_id, contacts, source=ErasureSource.HUBSPOT)
        self._clear_warehouse(tenant_id, _subject(self._place, tenant_id, self._place.erasures.open([tenant_id])))

    def request(self, tenant_id: str, contacts: Mapping[str, Sequence[str]], *, source: ErasureSource) -> None:
        """Write down that these contacts, with these tickets and those that carry their address, are to be erased."""
        ensure_raw_tables(self._place.warehouse)
        with self._place.warehouse.snapshot() as snapshot:
            grown = {}
            for contact_id, ticket_ids in contacts.items():
                addresses = addresses_of(snapshot, tenant_id, [contact_id])
                linked = snapshot.rows(
                    "select ticket_id from raw_hubspot.ticket_contacts "
                    "where tenant_id = :tenant_id and contact_id = :contact_id",
                    tenant_id=tenant_id,
                    contact_id=contact_id,
                )
                known = {*ticket_ids, *(row["ticket_id"] for row in linked)}
                grown[contact_id] = sorted(known | tickets_with(snapshot, tenant_id, addresses))
        self._place.erasures.request(tenant_id, grown, source=source, requested_at=datetime.now(UTC))
        chaos.point("erase.after_request")

    def carry_out(self, tenant_ids: Sequence[str]) -> list[TenantErased]:
        """Do what these tenants' open requests ask for; without effect where there is none.

        Raises:
            WarehouseBusy: A load of a tenant's cell, or a build, did not end in time; the requests stay open.
            StillRead: A reader keeps a SQLite file's log; the requests stay open.
        """
        by_tenant: dict[str, list[Erasure]] = {}
        for request in self._place.erasures.open(tenant_ids):
            by_tenant.setdefault(request.tenant_id, []).append(request)
        if not by_tenant:
            return []
        changed = {tenant_id: self._clear(tenant_id, requests) for tenant_id, requests in by_tenant.items()}
        self._forget_deleted()
        return [self._searched(one, requests, changed[one]) for one, requests in by_tenant.items()]

    def _clear(self, tenant_id: str, requests: Sequence[Erasure]) -> dict[str, int]:
        place, subject = self._place, _subject(self._place, tenant_id, requests)
        cell = place.directory.tenant(tenant_id).cell
        changed = {}
        with place.warehouse.named_lock(f"cell:{cell}"):
            ensure_raw_tables(place.warehouse)
            changed["warehouse"] = self._clear_warehouse(tenant_id, subject)
            changed["warehouse"] += clear_staged(place.warehouse, tenant_id)
            # What a killed load left in its working folder.
            folder = place.settings.stores.data_dir / "dlt" / pipeline_name(RAW_HUBSPOT, cell)
            shutil.rmtree(folder, ignore_errors=True)
        changed["journal"] = forget_calls(place.warehouse, self._journal, subject)
        chaos.point("erase.after_journal")
        spoken_of = self._needles[tenant_id]
        with place.warehouse.named_lock("transform"):
            changed["marts"] = clear(place.warehouse, MODELS, subject)
            changed["application"] = clear_application(
                place.app_database, subject, [*spoken_of.addresses, *spoken_of.names]
            )
            if isinstance(place.warehouse, DuckDBWarehouse):
                changed["BI files"] = rewrite_bi_file(
                    place.settings.stores.data_dir / "published", _bi_changes(subject)
                )
        chaos.point("erase.after_published")
        # Only now, since whatever is loaded from the application database from here on is cleared already.
        with place.warehouse.named_lock(RAW_APP):
            changed["decisions"] = clear(place.warehouse, DECISIONS, subject)
            changed["decisions"] += clear_staged(place.warehouse, tenant_id, RAW_APP)
            shutil.rmtree(place.settings.stores.data_dir / "dlt" / pipeline_name(RAW_APP, APP_CELL), ignore_errors=True)
        return changed

    def _clear_warehouse(self, tenant_id: str, subject: Subject) -> int:
        with self._place.warehouse.snapshot() as snapshot:
            self._needles[tenant_id] = self._needles.get(tenant_id, Needles()) + gather(snapshot, subject)
        readings = clear(self._place.warehouse, READINGS, subject)
        changed = readings + clear(self._place.warehouse, RAW, subject, thin=thin_properties)
        chaos.point("erase.after_warehouse")
        return changed

    def _forget_deleted(self) -> None:
        place = self._place
        place.warehouse.forget_deleted([one.qualified for one in WAREHOUSE])
        forget_deleted(place.app_database, [one.table for one in APPLICATION])
        self._journal.forget_deleted()

    def _searched(self, tenant_id: str, requests: Sequence[Erasure], changed: Mapping[str, int]) -> TenantErased:
        needles = self._needles[tenant_id]
        found = find_residue(self._place, tenant_id, needles.in_rows, in_bytes=needles.in_bytes)
        found += _unclear(self._place, self._journal, _subject(self._place, tenant_id, requests))
        now = datetime.now(UTC)
        for request in requests:
            self._place.erasures.searched(request, residue_count=len(found), searched_at=now)
        return TenantErased(tenant_id, requests, changed, found)


def erased_tickets(place: Installation, tenant_ids: Sequence[str]) -> Erased:
    """Tenant and id of the tickets whose words are erased, or about to be."""
    return frozenset((one, ticket) for one in tenant_ids for ticket in place.erasures.suppressed_tickets(one))


def what_remains(place: Installation) -> dict[str, list[str]]:
    """By tenant, what is not gone of whatever was ever erased: requests still open, and tables that hold words again.

    Names and words are no longer known, so this asks the tables whether they hold what they should not; the search by name and
    word was made when the request was carried out, and its result stands with the request.
    """
    journal = open_journal(place.settings.stores.journal)
    remains: dict[str, list[str]] = {}
    for tenant in place.directory.tenants():
        requests = place.erasures.of(tenant.tenant_id)
        said = [
            f"{one}: found in {one.residue_count} places" if one.residue_count else f"{one}: still to be erased"
            for one in requests
            if one.done_at is None
        ]
        if requests:
            unclear = _unclear(place, journal, _subject(place, tenant.tenant_id, requests))
            said += [f"{one.where}: {one.count} rows" for one in unclear]
        if said:
            remains[str(tenant.tenant_id)] = said
    journal.close()
    return remains


def _unclear(place: Installation, journal: Journal, subject: Subject) -> list[Residue]:
    with place.warehouse.snapshot() as snapshot:
        found = [Residue("warehouse", *one) for one in left(snapshot, WAREHOUSE, subject).items()]
        keys = call_keys(snapshot, subject)
    found += [Residue("application", *one) for one in left_in_application(place.app_database, subject).items()]
    if calls := journal.remembered(subject.tenant_id, subject.ticket_ids, keys):
        found.append(Residue("journal", "llm_call", calls))
    return found


def _subject(place: Installation, tenant_id: str, requests: Sequence[Erasure]) -> Subject:
    tickets = sorted({ticket for request in requests for ticket in request.ticket_ids})
    with place.warehouse.snapshot() as snapshot:
        messages = messages_on(snapshot, tenant_id, tickets)
    contacts = sorted({request.object_id for request in requests if request.object_type == CONTACT})
    return Subject(tenant_id, contacts, tickets, messages)


def _bi_changes(subject: Subject) -> Callable[[str, set[str]], list[tuple[str, dict[str, object]]]]:
    holdings = {one.table: one for one in MODELS if one.schema == MARTS}

    def change(table: str, columns: set[str]) -> list[tuple[str, dict[str, object]]]:
        return [(sql, bound(sql, subject)) for sql in statements(holdings[table], columns, relation=table)]

    return change
