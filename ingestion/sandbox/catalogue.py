"""What every HubSpot portal has before anyone customises it: object types, properties, association types, scopes.

Facts as documented by HubSpot for API versions v3, v4 and 2026-09. Custom properties of a tenant are not here; they are
added to a portal by whoever builds its world.
"""

from dataclasses import dataclass
from typing import Any, Literal

TICKETS, COMPANIES, CONTACTS, EMAILS, NOTES = "tickets", "companies", "contacts", "emails", "notes"
OBJECT_TYPES = (TICKETS, COMPANIES, CONTACTS, EMAILS, NOTES)
MERGED_TYPES = (TICKETS, COMPANIES, CONTACTS)
"""Those that can be merged."""

ObjectType = Literal["tickets", "companies", "contacts", "emails", "notes"]


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """One CRM object type: its names, its modified property, what it returns unasked, what ``query`` searches."""

    name: ObjectType
    singular: str
    type_id: str
    modified_property: str
    default_properties: tuple[str, ...]
    searchable_properties: tuple[str, ...]
    scopes: tuple[str, ...]
    """Any one of these on a token opens the type for reading."""
    write_scopes: tuple[tuple[str, ...], ...]
    """Of each of these a token needs one to archive, merge or erase records of the type."""
    created_property: str = "createdate"

    @property
    def always_returned(self) -> tuple[str, str, str]:
        """Properties that are in every answer whatever was asked for."""
        return (self.created_property, self.modified_property, "hs_object_id")


