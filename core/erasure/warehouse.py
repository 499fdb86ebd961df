"""Clearing tables of the warehouse as the registry says, and counting what it says should be gone and is not."""

from collections.abc import Callable, Iterator, Sequence

from core.erasure.registry import ERASED_NOTE, Holding, Subject
from core.naming import RAW_HUBSPOT
from core.warehouse import Warehouse
from core.warehouse.base import Snapshot

Thin = Callable[[str, str], str]
"""Of an object type and its properties as JSON, what may stay of them."""

_COLUMNS = "select column_name from information_schema.columns where table_schema = :schema and table_name = :name"
_STAGED = (
    "select table_schema, table_name from information_schema.columns "
    "where column_name = 'tenant_id' and table_schema like :pattern order by table_schema, table_name"
)


def clear(warehouse: Warehouse, holdings: Sequence[Holding], subject: Subject, *, thin: Thin | None = None) -> int:
    """Clear these tables, in their order; a table or column that does not exist holds nothing. Returns the rows changed.

    Every statement stands alone and finds nothing when it is repeated, so a run that is killed is simply run again.

    Args:
        warehouse: Where.
        holdings: Which tables.
        subject: Whose data.
        thin: Needed where a holding has `properties`.
    """
    changed = 0
    # The snapshot keeps a DuckDB file open, so that each statement need not open it.
    with warehouse.write_lock(), warehouse.snapshot() as snapshot:
        for holding in holdings:
            columns = {row["column_name"] for row in snapshot.rows(_COLUMNS, schema=holding.schema, name=holding.table)}
            for sql in statements(holding, columns):
                changed += max(0, warehouse.execute(sql, **bound(sql, subject)))
            if thin and holding.properties and columns:
                for row_id, thinner in _thinned(warehouse, holding, subject, thin):
                    changed += max(
                        0,
                        warehouse.execute(
                            f"update {holding.qualified} set properties = :thinner "
                            "where tenant_id = :tenant_id and id = :row_id",
                            tenant_id=subject.tenant_id,
                            row_id=row_id,
                            thinner=thinner,
                        ),
                    )
    return changed


def clear_staged(warehouse: Warehouse, tenant_id: str, dataset: str = RAW_HUBSPOT) -> int:
    """Remove what a killed load left in dlt's staging schemas; call it under the lock its loads take."""
    changed = 0
    with warehouse.write_lock():
        for row in warehouse.rows(_STAGED, pattern=f"{dataset}_staging%"):
            sql = f"delete from {row['table_schema']}.{row['table_name']} where tenant_id = :tenant_id"
            changed += max(0, warehouse.execute(sql, tenant_id=tenant_id))
    return changed


def left(snapshot: Snapshot, holdings: Sequence[Holding], subject: Subject) -> dict[str, int]:
    """Rows that still hold what the registry says should be gone, by table; needs no name or word of the person."""
    found = {}
    for holding in holdings:
        columns = {row["column_name"] for row in snapshot.rows(_COLUMNS, schema=holding.schema, name=holding.table)}
        where = [f"({one})" for one in _conditions(holding, columns)]
        if where:
            sql = f"select count(*) as held from {holding.qualified} where {' or '.join(where)}"
            if held := snapshot.rows(sql, **bound(sql, subject))[0]["held"]:
                found[holding.qualified] = int(held)
    return found


def messages_on(snapshot: Snapshot, tenant_id: str, ticket_ids: Sequence[str]) -> list[str]:
    """Ids of the messages on these tickets, as the readings name them (`emails/7`)."""
    found: set[str] = set()
    for object_type, column in (("emails", "email_id"), ("notes", "note_id")):
        if snapshot.has_table(RAW_HUBSPOT, f"ticket_{object_type}"):
            rows = snapshot.rows(
                f"select {column} as id from {RAW_HUBSPOT}.ticket_{object_type} "
                "where tenant_id = :tenant_id and ticket_id = any(:ticket_ids)",
                tenant_id=tenant_id,
                ticket_ids=list(ticket_ids),
            )
            found |= {f"{object_type}/{row['id']}" for row in rows if row["id"]}
    return sorted(found)


