"""Source tables of the warehouse as docs/names.md has them, and builders for rows in them, for tests that need no loader.

Every builder is keyword-only, its defaults are believable, and it returns a row that knows its table; `fill` writes a whole
data set.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from core.appdb.rules import RuleVersion, literal_rows, rule_row
from core.rules import Rule

TEXT, INT, FLOAT, BOOL, AT = "text", "bigint", "double precision", "boolean", "timestamp with time zone"
LOADED_AT = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)

_PROVENANCE = {
    **dict.fromkeys(
        ("analyzer", "model", "prompt_version", "schema_hash", "input_hash", "sent_hash", "call_key"), TEXT
    ),
    "input_tokens": INT,
    "output_tokens": INT,
    "cost_usd": FLOAT,
    "latency_ms": INT,
    "run_id": TEXT,
    "analyzed_at": AT,
}


def _texts(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), TEXT)


_MESSAGE = {
    **_texts("direction author_email author_name"),
    "sent_at": AT,
    **_texts("subject text own_spans own_text"),
    "is_automated": BOOL,
    "archived": BOOL,
    "archived_at": AT,
    **_texts("url properties"),
    "loaded_at": AT,
}

SOURCE_TABLES: dict[str, dict[str, str]] = {
    "raw_hubspot.tickets": {
        **_texts("tenant_id id subject content hs_pipeline hs_pipeline_stage hs_ticket_priority hs_ticket_category"),
        **_texts("source_type hubspot_owner_id hs_primary_company_id"),
        **dict.fromkeys(("createdate", "closed_date", "hs_lastmodifieddate", "first_agent_reply_date"), AT),
        "hs_last_message_received_at": AT,
        **_texts("hs_overall_visitor_messages_sentiment hs_last_visitor_message_sentiment"),
        "hs_overall_visitor_messages_sentiment_score": FLOAT,
        "hs_last_visitor_message_sentiment_score": FLOAT,
        "archived": BOOL,
        "archived_at": AT,
        **_texts("url properties"),
        "loaded_at": AT,
    },
    "raw_hubspot.companies": {
        **_texts("tenant_id id name domain lifecyclestage hubspot_owner_id"),
        "annualrevenue": FLOAT,
        "createdate": AT,
        "hs_lastmodifieddate": AT,
        "archived": BOOL,
        "archived_at": AT,
        **_texts("url properties"),
        "loaded_at": AT,
    },
    "raw_hubspot.contacts": {
        **_texts("tenant_id id firstname lastname email jobtitle"),
        "createdate": AT,
        "lastmodifieddate": AT,
        "archived": BOOL,
        "archived_at": AT,
        **_texts("url properties"),
        "loaded_at": AT,
    },
    "raw_hubspot.ticket_companies": {
        **_texts("tenant_id ticket_id company_id"),
        "is_primary": BOOL,
        "association_types": TEXT,
        "loaded_at": AT,
    },
    "raw_hubspot.ticket_contacts": {**_texts("tenant_id ticket_id contact_id association_types"), "loaded_at": AT},
    "raw_hubspot.emails": {
        **_texts("tenant_id id hs_email_direction hs_email_status hubspot_owner_id"),
        "hs_createdate": AT,
        "hs_lastmodifieddate": AT,
        **_MESSAGE,
    },
    "raw_hubspot.notes": {
        **_texts("tenant_id id hubspot_owner_id"),
        "hs_createdate": AT,
        "hs_lastmodifieddate": AT,
        **_MESSAGE,
    },
    "raw_hubspot.ticket_emails": {**_texts("tenant_id ticket_id email_id association_types"), "loaded_at": AT},
    "raw_hubspot.ticket_notes": {**_texts("tenant_id ticket_id note_id association_types"), "loaded_at": AT},
    "raw_hubspot.pipelines": {**_texts("tenant_id id label"), "display_order": INT, "archived": BOOL, "loaded_at": AT},
    "raw_hubspot.pipeline_stages": {
        **_texts("tenant_id pipeline_id id label"),
        "display_order": INT,
        "ticket_state": TEXT,
        "is_closed": BOOL,
        "archived": BOOL,
        "loaded_at": AT,
    },
    "raw_hubspot.owners": {**_texts("tenant_id id email first_name last_name"), "archived": BOOL, "loaded_at": AT},
    "raw_hubspot.properties": {
        **_texts("tenant_id object_type name label type field_type group_name"),
        "is_calculated": BOOL,
        "archived": BOOL,
        "loaded_at": AT,
    },
    "raw_hubspot.portals": {
        **_texts("tenant_id portal_id time_zone ui_domain company_currency account_type"),
        "loaded_at": AT,
    },
    "raw_hubspot.sync_cursors": {
        **_texts("tenant_id stream"),
        "cursor_at": AT,
        "mode": TEXT,
        **dict.fromkeys(("extracted_count", "loaded_count", "held_count", "portal_total"), INT),
        "run_id": TEXT,
        "synced_at": AT,
        "status": TEXT,
        "error_message": TEXT,
        "attempted_at": AT,
        "resume_after": TEXT,
        "resume_until_at": AT,
    },
    "raw_hubspot.ticket_stage_history": {
        **_texts("tenant_id ticket_id stage_id"),
        "entered_at": AT,
        "loaded_at": AT,
    },
    "raw_hubspot.company_property_history": {
        **_texts("tenant_id company_id property_name value"),
        "set_at": AT,
        "loaded_at": AT,
    },
    "raw_hubspot.record_aliases": {**_texts("tenant_id object_type alias_id record_id"), "loaded_at": AT},
    "raw_hubspot.property_changes": {
        **_texts("tenant_id object_type name change"),
        "noticed_at": AT,
        **_texts("before after"),
        "loaded_at": AT,
    },
    "raw_app.tenants": {
        **_texts("tenant_id name plan_tier currency default_owner_id"),
        "expire_after_days": INT,
        "loaded_at": AT,
    },
    "raw_app.field_mappings": {
        **_texts("tenant_id field"),
        "version": INT,
        **_texts("property_name stage_ids unit currency currency_property"),
        "valid_from_at": AT,
        "author": TEXT,
        "loaded_at": AT,
    },
    "raw_app.topics": {
        **_texts("tenant_id name description parent"),
        "is_active": BOOL,
        "current_topic": TEXT,
        "version": INT,
        "loaded_at": AT,
    },
    "raw_app.topic_versions": {
        "tenant_id": TEXT,
        "version": INT,
        **_texts("content author note"),
        "shipped_at": AT,
        "loaded_at": AT,
    },
    "raw_app.corrections": {
        "tenant_id": TEXT,
        "correction_id": INT,
        **_texts("ticket_id field before after text input_hash why author"),
        "created_at": AT,
        "is_standing": BOOL,
        "loaded_at": AT,
    },
    "raw_app.card_aliases": {
        **_texts("tenant_id alias_id card_id company_id trigger_type"),
        "opened_on": "date",
        "last_signal_on": "date",
        "opened_mrr": FLOAT,
        "opened_mrr_source": TEXT,
        "first_published_at": AT,
        "loaded_at": AT,
    },
    "raw_app.card_events": {
        **_texts("tenant_id card_id"),
        "seq": INT,
        **_texts("type actor status payload"),
        "occurred_at": AT,
        "loaded_at": AT,
    },
    "raw_app.trigger_presets": {
        "tenant_id": TEXT,
        "version": INT,
        "preset": TEXT,
        "valid_from_at": AT,
        "author": TEXT,
        "loaded_at": AT,
    },
    "raw_app.audit_tickets": {
        **_texts("tenant_id ticket_id"),
        "month_on": "date",
        "stratum": TEXT,
        "stratum_ticket_count": INT,
        "drawn_by": TEXT,
        "drawn_at": AT,
        **_texts("topics sentiment judged_by"),
        "judged_at": AT,
        "loaded_at": AT,
    },
    "raw_app.trigger_params": {
        **_texts("tenant_id trigger_type name"),
        "value": FLOAT,
        "version": INT,
        "valid_from_at": AT,
        "author": TEXT,
        "loaded_at": AT,
    },
    "raw_app.trigger_rules": {
        **_texts("tenant_id rule_id"),
        "version": INT,
        **_texts("name tree severity"),
        "is_notify": BOOL,
        "is_active": BOOL,
        "valid_from_at": AT,
        "author": TEXT,
        "loaded_at": AT,
    },
    "raw_app.trigger_rule_literals": {
        **_texts("tenant_id rule_id"),
        **dict.fromkeys(("version", "clause_index", "literal_index"), INT),
        **_texts("measure fact"),
        "within_days": INT,
        **_texts("topic op"),
        "value": FLOAT,
        "text_value": TEXT,
        "loaded_at": AT,
    },
    "enrichment.message_texts": {
        **_texts("tenant_id ticket_id message_id text input_hash"),
        "is_truncated": BOOL,
        "is_repeated": BOOL,
        "read_at": AT,
    },
    "enrichment.message_sentiment": {
        **_texts("tenant_id ticket_id message_id sentiment"),
        "level": INT,
        **_texts("churn_intent target resolution"),
        "is_evidence_ok": BOOL,
        **_PROVENANCE,
    },
    "enrichment.message_evidence": {
        **_texts("tenant_id ticket_id message_id"),
        "evidence_index": INT,
        "quote": TEXT,
        "quote_start": INT,
        "quote_end": INT,
        "call_key": TEXT,
    },
    "enrichment.ticket_topics": {**_texts("tenant_id ticket_id topic"), "topic_rank": INT, **_PROVENANCE},
    "enrichment.dead_letters": {
        **_texts("tenant_id ticket_id message_id task reason raw call_key"),
        "attempt_count": INT,
        "first_seen_at": AT,
    },
    "enrichment.label_precision": {
        **_texts("run_id label subject labelled_set"),
        "evaluated_at": AT,
        **_texts("analyzer model prompt_version schema_hash"),
        "answered_count": INT,
        "right_count": INT,
        "precision_score": FLOAT,
        "lower_bound_score": FLOAT,
    },
    "enrichment.evaluations": {
        **_texts("run_id labels subject labelled_set"),
        "evaluated_at": AT,
        **_texts("analyzer model prompt_version schema_hash"),
        **dict.fromkeys(("example_count", "text_count", "unread_count"), INT),
        **dict.fromkeys(("accuracy_score", "best_three_accuracy_score", "macro_f1_score"), FLOAT),
        **dict.fromkeys(("kappa_score", "precision_score", "recall_score"), FLOAT),
        **dict.fromkeys(("input_tokens", "output_tokens"), INT),
        **dict.fromkeys(("cost_usd", "duration_seconds"), FLOAT),
    },
    "enrichment.canary_readings": {
        "read_on": "date",
        **_texts("analyzer model prompt_version canary kind expected_sentiment expected_churn_intent"),
        **_texts("sentiment churn_intent reason"),
        **dict.fromkeys(("is_right", "is_known_weak", "is_flipped"), BOOL),
        **_texts("schema_hash input_hash call_key"),
        **dict.fromkeys(("input_tokens", "output_tokens"), INT),
        "cost_usd": FLOAT,
        "latency_ms": INT,
        "run_id": TEXT,
        "analyzed_at": AT,
    },
}
"""Column types by column name, by `schema.table`."""


@dataclass(frozen=True)
class SourceRow:
    """One row of a source table; columns it does not name are null."""

    table: str
    values: Mapping[str, object]


def fill(warehouse_url: str, rows: Iterable[SourceRow]) -> None:
    """Create every source table and write `rows` into them; tables nobody fills exist and are empty."""
    by_table: dict[str, list[Mapping[str, object]]] = defaultdict(list)
    for row in rows:
        by_table[row.table].append(row.values)
    connection, mark = _connect(warehouse_url)
    try:
        cursor = connection.cursor()
        for schema in ("raw_hubspot", "raw_app", "enrichment"):
            cursor.execute(f"create schema if not exists {schema}")
        for table, columns in SOURCE_TABLES.items():
            body = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
            cursor.execute(f"create table if not exists {table} ({body})")
        for table, values in by_table.items():
            unknown = {name for row in values for name in row} - set(SOURCE_TABLES[table])
            assert not unknown, f"{table} has no column {unknown}"
            if mark == "?":
                _insert_at_once(cursor, table, values)
                continue
            marks = ", ".join([mark] * len(SOURCE_TABLES[table]))
            cursor.executemany(
                f"insert into {table} ({', '.join(SOURCE_TABLES[table])}) values ({marks})",
                [[row.get(name) for name in SOURCE_TABLES[table]] for row in values],
            )
        connection.commit()
    finally:
        connection.close()


def _insert_at_once(cursor: Any, table: str, rows: list[Mapping[str, object]]) -> None:
    """DuckDB takes milliseconds for a row of its own, and no longer for a table of them."""
    import pyarrow as pa

    arrow = {
        TEXT: pa.string(),
        INT: pa.int64(),
        FLOAT: pa.float64(),
        BOOL: pa.bool_(),
        AT: pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
    }
    schema = pa.schema([(name, arrow[type_]) for name, type_ in SOURCE_TABLES[table].items()])
    cursor.register("rows_to_insert", pa.Table.from_pylist([dict(row) for row in rows], schema=schema))
    cursor.execute(f"insert into {table} select * from rows_to_insert")
    cursor.unregister("rows_to_insert")


def table_rows(warehouse_url: str, relation: str) -> list[dict[str, object]]:
    """All rows of a relation by column name, in an order that depends on the values only."""
    connection, _ = _connect(warehouse_url)
    try:
        cursor = connection.cursor()
        cursor.execute(f"select * from {relation}")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        connection.close()
    for row in rows:
        for name, value in row.items():
            if isinstance(value, datetime):
                row[name] = value.astimezone(UTC)
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def _connect(warehouse_url: str):  # type: ignore[no-untyped-def]
    if warehouse_url.startswith("duckdb:///"):
        import duckdb

        connection = duckdb.connect(str(Path(warehouse_url.removeprefix("duckdb:///"))))
        connection.begin()
        return connection, "?"
    import psycopg2

    return psycopg2.connect(warehouse_url), "%s"


def ticket(
    *,
    id: str,  # noqa: A002
    createdate: datetime | None,
    tenant_id: str = "acme",
    subject: str | None = "A question",
    content: str | None = "Where do I find my invoice?",
    hs_pipeline: str | None = "0",
    hs_pipeline_stage: str | None = "1",
    closed_date: datetime | None = None,
    hs_lastmodifieddate: datetime | None = None,
    hs_last_message_received_at: datetime | None = None,
    archived: bool = False,
) -> SourceRow:
    """A ticket in the default pipeline, new unless a stage says otherwise."""
    return SourceRow(
        "raw_hubspot.tickets",
        {
            "tenant_id": tenant_id,
            "id": id,
            "subject": subject,
            "content": content,
            "hs_pipeline": hs_pipeline,
            "hs_pipeline_stage": hs_pipeline_stage,
            "createdate": createdate,
            "closed_date": closed_date,
            "hs_lastmodifieddate": hs_lastmodifieddate or closed_date or createdate,
            "hs_last_message_received_at": hs_last_message_received_at,
            "archived": archived,
            "url": f"https://app.hubspot.com/contacts/1/record/0-5/{id}",
            "properties": json.dumps({"subject": subject}),
            "loaded_at": LOADED_AT,
        },
    )


def company(
    *,
    id: str,  # noqa: A002
    tenant_id: str = "acme",
    name: str | None = None,
    createdate: datetime | None = datetime(2024, 3, 1, 9, 0, tzinfo=UTC),
    hs_lastmodifieddate: datetime | None = datetime(2026, 11, 1, 9, 0, tzinfo=UTC),
    hubspot_owner_id: str | None = "7",
    archived: bool = False,
    properties: Mapping[str, object] | None = None,
) -> SourceRow:
    """A customer of some years, with whatever `properties` the CRM holds about it."""
    return SourceRow(
        "raw_hubspot.companies",
        {
            "tenant_id": tenant_id,
            "id": id,
            "name": name or f"Company {id}",
            "domain": f"company{id}.example",
            "lifecyclestage": "customer",
            "hubspot_owner_id": hubspot_owner_id,
            "createdate": createdate,
            "hs_lastmodifieddate": hs_lastmodifieddate,
            "archived": archived,
            "properties": None if properties is None else json.dumps(properties),
            "loaded_at": LOADED_AT,
        },
    )


def stage_entered(*, ticket_id: str, stage_id: str, entered_at: datetime, tenant_id: str = "acme") -> SourceRow:
    """A stage a ticket came to stand in."""
    return SourceRow(
        "raw_hubspot.ticket_stage_history",
        {
            "tenant_id": tenant_id,
            "ticket_id": ticket_id,
            "stage_id": stage_id,
            "entered_at": entered_at,
            "loaded_at": LOADED_AT,
        },
    )


def property_set(
    *, company_id: str, property_name: str, value: str | None, set_at: datetime, tenant_id: str = "acme"
) -> SourceRow:
    """A value that a company's mapped property was given."""
    return SourceRow(
        "raw_hubspot.company_property_history",
        {
            "tenant_id": tenant_id,
            "company_id": company_id,
            "property_name": property_name,
            "value": value,
            "set_at": set_at,
            "loaded_at": LOADED_AT,
        },
    )


