"""The tenant's budget, out of a session."""

from typing import Any

from sqlalchemy import select

from serve.tenancy import TenantSession, llm_budgets, llm_standings

_B = llm_budgets().c
_VERSIONS = select(*_B).order_by(_B.version)
_NEWEST = select(_B.monthly_usd).order_by(_B.version.desc()).limit(1)
_STANDING = select(*llm_standings().c)


def own_monthly_usd(session: TenantSession) -> float | None:
    """What the tenant's own budget lets its reading cost a month; None where it has none of its own."""
    return next((row["monthly_usd"] for row in session.standing(_NEWEST)), None)


def budget(session: TenantSession, default_usd: float | None) -> dict[str, Any]:
    """The `Budget` of a session's tenant."""
    versions = session.standing(_VERSIONS)
    names = {row["subject"]: row["name"] for row in session.users()}
    own = versions[-1]["monthly_usd"] if versions else None
    return {
        "version": len(versions),
        "monthly_usd": own,
        "default_usd": default_usd,
        "limit_usd": default_usd if own is None else own,
        "standing": next(iter(session.standing(_STANDING)), None),
        "history": [row | {"author": names.get(row["author"], row["author"])} for row in versions[::-1]],
    }