def statements(holding: Holding, columns: set[str], relation: str = "") -> Iterator[str]:
    """The SQL that clears one table; what it names (see `bound`) is to be bound.

    Args:
        holding: What the table holds.
        columns: The columns it really has; none: there is no such table.
        relation: Where it is, unless where the holding says.
    """
    where = relation or holding.qualified
    if not columns:
        return
    if holding.is_noted:
        evidence = where.replace(holding.table, holding.table.replace("churn_risk_cards", "card_evidence"))
        yield (
            f"update {where} set why = why || :note where tenant_id = :tenant_id and why not like '%' || :note "
            f"and card_id in (select card_id from {evidence} "
            "where tenant_id = :tenant_id and ticket_id = any(:ticket_ids))"
        )
    for condition, emptied in (
        (_of_contact(holding), holding.names),
        (_of_tickets(holding, columns), holding.words),
    ):
        present = [name for name in emptied if name in columns]
        if condition and present and not (emptied is holding.names and holding.is_contact_gone):
            filled = " or ".join(f"{name} is not null" for name in present)
            yield (
                f"update {where} set {', '.join(f'{name} = null' for name in present)} where {condition} and ({filled})"
            )
    if holding.is_contact_gone:
        yield f"delete from {where} where {_of_contact(holding)}"
    if holding.is_ticket_gone:
        yield f"delete from {where} where {_of_tickets(holding, columns)}"


def bound(sql: str, subject: Subject) -> dict[str, object]:
    """The parameters `sql` names; DuckDB refuses those it does not."""
    values: dict[str, object] = {
        "tenant_id": subject.tenant_id,
        "contact_ids": list(subject.contact_ids),
        "ticket_ids": list(subject.ticket_ids),
        "message_ids": list(subject.message_ids),
        "note": ERASED_NOTE,
    }
    return {name: value for name, value in values.items() if f":{name}" in sql}


def _of_contact(holding: Holding) -> str:
    return f"tenant_id = :tenant_id and {holding.contact} = any(:contact_ids)" if holding.contact else ""


def _of_tickets(holding: Holding, columns: set[str]) -> str:
    if not holding.ticket:
        return ""
    if holding.message in columns:
        theirs = f"{holding.ticket} = any(:ticket_ids) or {holding.message} = any(:message_ids)"
        return f"tenant_id = :tenant_id and ({theirs})"
    if holding.link is None:
        return f"tenant_id = :tenant_id and {holding.ticket} = any(:ticket_ids)"
    table, column = holding.link
    return (
        f"tenant_id = :tenant_id and {holding.ticket} in (select {column} from {holding.schema}.{table} "
        "where tenant_id = :tenant_id and ticket_id = any(:ticket_ids))"
    )


def _conditions(holding: Holding, columns: set[str]) -> Iterator[str]:
    if not columns:
        return
    # An id may come back: HubSpot still has a contact that a person here had erased, and it is loaded without a name.
    for condition, emptied in (
        (_of_contact(holding), [name for name in holding.names if name != holding.contact]),
        (_of_tickets(holding, columns), list(holding.words)),
    ):
        if present := [name for name in emptied if name in columns]:
            yield f"{condition} and ({' or '.join(f'{name} is not null' for name in present)})"
    if holding.is_ticket_gone:
        yield _of_tickets(holding, columns)


def _thinned(warehouse: Warehouse, holding: Holding, subject: Subject, thin: Thin) -> list[tuple[str, str]]:
    sql = (
        f"select id, properties from {holding.qualified} where {_of_tickets(holding, set())} and properties is not null"
    )
    rows = warehouse.rows(sql, **bound(sql, subject))
    thinner = [(row["id"], row["properties"], thin(holding.properties, row["properties"])) for row in rows]
    return [(row_id, after) for row_id, before, after in thinner if before != after]
