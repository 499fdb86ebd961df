"""Bodies and query of the audit trail."""

from datetime import datetime
from typing import Any

from pydantic import Field

from core.vocabulary import AuditAction
from serve.paging import MAX_LIMIT
from serve.schemas import Cursor, Query, Schema, Text


class AuditQuery(Query):
    """Which acts; all that are given must fit."""

    action: list[AuditAction] = Field(default_factory=list)
    """Any of these."""

    actor: Text | None = None
    """Subject of whoever did it."""

    limit: int = Field(default=50, ge=1, le=MAX_LIMIT)
    cursor: Cursor | None = None


class AuditEntry(Schema):
    """Somebody did something."""

    audit_id: str
    occurred_at: datetime
    actor: str = Field(examples=["google|1029"])
    """Subject of a user, or name of an operator."""

    actor_name: str = Field(examples=["Ann Archer"])
    """The name they went by then."""

    action: str = Field(examples=["role_changed"])
    """An `AuditAction`; a later version may know more."""

    object_type: str = Field(examples=["user"])
    object_id: str
    details: dict[str, Any] = Field(examples=[{"name": "Bo", "from": "viewer", "to": "member"}])
    """Small facts, different for each action."""

    request_id: str | None
    """Finds the request in the log; null: it was none."""


class AuditPage(Schema):
    """Acts, the latest first."""

    items: list[AuditEntry]
    next_cursor: str | None
