"""A warehouse as the loader and the reader would leave it, made in seconds inside DuckDB: equal sizes give equal rows.

Ten tenants share the companies. A company writes as often as its place in a long tail says, tickets go back two years, are closed
within ten days in nineteen of twenty cases, and carry an email of the customer and an answer. One reading in eight is unhappy.
"""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from analysis.tables import ENRICHMENT_TABLES, ensure_enrichment_tables
from core.warehouse.duckdb import DuckDBWarehouse
from ingestion.app_state import APP_TABLES
from ingestion.hubspot.tables import RAW_TABLES, SYNC_CURSORS

TENANTS = 10
TOPICS = 20
DAYS = 730

_SPECS = {
    spec.qualified: spec
    for spec in (*(table.spec for table in (*RAW_TABLES, *APP_TABLES)), SYNC_CURSORS, *ENRICHMENT_TABLES)
}

_TENANTS = "select 'tenant-' || t as tenant_id from range({tenants}) as tenant(t)"

_FEW = {
    "raw_app.tenants": "select tenant_id, tenant_id as name, 'pro' as plan_tier, 'EUR' as currency from tenants",
    "raw_app.field_mappings": """
        select tenant_id, field, 1 as version, field as property_name, 'setup' as author,
               timestamptz '2020-01-01' as valid_from_at, case field when 'mrr' then 'month' end as unit
        from tenants, (values ('mrr'), ('renewal'), ('last_login'), ('onboarding_step'), ('usage')) as f(field)
    """,
    "raw_app.topics": """
        select tenant_id, 'topic-' || n as name, 'About ' || n as description, true as is_active, 1 as version,
               'topic-' || n as current_topic
        from tenants, range({topics}) as topic(n)
    """,
    "raw_hubspot.portals": "select tenant_id, tenant_id as portal_id, 'EUR' as company_currency from tenants",
    "raw_hubspot.owners": """
        select tenant_id, cast(n as text) as id, 'owner' || n || '@vendor.example' as email, 'Owner' as first_name,
               cast(n as text) as last_name, false as archived
        from tenants, range(12) as owner(n)
    """,
    "raw_hubspot.pipelines": "select tenant_id, '0' as id, 'Support' as label, 0 as display_order, false as archived from tenants",
    "raw_hubspot.pipeline_stages": """
        select tenant_id, '0' as pipeline_id, id, label, place as display_order, state as ticket_state,
               state = 'CLOSED' as is_closed, false as archived
        from tenants, (values ('1', 'New', 0, 'OPEN'), ('4', 'Closed', 3, 'CLOSED')) as s(id, label, place, state)
    """,
    "raw_hubspot.sync_cursors": """
        select tenant_id, stream, timestamptz '{as_of}' as cursor_at, timestamptz '{as_of}' as synced_at,
               timestamptz '{as_of}' as attempted_at, 'synced' as status, 'increment' as mode, 1 as held_count, 1 as portal_total
        from tenants, (values ('tickets'), ('companies'), ('contacts'), ('owners'), ('emails'), ('notes'),
                              ('ticket_companies'), ('ticket_contacts'), ('ticket_emails'), ('ticket_notes'),
                              ('pipelines'), ('properties')) as s(stream)
    """,
}

# Everything about a ticket follows from its number, so that more of them leave those before as they are.
_TICKET = """
    select n,
           'tenant-' || (n % {tenants}) as tenant_id,
           cast(n as text) as ticket_id,
           cast(floor(power(hash(n, 1) / 18446744073709551616.0, 2) * {companies_each}) as bigint) as company,
           timestamptz '{as_of}' - to_microseconds(cast(hash(n, 2) / 18446744073709551616.0 * {days} * 86400e6 as bigint))
               as created_at,
           to_microseconds(cast(hash(n, 3) / 18446744073709551616.0 * 10 * 86400e6 as bigint)) as open_for,
           hash(n, 4) % 20 > 0 as is_closing,
           hash(n, 5) % 80 as mood,
           hash(n, 6) % 80 as later_mood,
           hash(n, 7) % {topics} as topic
    from range({first}, {last}) as ticket(n)
"""

