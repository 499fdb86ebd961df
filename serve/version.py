"""Which churnboard this is, and which version of a tenant's rows."""

from datetime import datetime
from importlib.metadata import version

VERSION = version("churnboard")
"""The installed version; part of every ETag, since another version may answer differently."""


def version_of(tenant_id: str, build_id: str, published_at: datetime, position: int | None) -> tuple[str, ...]:
    """What everything must change with that is answered from a build and what people did to its cards.

    Args:
        tenant_id: Whose.
        build_id: The published one.
        published_at: When it was put in front of readers.
        position: Number of the tenant's newest announcement: builds, events of cards and erasures each make one, in the
            transaction that makes them true. None before the first.
    """
    return (VERSION, tenant_id, build_id, published_at.isoformat(), str(position or 0))
