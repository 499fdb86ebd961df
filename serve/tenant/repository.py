"""The tenant's settings and what its people wrote, out of a session."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from core.vocabulary import AuditAction
from serve.tenancy import WRITTEN, NothingPublished, TenantSession, audit_entries, published

_COMPANY = published("companies").c
_OWNERS = (
    select(_COMPANY.owner_id, _COMPANY.owner_name)
    .where(_COMPANY.owner_id.is_not(None))
    .distinct()
    .order_by(_COMPANY.owner_name, _COMPANY.owner_id)
)

_ENTRY = audit_entries().c
_CHANGES = select(*_ENTRY).where(_ENTRY.action == AuditAction.SETTINGS_CHANGED).order_by(_ENTRY.occurred_at)


def settings(session: TenantSession) -> dict[str, Any]:
    """The `TenantSettings` of a session's tenant."""
    try:
        owners = session.rows(_OWNERS)
    except NothingPublished:
        owners = []
    return {"tenant_id": session.tenant_id, **session.settings(), "owners": owners}


def changes_since(session: TenantSession, version: int) -> list[dict[str, Any]]:
    """What was changed in the settings after a version, as the audit trail has it, oldest first."""
    return [row for row in session.standing(_CHANGES) if row["details"].get("version", 0) > version]


def written(session: TenantSession) -> dict[str, Any]:
    """The `Written` of a session's tenant."""
    return {
        "tenant_id": session.tenant_id,
        "exported_at": datetime.now(UTC),
        "settings": session.settings(),
        "users": session.users(),
        "tables": {name: session.standing(select(*source.c)) for name, source in WRITTEN.items()},
    }
