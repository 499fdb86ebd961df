"""A world out of real tickets: one JSON object a line, made into companies, contacts and tickets of one portal.

What the file says about meaning (its labels) goes into the truth and is never served. Nothing is invented: a ticket
without an outcome in the file counts as closed at an unknown moment, since such files are archives; CRM facts stay unmapped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from core.errors import Terminal
from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, TICKETS
from ingestion.sandbox.clock import Clock, parse_iso, system_clock
from ingestion.sandbox.truth import TicketTruth
from ingestion.sandbox.world import Portal, TenantProfile, Value, World

_COMPANY_BASE, _CONTACT_BASE, _TICKET_BASE = 20_400_118_000, 61_300_450_000, 30_115_207_000
_KNOWN_BEFORE = timedelta(days=365)
_NEW, _CLOSED = "1", "4"


class TicketsFileRefused(Terminal):
    """The file of tickets cannot be read, or a line of it is not a ticket."""


@dataclass(frozen=True, slots=True)
class FileTicket:
    """One line of the file.

    Attributes:
        has_outcome: Whether the line says if the ticket was closed.
    """

    source_id: str
    created_at: datetime
    company: str | None
    contact: str | None
    subject: str | None
    content: str | None
    has_outcome: bool
    closed_at: datetime | None
    label_sentiment: str | None
    label_topic: str | None
    label_churn_intent: str | None


def load_tickets_file(path: Path, tenant_id: str | None = None, *, clock: Clock = system_clock) -> World:
    """Make a world with one portal out of a file of tickets.

    Args:
        path: JSON lines with ``id``, ``created_at`` (ISO 8601) and, each of them text or null, ``company``, ``contact``,
            ``subject``, ``content``, ``closed_at``, ``label_sentiment``, ``label_topic``, ``label_churn_intent``. Other
            keys are left alone.
        tenant_id: The tenant's slug; made from the file's name when None.
        clock: The present of changes made to the world later.

    Returns:
        The world; ids are numbered in the order of the create dates.

    Raises:
        TicketsFileRefused: The file cannot be read or has no tickets, or a line is not a ticket; the message names the
            line and what to do.
    """
    slug = tenant_id or re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "tickets"
    tickets = sorted(_read(path), key=lambda ticket: ticket.created_at)
    if not tickets:
        raise TicketsFileRefused(f"{path} holds no tickets. Give a file with one JSON object a line.")
    world = World(clock=clock)
    portal = world.add_portal(TenantProfile(slug, slug.replace("-", " ").title()), born_at=tickets[0].created_at)
    companies = _add_companies(portal, tickets)
    contacts = _add_contacts(portal, tickets, companies)
    for place, ticket in enumerate(tickets):
        ticket_id = _add_ticket(portal, ticket, _TICKET_BASE + 17 * place)
        if ticket.company is not None:
            portal.associate(TICKETS, ticket_id, COMPANIES, companies[ticket.company], primary=True)
        if ticket.contact is not None:
            portal.associate(TICKETS, ticket_id, CONTACTS, contacts[ticket.company, ticket.contact])
        world.ticket_truth.append(
            TicketTruth(
                tenant_id=slug,
                ticket_id=ticket_id,
                sentiment=ticket.label_sentiment,
                topic=ticket.label_topic,
                churn_intent=ticket.label_churn_intent,
                source_id=ticket.source_id,
            )
        )
    return world


def _read(path: Path) -> Iterator[FileTicket]:
    seen: dict[str, int] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise TicketsFileRefused(
            f"{path} cannot be read ({error.strerror}). Check the path and its permissions."
        ) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        ticket = _ticket(line, f"{path}, line {number}")
        if ticket.source_id in seen:
            raise TicketsFileRefused(
                f"{path}, line {number}: the id {ticket.source_id!r} was used in line {seen[ticket.source_id]} already. "
                "Give every ticket an id of its own."
            )
        seen[ticket.source_id] = number
        yield ticket


def _ticket(line: bytes, where: str) -> FileTicket:
    try:
        raw = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise TicketsFileRefused(f"{where}: not JSON ({error}). Write one JSON object a line.") from error
    if not isinstance(raw, dict):
        raise TicketsFileRefused(f"{where}: not a JSON object. Write one JSON object a line.")
    source_id = raw.get("id")
    if not isinstance(source_id, str | int) or source_id == "":
        raise TicketsFileRefused(f"{where}: the ticket has no id. Add the key id with a text or a number.")
    created_at = _moment(raw, "created_at", where)
    if created_at is None:
        raise TicketsFileRefused(f"{where}: the ticket has no create date. Add the key created_at, ISO 8601.")
    return FileTicket(
        source_id=str(source_id),
        created_at=created_at,
        company=_text(raw, "company", where),
        contact=_text(raw, "contact", where),
        subject=_text(raw, "subject", where),
        content=_text(raw, "content", where),
        has_outcome="closed_at" in raw,
        closed_at=_moment(raw, "closed_at", where),
        label_sentiment=_text(raw, "label_sentiment", where),
        label_topic=_text(raw, "label_topic", where),
        label_churn_intent=_text(raw, "label_churn_intent", where),
    )


def _text(raw: dict[str, Any], key: str, where: str) -> str | None:
    value = raw.get(key)
    if value is not None and not isinstance(value, str):
        raise TicketsFileRefused(f"{where}: {key} is {type(value).__name__}, not text. Write it in quotes, or null.")
    return value or None


def _moment(raw: dict[str, Any], key: str, where: str) -> datetime | None:
    value = raw.get(key)
    if value is None:
        return None
    try:
        return parse_iso(value).astimezone(UTC)
    except (TypeError, ValueError) as error:
        raise TicketsFileRefused(
            f"{where}: {key} is {value!r}, not a date. Write it as ISO 8601, like 2026-03-31T08:15:00Z."
        ) from error


def _add_companies(portal: Portal, tickets: list[FileTicket]) -> dict[str, str]:
    found: dict[str, str] = {}
    for ticket in tickets:
        if ticket.company is not None and ticket.company not in found:
            found[ticket.company] = portal.upsert(
                COMPANIES,
                {"name": ticket.company, "lifecyclestage": "customer"},
                object_id=_COMPANY_BASE + 23 * len(found),
                created_at=ticket.created_at - _KNOWN_BEFORE,
            )
    return found


def _add_contacts(
    portal: Portal, tickets: list[FileTicket], companies: dict[str, str]
) -> dict[tuple[str | None, str], str]:
    found: dict[tuple[str | None, str], str] = {}
    for ticket in tickets:
        if ticket.contact is None or (ticket.company, ticket.contact) in found:
            continue
        contact_id = portal.upsert(
            CONTACTS,
            {"lastname": ticket.contact},
            object_id=_CONTACT_BASE + 13 * len(found),
            created_at=ticket.created_at,
        )
        found[ticket.company, ticket.contact] = contact_id
        if ticket.company is not None:
            portal.associate(CONTACTS, contact_id, COMPANIES, companies[ticket.company], primary=True)
    return found


def _add_ticket(portal: Portal, ticket: FileTicket, number: int) -> str:
    is_open = ticket.has_outcome and ticket.closed_at is None
    properties: dict[str, Value] = {
        "subject": ticket.subject,
        "content": ticket.content,
        "hs_pipeline": "0",
        "hs_pipeline_stage": _NEW if is_open else _CLOSED,
        "closed_date": ticket.closed_at,
        "hs_last_message_received_at": ticket.created_at,
    }
    modified_at = max(ticket.created_at, ticket.closed_at or ticket.created_at)
    stages: list[tuple[Value, datetime]] = [(_NEW, ticket.created_at), (_CLOSED, ticket.closed_at or ticket.created_at)]
    return portal.upsert(
        TICKETS,
        properties,
        object_id=number,
        created_at=ticket.created_at,
        modified_at=modified_at,
        history={"hs_pipeline_stage": stages} if ticket.closed_at else None,
    )
