"""What people are told, written down in the transaction that makes it true.

A notification is made of what it tells (`core.notifications`), and what was written down already is left alone: whoever does the
same again tells nobody twice. With it stand the deliveries that carry it out of the building; a worker does them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, delete, func, insert, select, update

from core import chaos
from core.appdb.engine import writing
from core.appdb.live import announce
from core.appdb.tables import card_alias, card_state, notification, notification_delivery, notification_told
from core.appdb.tables import notification_channel as channel_table
from core.appdb.tables import notification_preference as preference_table
from core.appdb.tables import user as user_table
from core.cards import CardEvent
from core.chunks import chunks
from core.notifications import (
    CHANNEL,
    DEFAULT,
    WEEKLY_BUDGET,
    About,
    CardNow,
    Crew,
    Planned,
    Preference,
    Told,
    digest_of,
    is_due,
    last_cut,
    planned_for_build,
    written,
)
from core.vocabulary import (
    CardStatus,
    DeliveryChannel,
    DeliveryStatus,
    LiveType,
    NotificationKind,
    NotificationWay,
    Role,
    Severity,
)

KEPT = timedelta(days=180)
"""How long notifications are kept."""

NOTHING_LEFT = "none"
"""Stands for a digest where nothing was left to tell."""

_AT_ONCE = 400
_WEEK = timedelta(days=7)
_N, _T, _P, _C, _D = notification.c, notification_told.c, preference_table.c, channel_table.c, notification_delivery.c


def tell_of_event(
    connection: Connection, tenant_id: str, event: CardEvent, *, was_assigned_to: str | None, about: About
) -> list[str]:
    """Tell whom a comment names, or whom a card was given to; returns the ids. Part of the transaction that writes the event."""
    users = connection.scalars(select(user_table.c.subject).where(user_table.c.tenant_id == tenant_id)).all()
    plans = written(
        tenant_id,
        event,
        was_assigned_to=was_assigned_to,
        about=about,
        users=users,
        channel=dict.fromkeys(_channel_kinds(connection, tenant_id), CHANNEL),
    )
    return tell(connection, tenant_id, plans, now=event.occurred_at)


def tell_of_build(
    connection: Connection,
    tenant_id: str,
    cards: Sequence[Mapping[str, Any]],
    *,
    owner_emails: Mapping[str, str],
    now: datetime,
) -> list[str]:
    """Tell of a build that is being published, in its transaction; returns the ids.

    Args:
        connection: The transaction; cards stand there as they do after this build's effects.
        tenant_id: Whose.
        cards: Rows of `churn_risk_cards`.
        owner_emails: By HubSpot owner, the address HubSpot has of them.
        now: When it is published.
    """
    seen = _seen(connection, tenant_id, cards)
    told = _told(connection, tenant_id)
    kinds = _channel_kinds(connection, tenant_id)
    crew = _crew(connection, tenant_id, owner_emails, has_channel=NotificationKind.CARD in kinds)
    wishes = _preferences(connection, tenant_id)
    plans, after = planned_for_build(
        tenant_id,
        seen,
        told=told,
        crew=crew,
        used=_used(connection, tenant_id, now),
        budget=_budget(connection, tenant_id),
        uninterrupted=[who for (who, kind), wish in wishes.items() if kind is NotificationKind.CARD and wish.is_off],
    )
    for some in chunks(sorted(after), _AT_ONCE):
        connection.execute(delete(notification_told).where(_T.tenant_id == tenant_id, _T.card_id.in_(some)))
        rows = [
            {"tenant_id": tenant_id, "card_id": card_id, "told_at": now, **vars(after[card_id])} for card_id in some
        ]
        connection.execute(insert(notification_told), rows)
    ids = tell(connection, tenant_id, plans, now=now)
    chaos.point("notify.after_told")
    return ids


def tell(connection: Connection, tenant_id: str, plans: Sequence[Planned], *, now: datetime) -> list[str]:
    """Write notifications down, with what is to be sent away, and ring; returns the ids of those that are new."""
    held: set[str] = set()
    for some in chunks([one.notification_id for one in plans], _AT_ONCE):
        mine = select(_N.notification_id).where(_N.tenant_id == tenant_id, _N.notification_id.in_(some))
        held |= set(connection.scalars(mine))
    new = [one for one in plans if one.notification_id not in held]
    if not new:
        return []
    wishes, kinds = _preferences(connection, tenant_id), _channel_kinds(connection, tenant_id)
    wanted = [(one, *_wanted(one, wishes, kinds)) for one in new]
    rows = [
        {
            "tenant_id": tenant_id,
            **{name: value for name, value in vars(one).items() if name != "companies"},
            "companies": [dict(company) for company in one.companies],
            "is_in_app": is_in_app,
            # The latest stand first in the list, and of one build the most urgent, as they were planned.
            "made_at": now - timedelta(microseconds=position),
        }
        for position, (one, is_in_app, _) in enumerate(wanted)
    ]
    connection.execute(insert(notification), rows)
    deliveries = [
        {
            "tenant_id": tenant_id,
            "notification_id": one.notification_id,
            "channel": channel,
            "status": DeliveryStatus.QUEUED,
            "attempt_count": 0,
            "unsure_count": 0,
            "due_at": now,
            "queued_at": now,
        }
        for one, _, channels in wanted
        for channel in channels
    ]
    if deliveries:
        connection.execute(insert(notification_delivery), deliveries)
    ring(connection, tenant_id, [one.recipient for one, is_in_app, _ in wanted if is_in_app], now=now)
    return [one.notification_id for one in new]


def ring(connection: Connection, tenant_id: str, recipients: Iterable[str], *, now: datetime | None = None) -> None:
    """Have the boards that these people have open ask what is new."""
    for some in chunks(sorted(set(recipients)), _AT_ONCE):
        announce(connection, tenant_id, LiveType.NOTIFICATION, {"recipients": some}, now=now)


def _wanted(
    plan: Planned, wishes: Mapping[tuple[str, NotificationKind], Preference], kinds: Collection[NotificationKind]
) -> tuple[bool, list[DeliveryChannel]]:
    """Whether the bell tells of it, and where else it goes; what waits for a digest goes nowhere."""
    if plan.way is not NotificationWay.IMMEDIATE:
        return False, []
    if plan.recipient == CHANNEL:
        return False, [DeliveryChannel.SLACK] if plan.kind in kinds else []
    wish = wishes.get((plan.recipient, plan.kind), DEFAULT)
    return wish.is_in_app, [DeliveryChannel.EMAIL] if wish.is_email else []


def _seen(connection: Connection, tenant_id: str, cards: Sequence[Mapping[str, Any]]) -> list[CardNow]:
    columns = (card_state.c.card_id, card_state.c.status, card_state.c.assignee, card_state.c.severity_override)
    states = {
        row.card_id: row for row in connection.execute(select(*columns).where(card_state.c.tenant_id == tenant_id))
    }
    return [_card(row, states.get(row["card_id"])) for row in cards]


def _card(row: Mapping[str, Any], state: Row[Any] | None) -> CardNow:
    return CardNow(
        card_id=row["card_id"],
        company_id=row["company_id"],
        company_name=row["company_name"] or row["company_id"],
        trigger_type=row["trigger_type"],
        severity=Severity((state and state.severity_override) or row["severity"]),
        priority=row["priority"],
        is_notify=bool(row["is_notify"]),
        is_active=bool(row["is_active"]),
        status=CardStatus(state.status) if state else CardStatus.NEW,
        assignee=state.assignee if state else None,
        owner_id=row["owner_id"],
    )


def _told(connection: Connection, tenant_id: str) -> dict[str, Told]:
    """By the id a card goes by now, the most that was told of it under any of its names."""
    names = dict(
        connection.execute(
            select(card_alias.c.alias_id, card_alias.c.card_id).where(card_alias.c.tenant_id == tenant_id)
        )
        .tuples()
        .all()
    )
    found: dict[str, Told] = {}
    for card_id, severity, is_notify in connection.execute(
        select(_T.card_id, _T.severity, _T.is_notify).where(_T.tenant_id == tenant_id)
    ):
        name, one = names.get(card_id, card_id), Told(Severity(severity), is_notify)
        held = found.get(name)
        found[name] = one if held is None else _both(held, one)
    return found


def _both(one: Told, other: Told) -> Told:
    ordered = list(Severity)
    return Told(max(one.severity, other.severity, key=ordered.index), one.is_notify or other.is_notify)


def _crew(connection: Connection, tenant_id: str, owner_emails: Mapping[str, str], *, has_channel: bool) -> Crew:
    people = connection.execute(
        select(user_table.c.subject, user_table.c.email, user_table.c.role).where(user_table.c.tenant_id == tenant_id)
    ).all()
    # Two users of one address are nobody's owner: which of them is meant, nobody knows.
    by_email: dict[str, list[str]] = {}
    for person in people:
        by_email.setdefault(person.email.strip().lower(), []).append(person.subject)
    by_owner = {
        owner_id: named[0]
        for owner_id, email in owner_emails.items()
        if len(named := by_email.get(email.strip().lower(), [])) == 1
    }
    admins = [person.subject for person in people if person.role == Role.ADMIN]
    return Crew(users=[person.subject for person in people], admins=admins, by_owner=by_owner, has_channel=has_channel)


def _used(connection: Connection, tenant_id: str, now: datetime) -> dict[str, int]:
    counted = (
        select(_N.recipient, func.count())
        .where(
            _N.tenant_id == tenant_id,
            _N.kind == NotificationKind.CARD,
            _N.way == NotificationWay.IMMEDIATE,
            _N.made_at > now - _WEEK,
        )
        .group_by(_N.recipient)
    )
    return dict(connection.execute(counted).tuples().all())


def _preferences(connection: Connection, tenant_id: str) -> dict[tuple[str, NotificationKind], Preference]:
    rows = connection.execute(select(_P.subject, _P.kind, _P.is_in_app, _P.is_email).where(_P.tenant_id == tenant_id))
    return {
        (row.subject, NotificationKind(row.kind)): Preference(is_in_app=row.is_in_app, is_email=row.is_email)
        for row in rows
    }


def _channel_kinds(connection: Connection, tenant_id: str) -> list[NotificationKind]:
    """What the tenant's channel is told; nothing where there is none, or where it takes nothing any more."""
    found = connection.execute(
        select(_C.slack_kinds).where(_C.tenant_id == tenant_id, _C.slack_url.is_not(None), _C.slack_error.is_(None))
    ).first()
    return [NotificationKind(one) for one in found.slack_kinds] if found else []