_MANY = {
    "raw_hubspot.tickets": """
        select tenant_id, ticket_id as id, 'Question ' || n as subject, 'The export of report ' || n || ' fails.' as content,
               '0' as hs_pipeline, case when is_closing and created_at + open_for < timestamptz '{as_of}' then '4' else '1' end
                   as hs_pipeline_stage,
               created_at as createdate,
               case when is_closing and created_at + open_for < timestamptz '{as_of}' then created_at + open_for end as closed_date,
               created_at + open_for / 2 as hs_lastmodifieddate, false as archived, '{{}}' as properties
        from tickets
    """,
    "raw_hubspot.ticket_companies": """
        select tenant_id, ticket_id, cast(company as text) as company_id, true as is_primary, '[]' as association_types from tickets
    """,
    "raw_hubspot.ticket_contacts": """
        select tenant_id, ticket_id, company || '-' || (n % 2) as contact_id, '[]' as association_types from tickets
    """,
    "raw_hubspot.emails": """
        select tenant_id, ticket_id || '-' || place as id, direction, 'p' || company || '@customer.example' as author_email,
               created_at + open_for * place / 4 as sent_at, 'Re: question' as subject, 'It still fails.' as text,
               'It still fails.' as own_text, false as is_automated, false as archived, created_at as hs_createdate
        from tickets, (values (1, 'outbound'), (2, 'inbound')) as e(place, direction)
    """,
    "raw_hubspot.ticket_emails": """
        select tenant_id, ticket_id, ticket_id || '-' || place as email_id, '[]' as association_types
        from tickets, (values (1), (2)) as e(place)
    """,
    "enrichment.message_texts": """
        select tenant_id, ticket_id, message_id, 'It still fails.' as text, 'h' as input_hash, false as is_truncated,
               false as is_repeated, created_at as read_at
        from read_messages
    """,
    "enrichment.message_sentiment": """
        select tenant_id, ticket_id, message_id,
               case when felt < 2 then 'very_negative' when felt < 10 then 'negative' when felt < 60 then 'neutral' else 'positive'
                   end as sentiment,
               case when felt < 2 then -2 when felt < 10 then -1 when felt < 60 then 0 else 1 end as level,
               case when felt = 0 then 'explicit' when felt = 2 then 'implied' else 'none' end as churn_intent,
               'product' as target, case when felt < 10 then 'unsolved' else 'solved' end as resolution, true as is_evidence_ok,
               'openai_compatible' as analyzer, 'model' as model, 'sentiment/1' as prompt_version, 'h' as schema_hash,
               'h' as input_hash, 'h' as sent_hash, ticket_id || message_id as call_key, 300 as input_tokens, 60 as output_tokens,
               0.0002 as cost_usd, 900 as latency_ms, 'run' as run_id, created_at as analyzed_at
        from read_messages
    """,
    "enrichment.message_evidence": """
        select tenant_id, ticket_id, message_id, 0 as evidence_index, 'fails' as quote, 9 as quote_start, 14 as quote_end,
               ticket_id || message_id as call_key
        from read_messages where felt < 10
    """,
    "enrichment.ticket_topics": """
        select tenant_id, ticket_id, 'topic-' || topic as topic, 1 as topic_rank, 'openai_compatible' as analyzer, 'model' as model,
               'topics/1' as prompt_version, 'h' as schema_hash, 'h' as input_hash, 'h' as sent_hash, ticket_id || 't' as call_key,
               200 as input_tokens, 10 as output_tokens, 0.0001 as cost_usd, 700 as latency_ms, 'run' as run_id,
               created_at as analyzed_at
        from tickets
    """,
}

