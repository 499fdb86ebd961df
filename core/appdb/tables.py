"""The tables of the application database. Migrations in `migrations/` build exactly these (a test compares the two)."""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.types import TypeEngine

from core.appdb.types import UtcDateTime
from core.vocabulary import (
    AnalysisTask,
    AuditStratum,
    CardOutcome,
    CardStatus,
    ConnectionStatus,
    CorrectedField,
    DeletionStatus,
    DeliveryChannel,
    DeliveryStatus,
    ErasureSource,
    MappedField,
    MrrUnit,
    NotificationKind,
    NotificationWay,
    OnboardingStep,
    PlanTier,
    ProposalStatus,
    Role,
    Sentiment,
    Severity,
    TaskStatus,
    TopicEditKind,
    TriggerPreset,
    TriggerType,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_listed")


tenant = Table(
    "tenant",
    metadata,
    Column("tenant_id", String(40), primary_key=True, comment="The slug; stands first in every key."),
    Column("name", Text, nullable=False),
    Column("plan_tier", String(20), nullable=False, default=PlanTier.STARTER),
    Column("cell", String(40), nullable=False, comment="Which ingestion cell carries the tenant; by default its own."),
    Column("currency", String(3), nullable=False, default="USD"),
    Column(
        "is_masked",
        Boolean,
        nullable=False,
        server_default=true(),
        comment="Whether personal details are masked before a text is sent to a model.",
    ),
    Column("default_owner_id", String(40), comment="HubSpot owner of cards whose company has none; null: nobody."),
    Column("expire_after_days", Integer, comment="When low cards that nobody owns or looked at expire; null: never."),
    Column("retention_days", Integer, comment="How long the words of closed tickets are kept; null: for good."),
    Column(
        "version",
        Integer,
        nullable=False,
        server_default=text("1"),
        comment="How often what people set of it was changed, from 1: tells whoever changes it what they looked at.",
    ),
    Column("created_at", UtcDateTime, nullable=False),
    _one_of("plan_tier", PlanTier),
)

user = Table(
    "user",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("subject", String(255), primary_key=True, comment="The issuer's name for this person."),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(20), nullable=False),
    UniqueConstraint("subject", name="uq_user_subject"),
    _one_of("role", Role),
)

connection = Table(
    "connection",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("type", String(20), primary_key=True, default="hubspot"),
    Column("status", String(20), nullable=False),
    Column("credentials", Text, comment="Fernet ciphertext of a JSON object; null once disconnected."),
    Column("expires_at", UtcDateTime, comment="When the access token dies; null: never."),
    Column("hub_id", String(40), comment="The portal; null where unknown, or disconnected."),
    Column("origin_hub_id", String(40), comment="The first portal connected: whose records the tenant holds."),
    Column("scopes", JSON, comment="As granted; null where unknown."),
    Column("last_synced_at", UtcDateTime),
    Column("error_message", Text, comment="What is wrong, or was said at the end, as a sentence."),
    Column("connected_by", String(255), comment="Subject of the user who connected; null: an operator."),
    Column("connected_at", UtcDateTime),
    UniqueConstraint("type", "hub_id", name="uq_connection_type_hub_id"),
    _one_of("status", ConnectionStatus),
)

task = Table(
    "task",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", String(32), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("status", String(20), nullable=False),
    Column("step", Text, comment="What is being done, in words; null: it was not begun."),
    Column("done_count", Integer, comment="Of this step; null: it does not count."),
    Column("total_count", Integer, comment="Of this step; null: it is not known how many there will be."),
    Column("result", JSON(none_as_null=True), comment="What came of it; null: nothing yet."),
    Column("error_message", Text, comment="Why it failed, as a sentence."),
    Column("asked_by", String(255), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, comment="When it was last begun."),
    Column("ended_at", UtcDateTime),
    Column("attempt", Integer, nullable=False, comment="How often it was begun; a write names the one it belongs to."),
    Column("lease_until_at", UtcDateTime, comment="Until then nobody else begins it."),
    Column("cancel_asked_at", UtcDateTime, comment="When somebody asked for it to be stopped; null: nobody has."),
    _one_of("status", TaskStatus),
    comment="What people asked to be done in the background, and what came of it.",
)
Index(None, task.c.status, task.c.asked_at)

oauth_state = Table(
    "oauth_state",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("state_hash", String(64), primary_key=True, comment="SHA-256 of what HubSpot hands back, hexadecimal."),
    Column("browser_hash", String(64), nullable=False, comment="The same of the cookie of the browser that asked."),
    Column("subject", String(255), nullable=False, comment="The user who asked."),
    Column("secret", Text, nullable=False, comment="Fernet ciphertext of PKCE verifier and redirect URI."),
    Column("expires_at", UtcDateTime, nullable=False),
    UniqueConstraint("state_hash", name="uq_oauth_state_state_hash"),
)

topic_version = Table(
    "topic_version",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="From 1, without gaps; the newest is in force."),
    Column("content", JSON, nullable=False, comment="Topics, rules, examples by correction, successors of names."),
    Column("is_relabelling", Boolean, nullable=False, comment="Differs from the one before by names only."),
    Column("restored_version", Integer, comment="Whose content this is again; null: it came from the draft."),
    Column("author", String(255), nullable=False),
    Column("note", Text, nullable=False),
    Column("shipped_at", UtcDateTime, nullable=False),
    comment="Taxonomies as they were shipped; rows are only ever added.",
)

