"""The audit trail out of a tenant session."""

from sqlalchemy import select

from serve.paging import Order, Page, moment, read_page
from serve.tenancy import TenantSession, audit_entries
from serve.trail.schemas import AuditQuery

_ENTRY = audit_entries().c
_ENTRIES = select(*_ENTRY)
_LATEST_FIRST = Order(_ENTRY.occurred_at, moment)


def entries(session: TenantSession, wanted: AuditQuery) -> Page:
    """One page, the latest first.

    Raises:
        InvalidCursor: The cursor belongs to another list.
    """
    query = _ENTRIES
    if wanted.action:
        query = query.where(_ENTRY.action.in_(wanted.action))
    if wanted.actor:
        query = query.where(_ENTRY.actor == wanted.actor)
    return read_page(
        session,
        lambda: query,
        order=_LATEST_FIRST,
        identity=_ENTRY.audit_id,
        scope={"list": "audit"} | wanted.model_dump(exclude={"limit", "cursor"}),
        cursor=wanted.cursor,
        limit=wanted.limit,
        is_published=False,
    )