def contact(*, id: str, tenant_id: str = "acme", firstname: str = "Ada", lastname: str = "Byron") -> SourceRow:  # noqa: A002
    """A person at a customer."""
    return SourceRow(
        "raw_hubspot.contacts",
        {
            "tenant_id": tenant_id,
            "id": id,
            "firstname": firstname,
            "lastname": lastname,
            "email": f"{firstname.lower()}@company.example",
            "archived": False,
            "loaded_at": LOADED_AT,
        },
    )


def ticket_company(
    *, ticket_id: str, company_id: str | None, tenant_id: str = "acme", is_primary: bool | None = True
) -> SourceRow:
    """A link from a ticket to a company; `company_id` None where the ticket is known to have none."""
    return SourceRow(
        "raw_hubspot.ticket_companies",
        {
            "tenant_id": tenant_id,
            "ticket_id": ticket_id,
            "company_id": company_id,
            "is_primary": is_primary,
            "association_types": "[]",
            "loaded_at": LOADED_AT,
        },
    )


def ticket_contact(*, ticket_id: str, contact_id: str | None, tenant_id: str = "acme") -> SourceRow:
    """A link from a ticket to a contact."""
    return SourceRow(
        "raw_hubspot.ticket_contacts",
        {"tenant_id": tenant_id, "ticket_id": ticket_id, "contact_id": contact_id, "loaded_at": LOADED_AT},
    )


