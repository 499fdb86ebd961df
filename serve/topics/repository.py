"""Taxonomies and what the published build says of their topics, out of a tenant session."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from core.topics import NO_TOPIC, UNREAD_TOPIC
from core.topics.corrections import Correction
from core.topics.draft import Candidate, Draft, RecordedEdit, ShippedVersion, candidate_of, draft_of
from core.topics.proposals import PROVISIONAL_BELOW
from core.vocabulary import ProposalStatus
from serve.errors import NotFound
from serve.tenancy import (
    NothingPublished,
    TenantSession,
    corrections,
    published,
    topic_drafts,
    topic_edits,
    topic_proposal_quotes,
    topic_proposals,
    topic_versions,
)
from serve.topics.schemas import TopicProposal, TrendWeek

_WINDOWS = (30, 90)
_WEEKS = 13

_VERSION = topic_versions().c
_VERSIONS = select(*_VERSION).order_by(_VERSION.version)
_EDIT = topic_edits().c
# What was shipped is in its version.
_EDITS = select(*_EDIT).where(_EDIT.version.is_(None)).order_by(_EDIT.edit_id)
_SEQ = select(topic_drafts().c.seq)
_CORRECTION = corrections().c
_CORRECTIONS = select(*_CORRECTION).order_by(_CORRECTION.correction_id)
_PROPOSAL = topic_proposals().c
_STORED = [name for name in TopicProposal.model_fields if name not in {"is_provisional", "quotes"}]
_PROPOSALS = select(*(_PROPOSAL[name] for name in _STORED)).order_by(
    _PROPOSAL.ticket_count.desc(), _PROPOSAL.proposal_id
)
_QUOTE = topic_proposal_quotes().c
_QUOTES = select(_QUOTE.proposal_id, _QUOTE.ticket_id, _QUOTE.quote).order_by(_QUOTE.proposal_id, _QUOTE.quote_index)

_DAY = published("topic_metrics_daily").c
_COUNTS = select(_DAY.topic, func.sum(_DAY.ticket_count).label("ticket_count")).group_by(_DAY.topic)
_DAYS = select(_DAY.metric_on, func.max(_DAY.all_ticket_count).label("ticket_count")).group_by(_DAY.metric_on)
_IMPACT = published("topic_impact").c
_IMPACTS = select(_IMPACT.topic, _IMPACT.negative_share, _IMPACT.company_count, _IMPACT.mrr_touched)
_WEEK = published("topic_trends_weekly").c
_TRENDS = select(_WEEK.topic, *(_WEEK[name] for name in TrendWeek.model_fields)).order_by(_WEEK.week_on)


class VersionNotFound(NotFound):
    """The taxonomy never had a version of that number."""


class ProposalNotFound(NotFound):
    """There is no open proposal of that number."""


@dataclass(frozen=True)
class Figures:
    """What a build says: of each topic, and of how much they cover together."""

    topics: dict[str, dict[str, Any]]
    coverage: list[dict[str, Any]]


class TopicRepository:
    """Reads topics of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def versions(self) -> list[ShippedVersion]:
        """Every version, oldest first."""
        return [ShippedVersion.from_row(row) for row in self._session.standing(_VERSIONS)]

    def draft(self) -> Draft:
        """What is worked on."""
        edits = [RecordedEdit.from_row(row) for row in self._session.standing(_EDITS)]
        seq = next((row["seq"] for row in self._session.standing(_SEQ)), 0)
        return draft_of(self.versions(), edits, seq)

    def candidate(self) -> Candidate:
        """What would be shipped now."""
        return candidate_of(self.draft(), self.corrections())

    def corrections(self) -> list[Correction]:
        """Every correction, oldest first."""
        return [Correction.from_row(row) for row in self._session.standing(_CORRECTIONS)]

    def proposals(self, status: ProposalStatus) -> list[dict[str, Any]]:
        """Those that stand so, with their quotes; most tickets first."""
        quotes: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self._session.standing(_QUOTES):
            quotes[row.pop("proposal_id")].append(row)
        return [
            row
            | {
                "is_provisional": row["looked_at_count"] < PROVISIONAL_BELOW,
                "quotes": quotes.get(row["proposal_id"], []),
            }
            for row in self._session.standing(_PROPOSALS.where(_PROPOSAL.status == status))
        ]

    def open_proposal(self, number: str) -> dict[str, Any]:
        """One that is still to be decided.

        Raises:
            ProposalNotFound: There is none of that number.
        """
        for one in self.proposals(ProposalStatus.OPEN):
            if str(one["proposal_id"]) == number:
                return one
        raise ProposalNotFound(
            "There is no such proposal any more: somebody decided on it, or a later discovery replaced it. Look at the list again."
        )

    def figures(self) -> Figures | None:
        """What the published build says; None before there is one."""
        try:
            last = self._session.build.as_of_at.date()
        except NothingPublished:
            return None
        counts = {days: self._counts(last - timedelta(days=days - 1), last) for days in _WINDOWS}
        impacts = {row.pop("topic"): row for row in self._session.rows(_IMPACTS)}
        weeks: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._session.rows(_TRENDS.where(_WEEK.week_on > last - timedelta(weeks=_WEEKS + 1))):
            weeks[row.pop("topic")].append(row)
        coverage = [self._coverage(days, counts[days], last) for days in _WINDOWS]
        sorted_count = coverage[-1]["sorted_count"]
        topics = {
            topic: {
                "ticket_count_30d": counts[30].get(topic, 0),
                "ticket_count_90d": counts[90].get(topic, 0),
                "ticket_share_90d": counts[90].get(topic, 0) / sorted_count if sorted_count else None,
                "negative_share_90d": impacts.get(topic, {}).get("negative_share"),
                "company_count_90d": impacts.get(topic, {}).get("company_count", 0),
                "mrr_touched_90d": impacts.get(topic, {}).get("mrr_touched"),
                "trend": weeks.get(topic, [])[-_WEEKS:],
            }
            for topic in counts[90].keys() | impacts.keys() | weeks.keys()
        }
        return Figures(topics, coverage)

    def _counts(self, first: date, last: date) -> dict[str, int]:
        query = _COUNTS.where(_DAY.metric_on.between(first, last))
        return {row["topic"]: int(row["ticket_count"]) for row in self._session.rows(query)}

    def _coverage(self, days: int, counts: dict[str, int], last: date) -> dict[str, Any]:
        query = _DAYS.where(_DAY.metric_on.between(last - timedelta(days=days - 1), last))
        every = sum(row["ticket_count"] for row in self._session.rows(query))
        was_sorted = every - counts.get(UNREAD_TOPIC, 0)
        none = counts.get(NO_TOPIC, 0)
        return {
            "days": days,
            "ticket_count": every,
            "sorted_count": was_sorted,
            "none_count": none,
            "covered_share": 1 - none / was_sorted if was_sorted else None,
            "is_provisional": was_sorted < PROVISIONAL_BELOW,
        }
