"""Invitations out of a tenant session."""

from typing import Any

from sqlalchemy import select

from serve.tenancy import TenantSession, invitations

_OPEN = invitations().c
_INVITATIONS = select(*_OPEN).order_by(_OPEN.invited_at.desc(), _OPEN.invitation_id)


def open_invitations(session: TenantSession) -> list[dict[str, Any]]:
    """Those neither accepted nor revoked, the latest first."""
    return session.standing(_INVITATIONS)


def invitation(session: TenantSession, invitation_id: str) -> dict[str, Any]:
    """One that was written a moment ago."""
    return session.standing(_INVITATIONS.where(_OPEN.invitation_id == invitation_id))[0]
