"""Proposed topics: found in tickets, stored for a person to take into the draft or to dismiss."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import topic_proposal, topic_proposal_quote
from core.topics.proposals import Proposal, ProposalQuote, UnknownProposal
from core.vocabulary import ProposalStatus

_P, _Q = topic_proposal.c, topic_proposal_quote.c


class Proposals:
    """Reads, replaces and decides."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace_open(
        self, tenant_id: str, proposals: Sequence[Proposal], *, now: datetime | None = None
    ) -> list[Proposal]:
        """Put these in the place of those still open; what a person decided stays. Returns them as stored.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        at = now or datetime.now(UTC)
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            last = connection.scalar(select(func.max(_P.proposal_id)).where(_P.tenant_id == tenant_id)) or 0
            stale = (_P.tenant_id == tenant_id) & (_P.status == ProposalStatus.OPEN)
            # The words of tickets are kept no longer than somebody may look at them.
            ids = select(_P.proposal_id).where(stale).scalar_subquery()
            connection.execute(delete(topic_proposal_quote).where(_Q.tenant_id == tenant_id, _Q.proposal_id.in_(ids)))
            connection.execute(update(topic_proposal).where(stale).values(status=ProposalStatus.REPLACED))
            for number, one in enumerate(proposals, start=last + 1):
                key = {"tenant_id": tenant_id, "proposal_id": number}
                values = {
                    name: getattr(one, name)
                    for name in ("name", "description", "ticket_count", "looked_at_count", "company_count")
                }
                connection.execute(
                    insert(topic_proposal).values(
                        **key,
                        **values,
                        mrr_touched=one.mrr_touched,
                        model=one.model,
                        status=ProposalStatus.OPEN,
                        proposed_at=at,
                    )
                )
                for index, quote in enumerate(one.quotes):
                    row = {name: getattr(quote, name) for name in ProposalQuote.__slots__}
                    connection.execute(insert(topic_proposal_quote).values(**key, quote_index=index, **row))
        return self.of(tenant_id, ProposalStatus.OPEN)

    def of(self, tenant_id: str, *statuses: ProposalStatus) -> list[Proposal]:
        """Proposals with one of these states, or all; most tickets first."""
        mine = [_P.tenant_id == tenant_id, *([_P.status.in_(statuses)] if statuses else [])]
        with self._engine.connect() as connection:
            quotes: dict[int, list[ProposalQuote]] = {}
            every = select(topic_proposal_quote).where(_Q.tenant_id == tenant_id)
            for row in connection.execute(every.order_by(_Q.proposal_id, _Q.quote_index)).mappings():
                found = ProposalQuote(row["ticket_id"], row["quote"], row["quote_start"], row["quote_end"])
                quotes.setdefault(row["proposal_id"], []).append(found)
            rows = connection.execute(
                select(topic_proposal).where(*mine).order_by(_P.ticket_count.desc(), _P.proposal_id)
            ).mappings()
            return [
                Proposal(
                    **{name: row[name] for name in _FIELDS},
                    status=ProposalStatus(row["status"]),
                    quotes=tuple(quotes.get(row["proposal_id"], ())),
                )
                for row in rows
            ]

    def open(self, tenant_id: str, proposal_id: int) -> Proposal:
        """One that is still to be decided.

        Raises:
            UnknownProposal: There is none of that number.
        """
        for one in self.of(tenant_id, ProposalStatus.OPEN):
            if one.proposal_id == proposal_id:
                return one
        raise _unknown(tenant_id, proposal_id)

    def decide(
        self, tenant_id: str, proposal_id: int, status: ProposalStatus, *, author: str, now: datetime | None = None
    ) -> None:
        """Record what a person decided.

        Raises:
            UnknownProposal: There is no open one of that number.
        """
        with writing(self._engine) as connection:
            decide_proposal(connection, tenant_id, proposal_id, status, author=author, now=now)


def decide_proposal(
    connection: Connection,
    tenant_id: str,
    proposal_id: int,
    status: ProposalStatus,
    *,
    author: str,
    now: datetime | None = None,
) -> None:
    """Record what a person decided; of two who decide at once, one is first.

    Raises:
        UnknownProposal: There is no open one of that number.
    """
    mine = (_P.tenant_id == tenant_id) & (_P.proposal_id == proposal_id) & (_P.status == ProposalStatus.OPEN)
    values = {"status": status, "decided_by": author, "decided_at": now or datetime.now(UTC)}
    if not connection.execute(update(topic_proposal).where(mine).values(values)).rowcount:
        raise _unknown(tenant_id, proposal_id)


def _unknown(tenant_id: str, proposal_id: int) -> UnknownProposal:
    return UnknownProposal(
        f"{tenant_id} has no open proposal {proposal_id}: see `churnboard topics proposals {tenant_id}`."
    )


_FIELDS = (
    "proposal_id",
    "name",
    "description",
    "ticket_count",
    "looked_at_count",
    "company_count",
    "mrr_touched",
    "model",
    "proposed_at",
    "decided_by",
)
