"""What of a person lives where: every table with a `tenant_id`, in every store. Pure data.

A table that is in no list here fails a test. What a table is listed with says how it is cleared: `names` are emptied where the
contact stands, `words` where one of their tickets does; `is_contact_gone` and `is_ticket_gone` remove the row instead. A table
listed with nothing but its name holds ids, counts, labels and dates, or what our own users wrote about something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.naming import ENRICHMENT, INTERMEDIATE, MARTS, PUBLISHED_MARTS, RAW_APP, RAW_HUBSPOT

ERASED_NOTE = " Words erased on request."
"""Stands at the end of a card's `why` when tickets behind it have lost their words (the same in `churn_risk_cards.sql`)."""


@dataclass(frozen=True)
class Subject:
    """Whose data goes: contacts of one tenant, and the tickets whose words go with them.

    Attributes:
        message_ids: The messages on these tickets, as `emails/7`: one may be on another ticket too, and was read for it as well.
    """

    tenant_id: str
    contact_ids: Sequence[str]
    ticket_ids: Sequence[str]
    message_ids: Sequence[str] = ()


@dataclass(frozen=True)
class Holding:
    """What one table holds of a contact and of their tickets.

    Attributes:
        schema: Schema in the warehouse; empty for the application database and the journal.
        table: The table.
        contact: Column with the contact's id.
        names: Columns emptied in the contact's rows.
        is_contact_gone: Whether the contact's rows are removed, names and all.
        ticket: Column with the ticket's id; with `link`, the id of a message that belongs to tickets.
        link: Table and column that say which messages are a ticket's.
        message: Column with the message's id; what the table holds of a ticket's messages goes for other tickets too.
        words: Columns emptied in the tickets' rows.
        is_ticket_gone: Whether the tickets' rows are removed.
        properties: Object type whose properties stand, as JSON, in the column `properties`; thinned out in the tickets' rows.
        redacted: Columns with what our users wrote, in which the contact's name and address are blacked out.
        is_noted: Whether `why` says that words were erased; for cards, whose evidence is in `card_evidence` beside them.
    """

    schema: str
    table: str
    contact: str = ""
    names: tuple[str, ...] = ()
    is_contact_gone: bool = False
    ticket: str = ""
    link: tuple[str, str] | None = None
    message: str = ""
    words: tuple[str, ...] = ()
    is_ticket_gone: bool = False
    properties: str = ""
    redacted: tuple[str, ...] = ()
    is_noted: bool = False

    @property
    def qualified(self) -> str:
        """`schema.table`, or the table alone."""
        return f"{self.schema}.{self.table}" if self.schema else self.table


def _plain(schema: str, *tables: str) -> tuple[Holding, ...]:
    return tuple(Holding(schema, table) for table in tables)


def _messages(table: str, id_column: str) -> Holding:
    words = ("author_email", "author_name", "subject", "text", "own_text")
    return Holding(RAW_HUBSPOT, table, ticket="id", link=(f"ticket_{table}", id_column), words=words, properties=table)


_CARDS: dict[str, Any] = {"contact": "contact_id", "names": ("contact_id", "contact_name"), "is_noted": True}
_EVIDENCE: dict[str, Any] = {"ticket": "ticket_id", "message": "message_id", "is_ticket_gone": True}
_CARD_TICKETS: dict[str, Any] = {"ticket": "ticket_id", "words": ("ticket_subject",)}
_THREADS: dict[str, Any] = {"ticket": "ticket_id", "message": "message_id", "words": ("author_name", "text")}
_TICKETS: dict[str, Any] = {"ticket": "ticket_id", "words": ("subject",)}
_READINGS: dict[str, Any] = {"ticket": "ticket_id", "words": ("subject", "text", "quote_spans")}

