"""Making and revoking API keys, each with its line in the audit trail."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core import people
from core.errors import ChurnboardError
from core.vocabulary import AuditAction
from serve.api_keys.repository import key
from serve.auth.dependencies import Caller
from serve.errors import Conflict, NotFound, Unprocessable, retold


class ApiKeyNotFound(NotFound):
    """Your company has no such key."""


class TooManyApiKeys(Conflict):
    """Your company has as many keys as it may have."""


class BornExpired(Unprocessable):
    """The key would be of no use: its expiry lies in the past."""


_TOLD: Mapping[type[ChurnboardError], type[ChurnboardError]] = {
    people.NoSuchKey: ApiKeyNotFound,
    people.TooManyKeys: TooManyApiKeys,
}


def make(caller: Caller, name: str, expires_at: datetime | None) -> dict[str, Any]:
    """Make a key; returns it with its secret, which nobody can tell again.

    Raises:
        TooManyApiKeys, BornExpired: As they say.
    """
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise BornExpired("The key would have expired before it is made: choose a later `expires_at`, or none.")
    writer = caller.writer
    with retold(_TOLD), writer.together():
        made = writer.api_keys.make(name, expires_at=expires_at, by=caller.user.subject)
        prefix = made.row["prefix"]
        until = expires_at.isoformat() if expires_at else None
        writer.audit(AuditAction.API_KEY_MADE, "api_key", prefix, {"name": name, "expires_at": until})
    with caller.session() as session:
        return {"api_key": key(session, prefix), "key": made.key}


def revoke(caller: Caller, prefix: str) -> dict[str, Any]:
    """End a key for good.

    Raises:
        ApiKeyNotFound: There is none.
    """
    writer = caller.writer
    with retold(_TOLD), writer.together():
        name = writer.api_keys.revoke(prefix)
        writer.audit(AuditAction.API_KEY_REVOKED, "api_key", prefix, {"name": name})
    return {"prefix": prefix, "name": name}
