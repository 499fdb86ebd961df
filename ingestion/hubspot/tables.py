"""The tables of `raw_hubspot` (docs/names.md), and which HubSpot object types feed three of them. Pure data."""

from dataclasses import dataclass

from core.naming import RAW_HUBSPOT
from core.warehouse import Column, ColumnType, TableSpec, Warehouse
from ingestion.hubspot.threads.tables import EMAILS, NOTES
from ingestion.loader import RawTable, add_columns, ensure_tables

_TEXT, _TIME, _FLAG = ColumnType.TEXT, ColumnType.TIMESTAMP, ColumnType.BOOLEAN
_INTEGER, _FLOAT = ColumnType.INTEGER, ColumnType.FLOAT


@dataclass(frozen=True)
class ObjectType:
    """A CRM object type we read.

    Attributes:
        name: As in paths, and the name of its table.
        modified: Property that moves with every change.
        typed: Properties that are columns of their own, by name; the rest is in the `properties` column only.
        history: Property whose earlier values are read too, for every tenant; None for none.
    """

    name: str
    modified: str
    typed: dict[str, ColumnType]
    history: str | None = None


TICKETS = ObjectType(
    "tickets",
    "hs_lastmodifieddate",
    {
        **dict.fromkeys(
            (
                "subject",
                "content",
                "hs_pipeline",
                "hs_pipeline_stage",
                "hs_ticket_priority",
                "hs_ticket_category",
                "source_type",
                "hubspot_owner_id",
                "hs_primary_company_id",
            ),
            _TEXT,
        ),
        **dict.fromkeys(
            (
                "createdate",
                "closed_date",
                "hs_lastmodifieddate",
                "first_agent_reply_date",
                "hs_last_message_received_at",
            ),
            _TIME,
        ),
        # HubSpot's own reading of the tone, where the portal's plan has it; scores from 0 to 100.
        **dict.fromkeys(("hs_overall_visitor_messages_sentiment", "hs_last_visitor_message_sentiment"), _TEXT),
        **dict.fromkeys(
            ("hs_overall_visitor_messages_sentiment_score", "hs_last_visitor_message_sentiment_score"), _FLOAT
        ),
    },
    history="hs_pipeline_stage",
)
COMPANIES = ObjectType(
    "companies",
    "hs_lastmodifieddate",
    {
        **dict.fromkeys(("name", "domain", "lifecyclestage", "hubspot_owner_id"), _TEXT),
        "annualrevenue": _FLOAT,
        **dict.fromkeys(("createdate", "hs_lastmodifieddate"), _TIME),
    },
)
# The one object type whose cursor has another name: `hs_lastmodifieddate` of contacts does not move with every change.
CONTACTS = ObjectType(
    "contacts",
    "lastmodifieddate",
    {
        **dict.fromkeys(("firstname", "lastname", "email", "jobtitle"), _TEXT),
        **dict.fromkeys(("createdate", "lastmodifieddate"), _TIME),
    },
)
OBJECT_TYPES = (COMPANIES, CONTACTS, TICKETS)
"""In the order they are read: whom tickets are linked to comes before the tickets."""


def _spec(
    name: str, key: tuple[str, ...], columns: dict[str, ColumnType], *, replace_by: tuple[str, ...] = ()
) -> TableSpec:
    every = {"tenant_id": _TEXT, **columns, "loaded_at": _TIME}
    return TableSpec(
        RAW_HUBSPOT,
        name,
        tuple(Column(column, kind) for column, kind in every.items()),
        ("tenant_id", *key),
        ("tenant_id", *replace_by) if replace_by else (),
    )


def _object_table(kind: ObjectType) -> RawTable:
    columns = {
        "id": _TEXT,
        **kind.typed,
        "archived": _FLAG,
        "archived_at": _TIME,
        "url": _TEXT,
        "properties": _TEXT,
    }
    return RawTable(
        _spec(kind.name, ("id",), columns),
        modified=kind.modified,
        long_columns=frozenset({"content", "properties"} & set(columns)),
    )


@dataclass(frozen=True)
class LinkType:
    """Links from tickets to another object type.

    Attributes:
        to: The object type linked to.
        id_column: The column its id stands in.
        primary_type_id: HubSpot's association type that marks the primary link; None where there is no such thing.
    """

    to: str
    id_column: str
    primary_type_id: int | None

    @property
    def table(self) -> str:
        """The table's, and the stream's, name."""
        return f"ticket_{self.to}"


COMPANY_LINKS = LinkType("companies", "company_id", 26)
CONTACT_LINKS = LinkType("contacts", "contact_id", None)
EMAIL_LINKS = LinkType("emails", "email_id", None)
NOTE_LINKS = LinkType("notes", "note_id", None)
LINK_TYPES = (COMPANY_LINKS, CONTACT_LINKS, EMAIL_LINKS, NOTE_LINKS)