RAW: tuple[Holding, ...] = (
    Holding(RAW_HUBSPOT, "tickets", ticket="id", words=("subject", "content"), properties="tickets"),
    _messages("emails", "email_id"),
    _messages("notes", "note_id"),
    Holding(RAW_HUBSPOT, "ticket_contacts", contact="contact_id", is_contact_gone=True),
    *_plain(
        RAW_HUBSPOT,
        "companies",
        "ticket_companies",
        "ticket_emails",
        "ticket_notes",
        "ticket_stage_history",
        "company_property_history",
        "record_aliases",
        "pipelines",
        "pipeline_stages",
        "owners",
        "properties",
        "property_changes",
        "portals",
        "sync_cursors",
    ),
    # Last of all: as long as it stands, a run that was killed can be taken up with the person's name and address in hand.
    Holding(
        RAW_HUBSPOT,
        "contacts",
        contact="id",
        names=("firstname", "lastname", "email", "jobtitle"),
        is_contact_gone=True,
    ),
)

READINGS: tuple[Holding, ...] = (
    Holding(ENRICHMENT, "message_texts", ticket="ticket_id", message="message_id", words=("text",)),
    Holding(ENRICHMENT, "message_evidence", ticket="ticket_id", message="message_id", is_ticket_gone=True),
    Holding(ENRICHMENT, "dead_letters", ticket="ticket_id", message="message_id", words=("raw", "reason")),
    *_plain(ENRICHMENT, "message_sentiment", "ticket_topics", "ticket_topic_history", "deferred_readings"),
    # What was tried out beside it.
    Holding(ENRICHMENT, "shadow_evidence", ticket="ticket_id", message="message_id", is_ticket_gone=True),
    Holding(ENRICHMENT, "shadow_dead_letters", ticket="ticket_id", message="message_id", words=("raw", "reason")),
    *_plain(ENRICHMENT, "shadows", "shadow_sentiment", "shadow_topics"),
)

MODELS: tuple[Holding, ...] = (
    Holding(
        INTERMEDIATE,
        "int_tickets",
        contact="contact_id",
        names=("contact_id",),
        ticket="ticket_id",
        words=("subject",),
    ),
    Holding(
        INTERMEDIATE,
        "int_messages",
        ticket="ticket_id",
        message="message_id",
        words=("author_email", "author_name", "subject", "text", "own_text"),
    ),
    Holding(INTERMEDIATE, "int_ticket_quotes", **_EVIDENCE),
    *_plain(
        INTERMEDIATE,
        "int_audit_pairs",
        "int_card_aliases",
        "int_card_days",
        "int_card_effects",
        "int_card_inputs",
        "int_card_moves",
        "int_card_quotes",
        "int_card_spans",
        "int_card_states",
        "int_card_tickets",
        "int_card_topics",
        "int_card_completions",
        "int_card_courses",
        "int_card_words",
        "int_cards",
        "int_churned_companies",
        "int_company_days",
        "int_company_fact_history",
        "int_company_fact_spans",
        "int_company_fact_steps",
        "int_company_facts",
        "int_company_windows",
        "int_confidence",
        "int_customer_messages",
        "int_day_inputs",
        "int_episodes",
        "int_frustrated_daily",
        "int_last_words",
        "int_pain_spells",
        "int_pipeline_stages",
        "int_reading_days",
        "int_reading_inputs",
        "int_signal_days",
        "int_silence_sources",
        "int_significant_support_daily",
        "int_silently_struggling_daily",
        "int_stale_card_days",
        "int_stale_days",
        "int_stale_tickets",
        "int_streams",
        "int_tenant_days",
        "int_tenant_rule_daily",
        "int_tenant_rule_spans",
        "int_tenant_rules",
        "int_tenants",
        "int_ticket_days",
        "int_ticket_inputs",
        "int_ticket_spells",
        "int_ticket_topics",
        "int_topic_days",
        "int_topic_signals",
        "int_topic_tickets",
        "int_topic_trends",
        "int_trigger_params",
        "int_trigger_scores_daily",
    ),
    # Before the evidence that says which cards are meant.
    Holding(MARTS, "churn_risk_cards", **_CARDS),
    Holding(MARTS, "card_evidence", **_EVIDENCE),
    Holding(MARTS, "card_tickets", **_CARD_TICKETS),
    Holding(MARTS, "card_messages", **_THREADS),
    Holding(MARTS, "tickets", **_TICKETS),
    Holding(MARTS, "ticket_readings", **_READINGS),
    *_plain(
        MARTS,
        "alert_precision",
        "audited_shares",
        "card_changes",
        "card_load_weekly",
        "card_outcomes",
        "churn_recall",
        "companies",
        "company_leaderboard",
        "company_sentiment_daily",
        "data_quality",
        "emerging_topics",
        "enrichment_quality",
        "llm_costs_daily",
        "risks_daily",
        "sentiment_daily",
        "sentiment_trends_weekly",
        "source_health",
        "topic_impact",
        "topic_metrics_daily",
        "topic_tickets",
        "topic_trends_daily",
        "topic_trends_weekly",
        "trigger_scores_daily",
    ),
)

