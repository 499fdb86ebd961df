"""API keys out of a tenant session."""

from typing import Any

from sqlalchemy import select

from serve.tenancy import TenantSession, api_keys

_KEY = api_keys().c
_KEYS = select(*_KEY).order_by(_KEY.created_at.desc(), _KEY.prefix)


def keys(session: TenantSession) -> list[dict[str, Any]]:
    """Those that were not revoked, the newest first."""
    return session.standing(_KEYS)


def key(session: TenantSession, prefix: str) -> dict[str, Any]:
    """One that was made a moment ago."""
    return session.standing(_KEYS.where(_KEY.prefix == prefix))[0]