topic_edit = Table(
    "topic_edit",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("edit_id", Integer, primary_key=True, comment="From 1, per tenant."),
    Column("kind", String(20), nullable=False),
    Column("details", JSON, nullable=False),
    Column("author", String(255), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("version", Integer, comment="The version it was shipped in; null: still in the draft."),
    _one_of("kind", TopicEditKind),
    comment="What people did to the taxonomy. The draft is the newest version with the edits that are not shipped.",
)

topic_draft = Table(
    "topic_draft",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, nullable=False, comment="How often the draft, or the version in force, was changed."),
    comment="Tells whoever edits whether the draft is still the one they looked at.",
)

correction = Table(
    "correction",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("correction_id", Integer, primary_key=True, comment="From 1, per tenant."),
    Column("ticket_id", String(40), nullable=False),
    Column("field", String(20), nullable=False),
    Column("before", JSON, nullable=False, comment="What the reading said: a list of values."),
    Column("after", JSON, nullable=False, comment="What it should have said: a list of values."),
    Column("text", Text, comment="What the ticket said when it was corrected; null once erased."),
    Column("input_hash", String(64), nullable=False),
    Column("why", Text, comment="Null: not said, or erased."),
    Column("author", String(255), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime, comment="When somebody took it back; null: nobody has."),
    _one_of("field", CorrectedField),
    comment="Readings a person corrected. The last one of a ticket and field that was not withdrawn stands.",
)
Index(None, correction.c.tenant_id, correction.c.ticket_id)

audit_ticket = Table(
    "audit_ticket",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("ticket_id", String(40), primary_key=True),
    Column("month_on", Date, nullable=False, comment="First day of the month it was created in."),
    Column("stratum", String(20), nullable=False),
    Column("stratum_ticket_count", Integer, nullable=False, comment="Tickets the draw of this stratum was made from."),
    Column("drawn_by", String(255), nullable=False),
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("topics", JSON(none_as_null=True), comment="What a person says it is about, a list; null: not judged."),
    Column("sentiment", String(20), comment="How a person says it sounds; null: not judged."),
    Column("judged_by", String(255)),
    Column("judged_at", UtcDateTime),
    _one_of("stratum", AuditStratum),
    _one_of("sentiment", Sentiment),
    comment="Tickets drawn at random, and what people who read them say. A month is drawn once.",
)

topic_proposal = Table(
    "topic_proposal",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("proposal_id", Integer, primary_key=True, comment="From 1, per tenant."),
    Column("name", String(80), nullable=False),
    Column("description", Text, nullable=False),
    Column("ticket_count", Integer, nullable=False),
    Column("looked_at_count", Integer, nullable=False, comment="Tickets the proposal was made from."),
    Column("company_count", Integer, nullable=False),
    Column("mrr_touched", Float, comment="Known MRR of those companies; null: none is known."),
    Column("model", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_by", String(255)),
    Column("decided_at", UtcDateTime),
    _one_of("status", ProposalStatus),
    comment="Topics found in tickets, for a person to take or leave.",
)

topic_proposal_quote = Table(
    "topic_proposal_quote",
    metadata,
    Column("tenant_id", String(40), primary_key=True),
    Column("proposal_id", Integer, primary_key=True),
    Column("quote_index", Integer, primary_key=True),
    Column("ticket_id", String(40), nullable=False),
    Column("quote", Text, nullable=False),
    Column("quote_start", Integer, nullable=False),
    Column("quote_end", Integer, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "proposal_id"],
        ["topic_proposal.tenant_id", "topic_proposal.proposal_id"],
        ondelete="CASCADE",
    ),
)

trigger_param = Table(
    "trigger_param",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("trigger_type", String(40), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("value", Float, comment="Null: taken back, the preset's value holds again."),
    Column("valid_from_at", UtcDateTime, nullable=False),
    Column("author", String(255), nullable=False),
    Column("note", Text, comment="Why, in the words of whoever changed it; null: not said."),
    _one_of("trigger_type", TriggerType),
    comment="A tenant's own values of the triggers' parameters; rows are only ever added.",
)

trigger_preset = Table(
    "trigger_preset",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="From 1, without gaps; before the first, balanced holds."),
    Column("preset", String(20), nullable=False),
    Column("valid_from_at", UtcDateTime, nullable=False),
    Column("author", String(255), nullable=False),
    Column("note", Text, comment="Why, in the words of whoever chose it; null: not said."),
    _one_of("preset", TriggerPreset),
    comment="Which preset a tenant chose, and since when; rows are only ever added.",
)

trigger_rule = Table(
    "trigger_rule",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("rule_id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, comment="From 1, without gaps, per rule; the newest is in force."),
    Column("name", String(80), nullable=False),
    Column("tree", JSON, nullable=False, comment="What must be so: all, any and not over comparisons."),
    Column("severity", String(20), nullable=False),
    Column("is_notify", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False, comment="Whether it fires from then on."),
    Column("is_deleted", Boolean, nullable=False, server_default=false(), comment="Whether it is listed no more."),
    Column("dry_run", JSON, nullable=False, comment="What it would have opened when its tree was saved."),
    Column("valid_from_at", UtcDateTime, nullable=False),
    Column("author", String(255), nullable=False),
    _one_of("severity", Severity),
    comment="Rules a tenant made; rows are only ever added.",
)

field_mapping = Table(
    "field_mapping",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, comment="From 1, without gaps, per field."),
    Column("property_name", Text),
    Column("stage_ids", JSON(none_as_null=True)),
    Column("unit", String(10)),
    Column("currency", String(3)),
    Column("currency_property", Text),
    Column("valid_from_at", UtcDateTime, nullable=False),
    Column("author", String(255), nullable=False),
    _one_of("field", MappedField),
    _one_of("unit", MrrUnit),
)