DECISIONS: tuple[Holding, ...] = (
    *_plain(
        RAW_APP,
        "tenants",
        "field_mappings",
        "topics",
        "topic_versions",
        "trigger_params",
        "trigger_presets",
        "card_events",
        "audit_tickets",
        "card_aliases",
        "trigger_rules",
        "trigger_rule_literals",
    ),
    Holding(RAW_APP, "corrections", ticket="ticket_id", words=("text", "why")),
)
"""What people decided, as the warehouse was told; cleared after the application database, from which it is loaded."""

WAREHOUSE: tuple[Holding, ...] = (
    *RAW,
    *READINGS,
    *MODELS,
    *DECISIONS,
    *_plain("operations", "portal_limits"),
)
"""Every table of the warehouse. The staging models are views; what dlt stages is removed whole."""

_WITH_WORDS: dict[str, dict[str, Any]] = {
    "churn_risk_cards": _CARDS,
    "card_evidence": _EVIDENCE,
    "card_tickets": _CARD_TICKETS,
    "card_messages": _THREADS,
    "tickets": _TICKETS,
    "ticket_readings": _READINGS,
}

PUBLISHED: tuple[Holding, ...] = (
    *(Holding("", f"published_{mart}", **held) for mart, held in _WITH_WORDS.items()),
    *_plain("", *(f"published_{mart}" for mart in PUBLISHED_MARTS if mart not in _WITH_WORDS)),
)

APPLICATION: tuple[Holding, ...] = (
    *PUBLISHED,
    Holding("", "card_event", redacted=("payload",)),
    Holding("", "correction", ticket="ticket_id", words=("text", "why")),
    Holding("", "topic_version", redacted=("content", "note")),
    Holding("", "topic_edit", redacted=("details",)),
    Holding("", "trigger_rule", redacted=("name", "tree")),
    Holding("", "trigger_param", redacted=("note",)),
    Holding("", "trigger_preset", redacted=("note",)),
    Holding("", "topic_proposal_quote", ticket="ticket_id", is_ticket_gone=True),
    Holding("", "topic_proposal", redacted=("name", "description")),
    Holding("", "saved_view", redacted=("name", "query")),
    Holding("", "task", redacted=("arguments", "result", "step", "error_message")),
    *_plain(
        "",
        "tenant",
        "user",
        "invitation",
        "api_key",
        "audit",
        "audit_ticket",
        "topic_draft",
        "connection",
        "oauth_state",
        "card_alias",
        "card_state",
        "live_position",
        "live_event",
        "notification",
        "notification_told",
        "notification_preference",
        "notification_channel",
        "notification_delivery",
        "field_mapping",
        "field_candidate",
        "import_stream",
        "onboarding_confirmation",
        "llm_budget",
        "llm_standing",
        "deletion",
        "prompt_pin",
        "prompt_wording",
        "erasure",
        "webhook_event",
        "build",
        "published_build",
    ),
)
"""Every table of the application database, all kept builds included."""

JOURNAL: tuple[Holding, ...] = _plain("", "llm_call", "llm_batch", "llm_charge", "llm_spend")
"""The call journal clears itself (`analysis.journal.Journal.forget`)."""
