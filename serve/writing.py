"""The one place where a request writes: the counterpart of `serve.tenancy`.

What can be written is bound to a verified user's tenant before an endpoint gets hold of it, and nothing else can be: there is no
tenant to name, and no connection to a database to do something else with. On Postgres each transaction runs as the role that owns
nothing, which may write to these few tables only, and row-level security knows the tenant.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from core.appdb.card_events import CardBook
from core.appdb.engine import writing
from core.appdb.webhooks import Kept, WebhookInbox
from core.connections import ConnectionStore, ConsentBook, PendingConsent
from core.connections.consent import AskedConsent
from core.secrets import Vault
from core.webhooks import WebhookEvent
from serve.auth.users import User
from serve.tenancy import enter_tenant


class TenantWriter:
    """What one verified user's tenant may change."""

    def __init__(self, engine: Engine, vault: Vault, user: User) -> None:
        self._engine = engine
        self._vault = vault
        self._user = user

    @property
    def connection(self) -> ConnectionStore:
        """The tenant's HubSpot connection."""
        return ConnectionStore(self._user.tenant_id, self._transaction, self._vault)

    @property
    def cards(self) -> CardBook:
        """What is done to the tenant's cards."""
        return CardBook(self._user.tenant_id, self._transaction)

    def ask_consent(self, redirect_uri: str) -> AskedConsent:
        """Note that the user is about to consent at HubSpot and will come back to `redirect_uri`."""
        book = ConsentBook(self._transaction, self._vault)
        return book.ask(self._user.tenant_id, self._user.subject, redirect_uri=redirect_uri)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with writing(self._engine) as connection:
            enter_tenant(connection, self._user.tenant_id)
            yield connection


class Writing:
    """Opens writers for users."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def of(self, user: User) -> TenantWriter:
        """What the user's tenant may change."""
        return TenantWriter(self._engine, self._vault, user)

    def redeem_consent(self, state: str, browser_token: str) -> PendingConsent | None:
        """Who asked for the consent a browser comes back with; None where nobody did. A subject has no tenant before this."""
        return ConsentBook(lambda: writing(self._engine), self._vault).redeem(state, browser_token)

    def keep_webhooks(self, events: Sequence[WebhookEvent]) -> Kept:
        """Write down what HubSpot says has changed, of whichever tenants: whose a portal is, is found out on the way.

        What speaks here is HubSpot, which has no tenant; its signature was checked before. It writes hints, and reads nothing.
        """
        return WebhookInbox(self._engine).keep(events, received_at=datetime.now(UTC))
