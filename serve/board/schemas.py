"""Bodies and query of the board: the columns of `churn_risk_cards`, `card_evidence` and `card_tickets` under their own names."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from core.vocabulary import (
    CardChange,
    CardEventType,
    CardOutcome,
    CardStatus,
    ChurnIntent,
    Confidence,
    MrrBand,
    MrrSource,
    OwnerSource,
    ReadingScope,
    Resolution,
    Sentiment,
    Severity,
    Target,
    TicketStatus,
    TriggerType,
)
from serve.paging import MAX_LIMIT
from serve.schemas import Build, Cursor, Day, Query, Schema, Text


class CardSort(StrEnum):
    """What cards are sorted by, always the most urgent or newest first; cards without a value come last."""

    PRIORITY = "priority"
    OPENED_ON = "opened_on"
    SEVERITY = "severity"
    LAST_SIGNAL_ON = "last_signal_on"


class CardFilter(Query):
    """Which cards."""

    trigger: list[TriggerType] = Field(default_factory=list)
    """Any of these; repeat the parameter."""

    severity: list[Severity] = Field(default_factory=list)
    """Any of these; repeat the parameter."""

    company: Text | None = None
    """Id of the company."""

    owner: Text | None = None
    """Id of the company's owner; `none`: nobody owns it."""

    assignee: Text | None = None
    """Subject of the user whose card it is; `me`: you; `none`: nobody has it."""

    mrr_min: float | None = Field(default=None, ge=0, le=1e12)
    """Monthly recurring revenue at least, in the currency your company reports in; one in another currency is not compared."""

    q: Text | None = None
    """Found in the name of company or contact, in the reason, in a quote or the subject of its ticket; case does not matter."""

    topic: Text | None = None
    """What most tickets behind the card are about; `unread`: no ticket is behind it, or none was sorted."""

    computed_severity: list[Severity] = Field(default_factory=list)
    """What the figures count it as, whatever people said since; any of these, repeat the parameter."""

    company_owner: Text | None = None
    """Id of the company's owner in HubSpot, as segments take it; `none`: it has none there, whoever gets its cards."""

    mrr_band: list[MrrBand] = Field(default_factory=list)
    """What its company is known to pay a month, any of these; repeat the parameter."""

    active_on: Day | None = None
    """The signal was on on this day: what `GET /metrics/risks` counts as active."""

    opened_from: Day | None = None
    """Opened on this day or later."""

    opened_to: Day | None = None
    """Opened on this day or earlier."""

    active: bool | None = None
    """`true`: the signal is still on; `false`: it is off; left out: both."""

    with_ended: bool = True
    """`false`: leaves out new cards whose signal is off, which ask for nothing; one that somebody took stays."""


class CardQuery(CardFilter):
    """Which cards, in which order."""

    status: list[CardStatus] = Field(default_factory=list)
    """Any of these; repeat the parameter."""

    sort: CardSort = CardSort.PRIORITY

    limit: int = Field(default=50, ge=1, le=MAX_LIMIT)
    """Cards at most."""

    cursor: Cursor | None = None
    """The `next_cursor` of the page before, with the same filters and sort; left out: the first page."""


