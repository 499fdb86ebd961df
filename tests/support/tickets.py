"""Stages tickets and topics the way the transforms do, without building them: tables under the names of the staging views."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.topics import ContentTopic, TaxonomyContent
from core.warehouse import Column, ColumnType, TableSpec, Warehouse

STAGED_TICKETS = TableSpec(
    schema="staging",
    name="stg_hubspot__tickets",
    columns=(
        Column("tenant_id"),
        Column("ticket_id"),
        Column("subject"),
        Column("content"),
        Column("created_at", ColumnType.TIMESTAMP),
        Column("loaded_at", ColumnType.TIMESTAMP),
    ),
    key=("tenant_id", "ticket_id"),
)
STAGED_EMAILS = TableSpec(
    schema="staging",
    name="stg_hubspot__emails",
    columns=(
        Column("tenant_id"),
        Column("email_id"),
        Column("direction"),
        Column("author_name"),
        Column("own_text"),
        Column("is_automated", ColumnType.BOOLEAN),
        Column("is_archived", ColumnType.BOOLEAN),
        *(Column(name, ColumnType.TIMESTAMP) for name in ("sent_at", "created_at", "loaded_at")),
    ),
    key=("tenant_id", "email_id"),
)
STAGED_TICKET_EMAILS = TableSpec(
    schema="staging",
    name="stg_hubspot__ticket_emails",
    columns=(Column("tenant_id"), Column("ticket_id"), Column("email_id"), Column("loaded_at", ColumnType.TIMESTAMP)),
    key=("tenant_id", "ticket_id", "email_id"),
)
STAGED_CONTACTS = TableSpec(
    schema="staging",
    name="stg_hubspot__contacts",
    columns=(Column("tenant_id"), Column("contact_id"), Column("first_name"), Column("last_name")),
    key=("tenant_id", "contact_id"),
)
STAGED_TICKET_CONTACTS = TableSpec(
    schema="staging",
    name="stg_hubspot__ticket_contacts",
    columns=(Column("tenant_id"), Column("ticket_id"), Column("contact_id")),
    key=("tenant_id", "ticket_id", "contact_id"),
)
LOADED_AT = datetime(2026, 11, 6, tzinfo=UTC)
STAGED_VERSIONS = TableSpec(
    schema="staging",
    name="stg_app__topic_versions",
    columns=(Column("tenant_id"), Column("version", ColumnType.INTEGER), Column("content")),
    key=("tenant_id", "version"),
)
STAGED_CORRECTIONS = TableSpec(
    schema="staging",
    name="stg_app__corrections",
    columns=(
        Column("tenant_id"),
        Column("correction_id", ColumnType.INTEGER),
        Column("ticket_id"),
        Column("field"),
        Column("after"),
        Column("corrected_text"),
        Column("is_standing", ColumnType.BOOLEAN),
    ),
    key=("tenant_id", "correction_id"),
)
TOPICS = {
    "Login and access": "Signing in, passwords, single sign-on, locked accounts",
    "Exports": "Downloading data as CSV or Excel files",
    "Invoices": "Invoices, payments, refunds and prices",
}


def ticket(ticket_id: str, subject: str | None, content: str | None, **values: Any) -> dict[str, Any]:
    """One staged ticket of tenant acme, created in November 2026."""
    base = {"tenant_id": "acme", "ticket_id": ticket_id, "subject": subject, "content": content}
    return {**base, "created_at": datetime(2026, 11, 5, 9, tzinfo=UTC), "loaded_at": LOADED_AT, **values}


def email(ticket_id: str, email_id: str, own_text: str | None, **values: Any) -> dict[str, Any]:
    """One staged email that a person at the customer of tenant acme wrote on a ticket; the later, the higher its id."""
    sent_at = datetime(2026, 11, 5, 10, int(email_id) % 60, tzinfo=UTC)
    base = {"tenant_id": "acme", "ticket_id": ticket_id, "email_id": email_id, "own_text": own_text}
    said = {
        "direction": "inbound",
        "author_name": None,
        "is_automated": False,
        "is_archived": False,
        "sent_at": sent_at,
        "created_at": sent_at,
    }
    return {**base, **said, "loaded_at": LOADED_AT, **values}


def contact(
    ticket_id: str, contact_id: str, first_name: str | None, last_name: str | None, **values: Any
) -> dict[str, Any]:
    """One staged contact of tenant acme, linked to a ticket."""
    base = {"tenant_id": "acme", "ticket_id": ticket_id, "contact_id": contact_id}
    return {**base, "first_name": first_name, "last_name": last_name, **values}


def stage(
    warehouse: Warehouse,
    tickets: Iterable[Mapping[str, Any]],
    topics: Mapping[str, str] | None = None,
    emails: Iterable[Mapping[str, Any]] = (),
    contacts: Iterable[Mapping[str, Any]] = (),
) -> None:
    """Put tickets, emails and contacts on them, and the topics of every tenant among them, where the analysis reads them."""
    written, linked = list(emails), list(contacts)
    rows = list(tickets)
    tenants = sorted({row["tenant_id"] for row in rows})
    chosen = TOPICS if topics is None else topics
    warehouse.merge(
        [
            (STAGED_TICKETS, rows),
            (STAGED_EMAILS, [_only(STAGED_EMAILS, one) for one in written]),
            (STAGED_TICKET_EMAILS, [_only(STAGED_TICKET_EMAILS, one) for one in written]),
            (STAGED_CONTACTS, [_only(STAGED_CONTACTS, one) for one in linked]),
            (STAGED_TICKET_CONTACTS, [_only(STAGED_TICKET_CONTACTS, one) for one in linked]),
            (STAGED_VERSIONS, [_version(tenant, chosen) for tenant in tenants if chosen]),
            (STAGED_CORRECTIONS, []),
        ]
    )


def _version(tenant_id: str, topics: Mapping[str, str]) -> dict[str, Any]:
    content = TaxonomyContent(tuple(ContentTopic(name, description) for name, description in topics.items()))
    return {"tenant_id": tenant_id, "version": 1, "content": json.dumps(content.as_json())}


def stage_app_state(warehouse: Warehouse, state: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Put taxonomies and corrections of the application database where the analysis reads them, as a load would."""
    versions = [{name: row[name] for name in ("tenant_id", "version", "content")} for row in state["topic_versions"]]
    kept = ("tenant_id", "correction_id", "ticket_id", "field", "after", "is_standing")
    corrections = [
        {**{name: row[name] for name in kept}, "corrected_text": row["text"]} for row in state["corrections"]
    ]
    warehouse.merge([(STAGED_VERSIONS, []), (STAGED_CORRECTIONS, [])])
    for table in (STAGED_VERSIONS, STAGED_CORRECTIONS):
        warehouse.execute(f"delete from {table.qualified}")
    warehouse.merge([(STAGED_VERSIONS, versions), (STAGED_CORRECTIONS, corrections)])


def enriched(warehouse: Warehouse, *, without: Iterable[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Every row of the schema `enrichment`, by table, in a fixed order, without the named columns."""
    from analysis.tables import ENRICHMENT_TABLES

    left_out = set(without)
    with warehouse.snapshot() as snapshot:
        return {
            table.name: [
                {name: value for name, value in row.items() if name not in left_out}
                for row in snapshot.rows(f"select * from {table.qualified} order by {', '.join(table.key)}")
            ]
            for table in ENRICHMENT_TABLES
        }


def _only(table: TableSpec, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in table.names}
