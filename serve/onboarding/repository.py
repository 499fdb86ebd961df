"""What is there of onboarding, out of a tenant session."""

from typing import Any

from sqlalchemy import func, select

from core.vocabulary import TaskKind
from serve.fields.repository import FieldRepository
from serve.onboarding.steps import Facts
from serve.tasks.repository import TaskRepository
from serve.tasks.schemas import TaskQuery
from serve.tenancy import (
    NothingPublished,
    TenantSession,
    import_streams,
    onboarding_confirmations,
    published,
    topic_proposals,
)

_STREAM = import_streams().c
_STREAMS = select(_STREAM.stream, _STREAM.read_count, _STREAM.portal_total).order_by(_STREAM.stream)
_CONFIRMED = select(onboarding_confirmations().c.step)
_PROPOSAL = topic_proposals().c
_PROPOSALS = select(_PROPOSAL.status, func.count().label("proposal_count")).group_by(_PROPOSAL.status)
_CARD = published("churn_risk_cards").c
_CARDS = select(func.count().label("card_count")).where(_CARD.is_active)


class OnboardingRepository:
    """Reads one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def streams(self) -> list[dict[str, Any]]:
        """How far the import under way, or the last one, is with each stream."""
        return self._session.standing(_STREAMS)

    def facts(self) -> Facts:
        """What the steps are derived from."""
        session, fields = self._session, FieldRepository(self._session)
        return Facts(
            connection=session.hubspot_connection(),
            importing=self.newest(TaskKind.IMPORT),
            discovering=self.newest(TaskKind.TOPIC_DISCOVERY),
            candidate_count=len(fields.candidates()),
            mapped_count=len(fields.current()),
            proposals={row["status"]: row["proposal_count"] for row in session.standing(_PROPOSALS)},
            card_count=self._card_count(),
            confirmed={row["step"] for row in session.standing(_CONFIRMED)},
        )

    def newest(self, kind: TaskKind) -> dict[str, Any] | None:
        """The newest task of a kind."""
        return next(iter(TaskRepository(self._session).newest(TaskQuery(kind=kind, limit=1))), None)

    def _card_count(self) -> int | None:
        try:
            [row] = self._session.rows(_CARDS)
        except NothingPublished:
            return None
        return int(row["card_count"])
