"""Keeps corrections (`core.topics.corrections`).

Each keeps the text it was made on, because it teaches by that text; erasure empties it, and the label stays.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, insert, select, update

from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import correction as correction_table
from core.topics.corrections import Correction, UnknownCorrection, check_value, standing
from core.vocabulary import CorrectedField

_C = correction_table.c


class CorrectionBook:
    """Adds and withdraws corrections of one tenant."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def add(
        self,
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
        check_value(field, after)
        with self._transaction() as connection:
            lock_tenant(connection, self._tenant_id)
            last = connection.scalar(select(func.max(_C.correction_id)).where(_C.tenant_id == self._tenant_id)) or 0
            new = Correction(
                tenant_id=self._tenant_id,
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

    def withdraw(self, correction_id: int, *, now: datetime | None = None) -> None:
        """Take one back; one before it, of the same ticket and field, stands again.

        Raises:
            UnknownCorrection: There is none of that number, or it was withdrawn before.
        """
        with self._transaction() as connection:
            mine = (_C.tenant_id == self._tenant_id) & (_C.correction_id == correction_id) & _C.withdrawn_at.is_(None)
            withdrawn = update(correction_table).where(mine).values(withdrawn_at=now or datetime.now(UTC))
            if not connection.execute(withdrawn).rowcount:
                raise UnknownCorrection(
                    f"{self._tenant_id} has no correction {correction_id} to withdraw: "
                    f"see `churnboard topics corrections {self._tenant_id}`."
                )


class Corrections:
    """Reads, adds and withdraws, for any tenant."""

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
        """As `CorrectionBook.add`."""
        return self._book(tenant_id).add(
            ticket_id=ticket_id,
            field=field,
            before=before,
            after=after,
            text=text,
            input_hash=input_hash,
            author=author,
            why=why,
            now=now,
        )

    def of(self, tenant_id: str) -> list[Correction]:
        """Every correction of a tenant, oldest first."""
        with self._engine.connect() as connection:
            return read_corrections(connection, tenant_id)

    def standing(self, tenant_id: str, *fields: CorrectedField) -> list[Correction]:
        """Those that stand, of these fields or of any."""
        return [one for one in standing(self.of(tenant_id)) if not fields or one.field in fields]

    def withdraw(self, tenant_id: str, correction_id: int, *, now: datetime | None = None) -> None:
        """As `CorrectionBook.withdraw`."""
        self._book(tenant_id).withdraw(correction_id, now=now)

    def _book(self, tenant_id: str) -> CorrectionBook:
        return CorrectionBook(tenant_id, lambda: writing(self._engine))


def read_corrections(connection: Connection, tenant_id: str | None = None) -> list[Correction]:
    """Corrections of one tenant or of all, each tenant's oldest first."""
    query = select(correction_table).order_by(_C.tenant_id, _C.correction_id)
    if tenant_id is not None:
        query = query.where(_C.tenant_id == tenant_id)
    return [Correction.from_row(dict(row)) for row in connection.execute(query).mappings()]