class Card(Schema):
    """One reason to worry about one company, and where people stand with it."""

    card_id: str = Field(examples=["6f1c2f0e-9d1b-5c55-9f0b-0f6a4f0f6f7e"])
    """The same in every build, whatever is rebuilt."""

    company_id: str
    """HubSpot's id."""

    company_name: str | None = Field(examples=["Northwind GmbH"])
    contact_id: str | None
    contact_name: str | None
    ticket_id: str | None
    """The strongest or latest ticket behind the card; null where the signal is silence."""

    trigger_type: TriggerType
    severity: Severity
    """How bad it looks, or what a person said it is."""

    computed_severity: Severity
    """How bad it looks by the rule of the trigger, whatever a person said."""

    opened_severity: Severity
    """How bad it looked on its first day."""

    score: float = Field(examples=[3.4])
    """By the rule of the trigger; larger is worse, comparable within one trigger only."""

    components: dict[str, Any] = Field(examples=[{"negative_tickets": 3, "explicit_intent": 1}])
    """What the score is made of."""

    why: str = Field(examples=["Three very negative tickets in 14 days, one says they are looking at alternatives."])
    """The reason in a sentence a customer could check."""

    opened_on: date
    last_signal_on: date
    closed_on: date | None
    """Null while the signal is on."""

    is_active: bool
    """Whether the signal is on."""

    is_notify: bool
    """Whether the card is worth waking somebody."""

    episode: int
    """From 1; a signal that comes back after a pause opens the next one."""

    previous_card_id: str | None
    """The card of the episode before."""

    mrr: float | None
    """Monthly recurring revenue of the company, in `currency`."""

    mrr_source: MrrSource
    """Where that figure came from; an assumed one must be shown as assumed, one in another currency adds up with no other."""

    currency: str | None = Field(examples=["EUR"])
    opened_mrr: float | None
    """What `mrr` was when the card was first published."""

    opened_mrr_source: MrrSource
    churn_share: float = Field(examples=[0.1])
    """The share of cards like this one that ended in churn or contraction within 90 days, 0 to 1."""

    priority: float | None
    """Expected revenue at risk, in the currency the tenant reports in: mrr times `churn_share`, more with a renewal near or a
    first touch overdue. A figure in another currency counts as unknown."""

    touch_due_at: datetime | None
    """By when a person should have looked at it; null once one has, or it is completed."""

    is_touch_overdue: bool

    looks_resolved: bool
    """The signal is off, its tickets are closed, and the last word was not a bad one."""

    looks_resolved_why: str | None
    """The same as a sentence; null where it does not."""

    suggested_outcome: CardOutcome | None
    """What the card could be completed with, where that is known: `churned`, for a company that is known to have left."""

    owner_id: str | None
    """HubSpot owner of the company, or the one your company named for those without."""

    owner_name: str | None
    owner_source: OwnerSource | None
    """Which of the two; null where nobody owns it."""

    rule_version: str
    prompt_version: str | None
    """Null where no prompt was involved."""

    topic: str | None = Field(examples=["billing"])
    """What most tickets behind it are about; `none`: no topic fits; `unread`: no ticket is behind it, or none was sorted."""

    as_of_at: datetime
    """The moment the card was computed for."""

    seq: int
    """Number of the last event, 0 before the first; send it with the next, so that nothing is done to a card that has changed."""

    status: CardStatus
    """Where people moved it; `new` until somebody does."""

    status_at: datetime | None
    """When it came there; null where nothing has happened."""

    assignee: str | None
    """Subject of the user who has it."""

    first_touched_at: datetime | None
    """When a person first did anything to it."""

    waiting_until_on: date | None
    """The day it waits for."""

    is_waiting_for_reply: bool
    """Whether it waits for the customer. Any message of theirs wakes it, as does its day, or when it gets worse."""

    completed_at: datetime | None
    outcome: CardOutcome | None
    """What came of it; null unless it is completed."""

    outcome_mrr: float | None
    """What `mrr` was when it was completed."""

    outcome_mrr_source: MrrSource | None
    reopen_count: int
    """How often it came back after it was completed."""

    last_event_at: datetime | None


class Evidence(Schema):
    """A customer's own words behind a card, and how they came to be read that way."""

    evidence_id: str
    ticket_id: str
    ticket_subject: str | None
    ticket_url: str | None
    ticket_created_at: datetime | None
    message_id: str | None = Field(examples=["opening", "emails/512"])
    """The message quoted: `opening` for the ticket's opening text, else an email on it."""

    message_sent_at: datetime | None
    quote: str | None
    """Verbatim; a part of `context`."""

    quote_start: int | None
    """Where the quote starts in the text of the message, in Unicode code points."""

    quote_end: int | None
    """Where it ends; half open."""

    context: str | None
    """The quote with up to 200 characters of the text on each side."""

    context_start: int | None
    """Where the quote starts in `context`, in Unicode code points."""

    context_end: int | None
    """Where it ends; half open."""

    sentiment: Sentiment | None
    churn_intent: ChurnIntent | None
    target: Target | None
    resolution: Resolution | None
    """Whether the problem looked solved to the writer."""

    reading_scope: ReadingScope | None
    """What was read: the ticket's opening message, or a later one of the thread."""

    points: int | None = Field(examples=[9])
    """What the message weighs before it fades: its level, and words about leaving."""

    score_points: float | None = Field(examples=[4.5])
    """What the message brings to the card's score on the day the card shows (`components.scored_on`): its points, one more where
    its conversation turned bad or less where it ended well, faded by its age. 0: a louder message of the same ticket stands for
    it, nothing is left of it, or it was too old or not yet written that day. Null: this score is not made of messages. The same in
    each quote."""

    confidence: Confidence | None
    """How far it may be trusted: from how often such answers were right, never from the model's own number."""

    measured_answer: str | None = Field(examples=["explicit"])
    """What the confidence is of: the intent to leave where the reading hears one, its level otherwise."""

    right_count: int | None = Field(examples=[84])
    """How often such answers were right where that was measured."""

    answered_count: int | None = Field(examples=[92])
    """Out of how many."""

    analyzer: str | None = Field(examples=["embedded"])
    model: str | None
    prompt_version: str | None
    call_key: str | None
    """The call in the journal that said so."""

    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    run_id: str | None
    schema_hash: str | None
    """Of the shape an answer has to have."""

    input_hash: str | None
    """Of the text as it was read."""

    analyzed_at: datetime | None
    """When it was read."""