def email(
    *,
    id: str,  # noqa: A002
    ticket_id: str,
    sent_at: datetime,
    tenant_id: str = "acme",
    direction: str | None = "inbound",
    own_text: str | None = "It still fails.",
    is_automated: bool = False,
    archived: bool = False,
) -> list[SourceRow]:
    """An email and its link to a ticket, its words all its author's own."""
    return [
        SourceRow(
            "raw_hubspot.emails",
            {
                **_message(tenant_id, id, sent_at, direction, own_text),
                "hs_email_direction": {"inbound": "INCOMING_EMAIL", "outbound": "EMAIL"}.get(str(direction)),
                "hs_email_status": "SENT",
                "author_email": "anna@company.example" if direction == "inbound" else None,
                "author_name": "Anna" if direction == "inbound" else None,
                "subject": "Re: A question",
                "is_automated": is_automated,
                "archived": archived,
            },
        ),
        SourceRow(
            "raw_hubspot.ticket_emails",
            {
                "tenant_id": tenant_id,
                "ticket_id": ticket_id,
                "email_id": id,
                "association_types": "[]",
                "loaded_at": LOADED_AT,
            },
        ),
    ]


def note(
    *,
    id: str,  # noqa: A002
    ticket_id: str,
    sent_at: datetime,
    tenant_id: str = "acme",
    own_text: str | None = "Called them.",
) -> list[SourceRow]:
    """A note of a colleague and its link to a ticket."""
    return [
        SourceRow(
            "raw_hubspot.notes",
            {
                **_message(tenant_id, id, sent_at, "internal", own_text),
                "is_automated": False,
                "archived": False,
            },
        ),
        SourceRow(
            "raw_hubspot.ticket_notes",
            {
                "tenant_id": tenant_id,
                "ticket_id": ticket_id,
                "note_id": id,
                "association_types": "[]",
                "loaded_at": LOADED_AT,
            },
        ),
    ]