_READ_MESSAGES = """
    select tenant_id, ticket_id, created_at, 'opening' as message_id, mood as felt from tickets
    union all
    select tenant_id, ticket_id, created_at, 'emails/' || ticket_id || '-2', later_mood from tickets
"""

_COMPANIES = {
    "raw_hubspot.companies": """
        select 'tenant-' || t as tenant_id, cast(c as text) as id, 'Company ' || c as name, 'c' || c || '.example' as domain,
               'customer' as lifecyclestage, cast(c % 12 as text) as hubspot_owner_id,
               timestamptz '{as_of}' - to_days(cast(60 + hash(t, c) % 1500 as integer)) as createdate,
               timestamptz '{as_of}' - to_days(cast(hash(c, t) % 20 as integer)) as hs_lastmodifieddate, false as archived,
               json_object('mrr', cast(100 + hash(t, c, 2) % 5000 as text),
                           'renewal', strftime(date '{day}' + cast(hash(t, c, 3) % 365 as integer), '%Y-%m-%d'),
                           'last_login', strftime(date '{day}' - cast(hash(t, c, 4) % 12 as integer), '%Y-%m-%d'),
                           'onboarding_step', '5', 'usage', cast(40 + hash(t, c, 5) % 900 as text)) as properties
        from range({tenants}) as tenant(t), range({companies_each}) as company(c)
    """,
    "raw_hubspot.contacts": """
        select 'tenant-' || t as tenant_id, c || '-' || p as id, 'Kim' as firstname, cast(c as text) as lastname,
               'p' || c || '@customer.example' as email, false as archived
        from range({tenants}) as tenant(t), range({companies_each}) as company(c), range(2) as person(p)
    """,
}


def fill(file: Path, *, tickets: int, companies: int, as_of: datetime) -> None:
    """Make the warehouse; the file must not exist yet."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("set timezone = 'UTC'")
        for spec in _SPECS.values():
            connection.execute(f"create schema if not exists {spec.schema}")
            columns = ", ".join(f"{column.name} {column.type}" for column in spec.columns)
            connection.execute(f"create table {spec.qualified} ({columns})")
        options = _options(companies, as_of)
        connection.execute(f"create temp table tenants as {_TENANTS.format(**options)}")
        for table, rows in (_FEW | _COMPANIES).items():
            _insert(connection, table, rows.format(**options), as_of)
        _add(connection, first=0, last=tickets, options=options, as_of=as_of)
    ensure_enrichment_tables(DuckDBWarehouse(file))


def add(file: Path, *, first: int, last: int, companies: int, as_of: datetime) -> None:
    """Add the tickets of these numbers, all of the last day before `as_of`."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("set timezone = 'UTC'")
        options = _options(companies, as_of) | {"days": 1}
        _add(connection, first=first, last=last, options=options, as_of=as_of)


def _options(companies: int, as_of: datetime) -> dict[str, object]:
    return {
        "tenants": TENANTS,
        "topics": TOPICS,
        "days": DAYS,
        "companies_each": companies // TENANTS,
        "as_of": as_of.isoformat(),
        "day": as_of.date().isoformat(),
    }


def _add(
    connection: duckdb.DuckDBPyConnection, *, first: int, last: int, options: dict[str, object], as_of: datetime
) -> None:
    tickets = _TICKET.format(**options, first=first, last=last)
    connection.execute(f"create or replace temp table tickets as {tickets}")
    connection.execute(f"create or replace temp view read_messages as {_READ_MESSAGES}")
    for table, rows in _MANY.items():
        _insert(connection, table, rows.format(**options), as_of)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: str, as_of: datetime) -> None:
    is_stamped = "loaded_at" in _SPECS[table].names
    stamp = f", timestamptz '{(as_of - timedelta(minutes=5)).isoformat()}' as loaded_at" if is_stamped else ""
    connection.execute(f"insert into {table} by name select *{stamp} from ({rows})")