field_candidate = Table(
    "field_candidate",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column(
        "name", String(255), primary_key=True, comment="Of a company property; of a ticket stage pipeline_id/stage_id."
    ),
    Column("label", Text, nullable=False),
    Column("type", String(40), nullable=False, comment="HubSpot's data type; stage of a ticket stage."),
    Column(
        "fits",
        JSON,
        nullable=False,
        comment="Fields it can hold, each with how much it sounds like it; 0: by type alone.",
    ),
    Column("sample_values", JSON, nullable=False, comment="Three at most; numbers and dates only."),
    Column("filled_count", Integer, nullable=False, comment="Companies with a value, or tickets in the stage."),
    Column("record_count", Integer, nullable=False, comment="Out of so many."),
    Column("sampled_at", UtcDateTime, nullable=False),
    comment="What a tenant's HubSpot has that a field could be mapped to, as the last import found it.",
)

import_stream = Table(
    "import_stream",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("stream", String(40), primary_key=True),
    Column("read_count", Integer, nullable=False, comment="Rows read so far, those held from before included."),
    Column("portal_total", Integer, comment="How many HubSpot says there are; null: it does not say."),
    Column("updated_at", UtcDateTime, nullable=False),
    comment="How far the import under way, or the last one, is with each stream; for people who watch it.",
)

onboarding_confirmation = Table(
    "onboarding_confirmation",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("step", String(20), primary_key=True),
    Column("confirmed_by", String(255), nullable=False),
    Column("confirmed_at", UtcDateTime, nullable=False),
    _one_of("step", OnboardingStep),
    comment="Steps that a person called finished; everything else about onboarding is derived.",
)

prompt_pin = Table(
    "prompt_pin",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("task", String(20), primary_key=True),
    Column("version", Integer, primary_key=True, comment="Counts the pins of a task, from 1 without gaps."),
    Column("prompt_version", String(80), nullable=False),
    Column("pinned_at", UtcDateTime, nullable=False),
    Column("author", String(255), nullable=False),
    _one_of("task", AnalysisTask),
    comment="The newest version holds; rows are only ever added.",
)

prompt_wording = Table(
    "prompt_wording",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("task", String(20), primary_key=True),
    Column("prompt_version", String(80), primary_key=True),
    Column(
        "fingerprint", String(64), primary_key=True, comment="Hash of the words; a version is never edited, or has two."
    ),
    Column("schema_hash", String(64), nullable=False, comment="Of the shape of the answers it asks for."),
    Column("notes", Text, nullable=False, comment="What changed in it, and why."),
    Column("system_text", Text, nullable=False),
    Column("user_text", Text, nullable=False, comment="What a ticket is put into, variables still in their braces."),
    Column("again_text", Text, nullable=False, comment="In its place after an answer that could not be used."),
    Column("first_used_at", UtcDateTime, nullable=False, comment="When the tenant was first read with it."),
    _one_of("task", AnalysisTask),
    comment="What the prompts said that a tenant's tickets were read with; rows are only ever added.",
)