def _message(
    tenant_id: str,
    id: str,  # noqa: A002
    sent_at: datetime,
    direction: str | None,
    own_text: str | None,
) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "id": id,
        "hubspot_owner_id": "7",
        "hs_createdate": sent_at,
        "hs_lastmodifieddate": sent_at,
        "direction": direction,
        "sent_at": sent_at,
        "text": own_text,
        "own_spans": json.dumps([[0, len(own_text)]] if own_text else []),
        "own_text": own_text,
        "properties": "{}",
        "loaded_at": LOADED_AT,
    }


def pipeline_stage(
    *,
    id: str,  # noqa: A002
    label: str,
    tenant_id: str = "acme",
    pipeline_id: str = "0",
    ticket_state: str | None = "OPEN",
    is_closed: bool | None = False,
) -> SourceRow:
    """A stage of a ticket pipeline."""
    return SourceRow(
        "raw_hubspot.pipeline_stages",
        {
            "tenant_id": tenant_id,
            "pipeline_id": pipeline_id,
            "id": id,
            "label": label,
            "display_order": 0,
            "ticket_state": ticket_state,
            "is_closed": is_closed,
            "archived": False,
            "loaded_at": LOADED_AT,
        },
    )


def default_stages(*, tenant_id: str = "acme") -> list[SourceRow]:
    """The stages every new portal starts with."""
    return [
        pipeline_stage(id="1", label="New", tenant_id=tenant_id),
        pipeline_stage(id="2", label="Waiting on contact", tenant_id=tenant_id),
        pipeline_stage(id="3", label="Waiting on us", tenant_id=tenant_id),
        pipeline_stage(id="4", label="Closed", tenant_id=tenant_id, ticket_state="CLOSED", is_closed=True),
    ]