def _budget(connection: Connection, tenant_id: str) -> int:
    found = connection.scalar(select(_C.weekly_budget).where(_C.tenant_id == tenant_id))
    return WEEKLY_BUDGET if found is None else found


class NotificationBook:
    """What one tenant's people do with what they are told; whose it is, the caller says."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def mark_read(self, recipient: str, notification_ids: Sequence[str] | None, *, now: datetime | None = None) -> None:
        """Note that somebody has read some of what they were told, or all of it; ids of nothing of theirs change nothing."""
        mine = and_(_N.tenant_id == self._tenant_id, _N.recipient == recipient, _N.read_at.is_(None), _N.is_in_app)
        which = [mine] if notification_ids is None else [mine & _N.notification_id.in_(notification_ids)]
        with self._transaction() as connection:
            changed = connection.execute(update(notification).where(*which).values(read_at=now or datetime.now(UTC)))
            if changed.rowcount:
                ring(connection, self._tenant_id, [recipient])

    def prefer(
        self, subject: str, wishes: Mapping[NotificationKind, Preference], *, now: datetime | None = None
    ) -> None:
        """Keep what a person wants to be told where; kinds that are left out stay as they were."""
        moment = now or datetime.now(UTC)
        with self._transaction() as connection:
            for kind, wish in wishes.items():
                mine = and_(_P.tenant_id == self._tenant_id, _P.subject == subject, _P.kind == kind)
                values = {**vars(wish), "updated_at": moment}
                if not connection.execute(update(preference_table).where(mine).values(values)).rowcount:
                    connection.execute(
                        insert(preference_table).values(tenant_id=self._tenant_id, subject=subject, kind=kind, **values)
                    )


class Digests:
    """Tells together what was put off."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def make(self, now: datetime) -> list[str]:
        """Write the digests that are due, each recipient's in a transaction of its own; returns their ids.

        A recipient gets one at most for each time they are due; what comes too late for it waits for the next.
        """
        put_off = and_(_N.way != NotificationWay.IMMEDIATE, _N.digest_id.is_(None), _N.made_at < last_cut(now))
        with self._engine.connect() as connection:
            waiting = connection.execute(
                select(_N.tenant_id, _N.recipient).where(put_off).distinct().order_by(_N.tenant_id, _N.recipient)
            ).all()
        made = []
        for tenant_id, recipient in waiting:
            with writing(self._engine) as connection:
                made += self._make(connection, tenant_id, recipient, now)
            chaos.point("notify.after_digest")
        return made

    def prune(self, now: datetime) -> int:
        """Let go of what is older than `KEPT`; returns how many went."""
        with writing(self._engine) as connection:
            return connection.execute(delete(notification).where(_N.made_at < now - KEPT)).rowcount

    def _make(self, connection: Connection, tenant_id: str, recipient: str, now: datetime) -> list[str]:
        rows = connection.execute(
            select(_N.notification_id, _N.way, _N.made_at, _N.companies)
            .where(
                _N.tenant_id == tenant_id,
                _N.recipient == recipient,
                _N.way != NotificationWay.IMMEDIATE,
                _N.digest_id.is_(None),
            )
            .order_by(_N.made_at, _N.notification_id)
            .with_for_update()
        ).all()
        due = [row for row in rows if is_due(NotificationWay(row.way), row.made_at, now)]
        if not due:
            return []
        companies = self._open(connection, tenant_id, [company for row in due for company in row.companies])
        plan = digest_of(tenant_id, recipient, companies, last_cut(now))
        ids = tell(connection, tenant_id, [plan], now=now) if plan else []
        if plan and not ids:
            return []
        mine = and_(_N.tenant_id == tenant_id, _N.recipient == recipient)
        for some in chunks([row.notification_id for row in due], _AT_ONCE):
            told = update(notification).where(mine, _N.notification_id.in_(some))
            connection.execute(told.values(digest_id=ids[0] if ids else NOTHING_LEFT))
        return ids

    @staticmethod
    def _open(
        connection: Connection, tenant_id: str, companies: Sequence[Mapping[str, Any]]
    ) -> list[Mapping[str, Any]]:
        """The companies without cards that somebody has completed meanwhile."""
        completed = set(
            connection.scalars(
                select(card_state.c.card_id).where(
                    card_state.c.tenant_id == tenant_id, card_state.c.status == CardStatus.COMPLETED
                )
            )
        )
        left: list[Mapping[str, Any]] = []
        for company in companies:
            cards = [one for one in company["cards"] if one["card_id"] not in completed]
            if cards:
                left.append({**company, "cards": cards})
        return left
