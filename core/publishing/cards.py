"""What a build means for cards that people work on: the ids they are known by, and those that are brought back to people.

dbt says both (`int_card_aliases`, `int_card_effects`); they are written when the build is published, in its transaction, so that a
reader never sees one without the other. An effect is an event like any other. It was decided on a card's first so many events, and
is left out where the card has more by now: the next build decides anew. So a publish that is killed, or done again, writes nothing
twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from core.appdb.card_events import read_events, write_states
from core.appdb.tables import card_alias, card_event, card_state
from core.cards import MACHINE, CardEvent, CardState, folded
from core.chunks import chunks
from core.naming import INTERMEDIATE
from core.publishing.audits import Audit
from core.tenants import TenantId
from core.vocabulary import CardEventType, CardStatus
from core.warehouse.base import Snapshot

Row = Mapping[str, Any]

_A = card_alias.c

_AT_ONCE = 500
"""Ids in one statement."""

# Cards that were never on a board have no past to keep.
_ALIASES = f"""
select
    aliases.alias_id, aliases.card_id, aliases.company_id, aliases.trigger_type, aliases.opened_on, aliases.last_signal_on,
    coalesce(aliases.opened_mrr, case when aliases.first_published_at is null then cards.opened_mrr end) as opened_mrr,
    coalesce(aliases.opened_mrr_source, cards.opened_mrr_source) as opened_mrr_source,
    aliases.first_published_at
from {INTERMEDIATE}.int_card_aliases as aliases
left join {INTERMEDIATE}.int_cards as cards
    on aliases.tenant_id = cards.tenant_id and aliases.card_id = cards.card_id
where aliases.tenant_id = :tenant_id and (aliases.first_published_at is not null or cards.is_shown)
order by aliases.alias_id
"""
_EFFECTS = f"select * from {INTERMEDIATE}.int_card_effects where tenant_id = :tenant_id order by card_id"


@dataclass(frozen=True)
class CardChanges:
    """What one build says of one tenant's cards.

    Attributes:
        aliases: Ids that cards are, or were, found under.
        effects: What the pipeline does to cards.
        as_of_at: What the build was computed for.
    """

    aliases: Sequence[Row]
    effects: Sequence[Row]
    as_of_at: datetime


def read_card_changes(snapshot: Snapshot, tenant_id: TenantId, as_of_at: datetime) -> CardChanges:
    """What the build in the warehouse says of a tenant's cards."""
    return CardChanges(
        snapshot.rows(_ALIASES, tenant_id=tenant_id), snapshot.rows(_EFFECTS, tenant_id=tenant_id), as_of_at
    )


def cards_are_known(connection: Connection, tenant_id: TenantId, changes: CardChanges) -> Audit:
    """Whether the build was made knowing every card that was published before; else it might call one by another id."""
    held = select(_A.alias_id).where(_A.tenant_id == tenant_id, _A.first_published_at <= changes.as_of_at)
    unknown = sorted(set(connection.scalars(held)) - {row["alias_id"] for row in changes.aliases})
    detail = "none"
    if unknown:
        detail = (
            f"{len(unknown)} published cards were not known to this build, first: {', '.join(unknown[:3])}. Load the "
            f"application state again (job `ingest`), then transform"
        )
    return Audit("cards_keep_their_ids", is_passed=not unknown, detail=detail)


def settle(connection: Connection, tenant_id: TenantId, changes: CardChanges, *, now: datetime) -> None:
    """Write the ids and the effects of a build that is being published."""
    moved = _write_aliases(connection, tenant_id, changes)
    states = {card_id: folded(card_id, read_events(connection, tenant_id, card_id)) for card_id in moved}
    states |= _write_effects(connection, tenant_id, changes.effects, now)
    write_states(connection, tenant_id, states)


def _write_aliases(connection: Connection, tenant_id: TenantId, changes: CardChanges) -> set[str]:
    """Keep the ids; returns the cards whose events are others now."""
    held = {
        row["alias_id"]: dict(row)
        for row in connection.execute(select(card_alias).where(_A.tenant_id == tenant_id)).mappings()
    }
    written, moved, given_up = [], set(), set()
    for row in changes.aliases:
        old = held.get(row["alias_id"])
        new = {name: row[name] for name in _ALIAS_COLUMNS} | {
            "tenant_id": tenant_id,
            "first_published_at": old["first_published_at"] if old else changes.as_of_at,
        }
        if old and old["card_id"] != row["card_id"]:
            moved.add(row["card_id"])
            given_up.add(old["card_id"])
        if new != old:
            written.append(new)
    if written:
        for some in chunks([row["alias_id"] for row in written], _AT_ONCE):
            connection.execute(delete(card_alias).where(_A.tenant_id == tenant_id, _A.alias_id.in_(some)))
        connection.execute(insert(card_alias), written)
    going_by = {row["card_id"] for row in changes.aliases}
    for some in chunks(sorted(given_up - going_by), _AT_ONCE):
        connection.execute(
            delete(card_state).where(card_state.c.tenant_id == tenant_id, card_state.c.card_id.in_(some))
        )
    return moved | (given_up & going_by)


def _write_effects(
    connection: Connection, tenant_id: TenantId, effects: Sequence[Row], now: datetime
) -> dict[str, CardState]:
    """Append the events that nobody was faster than; returns where they leave their cards."""
    if not effects:
        return {}
    counted = (
        select(card_event.c.card_id, func.max(card_event.c.seq))
        .where(card_event.c.tenant_id == tenant_id)
        .group_by(card_event.c.card_id)
    )
    last_seqs: dict[str, int] = dict(connection.execute(counted).tuples().all())
    states, events = {}, []
    for effect in effects:
        card_id, last_seq = effect["card_id"], last_seqs.get(effect["card_id"], 0)
        if last_seq != effect["after_seq"]:
            continue
        before = read_events(connection, tenant_id, card_id) if last_seq else []
        event = CardEvent(
            card_id=card_id,
            seq=last_seq + 1,
            type=CardEventType(effect["event_type"]),
            actor=MACHINE,
            status=CardStatus(effect["status"]),
            payload=_payload(effect),
            occurred_at=max([now, *(one.occurred_at for one in before)]),
        )
        events.append({"tenant_id": tenant_id, **vars(event)})
        states[card_id] = folded(card_id, [*before, event])
    if events:
        connection.execute(insert(card_event), events)
    return states


def _payload(effect: Row) -> dict[str, Any]:
    said = {"why": effect["why"]}
    if effect["outcome"] is None:
        return said
    return {name: effect[name] for name in ("outcome", "mrr", "mrr_source")} | said


_ALIAS_COLUMNS = tuple(
    name for name in (column.name for column in card_alias.columns) if name not in {"tenant_id", "first_published_at"}
)