def owner(*, id: str = "7", tenant_id: str = "acme", first_name: str = "Grace", last_name: str = "Hopper") -> SourceRow:  # noqa: A002
    """A colleague who looks after companies."""
    return SourceRow(
        "raw_hubspot.owners",
        {
            "tenant_id": tenant_id,
            "id": id,
            "email": "grace@acme.example",
            "first_name": first_name,
            "last_name": last_name,
            "archived": False,
            "loaded_at": LOADED_AT,
        },
    )


def portal(*, tenant_id: str = "acme", company_currency: str | None = "EUR") -> SourceRow:
    """The account a tenant has at HubSpot."""
    return SourceRow(
        "raw_hubspot.portals",
        {
            "tenant_id": tenant_id,
            "portal_id": "1",
            "time_zone": "Europe/Berlin",
            "ui_domain": "app.hubspot.com",
            "company_currency": company_currency,
            "account_type": "STANDARD",
            "loaded_at": LOADED_AT,
        },
    )


def sync_cursor(
    *,
    synced_at: datetime | None,
    tenant_id: str = "acme",
    stream: str = "tickets",
    held_count: int = 0,
    portal_total: int | None = None,
    status: str = "synced",
    error_message: str | None = None,
    attempted_at: datetime | None = None,
    resume_until_at: datetime | None = None,
) -> SourceRow:
    """What the last proved load of a stream left behind, and how the last attempt ended; `synced_at` None: never proved."""
    return SourceRow(
        "raw_hubspot.sync_cursors",
        {
            "tenant_id": tenant_id,
            "stream": stream,
            "cursor_at": synced_at,
            "mode": "increment",
            "extracted_count": 10,
            "loaded_count": 10,
            "held_count": held_count,
            "portal_total": portal_total,
            "run_id": "run-1",
            "synced_at": synced_at,
            "status": status,
            "error_message": error_message,
            "attempted_at": attempted_at or synced_at,
            "resume_after": "100" if resume_until_at else None,
            "resume_until_at": resume_until_at,
        },
    )


