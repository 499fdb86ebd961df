"""The closed lists of the product. Each value is spelt once, here; SQL, API and board use the same words (docs/names.md)."""

from enum import StrEnum


class Sentiment(StrEnum):
    """Tone of a customer's message, in five levels."""

    VERY_NEGATIVE = "very_negative"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    VERY_POSITIVE = "very_positive"

    @property
    def level(self) -> int:
        """The same as a number from -2 (very negative) to 2 (very positive)."""
        return list(Sentiment).index(self) - 2


class ChurnIntent(StrEnum):
    """Whether the customer says, or lets one understand, that they may leave."""

    NONE = "none"
    IMPLIED = "implied"
    EXPLICIT = "explicit"


class Target(StrEnum):
    """What the message is about: only what the vendor can change may open a card, so `external` never does."""

    PRODUCT = "product"
    SUPPORT = "support"
    BILLING = "billing"
    EXTERNAL = "external"


class Resolution(StrEnum):
    """Whether the problem a customer writes about looks solved to them; `no_problem` where they write about none."""

    SOLVED = "solved"
    UNSOLVED = "unsolved"
    UNCLEAR = "unclear"
    NO_PROBLEM = "no_problem"


class TicketStatus(StrEnum):
    """Where a ticket stands, derived from its pipeline stage."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class TriggerType(StrEnum):
    """Why a card opens."""

    FRUSTRATED = "frustrated"
    SIGNIFICANT_SUPPORT = "significant_support"
    SILENTLY_STRUGGLING = "silently_struggling"
    TENANT_RULE = "tenant_rule"


class TriggerPreset(StrEnum):
    """A set of values for every trigger's parameters; a tenant's own values go before it."""

    BALANCED = "balanced"
    QUIET = "quiet"


class ParamOrigin(StrEnum):
    """Where the value of a trigger's parameter comes from: a preset, or the tenant itself."""

    BALANCED = "balanced"
    QUIET = "quiet"
    OWN = "own"


class Severity(StrEnum):
    """How bad it looks, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class CardStatus(StrEnum):
    """Where a card stands on the board. People move it; the pipeline brings it back to them, and never away from them."""

    NEW = "new"
    WORKING = "working"
    WAITING = "waiting"
    COMPLETED = "completed"


class CardEventType(StrEnum):
    """What can happen to a card. A person does most of it; `woken`, and some `reopened` and `completed`, the pipeline does."""

    ASSIGNED = "assigned"
    STATUS_CHANGED = "status_changed"
    COMMENTED = "commented"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    COMPLETED = "completed"
    REOPENED = "reopened"
    SEVERITY_OVERRIDDEN = "severity_overridden"


class CardOutcome(StrEnum):
    """What became of a card; told by whoever completes it. `expired` is the pipeline's: nobody ever looked."""

    SAVED = "saved"
    AT_RISK_UNRESOLVED = "at_risk_unresolved"
    FALSE_ALARM = "false_alarm"
    KNOWN_EXPECTED = "known_expected"
    CHURNED = "churned"
    CONTRACTION = "contraction"
    DUPLICATE = "duplicate"
    CANNOT_ACT = "cannot_act"
    EXPIRED = "expired"


class MrrSource(StrEnum):
    """Where a company's monthly recurring revenue came from; an assumed figure is always shown as assumed.

    One in another currency than the tenant reports in is shown with its currency, and compared with nothing.
    """

    MAPPED_PROPERTY = "mapped_property"
    TENANT_MEDIAN_ASSUMED = "tenant_median_assumed"
    OTHER_CURRENCY = "other_currency"
    UNKNOWN = "unknown"


class OwnerSource(StrEnum):
    """Why somebody owns a card: as owner of the company in HubSpot, or named by the tenant for companies without one."""

    COMPANY = "company"
    TENANT_DEFAULT = "tenant_default"


class SentimentTrend(StrEnum):
    """A company's tone in the last 30 days against the 30 days before."""

    IMPROVING = "improving"
    STEADY = "steady"
    WORSENING = "worsening"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a user may do: viewer reads, member acts on cards and topics, admin connects, invites and sets parameters."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"


class PlanTier(StrEnum):
    """What a tenant pays for."""

    STARTER = "starter"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class ConnectionStatus(StrEnum):
    """Whether a tenant's CRM can be read."""

    ACTIVE = "active"
    ERROR = "error"
    DISCONNECTED = "disconnected"


class ConnectionMethod(StrEnum):
    """What a CRM is reached with: a consent that a person gave, or the access token of a private app."""

    OAUTH = "oauth"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a method