card_event = Table(
    "card_event",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("card_id", String(36), primary_key=True),
    Column("seq", Integer, primary_key=True, comment="From 1, without gaps, per card."),
    Column("actor", String(255), nullable=False),
    Column("type", String(40), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("status", String(20), nullable=False, comment="The card's status after this event."),
    Column("occurred_at", UtcDateTime, nullable=False),
    _one_of("status", CardStatus),
)

card_alias = Table(
    "card_alias",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("alias_id", String(36), primary_key=True, comment="Every id a card was ever found under, its own included."),
    Column("card_id", String(36), nullable=False, comment="The id it goes by."),
    Column("company_id", Text, nullable=False),
    Column("trigger_type", String(40), nullable=False),
    Column("opened_on", Date, nullable=False, comment="Earliest day it was ever known to have opened on."),
    Column("last_signal_on", Date, nullable=False, comment="Latest day its signal was ever known to be on."),
    Column("opened_mrr", Float, comment="What the company paid a month when the card was first published."),
    Column("opened_mrr_source", String(40), nullable=False),
    Column(
        "first_published_at", UtcDateTime, nullable=False, comment="The as_of of the build that first had the card."
    ),
    comment="What keeps a card the same card, whatever is rebuilt.",
)
Index(None, card_alias.c.tenant_id, card_alias.c.card_id)

card_state = Table(
    "card_state",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("card_id", String(36), primary_key=True),
    Column("last_seq", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("status_at", UtcDateTime),
    Column("assignee", String(255)),
    Column("severity_override", String(20)),
    Column("first_touched_at", UtcDateTime),
    Column("last_touched_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    Column("outcome", String(40)),
    Column("outcome_mrr", Float),
    Column("outcome_mrr_source", String(40)),
    Column("reopen_count", Integer, nullable=False),
    Column("waiting_until_on", Date),
    Column("is_waiting_for_reply", Boolean, nullable=False),
    Column("last_event_at", UtcDateTime),
    _one_of("status", CardStatus),
    _one_of("outcome", CardOutcome),
    _one_of("severity_override", Severity),
    comment="The fold of a card's events, for readers; made from them, and never the source of anything.",
)

webhook_event = Table(
    "webhook_event",
    metadata,
    Column("event_key", String(64), primary_key=True, comment="SHA-256 of what makes two deliveries one event."),
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), comment="Null: nobody's portal we know."),
    Column("portal_id", String(40), nullable=False),
    Column("subscription_type", String(80), nullable=False),
    Column("subscription_id", String(40)),
    Column("event_id", String(40), comment="HubSpot's, which does not promise that it is unique."),
    Column("object_type", String(40), nullable=False, comment="As HubSpot spells it: a word, or a number like 0-5."),
    Column("object_id", String(40)),
    Column("property_name", Text),
    Column("raw", JSON, nullable=False, comment="The event without the property's value."),
    Column("occurred_at", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, comment="From when on it is worth an attempt."),
    Column("attempt_count", Integer, nullable=False, default=0),
    Column("handled_at", UtcDateTime, comment="When what it announced was in the warehouse; null: not yet."),
    comment="What HubSpot said has changed. A hint to look, never data: its rows are only ever added, handled and pruned.",
)
Index(
    "ix_webhook_event_unhandled",
    webhook_event.c.tenant_id,
    webhook_event.c.due_at,
    sqlite_where=webhook_event.c.handled_at.is_(None),
    postgresql_where=webhook_event.c.handled_at.is_(None),
)
Index(None, webhook_event.c.received_at)

llm_budget = Table(
    "llm_budget",
    metadata,
    Column("tenant_id", String(40), ForeignKey(tenant.c.tenant_id, ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="From 1, without gaps; the newest holds."),
    Column("monthly_usd", Float, comment="Null: what the installation allows everybody."),
    Column("valid_from_at", UtcDateTime, nullable=False),
    Column("author", String(255), nullable=False),
    CheckConstraint("monthly_usd >= 0", name="monthly_usd_not_negative"),
    comment="What a tenant's reading may cost a month. What was spent is in the call journal.",
)

erasure = Table(
    "erasure",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("object_type", String(20), primary_key=True),
    Column("object_id", String(40), primary_key=True),
    Column("ticket_ids", JSON, nullable=False, comment="Whose words go, and are never loaded again."),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("source", String(20), nullable=False),
    Column("done_at", UtcDateTime, comment="When nothing was found any more; null: still to be done."),
    Column(
        "residue_count", Integer, comment="Places in which the last search found something; null: not searched yet."
    ),
    _one_of("source", ErasureSource),
    comment="Whose data must be gone. Holds ids only, and survives every rebuild.",
)

live_position = Table(
    "live_position",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False, comment="Of the newest row of `live_event`; only ever grows."),
    comment="Whoever announces something moves this row in the same transaction, so positions become visible in their order.",
)

live_event = Table(
    "live_event",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False, comment="From 1 without gaps, per tenant."),
    Column("type", String(40), nullable=False),
    Column("body", JSON, nullable=False, comment="Ids, states and subjects; never what a person wrote."),
    Column("occurred_at", UtcDateTime, nullable=False),
    comment="What open browsers are told; the newest so many of a tenant are kept.",
)