def tenant(*, tenant_id: str = "acme", currency: str | None = "EUR") -> SourceRow:
    """A tenant with nothing mapped."""
    return SourceRow(
        "raw_app.tenants",
        {
            "tenant_id": tenant_id,
            "name": tenant_id.title(),
            "plan_tier": "pro",
            "currency": currency,
            "loaded_at": LOADED_AT,
        },
    )


def field_mapping(
    *,
    field: str,
    property_name: str | None = None,
    tenant_id: str = "acme",
    version: int = 1,
    unit: str | None = None,
    currency: str | None = None,
    currency_property: str | None = None,
    stage_ids: list[str] | None = None,
) -> SourceRow:
    """What a tenant means by a field."""
    return SourceRow(
        "raw_app.field_mappings",
        {
            "tenant_id": tenant_id,
            "field": field,
            "version": version,
            "property_name": property_name,
            "stage_ids": None if stage_ids is None else json.dumps(stage_ids),
            "unit": unit,
            "currency": currency,
            "currency_property": currency_property,
            "valid_from_at": datetime(2026, 1, 1, tzinfo=UTC),
            "author": "ada",
            "loaded_at": LOADED_AT,
        },
    )


def all_fields_mapped(*, tenant_id: str = "acme") -> list[SourceRow]:
    """Every company property we know a use for."""
    return [
        field_mapping(tenant_id=tenant_id, field="mrr", property_name="mrr", unit="month"),
        field_mapping(tenant_id=tenant_id, field="renewal", property_name="renewal_date"),
        field_mapping(tenant_id=tenant_id, field="last_login", property_name="last_login"),
        field_mapping(tenant_id=tenant_id, field="onboarding_step", property_name="onboarding_step"),
        field_mapping(tenant_id=tenant_id, field="usage", property_name="usage_30d"),
        field_mapping(tenant_id=tenant_id, field="churn", property_name="churned_on"),
    ]


def trigger_param(
    *,
    trigger_type: str,
    name: str,
    value: float | None,
    tenant_id: str = "acme",
    version: int = 1,
    valid_from_at: datetime = datetime(2026, 1, 1, tzinfo=UTC),
) -> SourceRow:
    """A threshold a tenant has set."""
    return SourceRow(
        "raw_app.trigger_params",
        {
            "tenant_id": tenant_id,
            "trigger_type": trigger_type,
            "name": name,
            "value": value,
            "version": version,
            "valid_from_at": valid_from_at,
            "author": "ada",
            "loaded_at": LOADED_AT,
        },
    )