class AnalyzerKind(StrEnum):
    """Who read the ticket; stands on every enrichment row."""

    EMBEDDED = "embedded"
    OPENAI_COMPATIBLE = "openai_compatible"


class PiiKind(StrEnum):
    """A detail that tells who somebody is, and is masked before a text is sent away."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    IBAN = "iban"
    NAME = "name"


class EvaluationSubject(StrEnum):
    """What of an analyzer is held against labels people gave."""

    SENTIMENT = "sentiment"
    TOPICS = "topics"
    INTENT = "intent"
    MASKING = "masking"


class Confidence(StrEnum):
    """How far a reading may be trusted: from how often such answers were right, never from the analyzer's own number."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


class AnalysisTask(StrEnum):
    """The two separate questions asked about a ticket (one combined call reads measurably worse)."""

    SENTIMENT = "sentiment"
    TOPICS = "topics"


class DiscoveryTask(StrEnum):
    """The two questions from which a model's proposals for topics are made: about a batch of tickets, and about all proposals."""

    PROPOSE = "topic_proposals"
    MERGE = "topic_merge"


class TopicEditKind(StrEnum):
    """What a person can do to the draft of a taxonomy."""

    ADD = "add"
    DESCRIBE = "describe"
    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"
    ARCHIVE = "archive"
    RESTORE = "restore"
    MOVE = "move"
    ADD_RULE = "add_rule"
    REMOVE_RULE = "remove_rule"


class CorrectedField(StrEnum):
    """What of a reading a person can correct."""

    TOPICS = "topics"
    SENTIMENT = "sentiment"
    CHURN_INTENT = "churn_intent"

    @property
    def task(self) -> AnalysisTask:
        """The question whose answer is corrected."""
        return AnalysisTask.TOPICS if self is CorrectedField.TOPICS else AnalysisTask.SENTIMENT


class AuditStratum(StrEnum):
    """How a drawn ticket was read: unhappy ones are few, and drawn as often as all others."""

    NEGATIVE = "negative"
    NOT_NEGATIVE = "not_negative"


class ProposalStatus(StrEnum):
    """What became of a proposed topic."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    REPLACED = "replaced"


class SyncMode(StrEnum):
    """How a stream was fetched: everything by list, or what changed by search."""

    BACKFILL = "backfill"
    INCREMENT = "increment"


class PropertyChangeKind(StrEnum):
    """What can happen to a property in HubSpot's catalogue."""

    ADDED = "added"
    RETYPED = "retyped"
    ARCHIVED = "archived"
    RESTORED = "restored"


class StreamStatus(StrEnum):
    """How the last attempt at a stream ended."""

    SYNCED = "synced"
    MISSING_SCOPE = "missing_scope"
    FAILED = "failed"


class ReadingScope(StrEnum):
    """What a ticket's reading was made from."""

    OPENING_MESSAGE = "opening_message"
    THREAD = "thread"


class MappedField(StrEnum):
    """What a tenant may tell us the place of in its HubSpot: six facts about companies, two meanings of ticket stages."""

    MRR = "mrr"
    RENEWAL = "renewal"
    LAST_LOGIN = "last_login"
    ONBOARDING_STEP = "onboarding_step"
    USAGE = "usage"
    CHURN = "churn"
    NEW_STAGES = "new_stages"
    WAITING_STAGES = "waiting_stages"

    @property
    def is_stages(self) -> bool:
        """Whether it is mapped to ticket stages instead of a company property."""
        return self in {MappedField.NEW_STAGES, MappedField.WAITING_STAGES}


class HiddenReason(StrEnum):
    """Why a measure is not told."""

    TOO_FEW = "too_few"
    CHURN_NOT_MAPPED = "churn_not_mapped"


class ChurnSource(StrEnum):
    """How it is known that a company left, the surest first."""

    MAPPED_PROPERTY = "mapped_property"
    CARD_CHURNED = "card_churned"
    CARD_CONTRACTION = "card_contraction"


class MrrUnit(StrEnum):
    """What one amount of recurring revenue is paid for; readers always get it by the month."""

    MONTH = "month"
    YEAR = "year"


class MessageDirection(StrEnum):
    """Which way a message of a ticket went: from the customer, to them, or between colleagues."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class HintedObject(StrEnum):
    """What a HubSpot webhook is about where we act on it; `object` is any type, named by a number beside it."""

    TICKET = "ticket"
    COMPANY = "company"
    CONTACT = "contact"
    OBJECT = "object"


class ErasureSource(StrEnum):
    """Who told us that a person's data must go: HubSpot by no longer having the contact, its webhook, or a person here."""

    HUBSPOT = "hubspot"
    WEBHOOK = "webhook"
    PERSON = "person"
