"""Bodies about topics."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from core.vocabulary import ProposalStatus, TopicEditKind
from serve.errors import ErrorBody
from serve.schemas import Build, Query, Schema


class TopicEditView(Schema):
    """One edit of the draft."""

    edit_id: int
    kind: TopicEditKind
    details: dict[str, Any]
    """As the edit of that kind is sent."""

    author: str
    """Subject of the user, or whoever typed the command."""

    created_at: datetime


class TopicDraft(Schema):
    """What is worked on and not in force yet."""

    seq: int
    """Changes with every edit; send it with the next one."""

    base_version: int | None
    """The version it was made from."""

    edits: list[TopicEditView]
    """Oldest first."""

    untaught_count: int
    """Corrections, and withdrawals of some, that the version in force does not know of yet."""

    has_changes: bool
    """Whether there is anything to ship."""

    is_relabelling: bool
    """Whether only names were changed: then tickets follow without being read again."""


class TopicRule(Schema):
    """What whoever sorts tickets is told, in a person's words."""

    rule_id: int
    text: str
    topic: str | None
    """The topic it is about; null: all."""

    example: str
    author: str


class TrendWeek(Schema):
    """One week that is over, beside what was to be expected of it."""

    week_on: date
    ticket_count: int
    expected_count: float | None
    lower_count: float | None
    """Lower edge of the band in which a difference is noise."""

    upper_count: float | None
    is_outside_band: bool | None


class TopicFigures(Schema):
    """A topic of the version in force, in the published build."""

    ticket_count_30d: int
    ticket_count_90d: int
    ticket_share_90d: float | None
    """Of all tickets that were sorted."""

    negative_share_90d: float | None
    company_count_90d: int
    mrr_touched_90d: float | None
    """Known monthly revenue of those companies today, each counted once."""

    trend: list[TrendWeek]
    """The last thirteen weeks, oldest first."""


class Topic(Schema):
    """One topic of the draft."""

    name: str
    description: str
    parent: str | None
    is_active: bool
    in_force_name: str | None
    """What it is called in the version in force; null: it is new."""

    merged_from: list[str]
    """Topics in force that the draft merges into it."""

    is_changed: bool
    """Whether the draft says something else than the version in force."""

    rules: list[TopicRule]
    figures: TopicFigures | None
    """Of the topic in force; null where it is new, or nothing is published."""


class Coverage(Schema):
    """How much of what customers write about the topics cover."""

    days: int
    ticket_count: int
    """All tickets of these days."""

    sorted_count: int
    """Those that were sorted."""

    none_count: int
    """Those of them that no topic fits."""

    covered_share: float | None
    """From 0 to 1, of those sorted; null where none was."""

    is_provisional: bool
    """Whether fewer than 200 were sorted: enough to look at, too few to rely on."""


class TopicVersionHead(Schema):
    """One version that was shipped."""

    version: int
    author: str
    note: str
    shipped_at: datetime
    is_relabelling: bool
    """Differs from the one before by names only."""

    restored_version: int | None
    """Whose content it is again."""

    topic_count: int
    rule_count: int
    example_count: int


class TopicList(Schema):
    """The draft, topic by topic, with the figures of what is in force."""

    in_force: TopicVersionHead | None
    draft: TopicDraft
    topics: list[Topic]
    """Those in use by name, archived ones last."""

    rules: list[TopicRule]
    """Those about all topics."""

    coverage: list[Coverage]
    """Over 30 and 90 days; empty before the first publish."""

    build: Build | None
    """The build the figures come from; null before the first publish."""


class TopicVersions(Schema):
    """The newest first."""

    items: list[TopicVersionHead]


class DiffQuery(Query):
    """What is compared with what."""

    before: int | None = Field(default=None, ge=1, le=2**31 - 1)
    """A version; left out: the one in force."""

    after: int | None = Field(default=None, ge=1, le=2**31 - 1)
    """Another; left out: what would be shipped now."""


class TopicDifference(Schema):
    """One line of what is different."""

    kind: str = Field(examples=["renamed"])
    """added, removed, renamed, merged, archived, described, moved, changed (a rule) or taught (a correction)."""

    what: str = Field(examples=["Billing"])
    before: str
    after: str


class TopicDiff(Schema):
    """What is different, topics first, then rules, then corrections that teach."""

    before: int | None
    """The version; null: there is none yet."""

    after: int | None
    """The version; null: what would be shipped now."""

    items: list[TopicDifference]


class ProposalQuote(Schema):
    """What a customer wrote, word for word."""

    ticket_id: str
    quote: str


class TopicProposal(Schema):
    """A topic that was found in tickets."""

    proposal_id: int
    name: str
    description: str
    ticket_count: int
    looked_at_count: int
    """Tickets it was found among."""

    company_count: int
    mrr_touched: float | None
    model: str
    status: ProposalStatus
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    is_provisional: bool
    """Whether it comes from fewer than 200 tickets."""

    quotes: list[ProposalQuote]


class ProposalQuery(Query):
    """Which proposals."""

    status: ProposalStatus = ProposalStatus.OPEN


class TopicProposals(Schema):
    """Most tickets first."""

    items: list[TopicProposal]


class DraftChangedBody(ErrorBody):
    """Somebody was faster; what the draft is now."""

    draft: TopicDraft | None = None
    """Null where the error is another one of this status."""


class ProposalDismissed(Schema):
    """A proposal that is left."""

    proposal_id: int