def trigger_preset(
    *,
    preset: str,
    tenant_id: str = "acme",
    version: int = 1,
    valid_from_at: datetime = datetime(2026, 1, 1, tzinfo=UTC),
) -> SourceRow:
    """A preset a tenant has chosen."""
    return SourceRow(
        "raw_app.trigger_presets",
        {
            "tenant_id": tenant_id,
            "version": version,
            "preset": preset,
            "valid_from_at": valid_from_at,
            "author": "ada",
            "loaded_at": LOADED_AT,
        },
    )


def card_alias(
    *,
    card_id: str,
    company_id: str,
    trigger_type: str,
    opened_on: date,
    last_signal_on: date,
    first_published_at: datetime,
    tenant_id: str = "acme",
) -> SourceRow:
    """A card as it was first published, under its own id."""
    return SourceRow(
        "raw_app.card_aliases",
        {
            "tenant_id": tenant_id,
            "alias_id": card_id,
            "card_id": card_id,
            "company_id": company_id,
            "trigger_type": trigger_type,
            "opened_on": opened_on,
            "last_signal_on": last_signal_on,
            "opened_mrr": 100.0,
            "opened_mrr_source": "mapped_property",
            "first_published_at": first_published_at,
            "loaded_at": LOADED_AT,
        },
    )


def card_event(
    *,
    card_id: str,
    seq: int,
    kind: str,
    status: str,
    occurred_at: datetime,
    actor: str = "ada",
    tenant_id: str = "acme",
    **payload: object,
) -> SourceRow:
    """Something that happened to a card."""
    return SourceRow(
        "raw_app.card_events",
        {
            "tenant_id": tenant_id,
            "card_id": card_id,
            "seq": seq,
            "type": kind,
            "actor": actor,
            "status": status,
            "payload": json.dumps(payload, sort_keys=True),
            "occurred_at": occurred_at,
            "loaded_at": LOADED_AT,
        },
    )


_LEVELS = {"very_negative": -2, "negative": -1, "neutral": 0, "positive": 1, "very_positive": 2}


def _hash(ticket_id: str, message_id: str) -> str:
    return f"h{ticket_id}" if message_id == "opening" else f"h{ticket_id}/{message_id}"


def _provenance(input_hash: str, task: str, cost_usd: float, analyzed_at: datetime) -> dict[str, object]:
    return {
        "analyzer": "openai_compatible",
        "model": "small-model",
        "prompt_version": f"{task}-3",
        "schema_hash": "s1",
        "input_hash": input_hash,
        "sent_hash": input_hash,
        "call_key": f"{task}:{input_hash}",
        "input_tokens": 400,
        "output_tokens": 60,
        "cost_usd": cost_usd,
        "latency_ms": 800,
        "run_id": "run-1",
        "analyzed_at": analyzed_at,
    }


def reading(
    *,
    ticket_id: str,
    sentiment: str,
    tenant_id: str = "acme",
    message_id: str = "opening",
    churn_intent: str = "none",
    target: str = "product",
    resolution: str | None = None,
    is_evidence_ok: bool = True,
    cost_usd: float = 0.0006,
    analyzed_at: datetime = LOADED_AT,
) -> SourceRow:
    """What the model read out of a message; what is unhappy is unsolved unless it says otherwise."""
    return SourceRow(
        "enrichment.message_sentiment",
        {
            "tenant_id": tenant_id,
            "ticket_id": ticket_id,
            "message_id": message_id,
            "sentiment": sentiment,
            "level": _LEVELS[sentiment],
            "churn_intent": churn_intent,
            "target": target,
            "resolution": resolution or ("unsolved" if _LEVELS[sentiment] < 0 else "no_problem"),
            "is_evidence_ok": is_evidence_ok,
            **_provenance(_hash(ticket_id, message_id), "sentiment", cost_usd, analyzed_at),
        },
    )


def measured(
    *,
    label: str,
    answered_count: int,
    right_count: int,
    subject: str = "sentiment",
    prompt_version: str = "sentiment-3",
    run_id: str = "evaluation-1",
) -> SourceRow:
    """How often an answer of the model was right, in one evaluation."""
    return SourceRow(
        "enrichment.label_precision",
        {
            "run_id": f"{run_id} {subject}",
            "label": label,
            "subject": subject,
            "labelled_set": "comments",
            "evaluated_at": LOADED_AT,
            "analyzer": "openai_compatible",
            "model": "small-model",
            "prompt_version": prompt_version,
            "schema_hash": "s1",
            "answered_count": answered_count,
            "right_count": right_count,
        },
    )


