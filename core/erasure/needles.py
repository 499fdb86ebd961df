"""What to search for afterwards: the person's name, addresses and numbers, and sentences only they wrote.

Gathered before anything is erased, kept in memory and nowhere else. A sentence or a name that also stands where it may stay (in
another person's ticket, in another contact's name) proves nothing, so it is not searched for.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.erasure.registry import Subject
from core.warehouse.base import Snapshot

_SHORTEST_SENTENCE = 30
_SHORTEST_NUMBER = 7
_SENTENCES_A_TEXT = 3
_MOST = 60
_NUMBERS = ("phone", "mobilephone", "hs_whatsapp_phone_number", "fax")
_ELSEWHERE = (
    ("contacts", "email"),
    ("contacts", "properties"),
    ("tickets", "subject"),
    ("tickets", "content"),
    ("emails", "text"),
    ("owners", "email"),
)


@dataclass(frozen=True)
class Needles:
    """What must not be found any more.

    Attributes:
        addresses: E-mail addresses of the contacts.
        names: Their full names.
        in_rows: What is searched for in the tenant's own rows.
        in_bytes: The part of it that nobody else's rows hold either, and that no file may contain.
    """

    addresses: Sequence[str] = ()
    names: Sequence[str] = ()
    in_rows: Sequence[str] = ()
    in_bytes: Sequence[str] = ()

    def __add__(self, other: "Needles") -> "Needles":
        def both(one: Sequence[str], two: Sequence[str]) -> Sequence[str]:
            return list(dict.fromkeys([*one, *two]))

        return Needles(
            both(self.addresses, other.addresses),
            both(self.names, other.names),
            both(self.in_rows, other.in_rows),
            both(self.in_bytes, other.in_bytes),
        )


def addresses_of(snapshot: Snapshot, tenant_id: str, contact_ids: Sequence[str]) -> list[str]:
    """The e-mail addresses of these contacts, as far as they are held."""
    return _addresses(_contacts(snapshot, tenant_id, contact_ids))


def tickets_with(snapshot: Snapshot, tenant_id: str, addresses: Iterable[str]) -> set[str]:
    """Tickets of the tenant in whose text or properties one of these addresses stands."""
    found: set[str] = set()
    for address in addresses:
        rows = snapshot.rows(
            "select id from raw_hubspot.tickets where tenant_id = :tenant_id and "
            "position(:address in lower(coalesce(subject, '') || ' ' || coalesce(content, '') || ' ' "
            "|| coalesce(properties, ''))) > 0",
            tenant_id=tenant_id,
            address=address.lower(),
        )
        found |= {row["id"] for row in rows}
    return found


def gather(snapshot: Snapshot, subject: Subject) -> Needles:
    """What is to be searched for once these contacts and tickets are erased."""
    contacts = _contacts(snapshot, subject.tenant_id, subject.contact_ids)
    addresses = _addresses(contacts)
    names = [
        f"{row['firstname'].strip()} {row['lastname'].strip()}"
        for row in contacts
        if (row["firstname"] or "").strip() and (row["lastname"] or "").strip()
    ]
    numbers = [
        value for row in contacts for name, value in row["values"].items() if name in _NUMBERS and _is_number(value)
    ]
    sentences = _sentences(snapshot, subject)
    wanted = list(dict.fromkeys([*addresses, *numbers, *names, *sentences]))[:_MOST]
    in_rows = [one for one in wanted if one in addresses or not _stands_elsewhere(snapshot, subject, one, is_own=True)]
    in_bytes = [one for one in in_rows if not _stands_elsewhere(snapshot, subject, one, is_own=False)]
    return Needles(addresses, [one for one in names if one in in_rows], in_rows, in_bytes)


def _contacts(snapshot: Snapshot, tenant_id: str, contact_ids: Sequence[str]) -> list[dict[str, Any]]:
    if not snapshot.has_table("raw_hubspot", "contacts"):
        return []
    rows = snapshot.rows(
        "select id, firstname, lastname, email, properties from raw_hubspot.contacts "
        "where tenant_id = :tenant_id and id = any(:contact_ids)",
        tenant_id=tenant_id,
        contact_ids=list(contact_ids),
    )
    return [{**row, "values": json.loads(row["properties"] or "{}")} for row in rows]


def _addresses(contacts: Sequence[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    for row in contacts:
        more = str(row["values"].get("hs_additional_emails") or "").split(";")
        found += [one.strip() for one in (str(row["email"] or ""), *more) if "@" in one]
    return list(dict.fromkeys(found))


def _is_number(value: object) -> bool:
    return sum(one.isdigit() for one in str(value)) >= _SHORTEST_NUMBER


def _sentences(snapshot: Snapshot, subject: Subject) -> list[str]:
    rows = snapshot.rows(
        "select subject, content from raw_hubspot.tickets where tenant_id = :tenant_id and id = any(:ticket_ids)",
        tenant_id=subject.tenant_id,
        ticket_ids=list(subject.ticket_ids),
    )
    # What we wrote to them may be said to others in the same words, and is theirs no more than ours.
    rows += snapshot.rows(
        "select null as subject, own_text as content from raw_hubspot.emails "
        "where tenant_id = :tenant_id and id = any(:email_ids) and direction = 'inbound'",
        tenant_id=subject.tenant_id,
        email_ids=_ids_of("emails", subject),
    )
    found = []
    for row in rows:
        lines = [line.strip() for text in (row["subject"], row["content"]) for line in (text or "").splitlines()]
        long = [line[:200] for line in lines if len(line) >= _SHORTEST_SENTENCE]
        found += sorted(long, key=len, reverse=True)[:_SENTENCES_A_TEXT]
    return found


def _ids_of(table: str, subject: Subject) -> list[str]:
    """The subject's ids in one of the tables: tickets, messages on them, or else contacts."""
    if table == "tickets":
        return list(subject.ticket_ids)
    prefix = f"{table}/"
    if table == "emails":
        return [one.removeprefix(prefix) for one in subject.message_ids if one.startswith(prefix)]
    return list(subject.contact_ids)


def _stands_elsewhere(snapshot: Snapshot, subject: Subject, needle: str, *, is_own: bool) -> bool:
    """Whether it stands in rows that stay: other rows of the tenant (`is_own`), or of other tenants."""
    whose = "tenant_id = :tenant_id and not id = any(:ids)" if is_own else "tenant_id <> :tenant_id"
    for table, column in _ELSEWHERE:
        text = column
        if table == "contacts" and column == "email":
            text = "coalesce(email, '') || ' ' || coalesce(firstname, '') || ' ' || coalesce(lastname, '')"
        sql = f"select 1 from raw_hubspot.{table} where {whose} and position(:needle in {text}) > 0 limit 1"
        params: dict[str, object] = {"tenant_id": subject.tenant_id, "needle": needle}
        if is_own:
            params["ids"] = _ids_of(table, subject)
        if snapshot.rows(sql, **params):
            return True
    return False