notification = Table(
    "notification",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("notification_id", String(36), primary_key=True, comment="Made of what it tells, so it is told once."),
    Column("recipient", String(255), nullable=False, comment="Subject of a user; empty: the tenant's channel."),
    Column("kind", String(20), nullable=False),
    Column("way", String(20), nullable=False),
    Column("is_in_app", Boolean, nullable=False, comment="Whether the bell tells of it."),
    Column("actor", String(255), comment="Subject of whoever caused it; null: the pipeline."),
    Column("card_id", String(36), comment="The card it leads to; null: several."),
    Column("seq", Integer, comment="Of the card's event it is about; null: of none."),
    Column("severity", String(20), comment="Of the worst card in it."),
    Column("priority", Float, comment="Of the card in it that is worth most; null: unknown."),
    Column("companies", JSON, nullable=False, comment="What it tells, by company; names, triggers, severities."),
    Column("company_count", Integer, nullable=False, comment="Of a digest more than are told."),
    Column("made_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    Column("digest_id", String(36), comment="The digest that told it; null: not put off, or not told yet."),
    _one_of("kind", NotificationKind),
    _one_of("way", NotificationWay),
    _one_of("severity", Severity),
    comment="What people are told. Ids, names of companies and severities; never what anybody wrote.",
)
Index(None, notification.c.tenant_id, notification.c.recipient, notification.c.made_at)
Index(
    "ix_notification_put_off",
    notification.c.tenant_id,
    notification.c.made_at,
    sqlite_where=text("way <> 'immediate' and digest_id is null"),
    postgresql_where=text("way <> 'immediate' and digest_id is null"),
)

notification_told = Table(
    "notification_told",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("card_id", String(36), primary_key=True),
    Column("severity", String(20), nullable=False, comment="The worst that was told of it."),
    Column("is_notify", Boolean, nullable=False, comment="Whether it was told at the point to interrupt."),
    Column("told_at", UtcDateTime, nullable=False),
    _one_of("severity", Severity),
    comment="What was told of each card; it is told again only when it got worse.",
)

notification_preference = Table(
    "notification_preference",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("is_in_app", Boolean, nullable=False),
    Column("is_email", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    _one_of("kind", NotificationKind),
    comment="What people want to be told where; without a row both.",
)

notification_channel = Table(
    "notification_channel",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False, comment="How often it was set."),
    Column("weekly_budget", Integer, nullable=False, comment="Immediate notifications of cards per recipient."),
    Column("slack_url", Text, comment="Fernet ciphertext of the webhook's address; null: there is none."),
    Column("slack_name", Text, comment="How people call the channel."),
    Column("slack_kinds", JSON, nullable=False, comment="Kinds that are told there."),
    Column("slack_error", Text, comment="Why nothing is sent there any more, as a sentence; null: it works."),
    Column("updated_by", String(255), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("weekly_budget >= 0", name="weekly_budget_not_negative"),
    comment="How a tenant is told things: the budget of its people, and its Slack channel.",
)

notification_delivery = Table(
    "notification_delivery",
    metadata,
    Column("tenant_id", String(40), primary_key=True),
    Column("notification_id", String(36), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("attempt_count", Integer, nullable=False),
    Column("unsure_count", Integer, nullable=False, comment="Attempts after which nobody knows whether it was sent."),
    Column("due_at", UtcDateTime, nullable=False, comment="Not to be tried before."),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("error_message", Text, comment="Why it is not sent, or not yet, as a sentence."),
    ForeignKeyConstraint(
        ["tenant_id", "notification_id"],
        ["notification.tenant_id", "notification.notification_id"],
        ondelete="CASCADE",
    ),
    _one_of("channel", DeliveryChannel),
    _one_of("status", DeliveryStatus),
    comment="What is sent away, and what became of it.",
)
Index(
    "ix_notification_delivery_open",
    notification_delivery.c.due_at,
    sqlite_where=text("status in ('queued', 'sending')"),
    postgresql_where=text("status in ('queued', 'sending')"),
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("view_id", String(36), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("owner", String(255), nullable=False, comment="Subject of the user who saved it."),
    Column("is_shared", Boolean, nullable=False, comment="Whether everybody of the tenant sees it."),
    Column("query", JSON, nullable=False, comment="The board's filters and sort."),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("tenant_id", "owner", "name"),
    comment="Ways of looking at the board that people keep.",
)

invitation = Table(
    "invitation",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("invitation_id", String(40), primary_key=True),
    Column("email", Text, nullable=False, comment="In small letters; who accepts must have it verified."),
    Column("role", String(20), nullable=False),
    Column("secret_hash", String(64), nullable=False, comment="SHA-256 of the link's secret, hexadecimal."),
    Column("invited_by", String(255), nullable=False, comment="Subject of the admin, or name of an operator."),
    Column("invited_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("accepted_by", String(255)),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("secret_hash", name="uq_invitation_secret_hash"),
    _one_of("role", Role),
)
_IS_OPEN = "accepted_at is null and revoked_at is null"
Index(
    "uq_invitation_open_email",
    invitation.c.tenant_id,
    invitation.c.email,
    unique=True,
    sqlite_where=text(_IS_OPEN),
    postgresql_where=text(_IS_OPEN),
)

api_key = Table(
    "api_key",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("prefix", String(20), primary_key=True, comment="Second part of the key; no secret."),
    Column("secret_hash", String(64), nullable=False, comment="SHA-256 of the whole key, hexadecimal."),
    Column("name", Text, nullable=False, comment="What it is for."),
    Column("created_by", String(255), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, comment="Null: never."),
    Column("last_used_at", UtcDateTime, comment="Give or take five minutes; null: not yet."),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("prefix", name="uq_api_key_prefix"),
)

audit = Table(
    "audit",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("audit_id", String(36), primary_key=True),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("actor", String(255), nullable=False, comment="Subject of a user, or name of an operator."),
    Column("actor_name", Text, nullable=False, comment="The name they went by then."),
    Column("action", String(40), nullable=False),
    Column("object_type", String(40), nullable=False),
    Column("object_id", Text, nullable=False),
    Column("details", JSON, nullable=False, comment="Small facts, never a secret."),
    Column("request_id", String(64), comment="Finds the request in the log; null: it was none."),
    comment="Who did what; rows are only ever added.",
)
Index(None, audit.c.tenant_id, audit.c.occurred_at)
llm_standing = Table(
    "llm_standing",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("month", String(7), nullable=False, comment="2026-11; by the clock of the call journal."),
    Column("spent_usd", Float, nullable=False),
    Column("reserved_usd", Float, nullable=False, comment="Set aside for calls that are being made."),
    Column("deferred_count", Integer, nullable=False, comment="Tickets that wait for room."),
    Column("deferred_usd", Float, nullable=False, comment="What they are taken to cost."),
    Column("unread_count", Integer, comment="Calls that are still to be made, by an estimate; null: not estimated."),
    Column("unread_usd", Float, comment="What they would cost; null: not estimated."),
    Column("is_paid", Boolean, nullable=False, comment="Whether what reads costs anything."),
    Column("measured_at", UtcDateTime, nullable=False),
    comment="How a tenant's month stood when it was last looked at; the call journal is where it is counted.",
)

deletion = Table(
    "deletion",
    metadata,
    Column("receipt_id", String(43), primary_key=True, comment="Not to be guessed: whoever has it may read the row."),
    Column("tenant_id", String(40), nullable=False, comment="The slug; there is no such tenant any more."),
    Column("status", String(20), nullable=False),
    Column("step", Text, nullable=False, comment="What is being done, or was last."),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime, comment="When nothing was found any more; null: still to be done."),
    Column("cleared", JSON, nullable=False, comment="Rows, calls and files that went, by store."),
    Column("searched", JSON, nullable=False, comment="Tables, columns, texts and files looked at afterwards."),
    Column("residue", JSON, nullable=False, comment="Where something was found afterwards: store, where, count."),
    Column("error_message", Text, comment="Why it did not end, as a sentence."),
    _one_of("status", DeletionStatus),
    comment="Tenants that were deleted, and what the search for the rest found. Survives what it tells of.",
)
Index(None, deletion.c.tenant_id)

build = Table(
    "build",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("build_id", String(40), primary_key=True),
    Column("as_of_at", UtcDateTime, nullable=False),
    Column("built_at", UtcDateTime, nullable=False),
    Column("row_counts", JSON, nullable=False),
    Column("audits", JSON, nullable=False),
)

published_build = Table(
    "published_build",
    metadata,
    Column("tenant_id", ForeignKey("tenant.tenant_id", ondelete="CASCADE"), primary_key=True),
    Column("build_id", String(40), nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["tenant_id", "build_id"], ["build.tenant_id", "build.build_id"]),
    comment="The pointer: which build of a tenant readers are served from.",
)


def _published(mart: str, key: tuple[str, ...], columns: dict[str, type[TypeEngine[Any]]], *indexes: str) -> Table:
    table = Table(
        f"published_{mart}",
        metadata,
        Column("tenant_id", String(40), primary_key=True),
        Column("build_id", String(40), primary_key=True),
        *(
            Column(name, kind, primary_key=name in key, nullable=name not in key, autoincrement=False)
            for name, kind in columns.items()
        ),
        ForeignKeyConstraint(["tenant_id", "build_id"], ["build.tenant_id", "build.build_id"], ondelete="CASCADE"),
        info={"mart": mart},
    )
    for column in indexes:
        Index(None, table.c.tenant_id, table.c.build_id, table.c[column])
    return table


published_churn_risk_cards = _published(
    "churn_risk_cards",
    ("card_id",),
    {
        "card_id": Text,
        "company_id": Text,
        "company_name": Text,
        "contact_id": Text,
        "contact_name": Text,
        "ticket_id": Text,
        "trigger_type": Text,
        "severity": Text,
        "opened_severity": Text,
        "score": Float,
        "components": Text,
        "why": Text,
        "opened_on": Date,
        "last_signal_on": Date,
        "closed_on": Date,
        "is_active": Boolean,
        "is_notify": Boolean,
        "episode": Integer,
        "previous_card_id": Text,
        "mrr": Float,
        "mrr_source": Text,
        "currency": Text,
        "opened_mrr": Float,
        "opened_mrr_source": Text,
        "churn_share": Float,
        "priority": Float,
        "touch_due_at": UtcDateTime,
        "is_touch_overdue": Boolean,
        "looks_resolved": Boolean,
        "looks_resolved_why": Text,
        "suggested_outcome": Text,
        "owner_id": Text,
        "owner_name": Text,
        "owner_source": Text,
        "rule_version": Text,
        "prompt_version": Text,
        "topic": Text,
        "as_of_at": UtcDateTime,
    },
    "priority",
    "company_id",
)

published_card_evidence = _published(
    "card_evidence",
    ("card_id", "evidence_id"),
    {
        "card_id": Text,
        "evidence_id": Text,
        "ticket_id": Text,
        "ticket_subject": Text,
        "ticket_url": Text,
        "ticket_created_at": UtcDateTime,
        "message_id": Text,
        "message_sent_at": UtcDateTime,
        "quote": Text,
        "quote_start": Integer,
        "quote_end": Integer,
        "context": Text,
        "context_start": Integer,
        "context_end": Integer,
        "sentiment": Text,
        "churn_intent": Text,
        "target": Text,
        "resolution": Text,
        "reading_scope": Text,
        "points": Integer,
        "score_points": Float,
        "confidence": Text,
        "measured_answer": Text,
        "right_count": Integer,
        "answered_count": Integer,
        "analyzer": Text,
        "model": Text,
        "prompt_version": Text,
        "call_key": Text,
        "input_tokens": Integer,
        "output_tokens": Integer,
        "cost_usd": Float,
        "run_id": Text,
        "schema_hash": Text,
        "input_hash": Text,
        "analyzed_at": UtcDateTime,
    },
)

published_ticket_readings = _published(
    "ticket_readings",
    ("ticket_id",),
    {
        "ticket_id": Text,
        "subject": Text,
        "url": Text,
        "company_id": Text,
        "company_name": Text,
        "ticket_status": Text,
        "created_at": UtcDateTime,
        "text": Text,
        "input_hash": Text,
        "is_erased": Boolean,
        "topics": Text,
        "corrected_by": Text,
        "sentiment": Text,
        "churn_intent": Text,
        "quote_spans": Text,
        "analyzer": Text,
        "model": Text,
        "prompt_version": Text,
    },
)

published_companies = _published(
    "companies",
    ("company_id",),
    {
        "company_id": Text,
        "company_name": Text,
        "domain": Text,
        "company_url": Text,
        "lifecyclestage": Text,
        "owner_id": Text,
        "owner_name": Text,
        "mrr": Float,
        "mrr_source": Text,
        "currency": Text,
        "renewal_on": Date,
        "open_ticket_count": Integer,
        "ticket_count_30d": Integer,
        "ticket_count_90d": Integer,
        "negative_count_30d": Integer,
        "mean_level_30d": Float,
        "mean_level_prior_30d": Float,
        "sentiment_trend": Text,
        "last_contact_at": UtcDateTime,
        "active_triggers": Text,
        "active_trigger_count": Integer,
    },
)

published_topic_metrics_daily = _published(
    "topic_metrics_daily",
    ("metric_on", "topic"),
    {
        "metric_on": Date,
        "topic": Text,
        "parent_topic": Text,
        "ticket_count": Integer,
        "all_ticket_count": Integer,
        "ticket_share": Float,
        "read_count": Integer,
        "negative_count": Integer,
        "negative_share": Float,
        "company_count": Integer,
        "mrr_touched": Float,
    },
)

published_topic_trends_weekly = _published(
    "topic_trends_weekly",
    ("week_on", "topic"),
    {
        "week_on": Date,
        "topic": Text,
        "parent_topic": Text,
        "ticket_count": Integer,
        "expected_count": Float,
        "lower_count": Float,
        "upper_count": Float,
        "is_outside_band": Boolean,
        "read_count": Integer,
        "negative_count": Integer,
        "negative_share": Float,
        "negative_share_lower": Float,
        "negative_share_upper": Float,
        "expected_negative_share": Float,
        "noise_share_lower": Float,
        "noise_share_upper": Float,
        "is_negative_share_outside_band": Boolean,
    },
)

published_topic_impact = _published(
    "topic_impact",
    ("topic",),
    {
        "topic": Text,
        "parent_topic": Text,
        "ticket_count": Integer,
        "all_ticket_count": Integer,
        "read_count": Integer,
        "negative_count": Integer,
        "negative_share": Float,
        "all_negative_share": Float,
        "negative_share_without": Float,
        "negative_share_impact": Float,
        "all_mean_level": Float,
        "mean_level_without": Float,
        "mean_level_impact": Float,
        "points": Integer,
        "points_share": Float,
        "company_count": Integer,
        "mrr_touched": Float,
        "negative_rank": Integer,
        "level_rank": Integer,
        "mrr_rank": Integer,
    },
)

published_emerging_topics = _published(
    "emerging_topics",
    ("alert_id",),
    {
        "alert_id": Text,
        "topic": Text,
        "parent_topic": Text,
        "first_seen_on": Date,
        "last_seen_on": Date,
        "is_active": Boolean,
        "peak_on": Date,
        "peak_count": Integer,
        "expected_count": Float,
        "peak_z": Float,
        "q_value": Float,
        "ticket_count": Integer,
        "negative_count": Integer,
        "company_count": Integer,
        "mrr_touched": Float,
        "example_ticket_ids": Text,
    },
)

published_company_leaderboard = _published(
    "company_leaderboard",
    ("window_days", "company_id"),
    {
        "window_days": Integer,
        "company_id": Text,
        "company_name": Text,
        "ticket_count": Integer,
        "read_count": Integer,
        "negative_count": Integer,
        "negative_share": Float,
        "mean_level": Float,
        "prior_mean_level": Float,
        "level_change": Float,
        "sentiment_trend": Text,
        "mrr": Float,
        "mrr_source": Text,
        "currency": Text,
        "active_card_count": Integer,
        "ticket_rank": Integer,
        "negative_rank": Integer,
        "trend_rank": Integer,
        "mrr_rank": Integer,
        "card_rank": Integer,
    },
)

published_risks_daily = _published(
    "risks_daily",
    ("metric_on", "trigger_type", "severity", "topic"),
    {
        "metric_on": Date,
        "trigger_type": Text,
        "severity": Text,
        "topic": Text,
        "opened_count": Integer,
        "closed_count": Integer,
        "active_count": Integer,
        "active_mrr": Float,
    },
)

published_sentiment_daily = _published(
    "sentiment_daily",
    ("metric_on",),
    {
        "metric_on": Date,
        "ticket_count": Integer,
        "very_negative_count": Integer,
        "negative_count": Integer,
        "neutral_count": Integer,
        "positive_count": Integer,
        "very_positive_count": Integer,
        "unread_count": Integer,
        "mean_level": Float,
    },
)

published_sentiment_trends_weekly = _published(
    "sentiment_trends_weekly",
    ("week_on",),
    {
        "week_on": Date,
        "ticket_count": Integer,
        "expected_count": Float,
        "lower_count": Float,
        "upper_count": Float,
        "is_outside_band": Boolean,
        "read_count": Integer,
        "negative_count": Integer,
        "negative_share": Float,
        "negative_share_lower": Float,
        "negative_share_upper": Float,
        "expected_negative_share": Float,
        "noise_share_lower": Float,
        "noise_share_upper": Float,
        "is_negative_share_outside_band": Boolean,
    },
)

published_tickets = _published(
    "tickets",
    ("ticket_id",),
    {
        "ticket_id": Text,
        "company_id": Text,
        "subject": Text,
        "url": Text,
        "created_at": UtcDateTime,
        "created_on": Date,
        "closed_on": Date,
        "ticket_status": Text,
        "sentiment": Text,
        "level": Integer,
        "churn_intent": Text,
        "is_read": Boolean,
        "is_negative": Boolean,
        "points": Integer,
    },
    "created_at",
)

published_topic_tickets = _published(
    "topic_tickets",
    ("ticket_id", "topic"),
    {"ticket_id": Text, "topic": Text, "parent_topic": Text},
    "topic",
)

published_source_health = _published(
    "source_health",
    ("stream",),
    {
        "stream": Text,
        "status": Text,
        "error_message": Text,
        "attempted_at": UtcDateTime,
        "synced_at": UtcDateTime,
        "cursor_at": UtcDateTime,
        "lag_seconds": Integer,
        "held_count": Integer,
        "portal_total": Integer,
        "is_complete": Boolean,
        "is_fresh": Boolean,
        "is_backfilling": Boolean,
    },
)

published_alert_precision = _published(
    "alert_precision",
    ("trigger_type", "opened_severity", "prompt_version", "period"),
    {
        "trigger_type": Text,
        "opened_severity": Text,
        "prompt_version": Text,
        "period": Text,
        "card_count": Integer,
        "completed_count": Integer,
        "saved_count": Integer,
        "at_risk_unresolved_count": Integer,
        "churned_count": Integer,
        "contraction_count": Integer,
        "false_alarm_count": Integer,
        "known_expected_count": Integer,
        "right_count": Integer,
        "counted_count": Integer,
        "precision_score": Float,
        "lower_bound_score": Float,
        "upper_bound_score": Float,
        "hidden_reason": Text,
    },
)

published_churn_recall = _published(
    "churn_recall",
    ("period",),
    {
        "period": Text,
        "churned_company_count": Integer,
        "card_only_count": Integer,
        "warned_company_count": Integer,
        "covered_company_count": Integer,
        "company_recall_score": Float,
        "company_lower_bound_score": Float,
        "company_upper_bound_score": Float,
        "known_mrr_count": Integer,
        "churned_mrr": Float,
        "covered_mrr": Float,
        "currency": Text,
        "mrr_recall_score": Float,
        "mrr_lower_bound_score": Float,
        "mrr_upper_bound_score": Float,
        "median_lead_days": Float,
        "hidden_reason": Text,
        "mrr_hidden_reason": Text,
    },
)

published_llm_costs_daily = _published(
    "llm_costs_daily",
    ("metric_on", "task", "analyzer", "model"),
    {
        "metric_on": Date,
        "task": Text,
        "analyzer": Text,
        "model": Text,
        "call_count": Integer,
        # A backfill sends more tokens in a day than an integer counts.
        "input_tokens": BigInteger,
        "output_tokens": BigInteger,
        "cost_usd": Float,
    },
)

published_enrichment_quality = _published(
    "enrichment_quality",
    ("metric_on", "task"),
    {
        "metric_on": Date,
        "task": Text,
        "analyzer": Text,
        "model": Text,
        "prompt_version": Text,
        "reader_count": Integer,
        "ticket_count": Integer,
        "read_count": Integer,
        "dead_letter_count": Integer,
        "dead_letter_score": Float,
        "is_dead_letter_on_target": Boolean,
        "verified_quote_count": Integer,
        "verified_quote_score": Float,
        "is_quote_on_target": Boolean,
        "none_topic_score": Float,
        "corrected_count": Integer,
        "labelled_set": Text,
        "labelled_count": Integer,
        "kappa_score": Float,
        "negative_precision_score": Float,
        "negative_recall_score": Float,
        "canary_count": Integer,
        "canary_right_count": Integer,
        "injection_count": Integer,
        "injection_steered_count": Integer,
        "flip_score": Float,
        "cost_usd": Float,
        "cost_usd_per_1000_tickets": Float,
    },
)

published_card_tickets = _published(
    "card_tickets",
    ("card_id", "ticket_id"),
    {
        "card_id": Text,
        "ticket_id": Text,
        "ticket_subject": Text,
        "ticket_url": Text,
        "ticket_created_at": UtcDateTime,
        "ticket_status": Text,
        "closed_on": Date,
        "sentiment": Text,
        "is_erased": Boolean,
    },
)

published_card_messages = _published(
    "card_messages",
    ("ticket_id", "message_id"),
    {
        "ticket_id": Text,
        "message_id": Text,
        "message_index": Integer,
        "direction": Text,
        "author_name": Text,
        "is_automated": Boolean,
        "sent_at": UtcDateTime,
        "text": Text,
        "is_truncated": Boolean,
        "is_erased": Boolean,
        "sentiment": Text,
        "churn_intent": Text,
    },
)

published_card_changes = _published(
    "card_changes",
    ("card_id", "changed_on", "change_type"),
    {
        "card_id": Text,
        "changed_on": Date,
        "change_type": Text,
        "severity": Text,
        "previous_severity": Text,
        "score": Float,
    },
)

published_company_sentiment_daily = _published(
    "company_sentiment_daily",
    ("company_id", "metric_on"),
    {
        "company_id": Text,
        "metric_on": Date,
        "ticket_count": Integer,
        "read_count": Integer,
        "negative_count": Integer,
        "mean_level": Float,
    },
)

PUBLISHED: dict[str, Table] = {table.info["mart"]: table for table in metadata.sorted_tables if "mart" in table.info}
"""The serving table of each published mart, by the mart's name."""
