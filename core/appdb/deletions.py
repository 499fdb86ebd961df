"""Deleted tenants: asked for, carried out, proved. What is kept of one is its receipt.

A receipt outlives its tenant. It holds the tenant's slug, moments and counts, and is read by whoever has its id, which nobody can
guess; no person of the tenant is named in it.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from core.appdb.engine import writing
from core.appdb.tables import deletion
from core.vocabulary import DeletionStatus

_C = deletion.c


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """One tenant's end.

    Attributes:
        receipt_id: By which it is read.
        step: What is being done, or was last.
        cleared: Rows, calls and files that went, by store.
        searched: How many tables, columns, texts and files were looked at afterwards.
        residue: Where something was found afterwards: `store`, `where`, `count`.
        error_message: Why it did not end.
    """

    receipt_id: str
    tenant_id: str
    status: DeletionStatus
    step: str
    requested_at: datetime
    done_at: datetime | None = None
    cleared: Mapping[str, int] = field(default_factory=dict)
    searched: Mapping[str, int] = field(default_factory=dict)
    residue: Sequence[Mapping[str, Any]] = ()
    error_message: str | None = None


class DeletionBook:
    """Asks for the end of one tenant."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def ask(self, *, now: datetime | None = None) -> str:
        """Write down that the tenant is to be deleted; returns the id of the receipt."""
        receipt_id = secrets.token_urlsafe(32)
        row = {
            "receipt_id": receipt_id,
            "tenant_id": self._tenant_id,
            "status": DeletionStatus.REQUESTED,
            "step": "asked for",
            "requested_at": now or datetime.now(UTC),
            "cleared": {},
            "searched": {},
            "residue": [],
        }
        with self._transaction() as connection:
            connection.execute(insert(deletion).values(row))
        return receipt_id


class Deletions:
    """Reads and writes receipts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, receipt_id: str) -> Deletion | None:
        """The receipt of this id, if there is one."""
        return next(iter(self._read(_C.receipt_id == receipt_id)), None)

    def all(self) -> list[Deletion]:
        """Every receipt, oldest first."""
        return self._read()

    def open(self) -> list[Deletion]:
        """Those that are still to be done, oldest first."""
        return self._read(_C.done_at.is_(None))

    def note(self, receipt_id: str, **values: Any) -> None:
        """Write down how far it has come."""
        with writing(self._engine) as connection:
            connection.execute(update(deletion).where(_C.receipt_id == receipt_id).values(**values))

    def _read(self, *conditions: Any) -> list[Deletion]:
        query = select(deletion).where(*conditions).order_by(_C.requested_at, _C.receipt_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return [Deletion(**dict(row) | {"status": DeletionStatus(row["status"])}) for row in rows]
