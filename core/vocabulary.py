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


class CardChange(StrEnum):
    """What a card's signal did between its first and its last day."""

    RAISED = "raised"
    EASED = "eased"
    RETURNED = "returned"
    """Came on again after a pause."""

    LOOKS_RESOLVED = "looks_resolved"


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


class LiveType(StrEnum):
    """What open browsers are told about as it happens."""

    BUILD = "build"
    CARD = "card"
    NOTIFICATION = "notification"


class NotificationKind(StrEnum):
    """Why somebody is told something."""

    MENTION = "mention"
    ASSIGNMENT = "assignment"
    CARD = "card"
    DIGEST = "digest"


class NotificationWay(StrEnum):
    """How much a notification may interrupt: at once, in the digest of the next day, or in the one of the next Monday."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


class DeliveryChannel(StrEnum):
    """Where a notification goes besides the board itself."""

    EMAIL = "email"
    SLACK = "slack"


class DeliveryStatus(StrEnum):
    """How far a delivery is; the last three are final. `skipped`: there was no use in sending it any more."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


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
    CHANGE_RULE = "change_rule"
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
    """Why data must go: HubSpot no longer has the contact, its webhook said so, a person here did, or it is older than is kept."""

    HUBSPOT = "hubspot"
    WEBHOOK = "webhook"
    PERSON = "person"
    RETENTION = "retention"


class DeletionStatus(StrEnum):
    """How far the deletion of a tenant has come; `incomplete`: done, and something was found afterwards."""

    REQUESTED = "requested"
    RUNNING = "running"
    DONE = "done"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


class OnboardingStep(StrEnum):
    """What stands between a new tenant and its first cards, in this order."""

    CONNECT = "connect"
    IMPORT = "import"
    FIELDS = "fields"
    TOPICS = "topics"
    CARDS = "cards"


class StepStatus(StrEnum):
    """How far an onboarding step is."""

    TODO = "todo"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class AuditAction(StrEnum):
    """What the audit trail tells of; the pipeline's own work is in its runs."""

    INVITED = "invited"
    INVITATION_RESENT = "invitation_resent"
    INVITATION_REVOKED = "invitation_revoked"
    JOINED = "joined"
    ROLE_CHANGED = "role_changed"
    USER_REMOVED = "user_removed"
    API_KEY_MADE = "api_key_made"
    API_KEY_REVOKED = "api_key_revoked"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    NOTIFICATIONS_CHANGED = "notifications_changed"
    TASK_CANCELLED = "task_cancelled"
    SETTINGS_CHANGED = "settings_changed"
    TRIGGERS_CHANGED = "triggers_changed"
    BUDGET_SET = "budget_set"
    FIELDS_MAPPED = "fields_mapped"
    RULE_SAVED = "rule_saved"
    RULE_SWITCHED = "rule_switched"
    RULE_DELETED = "rule_deleted"


class MrrBand(StrEnum):
    """How much a company is known to pay a month, in the currency the tenant reports in; the lower end belongs to a band.

    `unknown` are companies whose amount is assumed, in another currency, or not known at all.
    """

    UNDER_1000 = "under_1000"
    FROM_1000 = "from_1000"
    FROM_5000 = "from_5000"
    UNKNOWN = "unknown"

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The amount it begins with and the one it ends before; None where it has no such end."""
        return {
            MrrBand.UNDER_1000: (None, 1000.0),
            MrrBand.FROM_1000: (1000.0, 5000.0),
            MrrBand.FROM_5000: (5000.0, None),
        }.get(self, (None, None))


class TaskKind(StrEnum):
    """What a person can ask to be done in the background, because it needs the machinery behind the API."""

    IMPORT = "import"
    TOPIC_DISCOVERY = "topic_discovery"
    TOPIC_PREVIEW = "topic_preview"
    TOPIC_SHIPPING = "topic_shipping"
    TOPIC_RETAGGING = "topic_retagging"
    RULE_CHECK = "rule_check"
    BACKTEST = "backtest"
    BUDGET_COUNT = "budget_count"
    TENANT_DELETION = "tenant_deletion"
    NOTIFICATION_TEST = "notification_test"


class TaskStatus(StrEnum):
    """How far a task is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Stopped because somebody asked for that; what was done by then stays done."""
