"""Requests for erasure: whose data must be gone, since when, and whether it is.

A request is written before anything is erased and holds ids only. It stays for good: HubSpot keeps the tickets of an erased
contact, text included, so whoever loads them asks here first which of them to take without words.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from core.appdb.engine import writing
from core.appdb.tables import erasure
from core.vocabulary import ErasureSource

CONTACT = "contact"
"""The one object type HubSpot erases."""

OLD_TICKETS = "old_tickets"
"""Object type of tickets whose words are kept no longer; the object's id is the day they were found."""

_C = erasure.c


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """One request; `ticket_ids` are the tickets whose words go, with the contact where it is about one."""

    tenant_id: str
    object_type: str
    object_id: str
    ticket_ids: Sequence[str]
    requested_at: datetime
    source: ErasureSource
    done_at: datetime | None = None
    residue_count: int | None = None

    def __str__(self) -> str:
        """What it is about, for people."""
        if self.object_type == CONTACT:
            return f"contact {self.object_id}"
        return f"{len(self.ticket_ids)} tickets no longer kept on {self.object_id}"


class Erasures:
    """Reads and writes requests."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def request(
        self,
        tenant_id: str,
        contacts: Mapping[str, Collection[str]],
        *,
        source: ErasureSource,
        requested_at: datetime,
    ) -> None:
        """Ask that these contacts, each with its tickets, be erased.

        Asking again adds tickets that were not known before, and has the request done again; nothing else changes.
        """
        with writing(self._engine) as connection:
            for contact_id, ticket_ids in contacts.items():
                _ask(connection, tenant_id, CONTACT, contact_id, ticket_ids, source, requested_at)

    def request_old(self, tenant_id: str, ticket_ids: Collection[str], *, requested_at: datetime) -> None:
        """Ask that the words of these tickets go, as they are older than the tenant keeps them."""
        day, source = str(requested_at.date()), ErasureSource.RETENTION
        with writing(self._engine) as connection:
            _ask(connection, tenant_id, OLD_TICKETS, day, ticket_ids, source, requested_at)

    def open(self, tenant_ids: Collection[str]) -> list[Erasure]:
        """Requests of these tenants that are still to be done, oldest first."""
        return self._read(_C.tenant_id.in_(tenant_ids), _C.done_at.is_(None))

    def of(self, tenant_id: str) -> list[Erasure]:
        """Every request of a tenant, oldest first."""
        return self._read(_C.tenant_id == tenant_id)

    def searched(self, request: Erasure, *, residue_count: int, searched_at: datetime) -> None:
        """Record how many places still hold something; none: the request is done."""
        mine = (
            (_C.tenant_id == request.tenant_id)
            & (_C.object_type == request.object_type)
            & (_C.object_id == request.object_id)
        )
        done_at = None if residue_count else searched_at
        with writing(self._engine) as connection:
            connection.execute(update(erasure).where(mine).values(residue_count=residue_count, done_at=done_at))

    def suppressed_tickets(self, tenant_id: str) -> frozenset[str]:
        """Tickets that are to be loaded without words, and never read."""
        return frozenset(one for request in self.of(tenant_id) for one in request.ticket_ids)

    def suppressed_contacts(self, tenant_id: str) -> frozenset[str]:
        """Contacts of whom nothing but the id may be loaded."""
        return frozenset(request.object_id for request in self.of(tenant_id) if request.object_type == CONTACT)

    def _read(self, *conditions: Any) -> list[Erasure]:
        query = select(erasure).where(*conditions).order_by(_C.requested_at, _C.tenant_id, _C.object_id)
        with self._engine.connect() as connection:
            return [Erasure(**row) for row in connection.execute(query).mappings()]


def _ask(
    connection: Connection,
    tenant_id: str,
    object_type: str,
    object_id: str,
    ticket_ids: Collection[str],
    source: ErasureSource,
    requested_at: datetime,
) -> None:
    mine = (_C.tenant_id == tenant_id) & (_C.object_type == object_type) & (_C.object_id == object_id)
    held = connection.scalar(select(_C.ticket_ids).where(mine))
    tickets = sorted({*ticket_ids, *(held or ())})
    if held is None:
        key = {"tenant_id": tenant_id, "object_type": object_type, "object_id": object_id}
        new = insert(erasure).values(**key, ticket_ids=tickets, requested_at=requested_at, source=source)
        connection.execute(new)
    else:
        connection.execute(update(erasure).where(mine).values(ticket_ids=tickets, done_at=None))
