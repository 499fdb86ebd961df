"""Who one is, as `/me` and every sign-in say it."""

from typing import Any

from serve.auth.users import User
from serve.tenancy import TenantSession


def me_body(user: User, session: TenantSession) -> dict[str, Any]:
    """The `Me` of a user."""
    return {
        "subject": user.subject,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "tenant": session.tenant(),
    }
