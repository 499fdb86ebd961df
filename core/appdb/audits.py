"""Audits of readings: tickets drawn at random, and what people who read them themselves say.

A month is drawn once, and a ticket stays drawn: whoever could leave out the difficult ones would find the readings better than they
are. Nothing here corrects a reading, and no text is kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import audit_ticket
from core.errors import Terminal
from core.vocabulary import AuditStratum, Sentiment

_A = audit_ticket.c


class AlreadyDrawn(Terminal):
    """The month's tickets were drawn before."""


class NotDrawn(Terminal):
    """The ticket is in no audit, so what is said of it would not be a random one's."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The tickets drawn of one stratum, out of how many."""

    ticket_ids: Sequence[str]
    ticket_count: int


@dataclass(frozen=True, kw_only=True)
class AuditedTicket:
    """One drawn ticket; `topics` and `sentiment` are what a person says, None until they do."""

    tenant_id: str
    ticket_id: str
    month_on: date
    stratum: AuditStratum
    stratum_ticket_count: int
    drawn_by: str
    drawn_at: datetime
    topics: tuple[str, ...] | None = None
    sentiment: Sentiment | None = None
    judged_by: str | None = None
    judged_at: datetime | None = None

    @property
    def is_judged(self) -> bool:
        """Whether both things were said of it."""
        return self.topics is not None and self.sentiment is not None


class Audits:
    """Keeps what was drawn, and what was said of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def draw(
        self,
        tenant_id: str,
        month_on: date,
        drawn: Mapping[AuditStratum, Drawn],
        *,
        author: str,
        now: datetime | None = None,
    ) -> None:
        """Keep the tickets that were drawn of a month.

        Raises:
            UnknownTenant: There is no such tenant.
            AlreadyDrawn: The month has its tickets.
        """
        mine = (_A.tenant_id == tenant_id) & (_A.month_on == month_on)
        rows = [
            {
                "tenant_id": tenant_id,
                "ticket_id": ticket_id,
                "month_on": month_on,
                "stratum": stratum,
                "stratum_ticket_count": one.ticket_count,
                "drawn_by": author,
                "drawn_at": now or datetime.now(UTC),
            }
            for stratum, one in drawn.items()
            for ticket_id in one.ticket_ids
        ]
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            if connection.scalar(select(_A.ticket_id).where(mine).limit(1)) is not None:
                raise AlreadyDrawn(
                    f"{month_on:%Y-%m} of {tenant_id} was drawn before, and a second draw would let one choose: "
                    f"see `churnboard audit show --tenant {tenant_id}`."
                )
            if rows:
                connection.execute(insert(audit_ticket), rows)

    def of(self, tenant_id: str) -> list[AuditedTicket]:
        """Every drawn ticket of a tenant, by month, then by id."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(audit_ticket).where(_A.tenant_id == tenant_id).order_by(_A.month_on, _A.ticket_id)
            )
            return [_audited(dict(row)) for row in rows.mappings()]

    def judge(
        self,
        tenant_id: str,
        ticket_id: str,
        *,
        topics: Sequence[str] | None = None,
        sentiment: Sentiment | None = None,
        author: str,
        now: datetime | None = None,
    ) -> None:
        """Say what a drawn ticket is about, how it sounds, or both; said again, the later holds.

        Raises:
            NotDrawn: It is in no audit.
        """
        said: dict[str, Any] = {"judged_by": author, "judged_at": now or datetime.now(UTC)}
        if topics is not None:
            said["topics"] = list(topics)
        if sentiment is not None:
            said["sentiment"] = sentiment
        with writing(self._engine) as connection:
            mine = (_A.tenant_id == tenant_id) & (_A.ticket_id == ticket_id)
            if not connection.execute(update(audit_ticket).where(mine).values(**said)).rowcount:
                raise NotDrawn(
                    f"Ticket {ticket_id} of {tenant_id} was not drawn: `churnboard audit show --tenant {tenant_id}` "
                    f"names the next one. To put a reading right, use `churnboard topics correct`."
                )


def audit_rows(connection: Connection) -> list[dict[str, Any]]:
    """The rows of `raw_app.audit_tickets` (docs/names.md)."""
    rows = connection.execute(select(audit_ticket).order_by(_A.tenant_id, _A.ticket_id)).mappings()
    return [dict(row) | {"topics": None if row["topics"] is None else json.dumps(row["topics"])} for row in rows]


def _audited(row: dict[str, Any]) -> AuditedTicket:
    return AuditedTicket(
        **row
        | {
            "stratum": AuditStratum(row["stratum"]),
            "topics": None if row["topics"] is None else tuple(row["topics"]),
            "sentiment": None if row["sentiment"] is None else Sentiment(row["sentiment"]),
        }
    )
