"""Clearing the application database: every kept build, and what our own users wrote about the person."""

import json
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Engine, Text, and_, cast, delete, exists, false, or_, select, update
from sqlalchemy.sql.schema import Table

from core.appdb.builds import announce_served
from core.appdb.engine import writing
from core.appdb.tables import metadata
from core.chunks import chunks
from core.erasure.registry import APPLICATION, ERASED_NOTE, Holding, Subject
from core.tenants import TenantId

_BLACKED_OUT = "[erased]"
_AT_ONCE = 500


def clear_application(engine: Engine, subject: Subject, spoken_of: Sequence[str] = ()) -> int:
    """Clear all builds in one transaction, so that a reader sees a build with the words or without; returns the rows changed.

    Where anything was changed it is announced like a build, so that nobody goes on showing what they were answered before.

    Args:
        engine: The application database.
        subject: Whose data.
        spoken_of: Names and addresses that are blacked out of what users wrote.
    """
    with writing(engine) as connection:
        changed = sum(_clear(connection, holding, subject, spoken_of) for holding in APPLICATION)
        if changed:
            announce_served(connection, TenantId(subject.tenant_id))
        return changed


def left_in_application(engine: Engine, subject: Subject) -> dict[str, int]:
    """Rows that still hold what the registry says should be gone, by table."""
    found: dict[str, int] = {}
    with engine.connect() as connection:
        for holding in APPLICATION:
            table = metadata.tables[holding.table]
            if holding.names:
                named = or_(*(table.c[name].is_not(None) for name in holding.names if name != holding.contact))
                mine = and_(
                    table.c.tenant_id == subject.tenant_id, table.c[holding.contact].in_(subject.contact_ids), named
                )
            elif holding.words:
                said = or_(*(table.c[name].is_not(None) for name in holding.words))
                mine = and_(table.c.tenant_id == subject.tenant_id, _theirs(table, holding, subject), said)
            elif holding.is_ticket_gone:
                mine = and_(table.c.tenant_id == subject.tenant_id, _theirs(table, holding, subject))
            else:
                continue
            if rows := len(connection.execute(select(table.c.tenant_id).where(mine)).all()):
                found[holding.table] = rows
    return found


def _clear(connection: Connection, holding: Holding, subject: Subject, spoken_of: Sequence[str]) -> int:
    table = metadata.tables[holding.table]
    changed = 0
    if holding.is_noted:
        for ticket_ids in chunks(subject.ticket_ids, _AT_ONCE):
            changed += _note(connection, table, subject.tenant_id, ticket_ids)
    if holding.names:
        changed += _empty(connection, table, subject.tenant_id, holding.contact, subject.contact_ids, holding.names)
    if holding.words:
        changed += _empty(connection, table, subject.tenant_id, holding.ticket, subject.ticket_ids, holding.words)
    if holding.words and holding.message:
        changed += _empty(connection, table, subject.tenant_id, holding.message, subject.message_ids, holding.words)
    if holding.is_ticket_gone:
        changed += _remove(connection, table, subject.tenant_id, holding.ticket, subject.ticket_ids)
    if holding.is_ticket_gone and holding.message:
        changed += _remove(connection, table, subject.tenant_id, holding.message, subject.message_ids)
    for column in holding.redacted:
        changed += _redact(connection, table, column, subject.tenant_id, spoken_of)
    return changed


def _theirs(table: Table, holding: Holding, subject: Subject) -> ColumnElement[bool]:
    of_message = table.c[holding.message].in_(subject.message_ids) if holding.message else false()
    return or_(table.c[holding.ticket].in_(subject.ticket_ids), of_message)


def _empty(
    connection: Connection, table: Table, tenant_id: str, column: str, ids: Sequence[str], emptied: Sequence[str]
) -> int:
    changed = 0
    for some in chunks(ids, _AT_ONCE):
        rows = update(table).where(table.c.tenant_id == tenant_id, table.c[column].in_(some))
        changed += connection.execute(rows.values(dict.fromkeys(emptied))).rowcount
    return changed


def _remove(connection: Connection, table: Table, tenant_id: str, column: str, ids: Sequence[str]) -> int:
    changed = 0
    for some in chunks(ids, _AT_ONCE):
        rows = delete(table).where(table.c.tenant_id == tenant_id, table.c[column].in_(some))
        changed += connection.execute(rows).rowcount
    return changed


def _note(connection: Connection, cards: Table, tenant_id: str, ticket_ids: Sequence[str]) -> int:
    evidence = metadata.tables["published_card_evidence"]
    behind = exists().where(
        evidence.c.tenant_id == cards.c.tenant_id,
        evidence.c.build_id == cards.c.build_id,
        evidence.c.card_id == cards.c.card_id,
        evidence.c.ticket_id.in_(ticket_ids),
    )
    unnoted = cards.c.why.not_like(f"%{ERASED_NOTE}")
    noted = update(cards).where(cards.c.tenant_id == tenant_id, unnoted, behind)
    return connection.execute(noted.values(why=cards.c.why + ERASED_NOTE)).rowcount


def _redact(connection: Connection, table: Table, column: str, tenant_id: str, spoken_of: Sequence[str]) -> int:
    written = {one: json.dumps(one)[1:-1] for one in spoken_of}
    if not written:
        return 0
    mentions = or_(*(cast(table.c[column], Text).contains(one, autoescape=True) for one in written.values()))
    rows = connection.execute(select(table).where(table.c.tenant_id == tenant_id, mentions)).mappings().all()
    for row in rows:
        text = json.dumps(row[column])
        for one in written.values():
            text = text.replace(one, _BLACKED_OUT)
        key = and_(*(part == row[part.name] for part in table.primary_key.columns))
        connection.execute(update(table).where(key).values({column: json.loads(text)}))
    return len(rows)