KINDS: dict[str, ObjectKind] = {
    TICKETS: ObjectKind(
        name="tickets",
        singular="ticket",
        type_id="0-5",
        modified_property="hs_lastmodifieddate",
        default_properties=(
            "content",
            "createdate",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
            "subject",
        ),
        searchable_properties=("subject", "content", "hs_pipeline_stage", "hs_ticket_category", "hs_object_id"),
        scopes=("tickets", "crm.objects.tickets.read"),
        write_scopes=(("tickets", "crm.objects.tickets.write"),),
    ),
    COMPANIES: ObjectKind(
        name="companies",
        singular="company",
        type_id="0-2",
        modified_property="hs_lastmodifieddate",
        default_properties=("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
        searchable_properties=("name", "domain"),
        scopes=("crm.objects.companies.read",),
        write_scopes=(("crm.objects.companies.write",),),
    ),
    CONTACTS: ObjectKind(
        name="contacts",
        singular="contact",
        type_id="0-1",
        modified_property="lastmodifieddate",
        default_properties=("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
        searchable_properties=("firstname", "lastname", "email"),
        scopes=("crm.objects.contacts.read",),
        write_scopes=(("crm.objects.contacts.write",),),
    ),
    EMAILS: ObjectKind(
        name="emails",
        singular="email",
        type_id="0-49",
        modified_property="hs_lastmodifieddate",
        default_properties=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        searchable_properties=("hs_email_subject",),
        scopes=("sales-email-read",),
        write_scopes=(("crm.objects.contacts.write",), ("sales-email-read",)),
        created_property="hs_createdate",
    ),
    NOTES: ObjectKind(
        name="notes",
        singular="note",
        type_id="0-46",
        modified_property="hs_lastmodifieddate",
        default_properties=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        searchable_properties=("hs_note_body",),
        scopes=("crm.objects.contacts.read",),
        write_scopes=(("crm.objects.contacts.write",),),
        created_property="hs_createdate",
    ),
}

_KIND_BY_ANY_NAME: dict[str, ObjectKind] = {
    spelling: kind for kind in KINDS.values() for spelling in (kind.name, kind.singular, kind.type_id)
}


def kind_of(spelling: str) -> ObjectKind | None:
    """The object type behind ``tickets``, ``ticket`` or ``0-5`` in any case, or None for one that is not served."""
    return _KIND_BY_ANY_NAME.get(spelling.lower())


@dataclass(frozen=True, slots=True)
class LinkType:
    """One association type between two object types, as read from one side."""

    type_id: int
    label: str | None
    inline_name: str
    """What the type is called inside an object's own ``associations``."""
    category: str = "HUBSPOT_DEFINED"


@dataclass(frozen=True, slots=True)
class LinkTypes:
    """The association types from one object type to another; ``primary`` only where HubSpot has the notion."""

    unlabelled: LinkType
    primary: LinkType | None = None


LINK_TYPES: dict[tuple[str, str], LinkTypes] = {
    (TICKETS, COMPANIES): LinkTypes(
        unlabelled=LinkType(339, None, "ticket_to_company_unlabeled"),
        primary=LinkType(26, "Primary", "ticket_to_company"),
    ),
    (COMPANIES, TICKETS): LinkTypes(
        unlabelled=LinkType(340, None, "company_to_ticket_unlabeled"),
        primary=LinkType(25, "Primary", "company_to_ticket"),
    ),
    (TICKETS, CONTACTS): LinkTypes(unlabelled=LinkType(16, None, "ticket_to_contact")),
    (CONTACTS, TICKETS): LinkTypes(unlabelled=LinkType(15, None, "contact_to_ticket")),
    (TICKETS, EMAILS): LinkTypes(unlabelled=LinkType(223, None, "ticket_to_email")),
    (EMAILS, TICKETS): LinkTypes(unlabelled=LinkType(224, None, "email_to_ticket")),
    (TICKETS, NOTES): LinkTypes(unlabelled=LinkType(227, None, "ticket_to_note")),
    (NOTES, TICKETS): LinkTypes(unlabelled=LinkType(228, None, "note_to_ticket")),
    (CONTACTS, COMPANIES): LinkTypes(
        unlabelled=LinkType(279, None, "contact_to_company_unlabeled"),
        primary=LinkType(1, "Primary", "contact_to_company"),
    ),
    (COMPANIES, CONTACTS): LinkTypes(
        unlabelled=LinkType(280, None, "company_to_contact_unlabeled"),
        primary=LinkType(2, "Primary", "company_to_contact"),
    ),
}


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """One property of an object type, as the property catalogue describes it.

    Attributes:
        type: bool, date, datetime, enumeration, number, phone_number, string, object_coordinates or json.
        options: (value, label) pairs of an enumeration, in display order.
    """

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group_name: str = ""
    description: str = ""
    options: tuple[tuple[str, str], ...] = ()
    calculated: bool = False
    hidden: bool = False
    hubspot_defined: bool = False
    has_unique_value: bool = False
    archived: bool = False


def _own(object_type: str, name: str, label: str, kind: str = "string", **more: Any) -> PropertyDefinition:
    field_types = {
        "string": "text",
        "number": "number",
        "datetime": "date",
        "date": "date",
        "enumeration": "select",
        "bool": "booleancheckbox",
    }
    more.setdefault("field_type", field_types[kind])
    more.setdefault("group_name", f"{KINDS[object_type].singular}information")
    return PropertyDefinition(name=name, label=label, type=kind, hubspot_defined=True, **more)


_PRIORITIES = (("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High"), ("URGENT", "Urgent"))
_CATEGORIES = (
    ("PRODUCT_ISSUE", "Product issue"),
    ("BILLING_ISSUE", "Billing issue"),
    ("FEATURE_REQUEST", "Feature request"),
    ("GENERAL_INQUIRY", "General inquiry"),
)
_SOURCES = (("CHAT", "Chat"), ("EMAIL", "Email"), ("FORM", "Form"), ("PHONE", "Phone"))
_DIRECTIONS = (("EMAIL", "Sent"), ("INCOMING_EMAIL", "Received"), ("FORWARDED_EMAIL", "Forwarded"))
_LIFECYCLE = (("lead", "Lead"), ("opportunity", "Opportunity"), ("customer", "Customer"), ("other", "Other"))


def default_properties(object_type: str) -> list[PropertyDefinition]:
    """The property catalogue a fresh portal has for one object type."""
    return list(_DEFAULTS[object_type])


_DEFAULTS: dict[str, tuple[PropertyDefinition, ...]] = {
    TICKETS: (
        _own(TICKETS, "hs_object_id", "Record ID", "number", has_unique_value=True),
        _own(TICKETS, "createdate", "Create date", "datetime"),
        _own(TICKETS, "hs_lastmodifieddate", "Last modified date", "datetime"),
        _own(TICKETS, "subject", "Ticket name"),
        _own(TICKETS, "content", "Ticket description", field_type="textarea"),
        _own(TICKETS, "hs_pipeline", "Pipeline", "enumeration"),
        _own(TICKETS, "hs_pipeline_stage", "Ticket status", "enumeration"),
        _own(TICKETS, "hs_ticket_priority", "Priority", "enumeration", options=_PRIORITIES),
        _own(TICKETS, "hs_ticket_category", "Category", "enumeration", options=_CATEGORIES, field_type="checkbox"),
        _own(TICKETS, "source_type", "Source", "enumeration", options=_SOURCES),
        _own(TICKETS, "hubspot_owner_id", "Ticket owner", "enumeration"),
        _own(TICKETS, "closed_date", "Close date", "datetime"),
        _own(TICKETS, "hs_last_closed_date", "Last closed date", "datetime"),
        _own(TICKETS, "time_to_close", "Time to close", "number", calculated=True),
        _own(TICKETS, "first_agent_reply_date", "First agent reply date", "datetime"),
        _own(TICKETS, "time_to_first_agent_reply", "Time to first agent email reply", "number", calculated=True),
        _own(TICKETS, "last_reply_date", "Last customer reply date", "datetime"),
        _own(TICKETS, "hs_last_message_received_at", "Last message received date", "datetime"),
        _own(TICKETS, "hs_num_times_contacted", "Number of times contacted", "number", calculated=True),
        _own(TICKETS, "hs_resolution", "Resolution"),
        _own(TICKETS, "hs_primary_company_id", "Primary company ID", "number", calculated=True),
        _own(TICKETS, "hs_primary_company_name", "Primary company name", calculated=True),
        _own(TICKETS, "hs_merged_object_ids", "Merged ticket IDs"),
        _own(TICKETS, "hs_object_source_label", "Record source"),
        _own(TICKETS, "hs_overall_visitor_messages_sentiment", "Overall visitor sentiment", calculated=True),
        _own(TICKETS, "hs_overall_visitor_messages_sentiment_score", "Its score", "number", calculated=True),
        _own(TICKETS, "hs_last_visitor_message_sentiment", "Last visitor message sentiment", calculated=True),
        _own(TICKETS, "hs_last_visitor_message_sentiment_score", "Its score", "number", calculated=True),
    ),
    COMPANIES: (
        _own(COMPANIES, "hs_object_id", "Record ID", "number", has_unique_value=True),
        _own(COMPANIES, "createdate", "Create date", "datetime"),
        _own(COMPANIES, "hs_lastmodifieddate", "Last modified date", "datetime"),
        _own(COMPANIES, "name", "Company name"),
        _own(COMPANIES, "domain", "Company domain name"),
        _own(COMPANIES, "industry", "Industry"),
        _own(COMPANIES, "country", "Country/Region"),
        _own(COMPANIES, "numberofemployees", "Number of employees", "number"),
        _own(COMPANIES, "annualrevenue", "Annual revenue", "number"),
        _own(COMPANIES, "lifecyclestage", "Lifecycle stage", "enumeration", options=_LIFECYCLE),
        _own(COMPANIES, "hubspot_owner_id", "Company owner", "enumeration"),
        _own(COMPANIES, "num_associated_contacts", "Number of associated contacts", "number", calculated=True),
        _own(COMPANIES, "hs_merged_object_ids", "Merged company IDs"),
    ),
    CONTACTS: (
        _own(CONTACTS, "hs_object_id", "Record ID", "number", has_unique_value=True),
        _own(CONTACTS, "createdate", "Create date", "datetime"),
        _own(CONTACTS, "lastmodifieddate", "Last modified date", "datetime"),
        _own(CONTACTS, "firstname", "First name"),
        _own(CONTACTS, "lastname", "Last name"),
        _own(CONTACTS, "email", "Email", has_unique_value=True),
        _own(CONTACTS, "jobtitle", "Job title"),
        _own(CONTACTS, "hubspot_owner_id", "Contact owner", "enumeration"),
        _own(CONTACTS, "hs_additional_emails", "Additional email addresses"),
        _own(CONTACTS, "hs_merged_object_ids", "Merged contact IDs"),
        _own(CONTACTS, "hs_calculated_merged_vids", "Merged contact IDs with timestamps", calculated=True),
    ),
    EMAILS: (
        _own(EMAILS, "hs_object_id", "Record ID", "number", has_unique_value=True),
        _own(EMAILS, "hs_createdate", "Create date", "datetime"),
        _own(EMAILS, "hs_lastmodifieddate", "Last modified date", "datetime"),
        _own(EMAILS, "hs_timestamp", "Activity date", "datetime"),
        _own(EMAILS, "hs_email_direction", "Email direction", "enumeration", options=_DIRECTIONS),
        _own(EMAILS, "hs_email_status", "Email send status", "enumeration"),
        _own(EMAILS, "hs_email_subject", "Email subject"),
        _own(EMAILS, "hs_email_text", "Text body", field_type="textarea"),
        _own(EMAILS, "hs_email_html", "HTML body", field_type="html"),
        _own(EMAILS, "hs_email_headers", "Email headers", field_type="textarea"),
        _own(EMAILS, "hs_email_from_email", "Email from address"),
        _own(EMAILS, "hs_email_from_firstname", "Email from first name"),
        _own(EMAILS, "hs_email_from_lastname", "Email from last name"),
        _own(EMAILS, "hubspot_owner_id", "Activity assigned to", "enumeration"),
    ),
    NOTES: (
        _own(NOTES, "hs_object_id", "Record ID", "number", has_unique_value=True),
        _own(NOTES, "hs_createdate", "Create date", "datetime"),
        _own(NOTES, "hs_lastmodifieddate", "Last modified date", "datetime"),
        _own(NOTES, "hs_timestamp", "Activity date", "datetime"),
        _own(NOTES, "hs_note_body", "Note body", field_type="html"),
        _own(NOTES, "hubspot_owner_id", "Activity assigned to", "enumeration"),
    ),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline. ``state`` is OPEN, CLOSED, or None where the metadata lacks it."""

    id: str
    label: str
    state: Literal["OPEN", "CLOSED"] | None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A ticket pipeline with its stages in display order."""

    id: str
    label: str
    stages: tuple[Stage, ...]
    archived: bool = False

    def closed_stage_ids(self) -> set[str]:
        """Ids of the stages whose metadata says closed."""
        return {stage.id for stage in self.stages if stage.state == "CLOSED"}


DEFAULT_PIPELINE = Pipeline(
    id="0",
    label="Support Pipeline",
    stages=(
        Stage("1", "New", "OPEN"),
        Stage("2", "Waiting on contact", "OPEN"),
        Stage("3", "Waiting on us", "OPEN"),
        Stage("4", "Closed", "CLOSED"),
    ),
)
"""The ticket pipeline every portal starts with."""