def _link_table(links: LinkType) -> RawTable:
    columns = {"ticket_id": _TEXT, links.id_column: _TEXT}
    if links.primary_type_id is not None:
        columns["is_primary"] = _FLAG
    columns["association_types"] = _TEXT
    return RawTable(_spec(links.table, ("ticket_id", links.id_column), columns, replace_by=("ticket_id",)))


PIPELINES = RawTable(
    _spec("pipelines", ("id",), {"id": _TEXT, "label": _TEXT, "display_order": _INTEGER, "archived": _FLAG})
)
PIPELINE_STAGES = RawTable(
    _spec(
        "pipeline_stages",
        ("pipeline_id", "id"),
        {
            "pipeline_id": _TEXT,
            "id": _TEXT,
            "label": _TEXT,
            "display_order": _INTEGER,
            "ticket_state": _TEXT,
            "is_closed": _FLAG,
            "archived": _FLAG,
        },
    )
)
OWNERS = RawTable(
    _spec("owners", ("id",), {**dict.fromkeys(("id", "email", "first_name", "last_name"), _TEXT), "archived": _FLAG})
)
PROPERTIES = RawTable(
    _spec(
        "properties",
        ("object_type", "name"),
        {
            **dict.fromkeys(("object_type", "name", "label", "type", "field_type", "group_name"), _TEXT),
            "is_calculated": _FLAG,
            "archived": _FLAG,
        },
    )
)
PROPERTY_CHANGES = RawTable(
    _spec(
        "property_changes",
        ("object_type", "name", "change", "noticed_at"),
        {
            **dict.fromkeys(("object_type", "name", "change"), _TEXT),
            "noticed_at": _TIME,
            **dict.fromkeys(("before", "after"), _TEXT),
        },
    )
)
RECORD_ALIASES = RawTable(
    _spec("record_aliases", ("object_type", "alias_id"), dict.fromkeys(("object_type", "alias_id", "record_id"), _TEXT))
)
TICKET_STAGES = RawTable(
    _spec(
        "ticket_stage_history",
        ("ticket_id", "entered_at", "stage_id"),
        {"ticket_id": _TEXT, "stage_id": _TEXT, "entered_at": _TIME},
        replace_by=("ticket_id",),
    )
)
COMPANY_HISTORY = RawTable(
    _spec(
        "company_property_history",
        ("company_id", "property_name", "set_at"),
        {"company_id": _TEXT, "property_name": _TEXT, "value": _TEXT, "set_at": _TIME},
        replace_by=("company_id",),
    )
)
PORTALS = RawTable(
    _spec(
        "portals", (), dict.fromkeys(("portal_id", "time_zone", "ui_domain", "company_currency", "account_type"), _TEXT)
    )
)

OBJECT_TABLES = {kind.name: _object_table(kind) for kind in OBJECT_TYPES}
LINK_TABLES = {links.table: _link_table(links) for links in LINK_TYPES}
OPTIONAL_STREAMS = frozenset({EMAILS.name, NOTES.name, EMAIL_LINKS.table, NOTE_LINKS.table})
"""Streams whose scope a tenant may leave out: then tickets are read by their opening message alone."""

RAW_TABLES: tuple[RawTable, ...] = (
    *OBJECT_TABLES.values(),
    EMAILS,
    NOTES,
    *LINK_TABLES.values(),
    TICKET_STAGES,
    COMPANY_HISTORY,
    RECORD_ALIASES,
    PIPELINES,
    PIPELINE_STAGES,
    OWNERS,
    PROPERTIES,
    PROPERTY_CHANGES,
    PORTALS,
)
"""Everything dlt loads; `sync_cursors` is ours and is merged after the proof."""

SYNC_CURSORS = TableSpec(
    RAW_HUBSPOT,
    "sync_cursors",
    (
        Column("tenant_id"),
        Column("stream"),
        Column("cursor_at", _TIME),
        Column("mode"),
        Column("extracted_count", _INTEGER),
        Column("loaded_count", _INTEGER),
        Column("held_count", _INTEGER),
        Column("portal_total", _INTEGER),
        Column("run_id"),
        Column("synced_at", _TIME),
        Column("status"),
        Column("error_message"),
        Column("attempted_at", _TIME),
        Column("resume_after"),
        Column("resume_until_at", _TIME),
    ),
    ("tenant_id", "stream"),
)


def ensure_raw_tables(warehouse: Warehouse) -> None:
    """Make every `raw_hubspot` table exist, also where nothing was ever loaded, so that whoever reads them can."""
    ensure_tables(warehouse, RAW_TABLES)
    add_columns(warehouse, SYNC_CURSORS)
    if not warehouse.has_table(SYNC_CURSORS.schema, SYNC_CURSORS.name):
        warehouse.merge([(SYNC_CURSORS, [])])