def message_text(
    *,
    ticket_id: str,
    text: str | None,
    tenant_id: str = "acme",
    message_id: str = "opening",
    input_hash: str | None = None,
    is_repeated: bool = False,
) -> SourceRow:
    """What the model read; `input_hash` differs from the reading's where the message was edited since."""
    return SourceRow(
        "enrichment.message_texts",
        {
            "tenant_id": tenant_id,
            "ticket_id": ticket_id,
            "message_id": message_id,
            "text": text,
            "input_hash": input_hash or _hash(ticket_id, message_id),
            "is_truncated": False,
            "is_repeated": is_repeated,
            "read_at": LOADED_AT,
        },
    )


def evidence(
    *,
    ticket_id: str,
    quote: str,
    tenant_id: str = "acme",
    message_id: str = "opening",
    evidence_index: int = 0,
    start: int = 0,
) -> SourceRow:
    """A quote that was located in a message's text."""
    return SourceRow(
        "enrichment.message_evidence",
        {
            "tenant_id": tenant_id,
            "ticket_id": ticket_id,
            "message_id": message_id,
            "evidence_index": evidence_index,
            "quote": quote,
            "quote_start": start,
            "quote_end": start + len(quote),
            "call_key": f"sentiment:{_hash(ticket_id, message_id)}",
        },
    )


def topic_label(
    *,
    ticket_id: str,
    topic: str,
    tenant_id: str = "acme",
    topic_rank: int = 1,
    cost_usd: float = 0.0004,
    analyzed_at: datetime = LOADED_AT,
) -> SourceRow:
    """One topic of a ticket."""
    return SourceRow(
        "enrichment.ticket_topics",
        {
            "tenant_id": tenant_id,
            "ticket_id": ticket_id,
            "topic": topic,
            "topic_rank": topic_rank,
            **_provenance(_hash(ticket_id, "opening"), "topics", cost_usd, analyzed_at),
        },
    )


def topic(
    *,
    name: str,
    tenant_id: str = "acme",
    parent: str | None = None,
    is_active: bool = True,
    current_topic: str | None = None,
) -> SourceRow:
    """A name of a tenant's taxonomy; its labels count for itself unless told otherwise."""
    return SourceRow(
        "raw_app.topics",
        {
            "tenant_id": tenant_id,
            "name": name,
            "description": "",
            "parent": parent,
            "is_active": is_active,
            "current_topic": name if is_active else current_topic,
            "version": 1,
            "loaded_at": LOADED_AT,
        },
    )


def audited(
    *,
    ticket_id: str,
    month_on: date,
    stratum: str = "not_negative",
    stratum_ticket_count: int = 30,
    topics: list[str] | None = None,
    sentiment: str | None = "neutral",
    tenant_id: str = "acme",
) -> SourceRow:
    """A ticket that was drawn, and what a person says of it."""
    return SourceRow(
        "raw_app.audit_tickets",
        {
            "tenant_id": tenant_id,
            "ticket_id": ticket_id,
            "month_on": month_on,
            "stratum": stratum,
            "stratum_ticket_count": stratum_ticket_count,
            "drawn_by": "ada",
            "drawn_at": LOADED_AT,
            "topics": None if topics is None else json.dumps(topics),
            "sentiment": sentiment,
            "judged_by": "ada",
            "judged_at": LOADED_AT,
            "loaded_at": LOADED_AT,
        },
    )


def correction(*, ticket_id: str, after: list[str], tenant_id: str = "acme", correction_id: int = 1) -> SourceRow:
    """Topics a person gave a ticket."""
    return SourceRow(
        "raw_app.corrections",
        {
            "tenant_id": tenant_id,
            "correction_id": correction_id,
            "ticket_id": ticket_id,
            "field": "topics",
            "before": "[]",
            "after": json.dumps(after),
            "author": "ada",
            "created_at": LOADED_AT,
            "is_standing": True,
            "loaded_at": LOADED_AT,
        },
    )


def trigger_rule(
    rule: Rule,
    *,
    tenant_id: str = "acme",
    version: int = 1,
    valid_from_at: datetime = datetime(2026, 1, 1, 9, 0, tzinfo=UTC),
    is_active: bool = True,
) -> list[SourceRow]:
    """A version of a tenant's own rule, and its comparisons, as the application database hands them over."""
    saved = RuleVersion(
        rule_id=rule.rule_id,
        version=version,
        plain=rule.as_json(),
        is_active=is_active,
        dry_run={},
        valid_from_at=valid_from_at,
        author="ada",
    )
    loaded = {"loaded_at": LOADED_AT}
    return [
        SourceRow("raw_app.trigger_rules", rule_row(tenant_id, saved) | loaded),
        *(SourceRow("raw_app.trigger_rule_literals", row | loaded) for row in literal_rows(tenant_id, rule, version)),
    ]
