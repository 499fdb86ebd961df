"""Corrections: what a person says a reading should have been. They stay as made; one that was wrong is withdrawn, not changed.

Each keeps the text it was made on, because it teaches by that text; erasure empties it, and the label stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import correction as correction_table
from core.errors import Terminal
from core.vocabulary import ChurnIntent, CorrectedField, Sentiment

_C = correction_table.c


class UnknownCorrection(Terminal):
    """No correction of that number stands."""


class NoSuchValue(Terminal):
    """A correction to something a reading cannot say."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One correction; `before` and `after` are lists because a ticket may carry several topics (`none`: that no topic fits).

    Attributes:
        text: What the ticket said; None once erased.
        input_hash: SHA-256 of it.
    """

    tenant_id: str
    correction_id: int
    ticket_id: str
    field: CorrectedField
    before: tuple[str, ...]
    after: tuple[str, ...]
    text: str | None
    input_hash: str
    why: str | None
    author: str
    created_at: datetime
    withdrawn_at: datetime | None = None


class Corrections:
    """Reads, adds and withdraws."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        tenant_id: str,
        *,
        ticket_id: str,
        field: CorrectedField,
        before: Sequence[str],
        after: Sequence[str],
        text: str,
        input_hash: str,
        author: str,
        why: str = "",
        now: datetime | None = None,
    ) -> Correction:
        """Add one; an earlier one of the same ticket and field stands no more.

        Raises:
            UnknownTenant: There is no such tenant.
            NoSuchValue: `after` is no sentiment or churn intent. That topics exist, the caller has seen to.
        """
        values: Iterable[str] | None = _VALUES.get(field)
        if values is not None and (len(after) != 1 or after[0] not in values):
            raise NoSuchValue(f"{', '.join(after) or 'nothing'} is no {field}: it is one of {', '.join(values)}.")
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            last = connection.scalar(select(func.max(_C.correction_id)).where(_C.tenant_id == tenant_id)) or 0
            new = Correction(
                tenant_id=tenant_id,
                correction_id=last + 1,
                ticket_id=ticket_id,
                field=field,
                before=tuple(before),
                after=tuple(after),
                text=text,
                input_hash=input_hash,
                why=why or None,
                author=author,
                created_at=now or datetime.now(UTC),
            )
            connection.execute(
                insert(correction_table).values(**vars(new) | {"before": list(before), "after": list(after)})
            )
        return new

    def of(self, tenant_id: str) -> list[Correction]:
        """Every correction of a tenant, oldest first."""
        with self._engine.connect() as connection:
            return read_corrections(connection, tenant_id)

    def standing(self, tenant_id: str, *fields: CorrectedField) -> list[Correction]:
        """Those that stand, of these fields or of any."""
        return [one for one in standing(self.of(tenant_id)) if not fields or one.field in fields]

    def withdraw(self, tenant_id: str, correction_id: int, *, now: datetime | None = None) -> None:
        """Take one back; one before it, of the same ticket and field, stands again.

        Raises:
            UnknownCorrection: There is none of that number, or it was withdrawn before.
        """
        with writing(self._engine) as connection:
            mine = (_C.tenant_id == tenant_id) & (_C.correction_id == correction_id) & _C.withdrawn_at.is_(None)
            withdrawn = update(correction_table).where(mine).values(withdrawn_at=now or datetime.now(UTC))
            if not connection.execute(withdrawn).rowcount:
                raise UnknownCorrection(
                    f"{tenant_id} has no correction {correction_id} to withdraw: "
                    f"see `churnboard topics corrections {tenant_id}`."
                )


def standing(corrections: Iterable[Correction]) -> list[Correction]:
    """The last of each ticket and field that was not withdrawn, in the order they were made."""
    held = [one for one in corrections if one.withdrawn_at is None]
    last = {(one.tenant_id, one.ticket_id, one.field): one.correction_id for one in held}
    return [one for one in held if last[one.tenant_id, one.ticket_id, one.field] == one.correction_id]


def read_corrections(connection: Connection, tenant_id: str | None = None) -> list[Correction]:
    """Corrections of one tenant or of all, each tenant's oldest first."""
    query = select(correction_table).order_by(_C.tenant_id, _C.correction_id)
    if tenant_id is not None:
        query = query.where(_C.tenant_id == tenant_id)
    return [_correction(dict(row)) for row in connection.execute(query).mappings()]


def _correction(row: dict[str, Any]) -> Correction:
    lists = {name: tuple(row[name]) for name in ("before", "after")}
    return Correction(**row | lists | {"field": CorrectedField(row["field"])})


_VALUES: dict[CorrectedField, list[str]] = {
    CorrectedField.SENTIMENT: [value.value for value in Sentiment],
    CorrectedField.CHURN_INTENT: [value.value for value in ChurnIntent],
}