class CardTicket(Schema):
    """A ticket behind the card: what scored, was counted, or was left open before a silence."""

    ticket_id: str
    ticket_subject: str | None
    ticket_url: str | None
    """Where it is in HubSpot; null where the portal is unknown."""

    ticket_created_at: datetime | None
    ticket_status: TicketStatus | None
    closed_on: date | None
    """Null while it is not closed."""

    sentiment: Sentiment | None
    """Tone of its strongest message; null where none was read."""

    is_erased: bool | None
    """Whether words of it were erased on request."""

    message_count: int
    """What `GET /cards/{card_id}/tickets/{ticket_id}/messages` has of it."""


class MrrSum(Schema):
    """Revenue in one currency."""

    currency: str | None
    mrr: float


class Worth(Schema):
    """What cards add up to; a company counts once, however many cards it has among them."""

    card_count: int
    company_count: int
    mrr: list[MrrSum]
    """Monthly recurring revenue by currency, largest first."""

    assumed_company_count: int
    """Companies whose revenue is assumed; it is in the sums."""

    unknown_company_count: int
    """Companies whose revenue is unknown; it is in no sum."""


class StatusWorth(Worth):
    """The same for the cards of one status."""

    status: CardStatus


class OwnerChoice(Schema):
    """A HubSpot owner of companies that have cards."""

    owner_id: str
    owner_name: str | None
    card_count: int


class TopicChoice(Schema):
    """Something that cards are about."""

    topic: str
    card_count: int


class CardCounts(Schema):
    """What matching cards add up to, and what they could be filtered by."""

    statuses: list[StatusWorth]
    """Every status, in the order of the board."""

    open: Worth
    """All that are not completed, together: a company with a new card and one in work counts once."""

    owners: list[OwnerChoice]
    """Of all cards of the build, whatever the filters."""

    topics: list[TopicChoice]
    """The same of what they are about, most cards first."""

    build: Build


class CardPage(Schema):
    """One page of cards."""

    items: list[Card]
    next_cursor: str | None
    """Null on the last page."""

    total: int
    """Cards on all pages together."""

    build: Build


class TimelineType(StrEnum):
    """What stands in a card's timeline: what was done to it, and what its signal did."""

    OPENED = "opened"
    RAISED = CardChange.RAISED.value
    EASED = CardChange.EASED.value
    RETURNED = CardChange.RETURNED.value
    SIGNAL_ENDED = "signal_ended"
    LOOKS_RESOLVED = CardChange.LOOKS_RESOLVED.value
    ALIASED = "aliased"
    ASSIGNED = CardEventType.ASSIGNED.value
    STATUS_CHANGED = CardEventType.STATUS_CHANGED.value
    COMMENTED = CardEventType.COMMENTED.value
    SNOOZED = CardEventType.SNOOZED.value
    WOKEN = CardEventType.WOKEN.value
    COMPLETED = CardEventType.COMPLETED.value
    REOPENED = CardEventType.REOPENED.value
    SEVERITY_OVERRIDDEN = CardEventType.SEVERITY_OVERRIDDEN.value


class TimelineEntry(Schema):
    """One thing that happened."""

    type: TimelineType
    occurred_at: datetime
    """Of what the signal did, the start of the day."""

    seq: int | None
    """Number of the event; null for what the signal did."""

    actor: str | None = Field(examples=["demo|acme|member"])
    """Subject of the user; `churnboard` for the pipeline; null for what the signal did."""

    status: CardStatus | None
    """The card's status afterwards."""

    details: dict[str, Any] = Field(examples=[{"outcome": "saved", "mrr": 1200.0, "mrr_source": "mapped_property"}])
    """What was decided or said: `assignee`; `text`, `mentions`; `until_on`, `is_for_reply`; `outcome`, `mrr`, `mrr_source`;
    `severity`; `note`; `why`, of what the pipeline did. Of what the signal did: `severity`, `previous_severity`, `score`. Of
    `aliased`, when late data moved the card's days or joined it with another: the `alias_id` it is found under as well."""


class CardDetail(Card):
    """A card with everything it rests on."""

    evidence: list[Evidence]
    """Newest message first; empty where the signal is silence."""

    tickets: list[CardTicket]
    """Newest first; empty where no ticket is behind it."""

    timeline: list[TimelineEntry]
    """Oldest first."""

    build: Build
