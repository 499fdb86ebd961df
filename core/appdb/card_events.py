"""What has happened to cards: events, only ever added, and where they leave each card.

A card's events are numbered from 1 without gaps under the id they were written for. When two cards turn out to be one (late data,
merged companies), the id that is given up leads to the other in `card_alias`, and its events are folded there; nothing is moved.
`card_state` holds the fold, so that a board of thousands of cards is one join; it is written with each event, and can be made anew
from them at any time.

Words that people wrote stay in this database: the warehouse is told what was decided, not what was said.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from core.appdb.live import announce
from core.appdb.notifications import tell_of_event
from core.appdb.tables import card_alias, card_event, card_state
from core.appdb.tables import user as user_table
from core.cards import (
    MACHINE,
    Act,
    CardChanged,
    CardEvent,
    CardsMoved,
    CardState,
    NoSuchColleague,
    Worth,
    decided,
    folded,
)
from core.chunks import chunks
from core.notifications import About
from core.vocabulary import CardEventType, CardStatus, LiveType

WORDS = ("text", "note", "why")
"""Keys of a payload under which sentences stand."""

_AT_ONCE = 200
"""Cards whose events are read with one statement."""

_E, _A = card_event.c, card_alias.c


class CardEvents:
    """Reads events of all tenants, for the warehouse."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beyond(self, held: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Rows of `raw_app.card_events` beyond those that are held, some of one tenant at a time.

        Args:
            held: By tenant and card, how many events the warehouse has.
        """
        counted = select(_E.tenant_id, _E.card_id, func.max(_E.seq)).group_by(_E.tenant_id, _E.card_id)
        with self._engine.connect() as connection:
            grown: dict[str, list[tuple[str, int]]] = {}
            for tenant_id, card_id, last_seq in connection.execute(counted):
                if last_seq > (known := held.get((tenant_id, card_id), 0)):
                    grown.setdefault(tenant_id, []).append((card_id, known))
            for tenant_id, cards in sorted(grown.items()):
                cards.sort()
                for some in chunks(cards, _AT_ONCE):
                    new = or_(*(and_(_E.card_id == card_id, _E.seq > known) for card_id, known in some))
                    rows = connection.execute(
                        select(card_event)
                        .where(_E.tenant_id == tenant_id, new)
                        .order_by(*card_event.primary_key.columns)
                    )
                    yield tenant_id, [_told(dict(row)) for row in rows.mappings()]

    def aliases(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Rows of `raw_app.card_aliases`, some of one tenant at a time."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(card_alias).order_by(*card_alias.primary_key.columns))
            for some in rows.mappings().partitions(5_000):
                by_tenant: dict[str, list[dict[str, Any]]] = {}
                for row in some:
                    by_tenant.setdefault(row["tenant_id"], []).append(dict(row))
                yield from by_tenant.items()


class CardBook:
    """Writes what people of one tenant do to cards."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def act(
        self,
        card_id: str,
        act: Act,
        *,
        actor: str,
        expected_seq: int,
        worth: Worth,
        about: About | None = None,
        now: datetime | None = None,
    ) -> tuple[CardEvent, CardState]:
        """Write down what somebody does; returns the event and where the card stands after it.

        Args:
            card_id: The card. That there is one, the caller has seen to.
            act: What is done.
            actor: Subject of the user who does it.
            expected_seq: Number of the last event the user saw; 0: none.
            worth: What the company pays now.
            about: The company, for whoever is told; None: nobody is.
            now: The present unless given.

        Raises:
            CardChanged: There is a newer event.
            IllegalAct: The card's state does not allow it.
            NoSuchColleague: Somebody named is no user of the tenant.
        """
        moment = now or datetime.now(UTC)
        try:
            with self._transaction() as connection:
                return self._written(connection, card_id, act, actor, expected_seq, worth, about, moment)
        except IntegrityError:
            # Two saw the same last event and wrote the next one at once; the other was faster.
            with self._transaction() as connection:
                events = read_events(connection, self._tenant_id, card_id)
                raise _changed(card_id, events, expected_seq) from None

    def release(self, subject: str, name: str, *, now: datetime | None = None) -> list[str]:
        """Take every card from somebody who has left, as the pipeline's own act; returns the cards.

        All of them, completed ones too: one that is reopened must not come back to somebody who is not there.

        Args:
            subject: Who.
            name: What the reason calls them; their subject says nothing to whoever reads it.
            now: The present unless given.

        Raises:
            CardsMoved: Somebody was faster with one of them; nothing was written.
        """
        moment = now or datetime.now(UTC)
        state = card_state.c
        theirs = (
            select(state.card_id)
            .where(state.tenant_id == self._tenant_id, state.assignee == subject)
            .order_by(state.card_id)
        )
        why = f"{name} was removed from the company's users."
        with self._transaction() as connection:
            cards = list(connection.scalars(theirs))
            for card_id in cards:
                events = read_events(connection, self._tenant_id, card_id)
                before = folded(card_id, events)
                event = CardEvent(
                    card_id=card_id,
                    seq=before.last_seq + 1,
                    type=CardEventType.ASSIGNED,
                    actor=MACHINE,
                    status=before.status,
                    payload={"assignee": None, "why": why},
                    occurred_at=max(moment, before.last_event_at or moment),
                )
                try:
                    append_event(connection, self._tenant_id, event, folded(card_id, [*events, event]))
                except IntegrityError as error:
                    raise CardsMoved(
                        "Somebody did something to one of their cards at the same moment, so nothing was done: try again."
                    ) from error
        return cards

    def _written(
        self,
        connection: Connection,
        card_id: str,
        act: Act,
        actor: str,
        expected_seq: int,
        worth: Worth,
        about: About | None,
        now: datetime,
    ) -> tuple[CardEvent, CardState]:
        events = read_events(connection, self._tenant_id, card_id)
        state = folded(card_id, events)
        if state.last_seq != expected_seq:
            raise _changed(card_id, events, expected_seq)
        status, payload = decided(state, act, worth=worth, today=now.date())
        self._check_colleagues(connection, [payload.get("assignee"), *payload.get("mentions", ())])
        event = CardEvent(
            card_id=card_id,
            seq=state.last_seq + 1,
            type=act.type,
            actor=actor,
            status=status,
            payload=payload,
            # Two clocks may differ; the order of events may not.
            occurred_at=max(now, state.last_event_at or now),
        )
        after = folded(card_id, [*events, event])
        if about is not None:
            tell_of_event(connection, self._tenant_id, event, was_assigned_to=state.assignee, about=about)
        append_event(connection, self._tenant_id, event, after)
        return event, after

    def _check_colleagues(self, connection: Connection, named: Collection[str | None]) -> None:
        asked = {one for one in named if one is not None}
        if asked:
            known = select(user_table.c.subject).where(
                user_table.c.tenant_id == self._tenant_id, user_table.c.subject.in_(asked)
            )
            if missing := sorted(asked - set(connection.scalars(known))):
                raise NoSuchColleague(f"There is no user {', '.join(missing)} in your company: see GET /api/v1/users.")


