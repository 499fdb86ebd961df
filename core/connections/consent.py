"""Consents that were asked for and not yet given: what ties the browser that comes back from HubSpot to who sent it there.

The `state` is random, kept as a hash, good once and for ten minutes. It is bound to a tenant, to the user who asked, and to the
browser they asked in (by a cookie): without the last, somebody could have the administrator of another company consent on a link
of theirs and find that company's portal in their own workspace. The PKCE verifier (RFC 7636) lies beside it, encrypted.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert

from core.appdb.tables import oauth_state as table
from core.connections.store import Transaction
from core.secrets import Vault
from core.tenants import TenantId

LIFETIME = timedelta(minutes=10)
"""How long a person may take to consent."""


@dataclass(frozen=True, kw_only=True)
class AskedConsent:
    """What goes to HubSpot, and what stays in the browser."""

    state: str
    code_challenge: str
    browser_token: str


@dataclass(frozen=True, kw_only=True)
class PendingConsent:
    """Who asked for the consent that a browser came back with.

    Attributes:
        page: Where on the board they asked.
    """

    tenant_id: TenantId
    subject: str
    code_verifier: str
    redirect_uri: str
    page: str = ""


class ConsentBook:
    """Keeps pending consents."""

    def __init__(self, transaction: Transaction, vault: Vault) -> None:
        self._transaction = transaction
        self._vault = vault

    def ask(
        self, tenant_id: TenantId, subject: str, *, redirect_uri: str, page: str = "", now: datetime | None = None
    ) -> AskedConsent:
        """Note that a user is about to consent; drops the tenant's expired ones."""
        moment = now or datetime.now(UTC)
        state, browser_token, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        secret = json.dumps({"code_verifier": verifier, "redirect_uri": redirect_uri, "page": page})
        with self._transaction() as database:
            database.execute(delete(table).where(table.c.tenant_id == tenant_id, table.c.expires_at <= moment))
            database.execute(
                insert(table).values(
                    tenant_id=tenant_id,
                    state_hash=_hash(state),
                    browser_hash=_hash(browser_token),
                    subject=subject,
                    secret=self._vault.encrypt(secret),
                    expires_at=moment + LIFETIME,
                )
            )
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return AskedConsent(state=state, code_challenge=challenge, browser_token=browser_token)

    def redeem(self, state: str, browser_token: str, *, now: datetime | None = None) -> PendingConsent | None:
        """Who asked; None where the state is unknown, used, expired, or of another browser. Whatever the answer, it is spent.

        The one look-up before a tenant is known, so its transaction must be allowed to see every tenant's.
        """
        moment = now or datetime.now(UTC)
        spent = delete(table).where(table.c.state_hash == _hash(state)).returning(*table.c)
        with self._transaction() as database:
            row = database.execute(spent).first()
        is_same_browser = row is not None and secrets.compare_digest(row.browser_hash, _hash(browser_token))
        if row is None or not is_same_browser or row.expires_at <= moment:
            return None
        secret = json.loads(self._vault.decrypt(row.secret))
        return PendingConsent(tenant_id=TenantId(row.tenant_id), subject=row.subject, **secret)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
