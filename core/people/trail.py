"""The audit trail: who did what to whom and when. Rows are only ever added, and never hold a secret.

Whoever changes something writes its row in the same transaction, so that neither is there without the other. `details` are small
facts (a role, an address), never credentials, tokens or what a customer wrote.
"""

import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from core.appdb.tables import audit
from core.vocabulary import AuditAction

Transaction = Callable[[], AbstractContextManager[Connection]]
"""Opens a write transaction, committed at the end of its block."""


class AuditTrail:
    """Adds to one tenant's trail."""

    def __init__(self, tenant_id: str, transaction: Transaction) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def add(
        self,
        action: AuditAction,
        object_type: str,
        object_id: str,
        details: Mapping[str, Any] | None = None,
        *,
        actor: str,
        actor_name: str,
        request_id: str | None = None,
        now: datetime | None = None,
    ) -> None:
        """Write down one act.

        Args:
            action: What was done.
            object_type: What kind of thing it was done to: `user`, `invitation`, `api_key`, `connection`, …
            object_id: Which one.
            details: What else to know about it.
            actor: Subject of the user who did it, or the name of an operator.
            actor_name: The name they went by; users may be gone when it is read.
            request_id: Of the request it was done in, which finds it in the log; None: it was no request.
            now: The present unless given.
        """
        with self._transaction() as connection:
            connection.execute(
                insert(audit).values(
                    tenant_id=self._tenant_id,
                    audit_id=str(uuid.uuid4()),
                    occurred_at=now or datetime.now(UTC),
                    actor=actor,
                    actor_name=actor_name,
                    action=action,
                    object_type=object_type,
                    object_id=object_id,
                    details=dict(details or {}),
                    request_id=request_id,
                )
            )