def read_events(connection: Connection, tenant_id: str, card_id: str) -> list[CardEvent]:
    """What happened to a card, and to those that turned out to be it, oldest first."""
    taken_over = select(_A.alias_id).where(_A.tenant_id == tenant_id, _A.card_id == card_id)
    rows = connection.execute(
        select(card_event)
        .where(_E.tenant_id == tenant_id, or_(_E.card_id == card_id, _E.card_id.in_(taken_over)))
        .order_by(_E.occurred_at, _E.card_id, _E.seq)
    ).mappings()
    return [_event(dict(row)) for row in rows]


def append_event(connection: Connection, tenant_id: str, event: CardEvent, after: CardState) -> None:
    """Write an event and where it leaves its card, and tell who has the board open."""
    connection.execute(insert(card_event).values(tenant_id=tenant_id, **vars(event)))
    write_states(connection, tenant_id, {event.card_id: after})
    announce(connection, tenant_id, LiveType.CARD, _announced(event, after), now=event.occurred_at)


def write_states(connection: Connection, tenant_id: str, states: Mapping[str, CardState]) -> None:
    """Keep where cards stand."""
    for some in chunks(list(states), _AT_ONCE):
        mine = (card_state.c.tenant_id == tenant_id) & card_state.c.card_id.in_(some)
        connection.execute(delete(card_state).where(mine))
        rows = [{"tenant_id": tenant_id, "card_id": card_id, **asdict(states[card_id])} for card_id in some]
        connection.execute(insert(card_state), rows)


def _announced(event: CardEvent, after: CardState) -> dict[str, Any]:
    until_on = after.waiting_until_on
    return {
        "card_id": event.card_id,
        "event": {
            "seq": event.seq,
            "type": event.type,
            "actor": event.actor,
            "occurred_at": event.occurred_at.isoformat(),
        },
        "state": {
            "card_id": event.card_id,
            "seq": after.last_seq,
            "status": after.status,
            "assignee": after.assignee,
            "severity_override": after.severity_override,
            "waiting_until_on": until_on.isoformat() if until_on else None,
            "is_waiting_for_reply": after.is_waiting_for_reply,
            "outcome": after.outcome,
            "outcome_mrr": after.outcome_mrr,
            "outcome_mrr_source": after.outcome_mrr_source,
            "reopen_count": after.reopen_count,
        },
    }


def _changed(card_id: str, events: Sequence[CardEvent], expected_seq: int) -> CardChanged:
    state = folded(card_id, events)
    changes = [event for event in events if event.card_id == card_id and event.seq > expected_seq]
    return CardChanged(
        f"Somebody did something to this card meanwhile: it is {state.status} after event {state.last_seq}. "
        f"Look at it again, then send `seq` {state.last_seq}.",
        state,
        changes,
    )


def _event(row: Mapping[str, Any]) -> CardEvent:
    kinds = {"type": CardEventType(row["type"]), "status": CardStatus(row["status"])}
    return CardEvent(**{name: value for name, value in row.items() if name != "tenant_id"} | kinds)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    decision = {name: value for name, value in row["payload"].items() if name not in WORDS}
    return row | {"payload": json.dumps(decision, sort_keys=True, separators=(",", ":"))}
