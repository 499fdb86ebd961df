"""The outbox: what is sent away by mail or to Slack, taken by whoever sends it, and what came of it.

Whoever takes a delivery says so first, and what came of it afterwards. Between the two a message goes out that nobody can take
back. Where the second word is missing (a kill, a connection that broke while the other side was answering), nobody knows whether it
went out; it is sent once more, and then not again: twice is the most that anybody gets anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, and_, select, update

from core.appdb.engine import writing
from core.appdb.tables import notification, tenant
from core.appdb.tables import notification_channel as channel_table
from core.appdb.tables import notification_delivery as table
from core.appdb.tables import user as user_table
from core.vocabulary import DeliveryChannel, DeliveryStatus, NotificationKind

LEASE = timedelta(seconds=90)
"""How long a delivery stays with whoever took it."""

MAX_ATTEMPTS = 11
"""How often it is tried: over seventeen hours, so that a mail server may be down for a night."""

FIRST_WAIT = timedelta(minutes=1)
"""Before the second attempt; each later one waits twice as long."""

TOO_OLD = timedelta(hours=36)
"""From when on nobody wants it any more: it stands on the board."""

_MOST_UNSURE = 2
_OPEN = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING)
_D, _N, _U = table.c, notification.c, user_table.c


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A delivery as somebody has taken it, with what is to be said.

    Attributes:
        email: Of the recipient; None: there is no such user any more, or it is the channel.
        actor_name: Who caused it; None: the pipeline, or somebody who has left.
        attempt: Which this is, from 1.
        unsure_count: After how many of those before nobody knew whether it went out.
        sealed_url: Ciphertext of the webhook's address; None: there is no channel any more.
    """

    tenant_id: str
    tenant_name: str
    notification_id: str
    channel: DeliveryChannel
    kind: NotificationKind
    recipient: str
    email: str | None
    actor_name: str | None
    card_id: str | None
    companies: Sequence[Mapping[str, Any]]
    company_count: int
    attempt: int
    unsure_count: int
    queued_at: datetime
    sealed_url: str | None


class DeliveryQueue:
    """Hands deliveries of all tenants to whoever sends them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, now: datetime) -> Delivery | None:
        """The delivery that has been due for longest, taken; None where none is due.

        One that somebody took and never said anything of again counts as one of which nobody knows.
        """
        due = (
            select(table)
            .where(_D.status.in_(_OPEN), _D.due_at <= now)
            .order_by(_D.due_at, _D.tenant_id, _D.notification_id, _D.channel)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        while True:
            with writing(self._engine) as connection:
                found = connection.execute(due).mappings().first()
                if found is None:
                    return None
                mine = _is(found["tenant_id"], found["notification_id"], found["channel"])
                unsure = found["unsure_count"] + (found["status"] == DeliveryStatus.SENDING)
                if unsure >= _MOST_UNSURE:
                    ended = _ended(DeliveryStatus.FAILED, now, _MAYBE_SENT) | {"unsure_count": unsure}
                    connection.execute(update(table).where(mine).values(ended))
                    continue
                taken = {
                    "status": DeliveryStatus.SENDING,
                    "attempt_count": found["attempt_count"] + 1,
                    "unsure_count": unsure,
                    "due_at": now + LEASE,
                }
                connection.execute(update(table).where(mine).values(taken))
                row = connection.execute(_WHOLE.where(mine)).mappings().one()
                kinds = {"channel": DeliveryChannel(row["channel"]), "kind": NotificationKind(row["kind"])}
                return Delivery(**{str(name): value for name, value in row.items()} | kinds)

    def sent(self, delivery: Delivery, now: datetime) -> None:
        """It is out."""
        self._write(delivery, _ended(DeliveryStatus.SENT, now))

    def fail(self, delivery: Delivery, why: str, now: datetime) -> None:
        """It will never be."""
        self._write(delivery, _ended(DeliveryStatus.FAILED, now, why))

    def skip(self, delivery: Delivery, why: str, now: datetime) -> None:
        """There is no use in it any more."""
        self._write(delivery, _ended(DeliveryStatus.SKIPPED, now, why))

    def later(self, delivery: Delivery, why: str, now: datetime, *, after: timedelta | None = None) -> None:
        """It did not get out, and may later; after `MAX_ATTEMPTS` it failed.

        Args:
            delivery: Which.
            why: What happened, as a sentence.
            now: The present.
            after: How long the other side wants to be left alone; None: it did not say.
        """
        if delivery.attempt >= MAX_ATTEMPTS:
            self.fail(delivery, f"{why} It was tried {MAX_ATTEMPTS} times.", now)
            return
        wait = max(FIRST_WAIT * 2 ** (delivery.attempt - 1), after or timedelta())
        again = {"status": DeliveryStatus.QUEUED, "due_at": now + min(wait, TOO_OLD), "error_message": why}
        self._write(delivery, again)

    def unsure(self, delivery: Delivery, now: datetime) -> None:
        """Nobody knows whether it is out: once more, unless that was so before."""
        count = delivery.unsure_count + 1
        if count >= _MOST_UNSURE:
            self._write(delivery, _ended(DeliveryStatus.FAILED, now, _MAYBE_SENT) | {"unsure_count": count})
        else:
            again = {"status": DeliveryStatus.QUEUED, "due_at": now + FIRST_WAIT, "unsure_count": count}
            self._write(delivery, again)

    def _write(self, delivery: Delivery, values: Mapping[str, Any]) -> None:
        """Nothing where somebody else has taken it meanwhile, or it went with its tenant."""
        mine = _is(delivery.tenant_id, delivery.notification_id, delivery.channel)
        taken = and_(_D.status == DeliveryStatus.SENDING, _D.attempt_count == delivery.attempt)
        with writing(self._engine) as connection:
            connection.execute(update(table).where(mine, taken).values(values))


_MAYBE_SENT = (
    "It may have been sent, perhaps twice: each time it was, the answer was cut off, so it is not tried a third time."
)
_ACTOR = user_table.alias("actor")
_WHOLE = (
    select(
        _D.tenant_id,
        tenant.c.name.label("tenant_name"),
        _D.notification_id,
        _D.channel,
        _N.kind,
        _N.recipient,
        _U.email,
        _ACTOR.c.name.label("actor_name"),
        _N.card_id,
        _N.companies,
        _N.company_count,
        _D.attempt_count.label("attempt"),
        _D.unsure_count,
        _D.queued_at,
        channel_table.c.slack_url.label("sealed_url"),
    )
    .join(notification, and_(_N.tenant_id == _D.tenant_id, _N.notification_id == _D.notification_id))
    .join(tenant, tenant.c.tenant_id == _D.tenant_id)
    .outerjoin(user_table, and_(_U.tenant_id == _N.tenant_id, _U.subject == _N.recipient))
    .outerjoin(_ACTOR, and_(_ACTOR.c.tenant_id == _N.tenant_id, _ACTOR.c.subject == _N.actor))
    .outerjoin(channel_table, channel_table.c.tenant_id == _D.tenant_id)
)


def _is(tenant_id: str, notification_id: str, channel: str) -> Any:
    return and_(_D.tenant_id == tenant_id, _D.notification_id == notification_id, _D.channel == channel)


def _ended(status: DeliveryStatus, now: datetime, why: str | None = None) -> dict[str, Any]:
    return {"status": status, "ended_at": now, "error_message": why}
